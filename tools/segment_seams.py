"""Whether borders of segments are seen: the temporal error over them against that inside segments.

    python tools/segment_seams.py CLIP [CLIP ...] --style great_wave --frames 1500

Each clip is played to and fro for so many frames, so that no cut lies at a border, and painted
in segments. Prints e_stab (Huang et al. 2017) of frame pairs over borders, of all other pairs, and
of the same pairs of the film painted in one go; over few borders the content of the pairs decides,
so the last two ratios are compared: pairs over borders, segments against one go. Also prints what
segments cost: time and size against one segment.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from realtime_nst import Look, VideoSink, VideoSource
from realtime_nst.jobs import plan
from realtime_nst.metrics.stillness import e_stab, warped_error
from realtime_nst.motion.flow import dense_flow
from realtime_nst.motion.occlusion import visible
from realtime_nst.stream import Frame, Image

TESTS = Path(__file__).parent.parent / "tests"


def to_and_fro(clip: Path, frames: int) -> Iterator[Image]:
    with VideoSource(clip) as source:
        pictures = [frame.image for frame in islice(source, 300)]
    return islice(cycle([*pictures, *pictures[-2:0:-1]]), frames)


def written(clip: Path, target: Path, frames: int) -> Path:
    with VideoSink(target, rate=Fraction(25), quality=12) as sink:
        for index, image in enumerate(to_and_fro(clip, frames)):
            sink.write(Frame(image, index, Fraction(index, 25), 0.0))
    return target


def painted(film: Path, target: Path, look: Look, lengths: plan.Lengths) -> tuple[list[int], float]:
    """The places at which segments begin, and the processor time taken."""
    import jobs_factory

    with jobs_factory.short_segments(lengths.shortest, lengths.longest):
        work = jobs_factory.Work(film, target, look, networks="auto", quality=12)
        began = time.process_time()
        work.paint()
    starts = [round(segment.start * 25) for segment in work.job.segments if segment.start]
    return starts, time.process_time() - began


def errors(film: Path, result: Path, places: set[int]) -> dict[int, float]:
    """The error of each pair whose later frame is one of ``places``."""
    found, before = {}, None
    with VideoSource(film) as source, VideoSource(result) as painting:
        for place, (now, shown) in enumerate(zip(source, painting, strict=True)):
            if before is not None and place in places:
                flow = dense_flow(before[0], now.image)
                seen = visible(flow, dense_flow(now.image, before[0]))
                found[place] = warped_error(before[1], shown.image, flow, seen)
            before = now.image, shown.image
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--style", default="great_wave")
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--lengths", type=int, nargs=2, default=(100, 160), metavar="N")
    asked = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    look, total = Look(asked.style), {"over": [], "inside": [], "one go": []}
    for clip in asked.clips:
        with tempfile.TemporaryDirectory() as folder:
            film = written(clip, Path(folder, "film.mp4"), asked.frames)
            parts, whole = Path(folder, "parts.mp4"), Path(folder, "whole.mp4")
            starts, seconds = painted(film, parts, look, plan.Lengths(*asked.lengths))
            one = plan.Lengths(asked.frames, asked.frames)
            _, at_once = painted(film, whole, look, one)
            near = {start + by for start in starts for by in range(-10, 11)}
            found, plain = errors(film, parts, near), errors(film, whole, set(starts))
            over = [found[place] for place in starts]
            inside = [value for place, value in found.items() if place not in starts]
            for name, values in (("over", over), ("inside", inside), ("one go", plain.values())):
                total[name] += values
            size = os.path.getsize(parts) / os.path.getsize(whole)
            print(
                f"{clip.name}: {len(starts)} borders, e_stab over them {e_stab(over):.4f}, beside "
                f"them {e_stab(inside):.4f}, in one go {e_stab(list(plain.values())):.4f}; "
                f"time {seconds / at_once:.3f}, size {size:.3f} of one go"
            )
            sys.stdout.flush()
    over, inside, plain = (e_stab(np.array(total[name])) for name in total)
    print(f"all: over/beside {over / inside:.3f}, over/one go {over / plain:.3f}")


if __name__ == "__main__":
    main()
