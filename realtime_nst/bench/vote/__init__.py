"""Blind votes on pictures, two at a time, the ranking they give, and the measures that predict it.

The page needs the extra ``serve``, the ranking the extra ``bench``.
"""
