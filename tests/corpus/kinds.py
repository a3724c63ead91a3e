"""The table of kinds of files as people have them: how each is made, and what must come out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import making

Check = Callable[[Path, Path], None]


@dataclass(frozen=True)
class Kind:
    """One row. ``make`` writes a file of this kind into a folder and returns its path.

    ``frames`` is how many good frames there are; ``pictures`` the numbers of those of
    ``making.picture`` in the order they are shown (default: the first ``frames``); None if they
    show something else. ``times`` are when they are shown, in seconds; ``rate`` is what tools
    read. ``sound`` is the codec of the sound that comes out; None: there is none. ``notices`` are
    parts of all that is said. ``to`` is the suffix of the result, ``how`` further options.
    """

    name: str
    make: Callable[[Path], Path]
    frames: int
    times: Sequence[Fraction] | None = None
    rate: int | None = None
    length: Fraction | None = None
    pictures: Sequence[int] | None = field(default_factory=list)
    sound: str | None = None
    notices: Sequence[str] = ()
    to: str = ".mp4"
    how: dict[str, Any] = field(default_factory=dict)
    size: tuple[int, int] = (64, 48)
    checks: Sequence[Check] = ()


def every(step: Fraction, count: int, start: Fraction = Fraction(0)) -> list[Fraction]:
    return [start + number * step for number in range(count)]


TICK = Fraction(1, 25)
MILLISECONDS = "milliseconds"
TIME = [
    Kind("avi-b-frames", making.clip("a.avi", codec="mpeg4", options={"bf": "2"}), 20),
    Kind("avi-h264-b-frames", making.clip("a.avi", options={"bf": "3"}), 20),
    Kind("avi-mjpeg", making.clip("a.avi", codec="mjpeg", pixels="yuvj420p"), 20, every(TICK, 20)),
    Kind("ts", making.stream(), 20, every(TICK, 20), 25, sound="aac"),
    Kind("ts-late", making.stream(offset=36_000), 20, every(TICK, 20), 25, sound="aac"),
    Kind("ts-wrap", making.stream(offset=95_442.2), 20, every(TICK, 20), 25, sound="aac"),
    Kind("ts-wrap-soon", making.stream(offset=95_400), 20, every(TICK, 20), 25, sound="aac"),
    Kind("mpg", making.stream("a.mpg", codec="mpeg2video", sound="mp2"), 20, every(TICK, 20),
         sound="mp3float"),
    Kind("flv-late", making.stream("a.flv", offset=50), 20, every(TICK, 20), sound="aac"),
    Kind("mkv-late", making.stream("a.mkv", offset=500), 20, every(TICK, 20), sound="aac"),
    Kind("ts-joined", making.joined(0, 0), 40, every(TICK, 20), pictures=[*range(20)] * 2,
         sound="aac", notices=["clock of a.ts jumps"]),
    Kind("ts-jumps-500-s", making.joined(0, 500), 40, every(TICK, 20), pictures=[*range(20)] * 2,
         sound="aac", notices=["clock of a.ts jumps"]),
    Kind("ts-jumps-back", making.joined(90_000, 20), 40, every(TICK, 20),
         pictures=[*range(20)] * 2, sound="aac", notices=["clock of a.ts jumps"]),
    Kind("ts-joined-thrice", making.joined(70, 0, 300), 60, every(TICK, 20),
         pictures=[*range(20)] * 3, sound="aac", notices=["clock of a.ts jumps"]),
    Kind("raw-h264-60", making.raw("a.h264", 60), 30, every(Fraction(1, 60), 30), 60),
    Kind("raw-h264-24", making.raw("a.h264", 24), 30, every(Fraction(1, 24), 30), 24),
    Kind("raw-hevc-50", making.raw("a.hevc", 50, "libx265"), 30, every(Fraction(1, 50), 30), 50),
    Kind("mp4-even-rate", making.clip("a.mp4", count=50), 50, every(TICK, 50), 25, Fraction(2)),
    Kind("mov-even-rate", making.clip("a.mov", count=50), 50, every(TICK, 50), 25, Fraction(2),
         to=".mov"),
    Kind("gif-delays", making.gif((5, 50, 200)), 3,
         [Fraction(0), Fraction(1, 20), Fraction(11, 20)], length=Fraction(51, 20), size=(32, 32),
         pictures=None),
    Kind("last-frame-holds", making.holding("a.mp4"), 20, every(TICK, 20), length=Fraction(69, 25)),
    Kind("cut-by-copy", making.cut_by_copy, 13, every(TICK, 13), pictures=range(7, 20),
         sound="aac"),
    Kind("cut-by-copy-to-mkv", making.cut_by_copy, 13, every(TICK, 13), pictures=range(7, 20),
         sound="aac", to=".mkv", notices=[MILLISECONDS], checks=[making.check_nothing_before_0]),
    Kind("mpg-joined", making.joined(0, 0, name="a.mpg", codec="mpeg2video", sound="mp2"), 40,
         every(TICK, 20), pictures=[*range(20)] * 2, sound="mp3float",
         notices=["clock of a.mpg jumps"]),
    Kind("mpg-wrap", making.stream("a.mpg", offset=95_443, codec="mpeg2video", sound="mp2"), 20,
         every(TICK, 20), 25, sound="mp3float"),
    Kind("vob", making.stream("a.vob", codec="mpeg2video", sound="ac3"), 20, every(TICK, 20), 25,
         sound="ac3"),
    Kind("m2ts", making.stream("a.m2ts", sound="ac3"), 20, every(TICK, 20), 25, sound="ac3"),
    Kind("ts-hevc", making.clip("a.ts", codec="libx265", options=making.QUIET), 20,
         every(TICK, 20), 25),
    Kind("ts-without-sound-joined", making.twice(making.clip("0.ts")), 40, every(TICK, 40),
         pictures=[*range(20)] * 2, notices=["clock of a.ts jumps"]),
    Kind("flv", making.stream("a.flv"), 20, every(TICK, 20), sound="aac"),
    Kind("late-fragments", making.late_fragments, 20, every(TICK, 20), sound="aac"),
    Kind("dv", making.dv("a.dv"), 10, every(TICK, 10), 25, size=(720, 576),
         notices=["interlaced"]),
    Kind("dv-avi", making.dv("a.avi"), 10, every(TICK, 10), 25, size=(720, 576),
         notices=["interlaced"]),
    Kind("raw-mpeg-2", making.raw("a.m2v", 25, "mpeg2video"), 30, every(TICK, 30), 25),
    Kind("raw-mpeg-4", making.raw("a.m4v", 25, "mpeg4"), 30, every(TICK, 30), 25),
    Kind("y4m", making.raw("a.y4m", 50, "wrapped_avframe"), 30, every(Fraction(1, 50), 30), 50),
    Kind("ivf", making.raw("a.ivf", 25, "libvpx"), 30, every(TICK, 30), 25),
    Kind("ogv", making.clip("a.ogv", codec="libvpx"), 20, every(TICK, 20)),
    Kind("webm-vp8", making.clip("a.webm", codec="libvpx"), 20, every(TICK, 20)),
    Kind("mxf", making.clip("a.mxf", codec="mpeg2video"), 20, every(TICK, 20), 25),
    Kind("rm", making.clip("a.rm", codec="rv20", size=(64, 48)), 20, every(TICK, 20)),
    Kind("asf", making.clip("a.asf", codec="wmv2"), 20, every(TICK, 20)),
    Kind("nut-b-frames", making.clip("a.nut", options={"bf": "3"}), 20, every(TICK, 20), 25),
    Kind("damaged-last", making.damaged(19), 19, every(TICK, 19), size=(160, 120),
         notices=["1 damaged frame skipped"]),
    Kind("damaged-near-the-end", making.damaged(18), 19, size=(160, 120), pictures=[*range(18), 19],
         notices=["1 damaged frame skipped"]),
    Kind("ts-bad-reception", making.bad_reception, 19, sound="aac", pictures=None,
         notices=["1 frame incomplete"]),
    Kind("dv-damaged", making.damaged_dv, 10, every(TICK, 10), 25, size=(720, 576),
         pictures=None, notices=["interlaced"]),
    Kind("mpg-damaged-stamp", making.damaged_stamp, 20, every(TICK, 20), sound="mp3float"),
    Kind("ts-after-sound", making.after_sound, 20, every(TICK, 20), sound="aac",
         notices=["clock of a.ts jumps"]),
    Kind("mkv-without-length", making.no_length, 20, every(TICK, 20)),
    Kind("one-good-frame", making.one_good_frame, 1, to=".mkv",
         notices=["2 damaged frames skipped"]),
    Kind("last-time-wrong", making.last_time_wrong, 20, every(TICK, 20), to=".mkv",
         notices=["1 frame of a.mkv had a wrong time"]),
]  # fmt: skip
STREAMS = [
    Kind("two-videos", making.two_videos, 20, every(TICK, 20), 25,
         checks=[making.check_first_video_is_default]),
    Kind("subtitles-with-gaps", making.subtitles([(1, 3), (5.5, 9.5)]), 250,
         length=Fraction(10), checks=[making.check_subtitles([(1, 3), (5.5, 9.5)])]),
    Kind("subtitles-to-the-end", making.subtitles([(0, 4), (4, 10)]), 250, length=Fraction(10),
         checks=[making.check_subtitles([(0, 4), (4, 10)])]),
    Kind("srt-to-mp4", making.clip("a.mkv", subtitles="subrip"), 20,
         notices=["subtitle (srt), is converted to mov_text"],
         checks=[making.check_subtitles([(0.1, 0.3), (0.5, 0.7)])]),
    Kind("mov_text-to-mkv", making.clip("a.mp4", subtitles="mov_text"), 20, to=".mkv",
         notices=["subtitle (mov_text), is converted to subrip", MILLISECONDS],
         checks=[making.check_subtitles([(0.1, 0.3), (0.5, 0.7)])]),
    Kind("overlapping-lines-to-mp4", making.overlapping_lines, 20,
         notices=["subtitle (srt), is converted to mov_text"],
         checks=[making.check_subtitles([(0.1, 0.5), (0.5, 0.7)]),
                 making.check_overlapping_lines]),
    Kind("webvtt-of-mkvmerge", making.webvtt_of_mkvmerge, 20,
         notices=["subtitle (unknown coding), is converted to mov_text"],
         checks=[making.check_subtitles([(0.1, 0.3), (0.5, 0.7)])]),
    Kind("webvtt-of-mkvmerge-to-mkv", making.webvtt_of_mkvmerge, 20, to=".mkv",
         notices=["subtitle (unknown coding), is converted to subrip"],
         checks=[making.check_subtitles([(0.1, 0.3), (0.5, 0.7)])]),
    Kind("wmv", making.stream("a.wmv", codec="wmv2", sound="wmav2"), 20, sound="aac",
         notices=["audio (wmav2), is converted to AAC"]),
    Kind("adpcm", making.stream("a.avi", codec="mjpeg", sound="adpcm_ms"), 20, sound="aac",
         notices=["audio (adpcm_ms), is converted to AAC"]),
    Kind("aac-to-webm", making.clip("a.mp4", sound="aac"), 20, sound="opus", to=".webm",
         notices=["audio (aac), is converted to Opus", MILLISECONDS]),
    Kind("avi-pcm", making.stream("a.avi", codec="mjpeg", sound="pcm_s16le"), 20,
         sound="aac", notices=["audio (pcm_s16le), is converted to AAC"]),
    Kind("attachment-to-mp4", making.clip("a.mkv", attachment=True), 20,
         notices=["attachment (letters.ttf), is not copied"]),
    Kind("no-sound", making.clip("a.mp4", sound="aac"), 20, how={"drop": ["sound"]}),
    Kind("time-code", making.time_code("a.mov"), 20, to=".mov",
         checks=[making.check_time_code("01:02:03:04")]),
    Kind("time-code-to-mkv", making.time_code("a.mov"), 20, to=".mkv", notices=[MILLISECONDS],
         checks=[making.check_time_code("01:02:03:04")]),
    Kind("quicktime-keys", making.keys("a.mov"), 20, to=".mov", checks=[making.check_keys]),
    Kind("android-keys", making.keys("a.mp4"), 20, checks=[making.check_keys]),
    Kind("captions-in-the-picture", making.captions, 30, notices=["captions inside the pictures"]),
    Kind("360-degrees", making.kept("spherical.mp4"), 30, pictures=None, sound="aac",
         size=(320, 240), notices=["360-degree"]),
    Kind("ass-to-mp4", making.clip("a.mkv", subtitles="ass"), 20,
         notices=["subtitle (ssa), is converted to mov_text"]),
    Kind("eac3-to-webm", making.stream("a.mkv", sound="eac3"), 20, sound="opus", to=".webm",
         notices=["audio (eac3), is converted to Opus"]),
    Kind("flac-to-mp4", making.stream("a.mkv", sound="flac"), 20, sound="flac"),
    Kind("pcm-to-mp4", making.stream("a.mov", sound="pcm_s16le"), 20, sound="pcm_s16le",
         notices=["few players"]),
    Kind("ac3-ts", making.stream(sound="ac3"), 20, sound="ac3"),
    Kind("mp3-avi", making.stream("a.avi", codec="mpeg4", sound="mp3"), 20, sound="mp3float"),
    Kind("opus-mkv", making.clip("a.mkv", sound="libopus"), 20, sound="opus"),
    Kind("alac-mov", making.stream("a.mov", sound="alac"), 20, sound="alac", to=".mov"),
    Kind("ima-avi", making.stream("a.avi", codec="mjpeg", sound="adpcm_ima_wav"), 20, sound="aac",
         notices=["audio (adpcm_ima_wav), is converted to AAC"]),
    Kind("cover", making.clip("a.mp4", cover=True, sound="aac"), 20, sound="aac"),
    Kind("chapters", making.clip("a.mp4", tags=True), 20),
]  # fmt: skip
PICTURE = [
    Kind(f"display-{name}", making.displayed(name), 5, every(TICK, 5), pictures=None,
         size=(48, 64) if making.MATRICES[name][0] == 0 else (64, 48),
         checks=[making.check_displayed(name)])
    for name in making.MATRICES
] + [
    Kind("size-changes", making.size_changes, 40, pictures=None, sound="aac",
         notices=["changes its size to 96x48", "clock of a.ts jumps"], checks=[making.check_bars]),
    Kind("wide-pixels-to-square", making.clip("a.mp4", aspect=Fraction(4, 3)), 20,
         how={"resize": (128, 72)}, pictures=None, size=(128, 72),
         checks=[making.check_shape(Fraction(16, 9))]),
    Kind("wide-pixels", making.clip("a.mp4", aspect=Fraction(4, 3)), 20,
         checks=[making.check_shape(Fraction(16, 9))]),
]  # fmt: skip
KEEP = {"hdr": "keep"}
TEN_BITS = "a.mov is 10-bit 4:2:2, written as"
PIXELS = [
    Kind("hdr10", making.hdr10, 5, every(TICK, 5), 25, notices=["HDR (PQ, up to 1,200 nit)"],
         checks=[making.check_colours(1, 1, 1)]),
    Kind("hdr10-kept", making.hdr10, 5, every(TICK, 5), 25, how=KEEP,
         checks=[making.check_colours(9, 9, 16), making.check_levels]),
    Kind("hdr10-kept-as-av1", making.hdr10, 5, every(TICK, 5), how={**KEEP, "codec": "av1"},
         checks=[making.check_colours(9, 9, 16), making.check_levels]),
    Kind("hdr10-kept-smaller", making.hdr10, 5, every(TICK, 5), 25, size=(32, 24),
         how={**KEEP, "resize": (32, 24)}, checks=[making.check_levels]),
    Kind("hlg-kept-turned", making.hlg("a.mp4", 90), 5, every(TICK, 5), 25, how=KEEP,
         pictures=None, size=(48, 64),
         checks=[making.check_colours(9, 9, 18), making.check_looks_alike]),
    Kind("hlg", making.hlg("a.mp4"), 5, every(TICK, 5), 25, notices=["HDR (HLG, up to 1,000 nit)"],
         checks=[making.check_colours(1, 1, 1)]),
    Kind("hlg-told-by-the-container", making.hlg_told_by_the_container, 5, every(TICK, 5),
         notices=["HDR (HLG, up to 1,000 nit)"], checks=[making.check_colours(1, 1, 1)]),
    Kind("hlg-told-by-the-container-kept", making.hlg_told_by_the_container, 5, every(TICK, 5),
         how=KEEP, notices=["10-bit 4:2:2"], checks=[making.check_colours(9, 9, 18)]),
    Kind("hlg-kept", making.hlg("a.mov"), 5, every(TICK, 5), 25, how=KEEP, to=".mov",
         checks=[making.check_colours(9, 9, 18)]),
    Kind("hlg-kept-webm", making.hlg("a.mkv"), 5, every(TICK, 5), how=KEEP, to=".webm",
         checks=[making.check_colours(9, 9, 18)]),
    Kind("10-bits", making.ten_bits("a.mp4"), 5, every(TICK, 5), 25,
         notices=["a.mp4 is 10-bit 4:2:0, written as 8-bit 4:2:0; `bits` 10"],
         checks=[making.check_bits(8)]),
    Kind("10-bits-kept", making.ten_bits("a.mp4"), 5, every(TICK, 5), 25, how={"bits": 10},
         checks=[making.check_bits(10)]),
    Kind("prores", making.ten_bits("a.mov", codec="prores_ks", form="yuv422p10le",
         options=making.PRORES[0]), 5, every(TICK, 5), notices=[f"{TEN_BITS} 8-bit 4:2:0; `bits`"],
         checks=[making.check_bits(8)]),
    Kind("prores-to-10-bits", making.ten_bits("a.mov", codec="prores_ks", form="yuv422p10le",
         options=making.PRORES[0]), 5, every(TICK, 5), notices=[f"{TEN_BITS} 10-bit 4:2:0"],
         how={"bits": 10}, checks=[making.check_bits(10)]),
    Kind("prores-kept", making.ten_bits("a.mov", codec="prores_ks", form="yuv422p10le",
         options=making.PRORES[0]), 5, every(TICK, 5), to=".mov",
         how={"bits": 10, "codec": "prores", "quality": 2}, checks=[making.check_bits(10)]),
    Kind("prores-4444", making.clear("a.mov", "prores_ks", "yuva444p10le", making.PRORES[1]), 5,
         every(TICK, 5), to=".mov", notices=["12-bit 4:4:4"], checks=[making.check_alpha]),
    Kind("prores-4444-kept", making.clear("a.mov", "prores_ks", "yuva444p10le", making.PRORES[1]),
         5, every(TICK, 5), to=".mov", how={"bits": 10}, checks=[making.check_alpha]),
    Kind("prores-4444-hlg", making.clear("a.mov", "prores_ks", "yuva444p10le", making.PRORES[1],
         making.deep.HLG), 5, every(TICK, 5), to=".mov", notices=["HDR (HLG"],
         checks=[making.check_alpha, making.check_colours(1, 1, 1)]),
    Kind("prores-4444-to-mp4", making.clear("a.mov", "prores_ks", "yuva444p10le",
         making.PRORES[1]), 5, every(TICK, 5), notices=["transparency, which is lost", "12-bit"],
         checks=[making.check_opaque]),
    Kind("vp9-alpha", making.clear("a.webm", "libvpx-vp9", "yuva420p", {"crf": "10", "b": "0"}),
         5, every(TICK, 5), to=".webm", checks=[making.check_alpha]),
    Kind("vp9-alpha-to-mov", making.clear("a.webm", "libvpx-vp9", "yuva420p", {"b": "0"}), 5,
         every(TICK, 5), to=".mov", checks=[making.check_alpha]),
    Kind("vp9-alpha-damaged", making.damaged_alpha, 5, every(TICK, 5), to=".mov",
         notices=["1 frame incomplete"]),
    Kind("vp9-alpha-to-av1", making.clear("a.webm", "libvpx-vp9", "yuva420p", {"b": "0"}), 5,
         every(TICK, 5), to=".webm", notices=["transparency, which is lost"],
         how={"codec": "av1"}, checks=[making.check_opaque]),
    Kind("qtrle-alpha", making.clear("a.mov", "qtrle", "argb", {}), 5, every(TICK, 5), to=".mov",
         checks=[making.check_alpha]),
    Kind("interlaced", making.woven("a.mp4", "libx264", {"x264-params": "tff=1", "crf": "10"}), 5,
         every(TICK, 5), pictures=None, notices=["use `deinterlace`"],
         checks=[making.check_combs(True)]),
    Kind("deinterlaced", making.woven("a.mp4", "libx264", {"x264-params": "tff=1", "crf": "10"}),
         5, every(TICK, 5), pictures=None, how={"deinterlace": True},
         checks=[making.check_combs(False)]),
    Kind("deinterlaced-without-a-flag", making.woven("a.mkv", "ffv1", {}), 5, every(TICK, 5),
         pictures=None, notices=["does not say that it is interlaced"],
         how={"deinterlace": True}, checks=[making.check_combs(False)]),
    Kind("interlaced-later", making.interlaced_later, 40, pictures=[*range(20)] * 2,
         notices=["use `deinterlace`"]),
    Kind("deinterlaced-size-changes", making.size_changes, 40, pictures=None, sound="aac",
         notices=["changes its size to 96x48", "clock of a.ts jumps", "does not say"],
         how={"deinterlace": True}),
    Kind("dv-deinterlaced", making.dv("a.dv"), 10, every(TICK, 10), 25, size=(720, 576),
         how={"deinterlace": True}),
]  # fmt: skip
KINDS = TIME + STREAMS + PICTURE + PIXELS
