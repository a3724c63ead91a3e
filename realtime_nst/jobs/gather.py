"""The films that files, folders and patterns name."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.files import nearest
from realtime_nst.jobs.folder import is_job
from realtime_nst.media.container import frame_rate, main_video, open_input
from realtime_nst.media.numbered import is_pattern
from realtime_nst.media.pictures import is_picture
from realtime_nst.sinks.segments import mark_of
from realtime_nst.sources.pictures import natural

SUFFIXES = frozenset(
    ".mp4 .m4v .mov .qt .mkv .webm .avi .divx .mts .m2ts .m2t .ts .mpg .mpeg .mpe .vob .mod .tod "
    ".3gp .3g2 .wmv .asf .flv .f4v .ogv .ogm .dv .mxf .mjpeg .mjpg .h264 .264 .h265 .265 .hevc "
    ".ivf .y4m .rm .rmvb .insv".split()
)
"""Of files that are taken for films in folders. What is no film is found out when it is painted."""

FOLDER = "a folder"
"""The reason why one inside another is passed over."""

_PARTIAL = re.compile(r".+\.partial(-\d+)?\.\w+")


@dataclass(frozen=True)
class Found:
    """The film at ``path``, found in the folder ``top`` (None: it was named itself)."""

    path: Path
    top: Path | None = None

    @property
    def inside(self) -> Path:
        """The folder of the film, seen from ``top``."""
        return self.path.parent.relative_to(self.top) if self.top else Path()


class Gathering:
    """What ``inputs`` name: films, folders of films (with those inside if ``recursive``), and
    patterns as ``holiday/*.mp4`` where no shell has replaced them. A folder with pictures alone is
    a film.

    Call it for all films that there are now, in the order of the inputs, those of a folder by name,
    2 before 10. What this package has painted is not among them, and nothing is twice.
    ``passed_over`` then has the reason why a file or folder is not.

    Raises :class:`UsageError` where an input does not exist.
    """

    def __init__(self, inputs: Sequence[str], *, recursive: bool = False) -> None:
        self._inputs, self._recursive = inputs, recursive
        self._marks: dict[tuple[Path, int, int], bool] = {}
        self.passed_over: dict[Path, str] = {}

    def __call__(self) -> list[Found]:
        self.passed_over = {}
        films: dict[tuple[int, int], Found] = {}
        for film in (film for text in self._inputs for film in self._named(text)):
            try:
                facts = film.path.stat()
            except FileNotFoundError:  # it has just been moved away
                continue
            if film.path.is_file() and self._is_painted(film.path, facts):
                self.passed_over[film.path] = "painted already"
            else:
                films.setdefault((facts.st_dev, facts.st_ino), film)
        return list(films.values())

    @property
    def folders(self) -> list[Path]:
        """In which films may appear."""
        return [Path(text) for text in self._inputs if os.path.isdir(text)]

    def _named(self, text: str) -> Iterator[Found]:
        path = Path(text)
        if path.is_dir():
            films = [Found(file, path) for file in self._inside(path)]
            yield from films or [Found(path)] * any(map(is_picture, path.iterdir()))
        elif os.path.exists(text):
            yield from self._chosen([path])
        elif is_pattern_of_files(text):
            matches = glob.glob(text, recursive=True)
            if not matches:
                raise UsageError(f"no file is called as {text}{nearest(path)}")
            yield from self._chosen(sorted(map(Path, sorted(matches)), key=natural))
        elif text == "-" or "://" in text or is_pattern(path):
            raise UsageError(
                f"{text} is painted by a command of its own; several films come from files and "
                "folders"
            )
        else:
            raise UsageError(f"{text} does not exist{nearest(path)}")

    def _chosen(self, files: Sequence[Path]) -> Iterator[Found]:
        """What a person or a shell has picked among others."""
        from realtime_nst.sources.animation import is_animation

        for path in files:
            picture = is_picture(path) and not is_animation(path)
            if reason := "a picture" if picture else _reason_of_place(path):
                self.passed_over[path] = reason
            else:
                yield Found(path)

    def _inside(self, folder: Path) -> Iterator[Path]:
        inner = []
        for path in sorted(folder.iterdir(), key=natural):
            if reason := _reason_of_place(path) or _reason_of_kind(path):
                self.passed_over[path] = reason
                if reason == FOLDER and self._recursive and not path.is_symlink():
                    del self.passed_over[path]
                    inner.append(path)
            else:
                yield path
        for path in inner:
            yield from self._inside(path)

    def _is_painted(self, path: Path, facts: os.stat_result) -> bool:
        key = path, facts.st_size, facts.st_mtime_ns
        if key not in self._marks:
            self._marks[key] = mark_of(path) is not None
        return self._marks[key]


def are_many(inputs: Sequence[str]) -> bool:
    """Whether ``inputs`` may name more than one film."""
    if len(inputs) != 1:
        return True
    path = Path(inputs[0])
    if path.is_dir():
        return any(not (_reason_of_place(file) or _reason_of_kind(file)) for file in path.iterdir())
    return is_pattern_of_files(inputs[0])


def is_pattern_of_files(text: str) -> bool:
    """Whether ``text`` is a pattern that no shell has replaced."""
    return glob.has_magic(text) and "://" not in text and not os.path.exists(text)


def length_of(path: Path) -> tuple[int, float]:
    """About how many frames and seconds; 0 where nobody knows."""
    try:
        with open_input(path) as container:
            seconds, stream = (container.duration or 0) / 1e6, main_video(container)
            return stream.frames or round(seconds * (frame_rate(stream) or 0)), seconds
    except (RealtimeNstError, OSError):
        return 0, 0.0


def _reason_of_place(path: Path) -> str:
    if not path.exists():
        return "a link to nothing"
    if path.name.startswith("."):  # macOS leaves a ._clip.mov beside each clip.mov on cards
        return "hidden"
    if path.is_dir():
        return "unfinished" if is_job(path) else FOLDER
    if not path.is_file():
        return "not a regular file"
    return "unfinished" if _PARTIAL.fullmatch(path.name) else ""


def _reason_of_kind(path: Path) -> str:
    if path.suffix.lower() in SUFFIXES:
        return ""
    return "a picture" if is_picture(path) else "not a video"
