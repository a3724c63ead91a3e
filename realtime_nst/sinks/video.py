"""Frames into a video file that appears only when whole, with everything else of its source."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import av

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.media.container import (
    VideoFile,
    check,
    open_input,
    size_of,
)
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.media.timeline import Timeline
from realtime_nst.sinks._changes import changes, left_out
from realtime_nst.sinks._choice import chosen, held_by
from realtime_nst.sinks._encode import Encoding, Traits, differences, encoder_tag
from realtime_nst.sinks._fates import Fate, check_dropped, decide
from realtime_nst.sinks._mux import Muxer
from realtime_nst.sinks._piped import Piped
from realtime_nst.sinks._unfinished import UnfinishedFile, last_shown
from realtime_nst.sinks.formats import checked_quality, container_of
from realtime_nst.sinks.targets import check_target, why_not_written
from realtime_nst.stream import Frame

_PART = "start or end"


class VideoSink:
    """Writes frames to the video file ``path``, whose suffix names the container.

    From ``source``, a video file, it takes the clock (so that every time is kept), the colours, and
    every stream but the main video: sound, subtitles, covers, chapters and tags are copied packet
    by packet, never decoded. What the container cannot hold is converted (sound, text subtitles) or
    left out, with a notice; ``strict`` raises :class:`UsageError` instead, and ``drop`` has the
    kinds of streams to leave out (sound, subtitles, data, other). For a part of a film, ``span``,
    all of this is cut alike, and in the result times count from its start.

    Without a source, ``rate`` is the nominal number of frames a second, and ``held`` what their
    pixels hold. ``codec`` is a name in ``formats.CODECS`` (default: the container's first that
    holds what is asked for and, if one does, the source's transparency), ``quality`` its quality
    number, lower is better.

    ``bits`` a channel are written, 8 or 10; ``hdr`` "keep" writes the HDR of the source, with 10
    bits, and "map" the SDR that it is mapped to. ``pixels`` says what this comes to, for the
    source of the frames to keep.

    With ``stream``, the video goes there as it grows, in the form that the suffix of ``path``
    names, and nothing can be kept or resumed.

    The file grows as ``partial`` (``NAME.partial.SUFFIX``) and takes its own name when whole. If
    the sink is left with an error, the finished part stays: ``kept`` is a playable file, or None,
    and ``written_until`` the time of its last frame in seconds. With ``resume``, the whole groups
    of pictures of such a file are reused, and frames are wanted from ``resume_from`` on (None: from
    the beginning). ``settings`` has, by name, whatever else decides the pictures, such as the
    digest of the style. If one of them, or source, codec, quality or size differs, the first frame
    raises :class:`UsageError`, which names what differs, and the file stays as it was.

    ``notices`` has a line for each thing that could not be kept; ``skipped`` counts frames shown no
    later than the one before.

    The constructor raises :class:`UsageError`, :class:`UnknownName`, :class:`TargetExists` or
    :class:`MediaError` for everything that can be known before the work; writing raises
    :class:`MediaError`, and :class:`TargetExists` if the output has appeared meanwhile.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        source: VideoFile | str | None = None,
        rate: Fraction | None = None,
        codec: str | None = None,
        quality: int | None = None,
        overwrite: bool = False,
        resume: bool = False,
        settings: Mapping[str, str] | None = None,
        drop: Collection[str] = (),
        strict: bool = False,
        span: Span = WHOLE,
        stream: BinaryIO | None = None,
        bits: int = 8,
        hdr: str = "map",
        held: Pixels = EIGHT_BITS,
    ) -> None:
        path, self._span = Path(path), span
        source = Path(source) if isinstance(source, str) else source
        self.path, self._source = path, source
        self._kind = container_of(path, streamed=stream is not None)
        check_dropped(drop)
        self.notices: list[str] = []
        self._fates: list[Fate] = []
        traits, others = Traits.plain(rate), {"source": "", _PART: repr(span), **(settings or {})}
        with open_input(source) if source else nullcontext() as container:
            held = held_by(container) if container else held
            self._choice = choice = chosen(
                codec, path, self._name, held, bits=bits, hdr=hdr, strict=strict
            )
            quality = checked_quality(quality, choice.name)
            self._file = self._working_file(stream, overwrite, resume)
            if source and container:
                self._fates, self.notices = decide(
                    container, source, path, self._kind, choice.name, drop=drop, strict=strict
                )
                origin = Timeline.of(source, quick=span.quick).origin
                traits = Traits.of(container, origin, span.start, hdr=choice.pixels.hdr)
                others["source"] = _identity(source)
        self._encoding = Encoding(choice.codec, quality, traits, others, choice.pixels)
        self._muxer: Muxer | None = None
        self._shown: Fraction | None = None
        self._copied = self._file.earlier is None
        self.kept: Path | None = None
        self.written_until: Fraction | None = None
        self.skipped = 0

    def _working_file(
        self, stream: BinaryIO | None, overwrite: bool, resume: bool
    ) -> UnfinishedFile | Piped:
        if stream is not None:
            return Piped(self.path, stream)
        source = self._source if isinstance(self._source, Path) else None
        check_target(self.path, source, overwrite=overwrite)
        file = UnfinishedFile(self.path, source, overwrite=overwrite, resume=resume)
        length = self._span.length
        if length is not None and file.earlier and file.earlier.until >= length:
            raise _other_settings(file.partial, [_PART])
        return file

    @property
    def pixels(self) -> Pixels:
        return self._choice.pixels

    @property
    def _name(self) -> str:
        """Of the source."""
        return self._source.name if self._source else ""

    @property
    def partial(self) -> Path:
        return self._file.partial

    @property
    def resume_from(self) -> Fraction | None:
        """Seconds of the frames' clock."""
        return self._file.earlier.until + self._span.start if self._file.earlier else None

    @property
    def frames_before(self) -> int:
        """How many frames are reused of earlier runs."""
        return len(self._file.earlier.shown) if self._file.earlier else 0

    @property
    def names(self) -> tuple[Path, ...]:
        """The files that the sink may write, finished and unfinished."""
        if isinstance(self._file, Piped):
            return ()
        return self.path, self._file.partial, self._file.resuming

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> bool:
        """Encode one frame; always True. A frame that is not later than the last is skipped.

        Raises :class:`MediaError` if the file cannot be written or the frames' size changes.
        """
        size = frame.image.shape[1], frame.image.shape[0]
        with self._errors_named():
            muxer = self._muxer or self._open(size)
            if size != muxer.size:
                raise MediaError(
                    f"a frame of {size[0]}x{size[1]} came after frames of "
                    f"{muxer.size[0]}x{muxer.size[1]}; a video file holds one size"
                )
            tick = self._encoding.traits.time_base
            shown = round((frame.pts - self._span.start) / tick) * tick
            if self._shown is not None and shown <= self._shown:
                self.skipped += 1
                return True
            self._shown = shown
            muxer.write(frame.image, shown, _ticked(frame.duration, tick), frame.original)
        return True

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if self._muxer is None:
            self._keep(self._file.discard())
        elif kind is not None:
            self._salvage(self._muxer)
        else:
            try:
                with self._errors_named():
                    self._muxer.finish()
                    self._check_source()
                    self._file.commit()
            except BaseException:
                self._salvage(self._muxer)
                raise
            self.written_until = self._muxer.written_until
            self.notices += left_out(self._muxer.damaged, self.skipped)

    def _check_source(self) -> None:
        if self._source:
            check(self._source)

    def _open(self, size: tuple[int, int]) -> Muxer:
        earlier = self._file.earlier
        settings = self._encoding.settings(size)
        if earlier and earlier.tag != encoder_tag(settings):
            raise _other_settings(earlier.path, differences(settings, earlier.tag))
        path = self._file.create()
        self._muxer = Muxer(
            path, self._kind, self._encoding, size, self._source, self._fates, self._span
        )
        self._file.check_in_place()
        self.notices += changes(
            self.path, self._kind, self._choice, self._encoding, size, self._name
        )
        if self._file.earlier:
            self._muxer.copy(self._file.earlier)
            self._shown = self._muxer.written_until
            self._copied = True
        return self._muxer

    def _salvage(self, muxer: Muxer) -> None:
        """Keep what is finished, playable and with its sound, under the partial name."""
        muxer.salvage()
        whole = self._copied and self._file.path and last_shown(self._file.path) is not None
        self._keep(self._file.keep() if whole else self._file.discard())

    def _keep(self, kept: Path | None) -> None:
        self.kept = kept
        self.written_until = last_shown(kept) if kept else None

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            raise MediaError(
                why_not_written(error, self._file.path or self.partial, self.path)
            ) from error


def _other_settings(earlier: Path, names: Iterable[str]) -> UsageError:
    return UsageError(
        f"{earlier} was made with another {' or '.join(names).replace('_', '-')}; resume with the "
        "same settings and files, or start anew with `overwrite`"
    )


def _ticked(seconds: Fraction | None, tick: Fraction) -> Fraction | None:
    return round(seconds / tick) * tick if seconds else None


def _identity(source: VideoFile) -> str:
    """Size and a digest of the beginning: tells files apart without reading them whole."""
    with source.open("rb") as file:
        head = hashlib.sha256(file.read(65_536)).hexdigest()
    return f"{size_of(source)} {head}"
