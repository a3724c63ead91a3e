"""The file that a video is written to until it is whole, and what an earlier run left in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, islice
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.files import LockedFile, beside, is_regular
from realtime_nst.media.container import main_video, open_input
from realtime_nst.sinks._convert import filtered_by

MARK = "realtime_nst "
"""The beginning of the encoder tag in every video that this package writes."""

_STUB_BYTES = 4096
"""A run killed before its first packets reach the disk leaves 0 bytes of Matroska, 88 of MP4."""


class UnfinishedFile:
    """Where the video ``target`` grows: ``partial``, or beside it when a run is resumed.

    ``partial`` is ``NAME.partial.SUFFIX``, or ``NAME.partial-2.SUFFIX`` and so on if that name is
    taken: by ``source``, by a link, or by a file that this package did not write. With ``resume``,
    ``earlier`` is what can be kept of an earlier run, or None, if that ended in its first group of
    pictures; its packets are copied to ``NAME.resuming.SUFFIX``, which becomes ``partial`` or the
    target.

    Nothing is created or deleted before ``create``. From then on the files are locked, until
    ``commit``, ``keep`` or ``discard``. Raises :class:`TargetExists` if another run is writing
    them, or, without ``overwrite`` and ``resume``, if an earlier run left something.
    """

    def __init__(self, target: Path, source: Path | None, *, overwrite: bool, resume: bool) -> None:
        self._target, self._overwrite, self._resume = target, overwrite, resume
        self.partial = _free_name(target, "partial", source)
        self.resuming = _free_name(target, "resuming", source)
        self.earlier = EarlierRun.latest(self.partial, self.resuming) if resume else None
        self.path: Path | None = None
        self._locks = ExitStack()
        if not (overwrite or resume):
            self._check_no_earlier_run()

    def create(self) -> Path:
        """Lock the files of earlier runs, delete those no longer needed, and create a new one.

        Returns its path. What an earlier run finished is at ``partial`` from now on.
        """
        for path in (self.partial, self.resuming):
            if os.path.lexists(path):
                self._locks.enter_context(_locked(path))
        if self.earlier is None:
            if not (self._overwrite or self._resume):
                self._check_no_earlier_run()
            self.partial.unlink(missing_ok=True)
        elif self.earlier.path == self.resuming:
            os.replace(self.resuming, self.partial)
            self.earlier = replace(self.earlier, path=self.partial)
        self.resuming.unlink(missing_ok=True)
        path = self.resuming if self.earlier else self.partial
        self._created = self._locks.enter_context(_locked(path, create=True))
        self.path = path
        return path

    def check_in_place(self) -> None:
        """Raise :class:`MediaError` if the path was opened by name and names another file now."""
        if not self._created.is_in_place:
            raise MediaError(f"{self.path} was replaced by another program; try again")

    def commit(self) -> None:
        """The file is whole: give it the target's name. Raises :class:`TargetExists`."""
        assert self.path is not None
        check_not_there(self._target, self._overwrite)
        os.replace(self.path, self._target)
        if self.earlier:
            self.partial.unlink()
        self._locks.close()

    def keep(self) -> Path:
        """The file is a finished part: keep it as ``partial``, which is returned."""
        assert self.path is not None
        os.replace(self.path, self.partial)
        self._locks.close()
        return self.partial

    def discard(self) -> Path | None:
        """Delete the file; returns what an earlier run had finished, or None."""
        if self.path:
            self.path.unlink(missing_ok=True)
        self._locks.close()
        return self.earlier.path if self.earlier else None

    def _check_no_earlier_run(self) -> None:
        for path in (self.partial, self.resuming):
            if os.path.lexists(path) and not _is_stub(path):
                raise TargetExists(
                    f"{path} holds the finished part of an earlier run; continue it with `resume`, "
                    "or start anew with `overwrite`"
                )


@dataclass(frozen=True)
class EarlierRun:
    """The whole groups of pictures in the unfinished video ``path``.

    All are shown before ``until`` seconds; ``shown`` has the time of each, in order. ``tag`` is the
    encoder tag.
    """

    path: Path
    tag: str
    shown: Sequence[Fraction]
    until: Fraction

    @classmethod
    def read(cls, path: Path) -> EarlierRun | None:
        """None if there is no whole group of pictures.

        The last group does not count: a run that was killed may have lost some of its pictures.
        ``until`` is half a tick early, because some containers round times.
        """
        if not path.exists() or _is_stub(path):
            return None
        with open_input(path) as container:
            stream = main_video(container)
            tick = stream.time_base or Fraction(1)
            shown: list[Fraction] = []
            whole = 0
            for packet in _video_packets(container):
                if packet.is_keyframe:
                    whole = len(shown)
                shown.append((packet.pts or 0) * tick)
            if not whole:
                return None
            until = shown[whole] - tick / 2
            return cls(path, _encoder_tag(stream), sorted(shown[:whole]), until)

    @classmethod
    def latest(cls, *paths: Path) -> EarlierRun | None:
        """The one that got farthest: a run killed while resuming leaves two."""
        found = [run for path in paths if (run := cls.read(path))]
        return max(found, key=lambda run: run.until, default=None)

    def packets(self, to_encoded: str | None) -> Iterator[Packet[Any]]:
        """The packets to keep, in decoding order, passed through the filter ``to_encoded``."""
        with open_input(self.path) as container:
            change = filtered_by(to_encoded, main_video(container))
            for packet in islice(_video_packets(container), len(self.shown)):
                yield from change(packet)


def last_shown(path: Path) -> Fraction | None:
    """Seconds at which the last picture of ``path`` is shown; None if the file does not play."""
    try:
        with open_input(path) as container:
            return max(
                (
                    packet.pts * packet.time_base
                    for packet in _video_packets(container)
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
        with open_input(path) as container:
            return _encoder_tag(main_video(container)).startswith(MARK)
    except TargetExists:
        raise
    except (MediaError, UsageError, OSError):
        return False


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


def _video_packets(container: InputContainer) -> Iterator[Packet[Any]]:
    """The packets of the main video, until the end or the first that cannot be read."""
    packets = container.demux(main_video(container))
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        if packet.size:
            yield packet
