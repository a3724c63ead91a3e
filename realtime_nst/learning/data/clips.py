"""Pairs of consecutive frames from real clips, with the motion between them estimated."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from realtime_nst.errors import RealtimeNstError, TrainingError, UsageError
from realtime_nst.learning.data.crops import crop_square, set_up_worker, started
from realtime_nst.learning.data.frame_pairs import FramePairs, concatenated
from realtime_nst.learning.data.pictures import files_below
from realtime_nst.learning.flow import Motion, warp
from realtime_nst.learning.tensors import luminance
from realtime_nst.motion import dense_flow, visible
from realtime_nst.sources import open_source
from realtime_nst.stream import Image

_SUFFIXES = {".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v"}
_LEAST_VISIBLE = 0.25
"""Two frames that share less are no pair: there is a cut between them."""


def find_clips(folder: Path) -> list[Path]:
    """All clips below ``folder``, sorted. Raises UsageError if there are none."""
    return files_below(folder, _SUFFIXES, "clips", "`clips` takes a folder of video files")


class ClipPairs(Dataset[FramePairs | TrainingError]):
    """Endless pairs of consecutive frames. Sample ``i`` depends on ``seed`` and ``i`` alone.

    The clips take turns, the place in the clip is random, and both frames get the same crop. The
    flow comes from dense inverse search; the lighting is the whole difference of luminance along
    it. A clip that cannot be read, or has fewer than two frames, gives a TrainingError.
    """

    def __init__(self, clips: Sequence[Path], crop: int, seed: int) -> None:
        self._clips, self._crop, self._seed = clips, crop, seed

    def __getitem__(self, index: int) -> FramePairs | TrainingError:
        clip = self._clips[index % len(self._clips)]
        random = np.random.default_rng((self._seed, index))
        try:
            earlier, later = _two_frames(clip, random)
        except (RealtimeNstError, ValueError) as error:
            return TrainingError(
                f"the clip {str(clip)!r} has fewer than two frames that can be read ({error}); "
                "remove it"
            )
        place = int(random.integers(2**32))
        frames = [
            crop_square(f, self._crop, np.random.default_rng(place)) for f in (earlier, later)
        ]
        return _pair(*frames)


def clip_batches(
    clips: ClipPairs, steps: range, pairs: int, share: float, workers: int
) -> Iterator[FramePairs | None]:
    """For each of ``steps``, the pairs of its ``pairs`` that are the clips' share; None if those
    are zero. Raises TrainingError if a clip cannot be used."""
    ends = [int(step * pairs * share) for step in range(steps.start, steps.stop + 1)]
    samples = [list(range(*ends[n : n + 2])) for n in range(len(steps))]
    loader = DataLoader(
        clips,
        batch_sampler=samples,
        num_workers=workers,
        worker_init_fn=set_up_worker,
        collate_fn=_collated,
    )
    for batch in started(loader):
        if isinstance(batch, TrainingError):
            raise batch
        yield batch


def _two_frames(clip: Path, random: np.random.Generator) -> tuple[Image, Image]:
    with open_source(f"video:{clip}") as source:
        frames, rate = source.info.frames or 2, source.info.rate or Fraction(25)
    start = int(random.integers(max(1, frames - 2))) / rate
    try:
        return _first_two(clip, start)
    except (UsageError, ValueError):  # shorter than its header says
        return _first_two(clip, Fraction(0))


def _first_two(clip: Path, start: Fraction) -> tuple[Image, Image]:
    with open_source(f"video:{clip}", start=start) as source:
        earlier, later = (frame.image for frame in islice(source, 2))
    return earlier, later


def _pair(earlier: Image, later: Image) -> FramePairs:
    flow = dense_flow(earlier, later, full_size=True)
    seen = visible(flow, dense_flow(later, earlier, full_size=True))
    before, after = (
        torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 255 for frame in (earlier, later)
    )
    moved = torch.from_numpy(flow).permute(2, 0, 1)[None].contiguous()
    lighting = luminance(after) - luminance(warp(before, moved))
    where = torch.from_numpy(seen)[None, None].float()
    if seen.mean() < _LEAST_VISIBLE:
        where = torch.zeros_like(where)
    return FramePairs(before, after, Motion(moved, where, lighting))


def _collated(samples: list[FramePairs | TrainingError]) -> FramePairs | TrainingError | None:
    errors = [sample for sample in samples if isinstance(sample, TrainingError)]
    if errors:
        return errors[0]
    return concatenated(samples) if samples else None  # type: ignore[arg-type]
