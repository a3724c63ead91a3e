"""The unfinished file of a video: its name, its lock, and what an earlier run left in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.files import LockedFile, is_regular
from realtime_nst.media import main_video, open_input
from realtime_nst.sinks._copied import filtered_by

MARK = "realtime_nst "
"""Begins the encoder tag of every video that this package writes."""

_STUB = 4096
"""A run killed before its first packets reach the disk leaves 0 bytes of Matroska, 88 of MP4."""


def unfinished_name(path: Path, what: str, source: Path | None) -> Path:
    """The path of the unfinished file ``what`` ("partial") of the video ``path``.

    It is ``NAME.partial.SUFFIX``, or ``NAME.partial-2.SUFFIX`` and so on where that name is taken:
    by ``source``, by a link, or by a file that this package did not write. Raises
    :class:`TargetExists` where another run is writing the file.
    """
    for number in count(1):
        name = path.with_suffix(f".{what}{f'-{number}' if number > 1 else ''}{path.suffix}")
        if not os.path.lexists(name):
            return name
        is_source = source is not None and source.exists() and _is_same(name, source)
        if not is_source and is_regular(name) and _is_ours(name):
            return name
    raise AssertionError


def check_no_earlier_run(*paths: Path) -> None:
    """Raises :class:`TargetExists` where one of these unfinished files holds pictures."""
    for path in paths:
        if os.path.lexists(path) and not _is_stub(path):
            raise TargetExists(
                f"{path} holds the finished part of an earlier run; go on from it with --resume, "
                "or start anew with --overwrite"
            )


def lock(path: Path, *, create: bool = False) -> LockedFile:
    """Raises :class:`TargetExists` where another run holds ``path`` or has just created it."""
    try:
        return LockedFile(path, create=create)
    except (BlockingIOError, FileExistsError):
        raise TargetExists(
            f"another run is writing {path}; wait for its end, or give the output another name"
        ) from None


def _is_same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:  # a dangling link
        return False


def _is_ours(path: Path) -> bool:
    """Raises :class:`TargetExists` where another run is writing it."""
    try:
        lock(path).release()
        if _is_stub(path):
            return True
        with open_input(path) as container:
            return _settings(main_video(container)).startswith(MARK)
    except TargetExists:
        raise
    except (MediaError, UsageError, OSError):
        return False


@dataclass(frozen=True)
class Unfinished:
    """The whole groups of pictures of the video in ``path``, shown before ``until`` seconds.

    ``settings`` is what its encoder was set to; ``shown`` holds the time of each of its pictures,
    in seconds and in order.
    """

    path: Path
    settings: str
    shown: Sequence[Fraction]
    until: Fraction

    @classmethod
    def read(cls, path: Path) -> Unfinished | None:
        """None where no whole group of pictures is there yet.

        The last group is left out: a run that was killed may have left it without some of its
        pictures. ``until`` lies half a tick early, for containers that round times.
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
            return cls(path, _settings(stream), sorted(shown[:whole]), until)

    @classmethod
    def latest(cls, *paths: Path) -> Unfinished | None:
        """The one of ``paths`` with most to keep: a run that went on from one may have been killed.

        None where none of them has anything.
        """
        found = [part for path in paths if (part := cls.read(path))]
        return max(found, key=lambda part: part.until, default=None)

    def copy(self, to_encoded: str | None) -> Iterator[Packet[Any]]:
        """The packets to keep, in decoding order, passed through the filter ``to_encoded``."""
        with open_input(self.path) as container:
            change = filtered_by(to_encoded, main_video(container))
            for packet in islice(_video_packets(container), len(self.shown)):
                yield from change(packet)


def last_shown(path: Path) -> Fraction | None:
    """Seconds at which the last picture of ``path`` is shown; None where the file does not play."""
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


def _is_stub(path: Path) -> bool:
    return path.stat().st_size <= _STUB and last_shown(path) is None


def _settings(stream: VideoStream) -> str:
    """The encoder tag, whose key is in capitals in Matroska."""
    tags = {key.lower(): value for key, value in stream.metadata.items()}
    return tags.get("encoder", "")


def _video_packets(container: InputContainer) -> Iterator[Packet[Any]]:
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
