"""Optical flow by RAFT-small of torchvision (Teed and Deng 2020), for clips without true flow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    try:
        network = raft_small().eval()
    except ImportError as error:
        raise LeftOut("RAFT takes torchvision, of the release that goes with torch") from error
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


def raft_small() -> Any:
    """torchvision's RAFT-small with random weights. Raises ImportError without torchvision.

    PyPI's torchvision is built for CUDA. Beside a CPU-only torch its compiled operators cannot be
    loaded, and the import fails unless they are at least declared. RAFT does not use them.
    """
    import torch

    try:
        from torchvision.models import optical_flow  # type: ignore[import-untyped]
    except RuntimeError:
        for name in ("nms", "qnms"):
            torch.library.define(
                f"torchvision::{name}", "(Tensor dets, Tensor scores, float threshold) -> Tensor"
            )
        from torchvision.models import optical_flow
    return optical_flow.raft_small()
