"""Measures of a painting that others use as well, and the form that holds all of them."""
