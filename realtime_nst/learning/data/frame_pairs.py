"""Pairs of pictures with the motion between them, made from photos: exact, and without video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from realtime_nst.learning.data.synthetic_flow import MOTIONS, blob
from realtime_nst.learning.flow import Motion, warp
from realtime_nst.learning.tensors import luminance

_REACH = 2
_NOISE = 0.04
_GAIN, _LIFT = 0.12, 0.05
_LIT, _NOISY = 1 / 3, 2 / 3


@dataclass(frozen=True)
class FramePairs:
    """``earlier`` and ``later`` frames, ``[N, 3, H, W]`` RGB in 0..1, and the ``motion`` from the
    former to the latter."""

    earlier: Tensor
    later: Tensor
    motion: Motion

    def __len__(self) -> int:
        return len(self.earlier)

    def to(self, device: str) -> "FramePairs":
        return FramePairs(self.earlier.to(device), self.later.to(device), self.motion.to(device))


def concatenated(pairs: Sequence[FramePairs]) -> FramePairs:
    """All ``pairs`` as one batch."""
    motions = [each.motion for each in pairs]
    return FramePairs(
        torch.cat([each.earlier for each in pairs]),
        torch.cat([each.later for each in pairs]),
        Motion(*(torch.cat(parts) for parts in zip(*map(_parts, motions), strict=True))),
    )


def pairs_of_photos(photos: Tensor, motions: Sequence[str], random: Generator) -> FramePairs:
    """A pair made from each of ``photos`` (square, ``[N, 3, side, side]`` in 0..1, on the CPU).

    Each photo moves in one of ``motions``, which are keys of MOTIONS. The photo is the earlier
    frame; with "layers" it has a patch of the next photo on it, which moves separately and hides
    what is behind it. The later frame is moved, is lighter or darker one time in three, and is
    noisy: always if it is still, else two times in three. Beyond its border the photo is mirrored,
    and not visible.
    """
    chosen = [
        motions[int(torch.randint(len(motions), (), generator=random))] for _ in range(len(photos))
    ]
    others = photos.roll(-1, 0) if len(photos) > 1 else photos.flip(-1)
    pairs = []
    for photo, other, motion in zip(photos.split(1), others.split(1), chosen, strict=True):
        flow = MOTIONS[motion](photo.shape[-1], random)[None]
        layered = motion == "layers"
        pair = _with_patch(photo, other, flow, random) if layered else _moved(photo, flow)
        pair = _lit(pair, random) if _happens(_LIT, random) else pair
        noisy = motion == "still" or _happens(_NOISY, random)
        pairs.append(_noisy(pair, random) if noisy else pair)
    return concatenated(pairs)


def _moved(photo: Tensor, flow: Tensor) -> FramePairs:
    later = warp(photo, flow, padding="reflection").clamp(0, 1)
    visible = _within(flow)
    return FramePairs(photo, later, Motion(flow, visible, torch.zeros_like(visible)))


def _with_patch(photo: Tensor, other: Tensor, flow: Tensor, random: Generator) -> FramePairs:
    side = photo.shape[-1]
    patch, own = blob(side, random)[None], MOTIONS["camera"](side, random)[None]
    behind, before = _moved(photo, flow), _moved(other, own)
    front = warp(patch, own, "bilinear")
    in_front = front > 0.5
    whole = warp(-_dilated(-patch), own, "bilinear") > 0.99
    free = (front < 0.01) & (warp(_dilated(patch), flow, "bilinear") < 0.01)
    visible = torch.where(in_front, before.motion.visible * whole, behind.motion.visible * free)
    return FramePairs(
        photo + patch * (other - photo),
        behind.later + front * (before.later - behind.later),
        Motion(torch.where(in_front, own, flow), visible, torch.zeros_like(visible)),
    )


def _dilated(patch: Tensor) -> Tensor:
    """``patch`` dilated by the reach of bicubic interpolation, which mixes both sides of an
    edge."""
    return F.max_pool2d(patch, 2 * _REACH + 1, 1, _REACH)


def _lit(pair: FramePairs, random: Generator) -> FramePairs:
    gain, lift = (2 * torch.rand(2, generator=random) - 1) * torch.tensor([_GAIN, _LIFT])
    later = (pair.later * (1 + gain) + lift).clamp(0, 1)
    lighting = luminance(later) - luminance(pair.later)
    return replace(pair, later=later, motion=replace(pair.motion, lighting=lighting))


def _noisy(pair: FramePairs, random: Generator) -> FramePairs:
    """``pair`` with noise in the later frame, in grains of 1 or 2 pixels: constant (read noise) and
    with the root of the light (shot noise)."""
    constant, shot = _NOISE * torch.rand(2, generator=random)
    grain = 1 + int(torch.randint(2, (), generator=random))
    side = pair.later.shape[-1]
    noise = torch.randn(1, 3, -(-side // grain), -(-side // grain), generator=random)
    noise = F.interpolate(noise, (side, side), mode="bilinear") if grain > 1 else noise
    strength = (constant**2 + shot**2 * pair.later).sqrt()
    return replace(pair, later=(pair.later + strength * noise).clamp(0, 1))


def _within(flow: Tensor) -> Tensor:
    side = flow.shape[-1]
    line = torch.arange(side)
    x, y = line + flow[:, :1], line[:, None] + flow[:, 1:]
    return ((x >= 0) & (x <= side - 1) & (y >= 0) & (y <= side - 1)).float()


def _happens(share: float, random: Generator) -> bool:
    return bool(torch.rand((), generator=random) < share)


def _parts(motion: Motion) -> tuple[Tensor, Tensor, Tensor]:
    return motion.flow, motion.visible, motion.lighting
