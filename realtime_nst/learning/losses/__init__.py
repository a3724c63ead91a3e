"""Losses, and the terms from which an objective is put together."""
