"""Measures of painted pictures and clips: how still they hold, and how much of a grid they show."""
