"""Frames into a video file that appears only when whole, with everything else of its source."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Self

from realtime_nst.media.container import VideoFile, check
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.sinks._changes import changes, left_out
from realtime_nst.sinks._form import Form
from realtime_nst.sinks._mux import Muxer
from realtime_nst.sinks._piped import Piped
from realtime_nst.sinks._unfinished import UnfinishedFile, last_shown
from realtime_nst.sinks._writer import FrameWriter, errors_named
from realtime_nst.sinks.targets import check_target
from realtime_nst.stream import Frame


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
    number, lower is better. ``encoder`` is a name in ``hardware.ENGINES``: the hardware that
    encodes (default: none).

    ``bits`` a channel are written, 8 or 10; ``hdr`` "keep" writes the HDR of the source, with 10
    bits, and "map" the SDR that it is mapped to. ``pixels`` says what this comes to, for the
    source of the frames to keep.

    With ``stream``, the video goes there as it grows, in the form that the suffix of ``path``
    names, and nothing can be kept.

    The file grows as ``partial`` (``NAME.partial.SUFFIX``) and takes its own name when whole. If
    the sink is left with an error, the finished part stays: ``kept`` is a playable file, or None,
    and ``written_until`` the time of its last frame in seconds.

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
        encoder: str | None = None,
        quality: int | None = None,
        overwrite: bool = False,
        drop: Collection[str] = (),
        strict: bool = False,
        span: Span = WHOLE,
        stream: BinaryIO | None = None,
        bits: int = 8,
        hdr: str = "map",
        held: Pixels = EIGHT_BITS,
    ) -> None:
        self.path = path = Path(path)
        source = Path(source) if isinstance(source, str) else source
        self._form = Form.of(
            path, source=source, rate=rate, codec=codec, encoder=encoder, quality=quality,
            drop=drop, strict=strict, span=span, bits=bits, hdr=hdr, held=held,
            streamed=stream is not None,
        )  # fmt: skip
        self._file: UnfinishedFile | Piped
        if stream is not None:
            self._file = Piped(path, stream)
        else:
            original = source if isinstance(source, Path) else None
            check_target(path, original, overwrite=overwrite)
            self._file = UnfinishedFile(path, original, overwrite=overwrite)
        self._writer = FrameWriter(self._form, self._open)
        self.notices = list(self._form.notices)
        self.kept: Path | None = None
        self.written_until: Fraction | None = None

    @property
    def pixels(self) -> Pixels:
        return self._form.choice.pixels

    @property
    def skipped(self) -> int:
        return self._writer.skipped

    @property
    def partial(self) -> Path:
        return self._file.partial

    @property
    def names(self) -> tuple[Path, ...]:
        """The files that the sink may write, finished and unfinished."""
        return () if isinstance(self._file, Piped) else (self.path, self._file.partial)

    def __enter__(self) -> Self:
        return self

    def write(self, frame: Frame) -> bool:
        """Encode one frame; always True. A frame that is not later than the last is skipped.

        Raises :class:`MediaError` if the file cannot be written or the frames' size changes.
        """
        with errors_named(self._file.path or self.partial, self.path):
            self._writer.write(frame)
        return True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        muxer = self._writer.muxer
        if muxer is None:
            self._file.discard()
        elif kind is not None:
            self._salvage(muxer)
        else:
            try:
                with errors_named(self._file.path or self.partial, self.path):
                    muxer.finish()
                    if self._form.source:
                        check(self._form.source)
                    self._file.commit()
            except BaseException:
                self._salvage(muxer)
                raise
            self.written_until = muxer.written_until
            self.notices += left_out(muxer.damaged, self.skipped)

    def _open(self, size: tuple[int, int]) -> Muxer:
        form = self._form
        path = self._file.create()
        muxer = Muxer(path, form.kind, form.encoding, size, form.source, form.fates, form.span)
        self._file.check_in_place()
        self.notices += changes(form, size)
        return muxer

    def _salvage(self, muxer: Muxer) -> None:
        """Keep what is finished, playable and with its sound, under the partial name."""
        muxer.salvage()
        self.written_until = last_shown(self._file.path) if self._file.path else None
        if self.written_until is None:
            self._file.discard()
        else:
            self.kept = self._file.keep()
