"""Losses, one a file, and how they compose into an objective."""
