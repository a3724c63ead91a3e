"""What a video file will be, decided before the work begins."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.media.container import VideoFile, open_input
from realtime_nst.media.pixels import EIGHT_BITS, Pixels
from realtime_nst.media.span import WHOLE, Span
from realtime_nst.media.timeline import Timeline
from realtime_nst.sinks._choice import Choice, chosen, held_by
from realtime_nst.sinks._encode import Encoding, Traits
from realtime_nst.sinks._fates import Fate, check_dropped, decide
from realtime_nst.sinks.formats import Container, checked_quality, container_of


@dataclass(frozen=True)
class Form:
    """The container, codec and streams of the video ``path``, of ``span`` of ``source``.

    ``notices`` has a line for each thing that it cannot hold.
    """

    path: Path
    source: VideoFile | None
    span: Span
    kind: Container
    choice: Choice
    encoding: Encoding
    fates: list[Fate] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        path: Path,
        *,
        source: VideoFile | None = None,
        rate: Fraction | None = None,
        codec: str | None = None,
        encoder: str | None = None,
        quality: int | None = None,
        drop: Collection[str] = (),
        strict: bool = False,
        span: Span = WHOLE,
        bits: int = 8,
        hdr: str = "map",
        held: Pixels = EIGHT_BITS,
        streamed: bool = False,
        threads: int = 0,
    ) -> Self:
        """The arguments are those of :class:`~realtime_nst.sinks.video.VideoSink`, and it raises
        the same errors. ``streamed`` if it is written to a pipe; the encoder has so many
        ``threads`` (0: as it likes)."""
        kind = container_of(path, streamed=streamed)
        check_dropped(drop)
        name = source.name if source else ""
        with open_input(source) if source else nullcontext() as container:
            held = held_by(container) if container else held
            choice = chosen(
                codec, path, name, held, bits=bits, hdr=hdr, strict=strict, encoder=encoder
            )
            quality = checked_quality(quality, choice.name)
            traits = Traits.plain(rate)
            fates: list[Fate] = []
            notices: list[str] = []
            if source and container:
                fates, notices = decide(
                    container, source, path, kind, choice.name, drop=drop, strict=strict
                )
                origin = Timeline.of(source, quick=span.quick).origin
                traits = Traits.of(container, origin, span.start, hdr=choice.pixels.hdr)
        encoding = Encoding(choice.codec, quality, traits, choice.pixels, threads)
        return cls(path, source, span, kind, choice, encoding, fates, notices)

    @property
    def source_name(self) -> str:
        return self.source.name if self.source else ""
