"""The studio as a page: a folder of static files that paints cameras and films in the browser."""

from realtime_nst.web.folder import write_page

__all__ = ["write_page"]
