"""A video that is written to a pipe, where nothing can be kept or taken back."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO


class Piped:
    """What :class:`~realtime_nst.sinks._unfinished.UnfinishedFile` is for a file: ``stream``, to
    which the video called ``name`` goes as it grows."""

    def __init__(self, name: Path, stream: BinaryIO) -> None:
        self.partial = name
        self.path: Path | None = None
        self._stream = stream

    def create(self) -> ForwardOnly:
        return ForwardOnly(self._stream)

    def check_in_place(self) -> None:
        pass

    def commit(self) -> None:
        self._stream.flush()

    def keep(self) -> None:
        pass

    def discard(self) -> None:
        pass


class ForwardOnly:
    """A binary file to write to in which nobody can go back, even if ``stream`` is a file: it may
    hold other data already."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(data)
        self._stream.flush()
        return len(data)
