"""What ``tools/gpu_check.py`` measures: rows in the order of their value, under one budget."""
