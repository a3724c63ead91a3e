"""Films painted in segments, by one process or many, with the same result."""
