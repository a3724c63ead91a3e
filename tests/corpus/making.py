"""How the files of the corpus are made, with PyAV, and special checks of what comes out."""

import shutil
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import deep_factory as deep
import media_factory as factory
import numpy as np

from realtime_nst.media.light_levels import LightLevels
from realtime_nst.media.pixels import Pixels
from realtime_nst.sources.video import VideoSource

_BITS = 8


def picture(number: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    """Above, the binary digits of ``number`` as white and black blocks; below, two colours."""
    width, height = size
    digits = np.array([255 * (number >> bit & 1) for bit in range(_BITS)], np.uint8)
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2] = digits[np.arange(width) * _BITS // width][None, :, None]
    image[height // 2 :, : width // 4] = 200, 60, 60
    image[height // 2 :, width // 4 :] = 60, 80, 180
    return image


def number_of(image: np.ndarray) -> int:
    """The number of the picture that ``image`` shows."""
    height, width = image.shape[:2]
    middles = ((np.arange(_BITS) + 0.5) * width / _BITS).astype(int)
    return sum(1 << bit for bit, x in enumerate(middles) if image[height // 4, x].mean() > 128)


Maker = Callable[[Path], Path]
_RATE = 25


def clip(name: str, **how) -> Maker:
    return lambda folder: factory.clip(folder / name, images=picture, **how)


def stream(
    name: str = "a.ts",
    *,
    offset: float = 0,
    codec: str = "libx264",
    sound: str = "aac",
    count: int = 20,
    size: tuple[int, int] = (64, 48),
    **options: str,
) -> Maker:
    """Pictures and sound whose clock starts at ``offset`` seconds."""

    def make(folder: Path) -> Path:
        path = folder / name
        with av.open(
            str(path), "w", options={"output_ts_offset": str(offset), **options}
        ) as output:
            video = output.add_stream(codec, rate=_RATE)
            video.width, video.height = size
            video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            audio = output.add_stream(sound, rate=44_100, layout="stereo")
            packets = [*_encoded(video, count, size), *_heard(audio, count)]
            _mux(output, packets)
        return path

    return make


def _mux(output: av.container.OutputContainer, packets: Sequence[av.Packet]) -> None:
    """In the order of their decoding, as muxers expect them."""
    for packet in sorted(packets, key=lambda p: p.dts * p.time_base):
        output.mux(packet)


def _encoded(video, count: int, size: tuple[int, int]):
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(picture(number, size)).reformat(format=video.pix_fmt)
        frame.pts, frame.time_base = number, Fraction(1, _RATE)
        yield from video.encode(frame)
    yield from video.encode(None)


def _heard(audio, count: int):
    context = audio.codec_context
    context.bit_rate = 128_000
    context.open()
    resampler = av.AudioResampler(
        context.format.name, "stereo", 44_100, frame_size=context.frame_size or 1024
    )
    wave = np.sin(np.arange(44_100 * count // _RATE) / 20).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.tile(wave, (2, 1)), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 44_100, 0, Fraction(1, 44_100)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        yield from audio.encode(part)
    yield from audio.encode(None)


def joined(*offsets: float, name: str = "a.ts", **how) -> Maker:
    """Recordings one after the other, as ``cat`` joins them."""

    def make(folder: Path) -> Path:
        path = folder / name
        parts = [
            stream(f"{i}{path.suffix}", offset=at, **how)(folder) for i, at in enumerate(offsets)
        ]
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
        return path

    return make


def twice(make_part: Maker) -> Maker:
    def make(folder: Path) -> Path:
        part = make_part(folder)
        path = folder / f"a{part.suffix}"
        path.write_bytes(part.read_bytes() * 2)
        return path

    return make


def after_sound(folder: Path) -> Path:
    """A moment of sound is left of another recording, less than pictures come before sound."""
    other = stream("0.ts", offset=500)(folder).read_bytes()
    packets = [other[at : at + 188] for at in range(0, len(other), 188)]
    sound = [packet for packet in packets if packet[1] & 31 != 1 or packet[2] != 0]
    film = clip("1.ts", sound="aac", sound_start=24_000)(folder)
    path = folder / "a.ts"
    path.write_bytes(b"".join(sound[:8]) + film.read_bytes())
    return path


def late_fragments(folder: Path) -> Path:
    """A part of a broadcast in fragments of MP4, whose clock goes on from its beginning."""
    flags = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    return stream("a.mp4", offset=3000, **flags)(folder)


def dv(name: str) -> Maker:
    def make(folder: Path) -> Path:
        with av.open(str(folder / name), "w") as output:
            video = output.add_stream("dvvideo", rate=_RATE)
            video.width, video.height, video.pix_fmt = 720, 576, "yuv420p"
            for packet in _encoded(video, 10, (720, 576)):
                output.mux(packet)
        return folder / name

    return make


QUIET = {"x265-params": "log-level=error"}


def raw(name: str, rate: int, codec: str = "libx264") -> Maker:
    def make(folder: Path) -> Path:
        path = folder / name
        quiet = QUIET if codec == "libx265" else {}
        with av.open(str(path), "w") as output:
            video = output.add_stream(codec, rate=rate, options=quiet)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for packet in _encoded(video, 30, (64, 48)):
                output.mux(packet)
        return path

    return make


def captions(folder: Path) -> Path:
    """A pair of CEA-608 characters before the first picture (ATSC A/53, part 4, 6.2.3)."""
    path = raw("a.h264", 25)(folder)
    data = bytes.fromhex("b50031 47413934 03 41 ff fc942c ff")
    sei = b"\0\0\1\6\4" + bytes([len(data)]) + data + b"\x80"
    stream = path.read_bytes()
    first = stream.index(b"\0\0\1\x65")
    path.write_bytes(stream[:first] + sei + stream[first:])
    return path


def kept(name: str) -> Maker:
    """A file beside this one, which PyAV cannot make."""
    return lambda folder: Path(shutil.copy(Path(__file__).with_name(name), folder / name))


def gif(delays: Sequence[int]) -> Maker:
    def make(folder: Path) -> Path:
        from PIL import Image

        first, *others = [Image.new("RGB", (32, 32), (60 * i, 0, 0)) for i in range(len(delays))]
        durations = [10 * delay for delay in delays]
        first.save(folder / "a.gif", save_all=True, append_images=others, duration=durations)
        return folder / "a.gif"

    return make


def remuxed(source: Path, target: Path, change=lambda packet: None, **options) -> Path:
    """All packets of ``source`` in another file, changed in place."""
    with av.open(str(source)) as a, av.open(str(target), "w", **options) as b:
        streams = {s.index: b.add_stream_from_template(s, opaque=True) for s in a.streams}
        for packet in a.demux():
            if packet.size:
                change(packet)
                packet.stream = streams[packet.stream_index]
                b.mux(packet)
    return target


def holding(name: str) -> Maker:
    """The last frame is shown for two seconds."""

    def make(folder: Path) -> Path:
        whole = clip(f"whole-{name}", options={"bf": "0"})(folder)

        def hold(packet: av.Packet) -> None:
            if packet.pts * packet.time_base == Fraction(19, 25):
                packet.duration = round(2 / packet.time_base)

        return remuxed(whole, folder / name, hold)

    return make


def cut_by_copy(folder: Path) -> Path:
    """The first seven frames lie before the start, as ``-ss … -c copy`` leaves them."""
    whole = clip("whole.mp4", sound="aac", options={"bf": "0"}, group=50)(folder)

    def shift(packet: av.Packet) -> None:
        ticks = round(Fraction(7, 25) / packet.time_base)
        packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks

    return remuxed(whole, folder / "a.mp4", shift, options={"avoid_negative_ts": "disabled"})


def damaged(number: int) -> Maker:
    def make(folder: Path) -> Path:
        return factory.damage(
            clip("a.mp4", size=(160, 120), options={"bf": "0"}, group=1)(folder),
            [number],
        )

    return make


def one_good_frame(folder: Path) -> Path:
    """Frame threads give up the first picture because of the next."""
    return factory.damage(clip("a.mkv", count=3)(folder), [1, 2])


def bad_reception(folder: Path) -> Path:
    """The beginning of the third picture is missing, for which FFmpeg blames the first."""
    path = stream()(folder)
    data = path.read_bytes()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    beginnings = [n for n, packet in enumerate(packets) if packet[1:3] == b"\x41\0"]
    del packets[beginnings[2]]
    path.write_bytes(b"".join(packets))
    return path


def damaged_dv(folder: Path) -> Path:
    """The headers of all frames but the first are not where they should be."""
    path = dv("a.dv")(folder)
    data = path.read_bytes()
    path.write_bytes(data[:200_000] + data[199_000:-1000])
    return path


def damaged_stamp(folder: Path) -> Path:
    """The decoding time of the first picture is 13 hours off (ISO/IEC 11172-1, 2.4.3.3)."""
    path = stream("a.mpg", codec="mpeg2video", sound="mp2")(folder)
    data = bytearray(path.read_bytes())
    packet = data.index(b"\0\0\1\xe0")
    assert data[packet + 11] >> 4 == 1, "it has a decoding time"
    data[packet + 11] ^= 0b1000
    path.write_bytes(data)
    return path


def no_length(folder: Path) -> Path:
    """The length of the segment (RFC 8794, 4) begins with a byte that no length begins with."""
    path = clip("a.mkv")(folder)
    data = bytearray(path.read_bytes())
    data[data.index(b"\x18\x53\x80\x67") + 4] = 0
    path.write_bytes(data)
    return path


def last_time_wrong(folder: Path) -> Path:
    """The last picture is said to be shown before others."""
    path = clip("a.mkv", codec="mjpeg", pixels="yuvj420p")(folder)
    with av.open(str(path)) as container:
        *_, last, _ = container.demux(video=0)
    data = bytearray(path.read_bytes())
    at = data.index(b"\x81", last.pos)  # the track's number; then the milliseconds since others
    data[at + 1 : at + 3] = (-420).to_bytes(2, "big", signed=True)
    path.write_bytes(data)
    return path


def two_videos(folder: Path, gap: int = 12) -> Path:
    """Key frames are ``gap`` frames apart."""
    with av.open(str(folder / "a.mp4"), "w") as output:
        videos = [output.add_stream("libx264", rate=_RATE) for _ in range(2)]
        for video in videos:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.codec_context.gop_size = gap
            video.disposition = av.stream.Disposition.default
        packets = [packet for video in videos for packet in _encoded(video, 20, (64, 48))]
        _mux(output, packets)
    return folder / "a.mp4"


def check_first_video_is_default(source: Path, result: Path) -> None:
    del source
    with av.open(str(result)) as container:
        first, second = container.streams.video
        assert first.disposition & av.stream.Disposition.default
        assert not second.disposition & av.stream.Disposition.default
        assert first.duration * first.time_base == second.duration * second.time_base


Cues = Sequence[tuple[float, float]]


def subtitles(cues: Cues) -> Maker:
    """Ten seconds with cues in MP4."""

    def make(folder: Path) -> Path:
        with av.open(str(folder / "a.mp4"), "w") as output:
            video = output.add_stream("libx264", rate=_RATE)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            text = output.add_mux_stream("mov_text")
            text.time_base = Fraction(1, 1_000_000)
            packets = list(_encoded(video, 250, (64, 48)))
            reached = 0.0
            for begin, end in cues:
                if begin > reached:
                    packets.append(_cue(text, b"\0\0", reached, begin))
                packets.append(_cue(text, b"\0\2hi", begin, end))
                reached = end
            _mux(output, packets)
        return folder / "a.mp4"

    return make


def _cue(stream, data: bytes, begin: float, end: float) -> av.Packet:
    packet = av.Packet(data)
    packet.stream, packet.time_base = stream, Fraction(1, 1_000_000)
    packet.pts = packet.dts = round(begin * 1_000_000)
    packet.duration = round((end - begin) * 1_000_000)
    return packet


def check_subtitles(cues: Cues):
    def check(source: Path, result: Path) -> None:
        del source
        with av.open(str(result)) as container:
            shown = [
                (
                    float(packet.pts * packet.time_base),
                    float((packet.pts + packet.duration) * packet.time_base),
                )
                for packet in container.demux(subtitles=0)
                if packet.size > 2
            ]
        assert np.allclose(shown, cues, atol=0.002)

    return check


def check_nothing_before_0(source: Path, result: Path) -> None:
    del source
    with av.open(str(result)) as container:
        for packet in container.demux():
            if packet.size:
                assert (packet.pts + (packet.duration or 0)) * packet.time_base > 0


def overlapping_lines(folder: Path) -> Path:
    """The first line, a part of it slanted, is still shown when the second comes."""
    with av.open(str(folder / "a.mkv"), "w") as output:
        video = output.add_stream("libx264", rate=_RATE)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        text = output.add_mux_stream("subrip")
        text.time_base = Fraction(1, 1_000_000)
        cues = [_cue(text, b"hello <i>you</i>", 0.1, 0.7), _cue(text, b"again", 0.5, 0.7)]
        packets = [*_encoded(video, 20, (64, 48)), *cues]
        _mux(output, packets)
    return folder / "a.mkv"


def check_overlapping_lines(source: Path, result: Path) -> None:
    del source
    with av.open(str(result)) as container:
        lines = [bytes(packet)[2:] for packet in container.demux(subtitles=0) if packet.size > 2]
    assert lines == [b"hello you", b"hello you\nagain"]


def webvtt_of_mkvmerge(folder: Path) -> Path:
    """FFmpeg's muxer gives WebVTT another name (RFC 9559, 5.1.4.1.21 and its registry)."""
    path = clip("a.mkv", subtitles="webvtt")(folder)
    name, other = b"D_WEBVTT/SUBTITLES", b"S_TEXT/WEBVTT"
    path.write_bytes(path.read_bytes().replace(name, other.ljust(len(name), b"\0")))
    return path


def time_code(name: str) -> Maker:
    def make(folder: Path) -> Path:
        with av.open(str(folder / name), "w") as output:
            video = output.add_stream("libx264", rate=_RATE)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.metadata["timecode"] = "01:02:03:04"
            for packet in _encoded(video, 20, (64, 48)):
                output.mux(packet)
        return folder / name

    return make


def check_time_code(code: str):
    def check(source: Path, result: Path) -> None:
        del source
        with av.open(str(result)) as container:
            tags = {k.lower(): v for k, v in container.streams.video[0].metadata.items()}
            assert tags["timecode"] == code

    return check


KEYS = {
    "com.apple.quicktime.make": "Apple",
    "com.apple.quicktime.location.ISO6709": "+48.1+011.5/",
    "com.android.capture.fps": "120",
}


def keys(name: str) -> Maker:
    def make(folder: Path) -> Path:
        flags = {"movflags": "use_metadata_tags"}
        with av.open(str(folder / name), "w", options=flags) as output:
            output.metadata.update(KEYS, title="A film")
            video = output.add_stream("libx264", rate=_RATE)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for packet in _encoded(video, 20, (64, 48)):
                output.mux(packet)
        return folder / name

    return make


def check_keys(source: Path, result: Path) -> None:
    del source
    with av.open(str(result)) as container:
        assert {**KEYS, "title": "A film"}.items() <= container.metadata.items()


MATRICES = {
    "as-stored": (1, 0, 0, 1),
    "mirrored": (-1, 0, 0, 1),
    "flipped": (1, 0, 0, -1),
    "turned-180": (-1, 0, 0, -1),
    "transposed": (0, 1, 1, 0),
    "transversed": (0, -1, -1, 0),
    "turned-clockwise": (0, 1, -1, 0),
    "turned-counter-clockwise": (0, -1, 1, 0),
}
"""a, b, c and d: the stored point (x, y) is shown at (ax + cy, bx + dy)."""


def displayed(name: str) -> Maker:
    def make(folder: Path) -> Path:
        a, b, c, d = (65536 * value for value in MATRICES[name])
        with av.open(str(folder / "a.mp4"), "w") as output:
            video = output.add_stream("libx264", rate=_RATE)
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.set_display_matrix([a, b, 0, c, d, 0, 0, 0, 1 << 30])
            for packet in _encoded(video, 5, (64, 48)):
                output.mux(packet)
        return folder / "a.mp4"

    return make


def check_displayed(name: str):
    def check(source: Path, result: Path) -> None:
        del source
        stored = picture(0)
        a, b, c, d = MATRICES[name]
        height, width = stored.shape[:2]
        y, x = np.mgrid[:height, :width]
        across, down = a * x + c * y, b * x + d * y
        shown = np.zeros((height, width, 3) if a else (width, height, 3), np.uint8)
        shown[down - down.min(), across - across.min()] = stored
        assert np.abs(first(result).astype(int) - shown).mean() < 14

    return check


def first(path: Path) -> np.ndarray:
    with VideoSource(path) as source:
        return next(iter(source)).image


def size_changes(folder: Path) -> Path:
    """The second part is of another shape."""
    parts = [
        stream("0.ts")(folder),
        stream("1.ts", offset=0.8, size=(96, 48))(folder),
    ]
    path = folder / "a.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def check_bars(source: Path, result: Path) -> None:
    """96x48 fits into 64x48 as 64x32, with 8 black rows above and below."""
    del source
    with VideoSource(result) as frames:
        *_, last = frames
    assert last.image[:6].max() < 40
    assert last.image[-6:].max() < 40
    assert number_of(last.image[8:-8]) == 19


def check_shape(wanted: Fraction):
    def check(source: Path, result: Path) -> None:
        del source
        with av.open(str(result)) as container:
            video = container.streams.video[0]
            aspect = video.sample_aspect_ratio or 1
            assert aspect * Fraction(video.width, video.height) == wanted

    return check


def hdr10(folder: Path) -> Path:
    """Codes that would be far brighter than any display, as white is 10,000 nit."""
    params = f"{deep.LOSSLESS}:{deep.DISPLAY}:max-cll=1200,80"
    options = {"x265-params": params}
    return deep.clip(folder / "a.mp4", [picture(i) for i in range(5)], options=options)


def hlg(name: str, rotation: int = 0) -> Maker:
    pictures = [picture(i) for i in range(5)]
    return lambda folder: deep.clip(folder / name, pictures, transfer=deep.HLG, rotation=rotation)


def hlg_told_by_the_container(folder: Path) -> Path:
    how = {"codec": "prores_ks", "form": "yuv422p10le", "told_by": "container"}
    pictures = [picture(i) for i in range(5)]
    return deep.clip(folder / "a.mov", pictures, transfer=deep.HLG, **how)


def check_looks_alike(source: Path, result: Path) -> None:
    assert np.abs(first(source).astype(int) - first(result)).mean() < 8


def check_colours(*wanted: int):
    """Matrix, primaries and transfer."""

    def check(source: Path, result: Path) -> None:
        del source
        assert deep.tags(result) == wanted

    return check


def check_levels(source: Path, result: Path) -> None:
    levels = []
    for path in (source, result):
        with av.open(str(path)) as container:
            levels.append(LightLevels.of(next(container.decode(video=0))))
    assert levels[0].content == levels[1].content == (1200, 80)
    assert np.allclose(*(np.array(each.display, float) for each in levels), rtol=1e-3)


def deep_picture(number: int) -> np.ndarray:
    """The digits, and below every grey of 10 bits that 64 pixels have room for."""
    image = picture(number).astype(np.uint16) * 257
    image[24:] = (np.arange(64) * 4 + np.arange(24)[:, None] % 4)[..., None] * 64 + 16_384
    return image


def ten_bits(name: str, **how) -> Maker:
    pictures = [deep_picture(i) for i in range(5)]
    return lambda folder: deep.clip(folder / name, pictures, transfer=1, **how)


PRORES = {"profile": "3"}, {"profile": "4"}
"""4:2:2, and 4:4:4 with transparency."""


def check_bits(bits: int):
    """Below the digits, as many greys as there are of so many bits."""

    def check(source: Path, result: Path) -> None:
        del source
        first = deep.planes(result)[0]
        luma = first[0] if first.ndim == 3 else first  # 4:2:0 lies below its luma
        assert (len(np.unique(luma[26:46])) > 100) == (bits == 10)

    return check


CLEAR = np.where(np.arange(48)[:, None] < 24, 255, np.arange(64) * 4).astype(np.uint8)
"""Opaque above; below, ever less transparent."""


def clear(name: str, codec: str, form: str, options: dict[str, str], transfer: int = 1) -> Maker:
    pictures = [np.dstack((picture(i), CLEAR)) for i in range(5)]
    return lambda folder: deep.clip(
        folder / name, pictures, codec=codec, form=form, transfer=transfer, options=options
    )


def damaged_alpha(folder: Path) -> Path:
    """The alpha of the second picture, which is beside its colours (RFC 9559, 5.1.3.5.2), cannot be
    read."""
    path = clear("a.webm", "libvpx-vp9", "yuva420p", {"b": "0"})(folder)
    start, first, second, *others = path.read_bytes().split(b"\xee\x81\x01\xa5")
    second = second[:1] + b"\xff\xff\xff\xff" + second[5:]
    path.write_bytes(b"\xee\x81\x01\xa5".join((start, first, second, *others)))
    return path


def check_alpha(source: Path, result: Path) -> None:
    """The transparency is there, and under it the colours."""
    with VideoSource(result, kept=Pixels(alpha=True)) as frames:
        pixels = next(iter(frames)).original.pixels
    assert np.abs(pixels[..., 3].astype(int) - CLEAR).max() < 12
    seen = CLEAR > 128
    wanted = first(source)  # without its transparency
    assert np.abs(pixels[..., :3].astype(int) - wanted)[seen].mean() < 12


def check_opaque(source: Path, result: Path) -> None:
    del source
    with av.open(str(result)) as container:
        assert not any(
            c.is_alpha for c in container.streams.video[0].codec_context.format.components
        )
        assert "alpha_mode" not in {key.lower() for key in container.streams.video[0].metadata}


def woven(name: str, codec: str, options: dict[str, str]) -> Maker:
    """A bar that moves four pixels a field: every other line shows where it was."""

    def image(number: int, size: tuple[int, int]) -> np.ndarray:
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        for field in (0, 1):
            at = 8 + 4 * (2 * number + field)
            frame[field::2, at : at + 16] = 255
        return frame

    return lambda folder: factory.clip(
        folder / name, images=image, codec=codec, options=options, count=5
    )


def interlaced_later(folder: Path) -> Path:
    parts = [
        clip("0.h264")(folder),
        clip("1.h264", options={"x264-params": "tff=1"})(folder),
    ]
    path = folder / "a.h264"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def combs(path: Path) -> float:
    """How much a line differs from the mean of its neighbours, where the bar is."""
    with VideoSource(path) as frames:
        *_, image, _ = (frame.image.astype(float)[..., 0] for frame in frames)
    return float(np.abs(image[1:-1] - (image[:-2] + image[2:]) / 2).max(0).sum())


def check_combs(left: bool):
    def check(source: Path, result: Path) -> None:
        assert (combs(result) > 0.5 * combs(source)) == left

    return check
