"""Optical flow, warping and occlusion, and the stabiliser built on them.

A flow is float32 ``[H, W, 2]`` in pixels, x then y, on the grid of the later picture, and points
back into the earlier one: ``warp(previous, dense_flow(previous, current))`` looks like ``current``
wherever it is ``visible``.
"""

from realtime_nst.motion.flow import Flow, dense_flow, warp
from realtime_nst.motion.occlusion import visible

__all__ = ["Flow", "dense_flow", "visible", "warp"]
