"""Turns live webcam pictures and video files into moving paintings, in real time."""

__version__ = "0.1.0"
