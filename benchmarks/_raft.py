"""Optical flow by RAFT-small of torchvision (Teed and Deng 2020), for clips without true flow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from realtime_nst.bench.case import LeftOut
from realtime_nst.motion import Flow
from realtime_nst.stream import Image

_UPDATES = 12
_MULTIPLE = 8

Estimate = Callable[[Image, Image], Flow]
"""From the earlier and the later picture, the flow on the grid of the later one."""


def raft(weights: Path) -> Estimate:
    """``weights``: safetensors under torchvision's names. Raises LeftOut without the packages."""
    try:
        import torch
        from safetensors.torch import load_file
    except ImportError as error:
        raise LeftOut(f'RAFT takes {error.name}: pip install "realtime_nst[train]"') from error
    define_missing_operators()
    try:
        from torchvision.models.optical_flow import raft_small  # type: ignore[import-untyped]
    except ImportError as error:
        raise LeftOut("RAFT takes torchvision, of torch's version") from error
    network = raft_small().eval()
    network.load_state_dict(load_file(weights))

    def estimate(previous: Image, current: Image) -> Flow:
        height, width = current.shape[:2]
        pad = ((0, -height % _MULTIPLE), (0, -width % _MULTIPLE), (0, 0))
        pair = [
            torch.from_numpy(np.pad(image, pad, "edge")).permute(2, 0, 1)[None] / 127.5 - 1
            for image in (current, previous)
        ]
        with torch.inference_mode():
            flow = network(*pair, num_flow_updates=_UPDATES)[-1][0].permute(1, 2, 0)
        return np.ascontiguousarray(flow[:height, :width].numpy(), np.float32)

    return estimate


def define_missing_operators() -> None:
    """PyPI's torchvision beside a CPU-only torch lacks its compiled operators, which RAFT does
    not use, and cannot be imported unless they are at least declared."""
    import torch

    for name in ("nms", "qnms"):
        try:
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor"
            )
        except RuntimeError:
            continue
