"""A film with sound, made for a case."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame

from realtime_nst.bench.cases._common import Sides
from realtime_nst.sinks.video import VideoSink
from realtime_nst.sources.synthetic import SyntheticSource

_SAMPLES, _RATE, _PITCH = 1024, 48_000, 440


def write_film(path: Path, size: Sides, frames: int) -> None:
    """The synthetic scene at 30 frames a second, in H.264, with a tone in AAC."""
    silent = path.with_stem("silent")
    source = SyntheticSource(*size, frames=frames)
    with VideoSink(silent, rate=source.info.rate, quality=16) as sink:
        for frame in source:
            sink.write(frame)
    with av.open(str(silent)) as pictures, av.open(str(path), "w") as film:
        video = film.add_stream_from_template(pictures.streams.video[0])
        sound = film.add_stream("aac", rate=_RATE, layout="mono")
        for packet in pictures.demux(video=0):
            if packet.size:
                packet.stream = video
                film.mux(packet)
        for tone in [*_tone(Fraction(frames, 30)), None]:
            film.mux(sound.encode(tone))


def _tone(seconds: Fraction) -> Iterator[AudioFrame]:
    for first in range(0, int(seconds * _RATE), _SAMPLES):
        phases = np.arange(first, first + _SAMPLES) * (2 * np.pi * _PITCH / _RATE)
        wave = np.sin(phases, dtype=np.float32)[None] / 4
        part = AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        part.sample_rate, part.pts, part.time_base = _RATE, first, Fraction(1, _RATE)
        yield part
