"""Frames into a video file that appears only when whole, with everything else of its source."""

from __future__ import annotations

import errno
import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.container import OutputContainer
from av.packet import Packet

from realtime_nst.errors import MediaError, RealtimeNstError, TargetExists, UsageError
from realtime_nst.files import LockedFile
from realtime_nst.sinks._copied import CopiedStreams, check_held
from realtime_nst.sinks._encode import DecodingOrder, EncoderTag, PictureEncoder, Traits
from realtime_nst.sinks._unfinished import (
    Unfinished,
    check_no_earlier_run,
    last_shown,
    lock,
    unfinished_name,
)
from realtime_nst.sinks.formats import checked_quality, codec_for, container_of
from realtime_nst.stream import Frame

_DISK_ERRORS = {errno.EACCES, errno.EROFS, errno.EFBIG, errno.EIO, errno.EDQUOT}


class VideoSink:
    """Writes frames to the video file ``path``; its suffix names the container.

    From ``source`` it takes the clock, so that every time is kept, the colours, and all streams but
    the stylised one: sound, subtitles, covers, chapters and tags, copied packet by packet and never
    decoded. Without one, ``rate`` is the nominal frames per second. ``codec`` is a name in
    ``formats.CODECS`` (default: the container's first), ``quality`` its number, lower is better.

    The file grows as ``NAME.partial.SUFFIX`` and takes its own name when whole. Left with an error,
    the sink keeps what is finished there: ``kept`` is the playable file, or None, and
    ``written_until`` the time of its last frame, in seconds. With ``resume`` the whole groups of
    pictures in such a file are taken over, and the frames wanted are those from ``resume_from`` on
    (None: all of them). ``settings`` are, by name, whatever else decides the pictures, such as
    the digest of a style: with other ``settings``, another source, codec, quality or size, the
    first frame raises :class:`UsageError`, which says what differs, and the file is left as it is.

    ``notices`` says, one line each, what could not be kept as it was;
    ``skipped`` counts frames shown no later than the one before.

    Making one raises :class:`UsageError`, :class:`UnknownName`, :class:`TargetExists` or
    :class:`MediaError` for all that can be known before the work. Writing raises
    :class:`MediaError`.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        source: Path | str | None = None,
        rate: Fraction | None = None,
        codec: str | None = None,
        quality: int | None = None,
        overwrite: bool = False,
        resume: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        path, source = Path(path), Path(source) if source else None
        self.path = path
        self.kept: Path | None = None
        self.written_until: Fraction | None = None
        self.skipped = 0
        self._source, self._overwrite = source, overwrite
        self._kind = container_of(path)
        self._codec_name, self._codec = codec_for(codec, path)
        self._quality = checked_quality(quality, self._codec_name)
        _check_target(path, source, overwrite)
        self.partial = unfinished_name(path, "partial", source)
        self._resumed = unfinished_name(path, "resuming", source)
        if not (overwrite or resume):
            check_no_earlier_run(self.partial, self._resumed)
        self.notices = check_held(source, path, self._codec_name) if source else []
        self._traits = Traits.of(source) if source else Traits.plain(rate)
        self._settings = {"source": _identity(source) if source else "", **(settings or {})}
        self._unfinished = Unfinished.latest(self.partial, self._resumed) if resume else None
        self._working: Path | None = None
        self._locks = ExitStack()
        self._output: OutputContainer | None = None
        self._copied: CopiedStreams | None = None
        self._shown: Fraction | None = None
        self._order = DecodingOrder(self._codec.reorder)
        self._taken_over = self._unfinished is None

    @property
    def resume_from(self) -> Fraction | None:
        return self._unfinished.until if self._unfinished else None

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> bool:
        """Encode one frame; always True. A frame that is not later than the last is skipped.

        Raises :class:`MediaError` when the file cannot be written, or the frames' size changes.
        """
        with self._errors_named():
            if self._output is None:
                self._open(frame)
            self._check_size(frame)
            ticks = round(frame.pts / self._traits.time_base)
            shown = ticks * self._traits.time_base
            if self._shown is not None and shown <= self._shown:
                self.skipped += 1
                return True
            self._shown = shown
            self._order.show(shown)
            self._mux(self._encoder.encode(frame.image, ticks))
        return True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._output is None:
            if self._working:
                self._working.unlink(missing_ok=True)
            self._keep(None)
        elif kind is not None:
            self._salvage()
        else:
            try:
                self._finish()
            except BaseException:
                self._salvage()
                raise

    def _open(self, first: Frame) -> None:
        size = first.image.shape[1], first.image.shape[0]
        tag = EncoderTag(self._codec, self._quality, size, self._traits, self._settings)
        self._check_settings(tag)
        claimed = self._claim()
        self._copied = CopiedStreams(self._source, self._kind) if self._source else None
        output = av.open(
            f"file:{self._working}",
            "w",
            format=self._kind.format,
            container_options={**self._container_options(), **self._movie_clock()},
        )
        if not claimed.is_in_place:
            raise MediaError(f"{claimed.path} was replaced by another program; try again")
        self._encoder = PictureEncoder(output, self._codec, self._quality, size, self._traits, tag)
        self._note_what_changes(size)
        if self._copied:
            self._copied.attach(output)
        self._output = output
        self._take_over()

    def _check_settings(self, tag: EncoderTag) -> None:
        if self._unfinished and self._unfinished.settings != tag.text:
            names = [n.replace("_", "-") for n in tag.differences(self._unfinished.settings)]
            raise UsageError(
                f"{self._unfinished.path} was made with another {' or '.join(names)}; resume with "
                "the same settings and files, or start anew with --overwrite"
            )

    def _claim(self) -> LockedFile:
        """Lock both unfinished files, and create the one to write to.

        What an earlier run finished goes on as ``partial``; all else of earlier runs is deleted.
        """
        for path in (self.partial, self._resumed):
            if os.path.lexists(path):
                self._locks.enter_context(lock(path))
        if self._unfinished is None:
            if not self._overwrite:
                check_no_earlier_run(self.partial, self._resumed)
            self.partial.unlink(missing_ok=True)
        elif self._unfinished.path == self._resumed:
            os.replace(self._resumed, self.partial)
            self._unfinished = replace(self._unfinished, path=self.partial)
        self._resumed.unlink(missing_ok=True)
        working = self._resumed if self._unfinished else self.partial
        claimed = self._locks.enter_context(lock(working, create=True))
        self._working = working
        return claimed

    def _container_options(self) -> Mapping[str, str]:
        covered = self._copied is not None and self._copied.has_cover
        return (self._kind.cover_options if covered else None) or self._kind.options

    def _movie_clock(self) -> dict[str, str]:
        """MP4 and QuickTime round where streams begin to the movie's clock: a common multiple of
        all clocks keeps every time exact."""
        if self._kind.milliseconds:
            return {}
        pictures = self._traits.time_base.denominator
        while pictures < 10_000:
            pictures *= 2
        common = math.lcm(pictures, *(self._copied.tick_rates if self._copied else ()))
        return {"movie_timescale": str(common if common < 2**31 else pictures)}

    def _note_what_changes(self, size: tuple[int, int]) -> None:
        pixels = self._codec.pixel_format(*size, self._traits.full_colour)
        if pixels == self._codec.full_colour and not self._traits.full_colour:
            self.notices.append(
                f"the odd size {size[0]}x{size[1]} is written as {self._codec_name} 4:4:4, which "
                "some players cannot show; for those, choose an even --size"
            )
        if self._traits.full_colour and pixels == self._codec.subsampled:
            self.notices.append(
                f"{self._codec_name} halves the resolution of colour, which the source has in full"
            )
        if self._kind.milliseconds and (self._traits.time_base * 1000).denominator != 1:
            self.notices.append(
                f"a {self.path.suffix} file stores times in milliseconds: each is rounded to the "
                "nearest; .mp4 and .mov keep them exactly"
            )

    def _take_over(self) -> None:
        if self._unfinished is None:
            return
        for seconds in self._unfinished.shown:
            self._order.show(seconds)
        for packet in self._unfinished.copy(self._codec.to_encoded):
            self._mux([packet])
        self._shown = self.written_until
        self._taken_over = True

    def _check_size(self, frame: Frame) -> None:
        height, width = frame.image.shape[:2]
        context = self._encoder.stream.codec_context
        if (width, height) != (context.width, context.height):
            raise MediaError(
                f"a frame of {width}x{height} came after frames of "
                f"{context.width}x{context.height}; a video file holds one size"
            )

    def _mux(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            self._mux_picture(packet, self._order.next(), self._traits.frame_seconds)

    def _mux_last(self, packets: list[Packet[Any]]) -> None:
        """Write what the encoder still held.

        MP4 and QuickTime end a film where the packet decoded last ends, which need not be the one
        shown last: it is decoded when it is shown, and lasts until the end.
        """
        self._mux(packets[:-1])
        for packet in packets[-1:]:
            shown = _shown(packet)
            rest = max(shown, self.written_until or shown) - shown
            self._mux_picture(packet, shown, rest + self._traits.frame_seconds)

    def _mux_picture(self, packet: Packet[Any], decoded: Fraction, lasting: Fraction) -> None:
        """Write one packet of the pictures, and before it all that is copied and due before it."""
        assert self._output is not None
        self._mux_copied(decoded)
        shown = _shown(packet)
        packet.dts = round(decoded / packet.time_base)
        packet.duration = round(lasting / packet.time_base)
        packet.stream = self._encoder.stream
        self._output.mux_one(packet)
        self.written_until = max(shown, self.written_until or shown)

    def _mux_copied(self, until: Fraction | None) -> None:
        assert self._output is not None
        for packet in self._copied.until(until) if self._copied else ():
            self._output.mux_one(packet)

    def _finish(self) -> None:
        assert self._output is not None
        with self._errors_named():
            self._mux_last(self._encoder.flush())
            self._mux_copied(None)
            self._close()
            if os.path.lexists(self.path) and not self._overwrite:
                raise TargetExists(_exists(self.path))
            assert self._working is not None
            os.replace(self._working, self.path)
            if self._unfinished:
                self.partial.unlink()
            self._locks.close()
        self._note_skipped()

    def _note_skipped(self) -> None:
        if self.skipped:
            plural = "s" * (self.skipped > 1)
            self.notices.append(
                f"{self.skipped} frame{plural} skipped: shown no later than the one before"
            )

    def _salvage(self) -> None:
        """Make what is finished playable, with its sound, and keep it under the partial name."""
        assert self._output is not None
        assert self._working is not None
        with suppress(RealtimeNstError, av.FFmpegError, OSError):
            self._mux_last(self._encoder.flush())
            if self.written_until is not None:
                self._mux_copied(self.written_until)
        with suppress(av.FFmpegError, OSError):
            self._close()
        if self._taken_over and last_shown(self._working) is not None:
            os.replace(self._working, self.partial)
            self._keep(self.partial)
        else:
            self._working.unlink(missing_ok=True)
            self._keep(None)

    def _keep(self, kept: Path | None) -> None:
        """What was finished now, or else what an earlier run had finished."""
        self._locks.close()
        if self._copied:
            self._copied.close()
        self.kept = kept or (self._unfinished.path if self._unfinished else None)
        self.written_until = last_shown(self.kept) if self.kept else None

    def _close(self) -> None:
        if self._copied:
            self._copied.close()
        if self._output:
            self._output.close()

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise MediaError(_why(error, self._working or self.partial, self.path)) from error


def _why(error: av.FFmpegError | OSError, working: Path, path: Path) -> str:
    if error.errno == errno.ENOSPC:
        return f"no space left for {working}; free some, or write to another disk"
    if error.errno in _DISK_ERRORS or not isinstance(error, av.FFmpegError):
        return f"{working} cannot be written: {error.strerror}"
    mkv = path.suffix.lower() == ".mkv"
    remedy = "convert the input with ffmpeg first" if mkv else f"name the output {path.stem}.mkv"
    return f"FFmpeg cannot put this into a {path.suffix} file ({error.strerror}); {remedy}"


def _identity(source: Path) -> str:
    """Tells files apart without reading them whole."""
    with source.open("rb") as file:
        head = hashlib.sha256(file.read(65_536)).hexdigest()
    return f"{source.stat().st_size} {head}"


def _shown(packet: Packet[Any]) -> Fraction:
    """Seconds."""
    return (packet.pts or 0) * packet.time_base


def _check_target(path: Path, source: Path | None, overwrite: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a video file in it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} for {path.name}; make it first")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"the folder {path.parent} is read-only; name the output elsewhere")
    if source and path.exists() and source.exists() and path.samefile(source):
        raise UsageError(f"{path} is the input itself; give the output another name")
    if os.path.lexists(path) and not overwrite:
        raise TargetExists(_exists(path))


def _exists(path: Path) -> str:
    return f"{path} already exists; replace it with --overwrite, or give the output another name"
