"""Styles for realtime_nst. The files beside this one are all there is to them."""
