"""``realtime-nst image``: pictures and folders of pictures."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.look_options import (
    OF_VIEW,
    SaveLook,
    refuse_replacing,
    save_look,
    with_look,
)
from realtime_nst.cli.progress import frame_progress
from realtime_nst.cli.skip_existing import SkipExisting, check_skip, how_to_go_on, left_to_do
from realtime_nst.errors import MediaError, UsageError
from realtime_nst.look import MOVING, NAMED_MASKS, PERSON, Look, View
from realtime_nst.stream import Frame, StreamInfo, Unmanaged

if TYPE_CHECKING:
    from realtime_nst.paint import Paint
    from realtime_nst.sources.pictures import PictureSource

_OF_FILMS = ("stabilise", "flow", "network_every", "morph_to", "morph_seconds")
"""Settings without a meaning for pictures."""

_NAMED = 5
"""Skipped files that are named for each reason."""


@with_look(without=(*OF_VIEW, *_OF_FILMS))
def image(
    sources: Annotated[
        list[Path],
        typer.Argument(metavar="IN…", help="Pictures and folders, without the folders inside."),
    ],
    output: options.Output,
    look: Look,
    view: View,
    provider: options.Provider = "auto",
    quality: Annotated[
        int, typer.Option(metavar="1..100", help="Quality of JPEG and WebP; higher is better.")
    ] = 95,
    strip: Annotated[
        bool,
        typer.Option(
            "--strip", help="Leave out EXIF, XMP and IPTC data: date, place, camera and so on."
        ),
    ] = False,
    overwrite: options.Overwrite = False,
    skip_existing: SkipExisting = False,
    save: SaveLook = None,
) -> None:
    """Paint pictures. One picture goes to a file or a folder, several go to a folder."""
    from realtime_nst import pipeline
    from realtime_nst.media.pictures import count_pictures, is_picture
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.sinks.pictures import PictureSink, written_names
    from realtime_nst.sources.pictures import PictureSource

    check_skip(skip_existing, overwrite)
    if look.mask == MOVING:
        raise UsageError(
            f"--mask {MOVING} is for video, as pictures do not move; give a picture as the mask, "
            f"{PERSON}, or --mask-model"
        )
    mask = Path(look.mask)
    if look.mask not in NAMED_MASKS and mask.is_file() and not is_picture(mask):
        raise UsageError(
            f"{look.mask} is a video, and pictures need a picture as the mask, or --mask-model"
        )
    if str(output) == "-":
        raise UsageError("-o - is for video; name a picture or a folder")
    pictures = PictureSource(sources, skip_unreadable=True, animations=True)
    animated = {path for path in pictures.paths if count_pictures(path, "GIF") > 1}
    names = written_names(pictures.paths, animated)
    pictures.paths, names = left_to_do(pictures.paths, names, output, skip_existing)
    if not names:
        console.say_result(f"{output}: nothing is left to do", path=output, pictures=0, files=[])
        return
    sink = PictureSink(output, names, overwrite=overwrite, quality=quality, keep_tags=not strip)
    _check_output(pictures.paths, output)
    still = replace(look, stabilise="off", network_every=1, morph_to="")
    painting = Paint(still, Networks(provider))
    written = [output, *(output / name for name in names), *filter(None, [save])]
    refuse_replacing(written, look, *pictures.paths)
    save_look(save, look, view, overwrite=overwrite)
    affordable = _Affordable(pictures, painting)
    total = len(pictures.paths)
    with (
        interrupt.explained(lambda: how_to_go_on(len(sink.written), total, overwrite)),
        pictures,
        sink,
    ):
        with suppress(UsageError):  # said of each picture by itself
            painting.prepare(pictures.info.width, pictures.info.height)
        with frame_progress(str(output), total, unit="picture") as progress:
            painting.progress = progress.painting
            report = pipeline.run(affordable, [painting], sink, progress)
    console.say_result(
        f"{output}: {console.counted(report.frames, 'picture')} in {report.seconds:.1f} s",
        path=output, pictures=report.frames, files=sink.written, seconds=report.seconds,
        provider=painting.provider,
    )  # fmt: skip
    nothing = [painting.found_nothing] if painting.found_nothing else []
    for notice in (*painting.notices, *nothing, *sink.notices, *_left_out(pictures)):
        console.say_notice(notice)
    for error in pictures.unreadable.values():
        console.say_error(str(error))
    if pictures.unreadable:
        raise typer.Exit(1)


class _Affordable(Unmanaged):
    """``pictures`` but for those that ``painting`` has too little memory for: these count as
    unreadable. A single one raises UsageError."""

    def __init__(self, pictures: "PictureSource", painting: "Paint") -> None:
        self._pictures, self._painting = pictures, painting

    @property
    def info(self) -> StreamInfo:
        return self._pictures.info

    def __iter__(self) -> Iterator[Frame]:
        return filter(self._fits, self._pictures)

    def _fits(self, frame: Frame) -> bool:
        height, width = frame.image.shape[:2]
        path = self._pictures.paths[frame.index]
        try:
            self._painting.require_memory(width, height)
        except UsageError as error:
            if len(self._pictures.paths) == 1:
                raise
            self._pictures.unreadable[path] = MediaError(f"{str(path)!r}: {error}")
            return False
        return True


def _left_out(pictures: "PictureSource") -> Iterator[str]:
    """What was not painted, and why."""
    from realtime_nst.media.pictures import count_pictures

    for path in pictures.paths:
        if (count := count_pictures(path, "TIFF", "HEIF")) > 1:
            yield f"{path.name} holds {count} pictures; only the first is painted"
    if pictures.passed_over:
        yield _passed_over(pictures.passed_over)


def _passed_over(reasons: dict[Path, str]) -> str:
    """One line, by reason: names a few and counts the others."""
    by_reason: dict[str, list[str]] = {}
    for path, reason in reasons.items():
        by_reason.setdefault(reason, []).append(path.name)
    parts = []
    for reason, names in by_reason.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        parts.append(f"{', '.join(names[:_NAMED])}{more} ({reason})")
    return f"{len(reasons)} skipped: {'; '.join(parts)}"


def _check_output(paths: list[Path], output: Path) -> None:
    from realtime_nst.sinks.pictures import SUFFIXES

    named = output.suffix and not output.is_dir() and len(paths) == 1
    if named and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output} has no picture's suffix (choices: {', '.join(SUFFIXES)})")
    folder = output if output.is_dir() else None
    for path in paths:
        if path.exists() and (folder / path.name if folder else output).resolve() == path.resolve():
            raise UsageError(f"{path} is the input itself; write to another name or folder")
