"""Stillness made visible: source, painting and stabilised painting of a clip side by side.

    python tools/temporal_picture.py CLIP --style great_wave --output FOLDER [--column X]

Writes side-by-side.mp4, and slice.png: one column of pixels over time, from left to right, for each
of the three from top to bottom. What holds still is a smooth line there; flicker looks like a comb.
"""

import argparse
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from realtime_nst.errors import RealtimeNstError
from realtime_nst.motion.stabilise import Stabilise
from realtime_nst.runtime.stages import Resize, Stylise
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sizes import Size
from realtime_nst.sources import open_source
from realtime_nst.stream import Frame, Image


def triples(arguments: argparse.Namespace) -> list[tuple[Frame, list[Image]]]:
    """Each frame, with its source, its painting, and its stabilised painting."""
    stylizer = Stylizer(arguments.style, arguments.provider)
    painter, shrink = Stylise(stylizer), Resize(Size(shorter=arguments.size))
    ours = Stabilise(Stylise(stylizer), arguments.stabilise)
    found = []
    with open_source(arguments.clip) as source:
        for frame in islice(source, arguments.frames):
            small = shrink(frame)
            found.append((frame, [small.image, painter(small).image, ours(small).image]))
    return found


def write(found: list[tuple[Frame, list[Image]]], folder: Path, column: int | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with VideoSink(folder / "side-by-side.mp4", overwrite=True) as sink:
        for frame, images in found:
            sink.write(replace(frame, image=np.hstack(images)))
    at = found[0][1][0].shape[1] // 2 if column is None else column
    slices = [np.stack([images[n][:, at] for _, images in found], 1) for n in range(3)]
    write_picture(folder / "slice.png", np.repeat(np.vstack(slices), 4, 1))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--style", default="great_wave")
    parser.add_argument("--provider", default="auto")
    parser.add_argument("--stabilise", default="strong")
    parser.add_argument("--size", type=int, default=480, help="shorter side, pixels")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--column", type=int, help="of the slice (default: the middle)")
    parser.add_argument("--output", type=Path, default=Path("temporal-picture"))
    arguments = parser.parse_args()
    try:
        write(triples(arguments), arguments.output, arguments.column)
    except RealtimeNstError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
