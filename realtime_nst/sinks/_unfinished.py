"""The file that a video is written to until it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.files import LockedFile, beside, is_regular
from realtime_nst.media.container import main_video, open_input, readable

MARK = "realtime_nst"
"""The beginning of the encoder tag in every video that this package writes."""

_STUB_BYTES = 4096
"""A run killed before its first packets reach the disk leaves 0 bytes of Matroska, 88 of MP4."""


class UnfinishedFile:
    """Where the video ``target`` grows: ``partial``.

    It is ``NAME.partial.SUFFIX``, or ``NAME.partial-2.SUFFIX`` and so on if that name is taken: by
    ``source``, by a link, or by a file that this package did not write. One that an earlier run
    left there is replaced if ``overwrite``, or if its contents are ``kept`` elsewhere.

    Nothing is created or deleted before ``create``. From then on the file is locked, until
    ``commit``, ``keep`` or ``discard``. Raises :class:`TargetExists` if another run is writing it,
    or if an earlier run left something that may not be replaced.
    """

    def __init__(
        self, target: Path, source: Path | None, *, overwrite: bool, kept: bool = False
    ) -> None:
        self._target, self._overwrite, self._kept = target, overwrite, kept
        self.partial = _free_name(target, "partial", source)
        self.path: Path | None = None
        self._locks = ExitStack()
        self.check_no_earlier_run()

    def create(self) -> Path:
        """Lock and delete what an earlier run left, and create a new file; its path."""
        if os.path.lexists(self.partial):
            self._locks.enter_context(_locked(self.partial))
            self.check_no_earlier_run()
            self.partial.unlink(missing_ok=True)
        self._created = self._locks.enter_context(_locked(self.partial, create=True))
        self.path = self.partial
        return self.path

    def check_in_place(self) -> None:
        """Raise :class:`MediaError` if the path was opened by name and names another file now."""
        if not self._created.is_in_place:
            raise MediaError(f"{self.path} was replaced by another program; try again")

    def commit(self) -> None:
        """The file is whole: give it the target's name. Raises :class:`TargetExists`."""
        assert self.path is not None
        check_not_there(self._target, self._overwrite)
        os.replace(self.path, self._target)
        self._locks.close()

    def keep(self) -> Path:
        """The file is a finished part, and stays: its path."""
        self._locks.close()
        return self.partial

    def discard(self) -> None:
        """Delete the file."""
        if self.path:
            self.path.unlink(missing_ok=True)
        self._locks.close()

    def check_no_earlier_run(self) -> None:
        """Raises :class:`TargetExists` if an earlier run left something that may not be
        replaced."""
        if not (self._overwrite or self._kept) and self.holds_something:
            raise TargetExists(
                f"{self.partial} holds the finished part of an earlier run; rename it, or start "
                "anew with `overwrite`"
            )

    @property
    def holds_something(self) -> bool:
        """Whether an earlier run has left more there than an empty beginning."""
        return os.path.lexists(self.partial) and not _is_stub(self.partial)


def last_shown(path: Path) -> Fraction | None:
    """Seconds at which the last picture of ``path`` is shown; None if the file does not play."""
    try:
        with open_input(path) as container:
            return max(
                (
                    packet.pts * packet.time_base
                    for packet in video_packets(container)
                    if packet.pts is not None and not packet.is_corrupt
                ),
                default=None,
            )
    except (MediaError, UsageError, OSError):
        return None


def check_not_there(target: Path, overwrite: bool) -> None:
    """Raise :class:`TargetExists` if ``target``, or a link of that name, may not be replaced, and
    :class:`UsageError` for a pipe or a device, which nothing replaces."""
    if os.path.exists(target) and not os.path.isfile(target):
        raise UsageError(f"{target} is a pipe or a device; give the output another name")
    if os.path.lexists(target) and not overwrite:
        raise TargetExists(
            f"{target} already exists; replace it with `overwrite`, or give the output another name"
        )


def _free_name(target: Path, what: str, source: Path | None) -> Path:
    for number in count(1):
        ending = f"-{number}" if number > 1 else ""
        path = beside(target, f".{what}{ending}{target.suffix}")
        if not os.path.lexists(path):
            break
        if not (source and _is_same(path, source)) and is_regular(path) and _is_ours(path):
            break
    return path


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # a dangling link
        return False


def _is_ours(path: Path) -> bool:
    """Raises :class:`TargetExists` if another run is writing it."""
    try:
        _locked(path).release()
        if _is_stub(path):
            return True
    except TargetExists:
        raise
    except (MediaError, UsageError, OSError):
        return False
    return mark_of(path) is not None


def mark_of(path: Path) -> str | None:
    """What the video ``path`` says behind ``MARK``; None if it was not written by this package, or
    cannot be read."""
    try:
        with open_input(path) as container:
            tag = _encoder_tag(main_video(container))
    except (MediaError, UsageError, OSError):
        return None
    return tag.removeprefix(MARK).strip() if tag.startswith(MARK) else None


def _is_stub(path: Path) -> bool:
    return path.stat().st_size <= _STUB_BYTES and last_shown(path) is None


def _locked(path: Path, *, create: bool = False) -> LockedFile:
    try:
        return LockedFile(path, create=create)
    except (BlockingIOError, FileExistsError):
        raise TargetExists(
            f"another run is writing {path}; wait for it to end, or give the output another name"
        ) from None


def _encoder_tag(stream: VideoStream) -> str:
    tags = {key.lower(): value for key, value in stream.metadata.items()}  # Matroska: "ENCODER"
    return tags.get("encoder", "")


def video_packets(container: InputContainer) -> Iterator[Packet[Any]]:
    """The packets of the main video, until the end or the first that cannot be read."""
    return readable(container.demux(main_video(container)))
