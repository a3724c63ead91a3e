"""Small video files for tests, made with PyAV, odd in one way each."""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

CHAPTERS = [
    {
        "id": number,
        "start": 400 * number,
        "end": 400 * (number + 1),
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }
    for number, title in enumerate(("one", "two"))
]


def pictures(count: int, size: tuple[int, int] = (64, 48)) -> Iterator[NDArray[np.uint8]]:
    """RGB pictures that move."""
    width, height = size
    shown = f"testsrc2=size={max(width + width % 2, 32)}x{max(height + height % 2, 32)}:rate=25"
    with av.open(shown, format="lavfi") as container:
        for frame in islice(container.decode(video=0), count):
            yield frame.to_ndarray(format="rgb24")[:height, :width]


def clip(
    path: Path,
    *,
    count: int = 20,
    size: tuple[int, int] = (64, 48),
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    options: dict[str, str] | None = None,
    group: int = 5,
    rotation: int = 0,
    sound: str | None = None,
    sound_start: int = 0,
    subtitles: str | None = None,
    cover: bool = False,
    attachment: bool = False,
    tags: bool = False,
    aspect: Fraction | None = None,
    images: Callable[[int, tuple[int, int]], NDArray[np.uint8]] | None = None,
) -> Path:
    """Write a video of ``count`` pictures at the ticks ``pts`` (default: one tick apart)."""
    shown = (images(i, size) for i in range(count)) if images else pictures(count, size)
    movie = {"movie_timescale": str(math.lcm(time_base.denominator * 2**10, 48_000))}
    is_movie = path.suffix in (".mp4", ".mov")
    with av.open(str(path), "w", container_options=movie if is_movie else None) as output:
        video = output.add_stream(codec, rate=25, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pixels
        video.codec_context.time_base, video.codec_context.gop_size = time_base, group
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if rotation:
            video.set_display_rotation(rotation)
        others = []
        if sound:
            others += _sound(output, sound, sound_start, count)
        if subtitles:
            others += _subtitles(output, subtitles)
        if cover:
            others += _cover(output)
        if attachment:
            output.add_attachment("letters.ttf", "font/ttf", b"letters")
        if tags:
            output.metadata.update(title="A film", artist="Someone")
            output.set_chapters(CHAPTERS)
        packets = []
        for ticks, image in zip(pts or range(count), shown, strict=True):
            frame = av.VideoFrame.from_ndarray(image).reformat(format=pixels)
            frame.pts, frame.time_base = ticks, time_base
            packets += video.encode(frame)
        packets += video.encode(None)
        for packet in sorted(packets + others, key=_due):
            output.mux(packet)
    return path


def _due(packet: av.Packet) -> Fraction:
    return Fraction(0) if packet.dts is None else packet.dts * packet.time_base


def _sound(output, codec: str, start: int, count: int) -> list[av.Packet]:
    stream = output.add_stream(codec, rate=48_000)
    stream.metadata["language"] = "fra"
    whole = codec == "pcm_s16le"
    packets = []
    for number in range(max(1, count * 48_000 // 25 // 1024)):
        wave = np.sin(np.arange(1024) / 20 + number)
        samples = np.tile(wave, (2, 1)).astype(np.float32)
        if whole:
            samples = np.repeat(wave * 9000, 2)[None].astype(np.int16)
        form = "s16" if whole else "flt" if codec == "libopus" else "fltp"
        if form == "flt":
            samples = np.repeat(wave, 2)[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format=form, layout="stereo")
        frame.sample_rate, frame.pts = 48_000, start + number * 1024
        frame.time_base = Fraction(1, 48_000)
        packets += stream.encode(frame)
    return packets + stream.encode(None)


def _subtitles(output, codec: str) -> list[av.Packet]:
    stream = output.add_mux_stream(codec)
    stream.time_base, stream.metadata["language"] = Fraction(1, 1000), "deu"
    packets = []
    for start, line in ((100, b"hello"), (500, b"again")):
        packet = av.Packet(len(line).to_bytes(2, "big") + line if codec == "mov_text" else line)
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = 200
        packets.append(packet)
    return packets


def _cover(output) -> list[av.Packet]:
    stream = output.add_mux_stream("png", width=8, height=8)
    stream.disposition = av.stream.Disposition.attached_pic
    context = av.CodecContext.create("png", "w")
    context.width, context.height, context.pix_fmt = 8, 8, "rgb24"
    context.time_base = Fraction(1, 25)
    packets = context.encode(av.VideoFrame.from_ndarray(np.full((8, 8, 3), 77, np.uint8)))
    packets += context.encode(None)
    for packet in packets:
        packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packets


PATCHES = np.array(
    [[255, 255, 255], [0, 0, 0], [200, 30, 40], [30, 180, 60], [40, 50, 210], [128, 128, 128]],
    np.uint8,
)
WEIGHTS = {601: (0.299, 0.114), 709: (0.2126, 0.0722), 2020: (0.2627, 0.0593)}
_MATRIX_CODE = {601: 6, 709: 1, 2020: 9}


def patch_image() -> NDArray[np.uint8]:
    """The patches side by side, 16 pixels wide each."""
    return np.repeat(PATCHES, 16, axis=0)[None].repeat(32, axis=0)


def patch_colours(image: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The mean of each patch's inside."""
    return np.array([image[8:24, 16 * i + 6 : 16 * i + 10].mean((0, 1)) for i in range(6)]).round()


def patch_clip(
    path: Path,
    *,
    matrix: int = 601,
    full: bool = False,
    sampling: str = "420",
    bits: int = 8,
    tagged: bool = True,
    transfer: int | None = None,
    size: tuple[int, int] | None = None,
) -> Path:
    """One lossless frame of :data:`PATCHES`, its YUV computed from the definition of the matrix.

    ``size`` (width, height) pads it on the right and below.
    """
    image = patch_image()
    if size:
        image = np.pad(image, ((0, size[1] - 32), (0, size[0] - 96), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    frame = av.VideoFrame(width, height, f"yuv{sampling}p{'10le' if bits == 10 else ''}")
    for plane, values in zip(frame.planes, _yuv(image, matrix, full, bits), strict=True):
        _fill(plane, values[:: height // plane.height, :: width // plane.width], bits)
    with av.open(str(path), "w") as output:
        video = output.add_stream("ffv1", rate=25, options={"strict": "experimental"})
        video.width, video.height, video.pix_fmt = width, height, frame.format.name
        context = video.codec_context
        context.color_range = 2 if full else 1
        if tagged:
            code = _MATRIX_CODE[matrix]
            context.colorspace = context.color_primaries = code
            context.color_trc = transfer or (6 if matrix == 601 else 1)
            frame.colorspace, frame.color_range = code, context.color_range
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        for packet in video.encode(frame) + video.encode(None):
            output.mux(packet)
    return path


def _yuv(image, matrix: int, full: bool, bits: int) -> list[NDArray[np.float64]]:
    """ITU-R BT.601 and BT.709: luma and colour differences, quantised."""
    red, blue = WEIGHTS[matrix]
    r, g, b = np.moveaxis(image / 255.0, 2, 0)
    luma = red * r + (1 - red - blue) * g + blue * b
    differences = (b - luma) / (2 - 2 * blue), (r - luma) / (2 - 2 * red)
    top, step = 2**bits - 1, 2 ** (bits - 8)
    y = luma * top if full else (16 + 219 * luma) * step
    spread = top if full else 224 * step
    return [y.round(), *((128 * step + spread * part).round() for part in differences)]


def _fill(plane, values: NDArray[np.float64], bits: int) -> None:
    kind = np.uint16 if bits == 10 else np.uint8
    buffer = np.frombuffer(plane, kind).reshape(plane.height, -1)
    buffer[:, : plane.width] = np.clip(values, 0, 2**bits - 1)


def cut(path: Path, share: float) -> Path:
    """Keep the first ``share`` of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def damage(path: Path, numbers: Sequence[int]) -> Path:
    """Overwrite the inside of some video packets, counted in decoding order."""
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(0)
    for position, size in (places[number] for number in numbers):
        data[position + 6 : position + size] = noise.bytes(size - 6)
    path.write_bytes(data)
    return path


def times(path: Path, kind: str = "video") -> list[Fraction | None]:
    """The time of every packet of a kind of stream, sorted, in seconds."""
    return sorted(pts for pts, _ in packets(path, kind))


def packets(path: Path, kind: str) -> list[tuple[Fraction | None, bytes]]:
    """Time and content of every packet of a kind of stream, covers aside."""
    with av.open(str(path)) as container:
        streams = [
            stream
            for stream in container.streams
            if stream.type == kind and not stream.disposition & av.stream.Disposition.attached_pic
        ]
        assert streams, f"{path.name} holds no {kind}"
        return [
            (None if packet.pts is None else packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(streams)
            if packet.size
        ]
