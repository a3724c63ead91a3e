"""Whether borders of segments are seen: the temporal error over them against that inside segments.

    python tools/segment_seams.py CLIP [CLIP ...] --style great_wave --frames 1500

Each clip is played to and fro for so many frames, so that no cut lies at a border, and painted in
short segments. Prints e_stab (Huang et al. 2017) of frame pairs over borders, of the pairs beside
them, and of the same pairs of the film painted in one go: over few borders the content of the pairs
decides. With --cost, prints instead what segments of the usual length cost against a plain run:
processor time of this process, and size.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import av
import cv2
import numpy as np

from realtime_nst import Look, VideoSink, VideoSource, pipeline
from realtime_nst.jobs import plan
from realtime_nst.metrics.stillness import e_stab, warped_error
from realtime_nst.motion.flow import dense_flow
from realtime_nst.motion.occlusion import visible
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks
from realtime_nst.stream import Image

TESTS = Path(__file__).parent.parent / "tests"


def to_and_fro(clip: Path, frames: int, height: int) -> Iterator[Image]:
    with VideoSource(clip) as source:
        pictures = [shrunk(frame.image, height) for frame in islice(source, 300)]
    return islice(cycle([*pictures, *pictures[-2:0:-1]]), frames)


def shrunk(image: Image, height: int) -> Image:
    width = 2 * round(image.shape[1] * height / image.shape[0] / 2)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)


def written(clip: Path, target: Path, frames: int, height: int) -> Path:
    """With a key frame every 20 frames, at any of which a segment may begin."""
    with av.open(str(target), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "12", "g": "20"})
        pictures = list(to_and_fro(clip, frames, height))
        stream.height, stream.width = pictures[0].shape[:2]
        for image in pictures:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target


def painted(
    film: Path, target: Path, look: Look, lengths: plan.Lengths, quality: int | None
) -> list[int]:
    """The places at which segments begin."""
    import jobs_factory

    with jobs_factory.short_segments(lengths.shortest, lengths.longest):
        work = jobs_factory.Work(film, target, look, networks="auto", quality=quality)
        work.paint()
    return [round(segment.start * 25) for segment in work.job.segments if segment.start]


def cost(film: Path, folder: Path, look: Look) -> str:
    """Runs in turn, as other work on the computer slows now the one and now the other."""
    import jobs_factory

    whole, parts = folder / "whole.mp4", folder / "parts.mp4"
    seconds: dict[Path, list[float]] = {whole: [], parts: []}
    for _ in range(3):
        for target in (whole, parts):
            target.unlink(missing_ok=True)
            began = time.process_time()
            if target == parts:
                work = jobs_factory.Work(film, parts, look, networks="auto")
                work.paint()
            else:
                sink = VideoSink(whole, source=film)
                with VideoSource(film) as source, sink:
                    pipeline.run(source, [Paint(look, Networks("auto", 1))], sink)
            seconds[target].append(time.process_time() - began)
    size = os.path.getsize(parts) / os.path.getsize(whole)
    ratio = min(seconds[parts]) / min(seconds[whole])
    return f"{len(work.job.segments)} segments: time {ratio:.3f}, size {size:.3f} of a plain run"


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


def seams(
    film: Path, folder: Path, look: Look, lengths: plan.Lengths, quality: int | None
) -> dict[str, list[float]]:
    parts, whole = folder / "parts.mp4", folder / "whole.mp4"
    starts = painted(film, parts, look, lengths, quality)
    painted(film, whole, look, plan.Lengths(10**6, 10**6), quality)
    near = {start + by for start in starts for by in range(-10, 11)}
    found, plain = errors(film, parts, near), errors(film, whole, set(starts))
    return {
        "over": [found[place] for place in starts],
        "beside": [value for place, value in found.items() if place not in starts],
        "one go": list(plain.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--style", default="great_wave")
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--height", type=int, default=240)
    parser.add_argument("--lengths", type=int, nargs=2, default=(100, 160), metavar="N")
    parser.add_argument("--quality", type=int, help="of the encoder; low shows the painting alone")
    parser.add_argument("--cost", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    look, total = Look(asked.style), {"over": [], "beside": [], "one go": []}
    for clip in asked.clips:
        with tempfile.TemporaryDirectory() as folder:
            film = written(clip, Path(folder, "film.mp4"), asked.frames, asked.height)
            if asked.cost:
                print(f"{clip.name}: {cost(film, Path(folder), look)}", flush=True)
                continue
            lengths = plan.Lengths(*asked.lengths)
            found = seams(film, Path(folder), look, lengths, asked.quality)
            for name, values in found.items():
                total[name] += values
            told = ", ".join(f"{name} {e_stab(values):.4f}" for name, values in found.items())
            print(f"{clip.name}: {len(found['over'])} borders, e_stab {told}", flush=True)
    if not asked.cost:
        over, beside, plain = (e_stab(np.array(values)) for values in total.values())
        print(f"all: over/beside {over / beside:.3f}, over/one go {over / plain:.3f}")


if __name__ == "__main__":
    main()
