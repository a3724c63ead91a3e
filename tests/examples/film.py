"""What ``realtime-nst video`` does: a look with a mask and a morph, saved beside the film."""

import sys
from pathlib import Path

from realtime_nst import (
    Look,
    Paint,
    Report,
    TargetExists,
    UnknownName,
    VideoSink,
    VideoSource,
    load_look,
    run,
    save_look,
)


def show(report: Report) -> None:
    sys.stderr.write(f"\r{report.frames} frames, {report.fps:.1f} a second")


def paint(source: Path, target: Path, look: Look) -> Report:
    """The sound, the subtitles and the time of every frame are kept; the painting holds still."""
    with VideoSource(source) as frames, VideoSink(target, source=source) as sink:
        return run(frames, [Paint(look)], sink, show)


def main(source: Path, target: Path) -> Report:
    look = Look(
        style="the_scream",
        morph_to="great_wave",
        morph_seconds=2,
        painter="eight",  # plays all the styles here
        mask="moving",
        rest="mosaic",
        keep_colour="matched",
    )
    save_look(target.with_suffix(".json"), look)
    look, _ = load_look(target.with_suffix(".json"))
    try:
        return paint(source, target, look)
    except TargetExists:
        return paint(source, target.with_stem(f"{target.stem} again"), look)


def nearest(style: str) -> tuple[str, ...]:
    """The styles that there are, if there is no ``style``."""
    try:
        Paint(Look(style))
    except UnknownName as error:
        return error.choices
    return ()
