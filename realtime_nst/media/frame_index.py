"""When each frame of a video file is shown, and where reading may begin, without decoding it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.container import InputContainer
from av.video.stream import VideoStream

from realtime_nst.media.container import (
    SEEK_MARGINS,
    every_packet,
    frame_rate,
    is_in_decoding_order,
    is_timeless,
    main_video,
    open_input,
    readable,
    seek,
)
from realtime_nst.media.span import Span
from realtime_nst.media.timeline import Timeline

_CONCEALING = ("dvvideo",)


@dataclass(frozen=True)
class FrameIndex:
    """Frames are shown at the ``ticks``, in order, of ``tick`` seconds of the film.

    ``entries`` are the places in ``ticks`` of key frames. If not ``seeks``, a reader has to come
    from the beginning of the film to any of them. ``digest`` tells the frames from others.
    """

    ticks: Sequence[int]
    tick: Fraction
    entries: Sequence[int]
    seeks: bool = True
    digest: str = ""

    def __len__(self) -> int:
        return len(self.ticks)

    def time(self, place: int) -> Fraction:
        """Seconds at which the frame at ``place`` is shown."""
        return self.ticks[place] * self.tick


def frame_index(path: Path, span: Span) -> FrameIndex | None:
    """The frames of the main video of the file at ``path`` in ``span``, by its packets.

    None where these do not tell: packets without a time, several with the same one, damaged ones,
    or a codec of whose damaged frames something else is shown after another one.
    Raises as :func:`~realtime_nst.media.container.open_input`.
    """
    timeline = Timeline.of(path, quick=span.quick)
    for margin in SEEK_MARGINS if span.start else (None,):
        with open_input(path) as container:
            found = _Read(container, timeline, span)
            if margin is not None and found.seeks:
                seek(container, found.stream, span.start - margin + timeline.origin)
            if not found.all():
                return None
        if (
            margin is None
            or not found.seeks
            or min(found.keys, default=0) * found.tick <= span.start
        ):
            break
    return found.index()


class _Read:
    """The packets of the main video of ``container``, from where it stands. ``keys`` has, by ticks,
    whether there is a key frame."""

    def __init__(self, container: InputContainer, timeline: Timeline, span: Span) -> None:
        self._container, self._timeline, self._span = container, timeline, span
        self.stream, self.seeks = main_video(container), timeline.seeks(container)
        self.tick = _tick(container, self.stream)
        self.keys: dict[int, bool] = {}
        self._told = hashlib.sha256()

    def all(self) -> bool:
        """Read to the end of the span; False if the packets do not tell."""
        if self.stream.codec_context.name in _CONCEALING:
            return False
        packets = self._timeline.moved(every_packet(self._container, self.stream))
        timeless, in_order = is_timeless(self._container), is_in_decoding_order(self._container)
        for packet in readable(packets):
            if packet.is_discard:
                continue
            ticks = packet.dts if in_order else packet.pts
            decoded = packet.dts * packet.time_base if self.seeks and packet.dts else Fraction(0)
            if self._span.is_past(decoded):
                break
            if timeless:
                ticks = len(self.keys)
            if self.seeks and (ticks is None or ticks in self.keys or packet.is_corrupt):
                return False
            if ticks is not None:
                self.keys[ticks] = self.keys.get(ticks, False) or packet.is_keyframe
                self._told.update(b"%d %d;" % (ticks, packet.size))
                self._told.update(packet)
        return True

    def index(self) -> FrameIndex:
        whole = self._span.is_whole
        ticks = sorted(each for each in self.keys if whole or each * self.tick in self._span)
        entries = [place for place, each in enumerate(ticks) if self.keys[each] or not self.seeks]
        return FrameIndex(ticks, self.tick, entries, self.seeks, self._told.hexdigest())


def _tick(container: InputContainer, stream: VideoStream) -> Fraction:
    """Raw streams have no times: their frames follow one another at the nominal rate."""
    if is_timeless(container):
        return 1 / (frame_rate(stream) or Fraction(25))
    return stream.time_base or Fraction(1)
