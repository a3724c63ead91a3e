"""The studio as a page: a folder of static files that paints cameras and films in the browser.

It imports nothing: building a wheel needs ``libraries``, where nothing else is installed.
"""
