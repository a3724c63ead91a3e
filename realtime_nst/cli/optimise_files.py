"""Where an optimisation reads from and writes to: a picture, a folder of pictures, or a video."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.errors import TargetExists, UsageError

if TYPE_CHECKING:
    from realtime_nst.sinks.pictures import PictureSink
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.video import VideoSource


def refuse_inputs(targets: Iterable[Path], inputs: Sequence[Path]) -> None:
    """Raises UsageError for the first of ``targets`` that is one of ``inputs``, by name or link."""
    given = [path for path in inputs if path.exists()]
    for target in targets:
        if target.exists() and any(target.samefile(path) for path in given):
            raise UsageError(f"{str(target)!r} is itself an input; write to another name or folder")


@contextmanager
def no_empty_folders(target: Path) -> Iterator[None]:
    """Folders that were made for ``target`` are removed again if nothing was written to them."""
    new = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        yield
    finally:
        for folder in new:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def is_picture(content: Path) -> bool:
    from realtime_nst.media import pictures

    return pictures.is_picture(content)


def is_film(source: "PictureSource | VideoSource", target: Path) -> bool:
    """Whether the frames belong together: those of a video, and pictures that become one."""
    from realtime_nst.sources.video import VideoSource

    return isinstance(source, VideoSource) or bool(target.suffix and not target.is_dir())


def open_content(content: Path) -> "PictureSource | VideoSource":
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.video import VideoSource

    if is_picture(content) or content.is_dir():
        return PictureSource(content, skip_unreadable=True)
    return VideoSource(content)


def target_of(content: Path, output: Path) -> Path:
    """The file for a single picture, else ``output`` itself. Raises UsageError if it is the
    input."""
    from realtime_nst.sinks.pictures import written_name

    target = output
    if is_picture(content) and (output.is_dir() or not output.suffix):
        target = output / written_name(content)
    refuse_inputs([target], [content])
    return target


def written_files(content: Path, source: "PictureSource | VideoSource", target: Path) -> list[Path]:
    """Every file that the result may be written to."""
    from realtime_nst.sinks.pictures import written_name
    from realtime_nst.sources.pictures import PictureSource

    if is_picture(content) or not target.is_dir():
        return [target, _partial(target)]
    if isinstance(source, PictureSource):
        return [target / written_name(picture) for picture in source.paths]
    return [target / f"{index:06d}.png" for index in range(source.info.frames or 0)]


def open_sink(
    content: Path,
    source: "PictureSource | VideoSource",
    target: Path,
    overwrite: bool,
    skip_existing: bool,
) -> "PictureSink | VideoSink":
    """Raises TargetExists if a finished part of an earlier video is there: an optimisation, unlike
    a style network, cannot resume it. Raises UsageError for ``skip_existing`` with a video, unless
    its frames are written as pictures."""
    from realtime_nst.sinks.pictures import PictureSink, written_name
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.pictures import PictureSource

    pictures = source.paths if isinstance(source, PictureSource) else None
    if is_picture(content):
        return PictureSink(target, [target.name], overwrite=overwrite or skip_existing)
    if not target.suffix or target.is_dir():
        names = [written_name(picture) for picture in pictures] if pictures else None
        return PictureSink(target, names, overwrite=overwrite or skip_existing)
    if skip_existing:
        raise UsageError(f"--skip-existing is for pictures, and {target} is a video; name a folder")
    kept = _partial(target)
    if kept.exists() and not overwrite:
        raise TargetExists(
            f"{str(kept)!r} holds the finished part of an earlier run; rename it, or start over "
            "with --overwrite"
        )
    original, rate = (content, None) if pictures is None else (None, source.info.rate)
    return VideoSink(target, source=original, rate=rate, overwrite=overwrite)


def _partial(target: Path) -> Path:
    return target.with_suffix(f".partial{target.suffix}")
