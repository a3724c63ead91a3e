"""Optical flow, warping and occlusion.

A flow here is float32 ``[H, W, 2]`` in pixels, x then y, on the grid of the later picture, and
points back into the earlier one: ``warp(previous, dense_flow(previous, current))`` looks like
``current`` wherever ``visible``.
"""

from realtime_nst.motion.flow import ACCURACIES, Flow, dense_flow
from realtime_nst.motion.occlusion import visible
from realtime_nst.motion.warp import warp

__all__ = ["ACCURACIES", "Flow", "dense_flow", "visible", "warp"]
