"""The cases of ``realtime-nst bench``, one a file; files beginning with ``_`` are their helpers."""
