"""Where ``realtime-nst video`` puts what it paints: a file, a folder, or standard output."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, BinaryIO

from realtime_nst.cli.optimise_files import no_empty_folders
from realtime_nst.cli.video_input import PIPE, Given
from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.files import beside
from realtime_nst.media.numbered import is_pattern

if TYPE_CHECKING:
    from realtime_nst.jobs.film import Film
    from realtime_nst.media.span import Span
    from realtime_nst.sinks.sequence import SequenceSink
    from realtime_nst.sinks.video import VideoSink

    FilmSink = VideoSink | SequenceSink

Coding = Mapping[str, Any]
"""What options say of how pictures become a video file."""

_OF_VIDEOS = {"codec": None, "encoder": None, "quality": None, "bits": 8, "hdr": "map"}
_FORM = "mkv"
_SLASHES = tuple(filter(None, (os.sep, os.altsep)))


@dataclass(frozen=True)
class Target:
    """The file ``path``, in a new folder if ``makes_folder``; or, if ``is_piped``, standard output
    in the form that the suffix of ``path`` names."""

    path: Path
    makes_folder: bool = False
    is_piped: bool = False

    @classmethod
    def of(
        cls, output: str | None, form: str | None, given: Given, style: str, *, preview: bool
    ) -> "Target":
        """What ``-o`` and ``--format`` name; else it is called after the input.

        Raises :class:`UsageError` where that is not possible.
        """
        if output in (PIPE, "/dev/stdout"):
            return cls(_piped_name(form), is_piped=True)
        if form:
            raise UsageError(f"--format {form} is for -o {PIPE}; elsewhere the suffix says it")
        named = bool(output and output.endswith(_SLASHES))
        if output and not named and not Path(output).is_dir():
            return cls(Path(output))
        if given.is_nameless:
            raise UsageError(f"{given} has no name to call the output by; name a file with -o")
        path = default_name(given.default, style, preview=preview)
        return cls(Path(output) / path.name, makes_folder=named) if output else cls(path)

    @property
    def is_pictures(self) -> bool:
        """Whether frames become numbered pictures."""
        return not self.is_piped and is_pattern(self.path)

    @property
    def is_file(self) -> bool:
        """Whether it is one video file, which can be painted in segments."""
        return not (self.is_piped or self.is_pictures)

    @property
    def folder(self) -> Path:
        """On whose disk there is room."""
        above = [Path(gettempdir())] if self.is_piped else self.path.absolute().parents
        return next((folder for folder in above if folder.is_dir()), self.path.parent)

    def check(self, coding: Coding, *, resume: bool, json: bool) -> None:
        """Raises :class:`UsageError` for what does not go together; ``json`` is whether standard
        output has events."""
        if self.is_piped and json:
            raise UsageError("--json writes to standard output, as -o - does; leave one out")
        if self.is_piped and resume:
            raise UsageError(f"--resume goes on with a file, which -o {PIPE} does not write")
        given = {**coding, "resume": resume}
        for name, usual in {**_OF_VIDEOS, "resume": False}.items():
            if self.is_pictures and given[name] != usual:
                option = {"quality": "crf"}.get(name, name)
                raise UsageError(f"--{option} is for videos, and {self.path.name} are pictures")

    def check_place(self, codec: str | None, *, overwrite: bool) -> None:
        """All that can be said before it is known what is painted. Raises as ``VideoSink``."""
        from realtime_nst.sinks.formats import codec_for
        from realtime_nst.sinks.targets import check_target

        if self.is_pictures:
            return
        codec_for(codec, self.path)
        if not self.is_piped:
            check_target(self.path, overwrite=overwrite)

    def sink(
        self,
        film: "Film",
        coding: Coding,
        *,
        overwrite: bool,
        span: "Span",
        stream: BinaryIO | None,
    ) -> "FilmSink":
        """``coding`` has further arguments of ``VideoSink``."""
        from realtime_nst.sinks.sequence import SequenceSink
        from realtime_nst.sinks.video import VideoSink

        if not self.is_pictures:
            how = {**coding, "source": film.video, "rate": film.rate, "held": film.held}
            return VideoSink(self.path, overwrite=overwrite, span=span, stream=stream, **how)
        drop, strict = coding["drop"], coding["strict"]
        pictures = SequenceSink(
            self.path, source=film.video, held=film.held, overwrite=overwrite, drop=drop
        )
        if strict and pictures.notices:
            raise UsageError(f"{pictures.notices[0]}; leave it out with --drop")
        return pictures

    @contextmanager
    def opened(self) -> Iterator[BinaryIO | None]:
        """Makes the folder; gives the stream to write to, None for a file."""
        if self.is_piped:
            with _standard_output() as stream:
                yield stream
        else:
            with no_empty_folders(self.path.parent):
                if self.makes_folder:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                yield None


def default_name(source: Path, style: str, *, preview: bool) -> Path:
    """Beside ``source``."""
    from realtime_nst.sinks.formats import CONTAINERS

    suffix = source.suffix if source.suffix.lower() in CONTAINERS else ".mp4"
    return beside(source, f"-{ending(style, preview=preview)}{suffix}")


def ending(style: str, *, preview: bool) -> str:
    """Of the names of results."""
    from realtime_nst.spec import stem

    return f"{stem(style)}-preview" if preview else stem(style)


def _piped_name(form: str | None) -> Path:
    if sys.stdout is None or sys.stdout.isatty():
        what = "closed" if sys.stdout is None else "a terminal"
        raise UsageError(
            f"-o {PIPE} writes the film to a pipe, and standard output is {what}; name a file"
        )
    from realtime_nst.sinks.formats import CONTAINERS

    name = f".{form or _FORM}"
    if name not in CONTAINERS:
        raise UnknownName("format", name[1:], (suffix[1:] for suffix in CONTAINERS))
    return Path(f"standard output{name}")


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """For the film alone: whatever else is written there goes to standard error meanwhile."""
    sys.stdout.flush()
    kept = os.dup(sys.stdout.fileno())
    with open(os.devnull, "w") as nothing:
        os.dup2((sys.stderr or nothing).fileno(), sys.stdout.fileno())
    stream = open(os.dup(kept), "wb")  # noqa: SIM115
    try:
        yield stream
    finally:
        with suppress(BrokenPipeError):
            stream.close()
        sys.stdout.flush()
        os.dup2(kept, sys.stdout.fileno())
        os.close(kept)
