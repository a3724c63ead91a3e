"""Numbered pictures and animated ones as films, and films as numbered pictures."""

import os
from fractions import Fraction

import cv2
import media_factory
import numpy as np
import pytest
from PIL import Image as Pillow

from realtime_nst.errors import MediaError, TargetExists, UsageError
from realtime_nst.media.span import Span
from realtime_nst.sinks.sequence import SequenceSink
from realtime_nst.sources.animation import AnimationSource, is_animation
from realtime_nst.sources.sequence import SequenceSource
from realtime_nst.sources.video import VideoSource

RATE = Fraction(24)


def made(folder, numbers, name="f_{:04d}.png", size=(64, 48)):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        image = np.full((*size[::-1], 3), 10 * number, np.uint8)
        cv2.imwrite(str(folder / name.format(number)), image)
    return folder


def shown(source):
    """The time of each frame, and the number of its picture."""
    with source:
        return [(frame.pts, round(frame.image[24, 32].mean() / 10)) for frame in source]


class TestSequences:
    def test_pictures_follow_by_number(self, tmp_path):
        folder = made(tmp_path / "p", range(8, 13), "f_{}.png")
        made(folder, [3], "other_{}.png")
        (folder / "f_x.png").touch()
        source = SequenceSource(folder / "f_%d.png", rate=RATE)
        assert shown(source) == [(n / RATE, 8 + n) for n in range(5)]
        assert source.notices == []
        assert source.info.rate == RATE
        assert source.info.frames == 5
        assert source.length == 5 / RATE

    def test_digits_are_as_many_as_asked(self, tmp_path):
        folder = made(tmp_path / "p", [1, 2, 12])
        made(folder, [3], "f_{}.png")
        (folder / "f_00003.png").touch()
        assert [n for _, n in shown(SequenceSource(folder / "f_%04d.png"))] == [1, 2, 12]
        assert [n for _, n in shown(SequenceSource(folder / "f_%d.png"))] == [3]

    def test_gaps_are_named(self, tmp_path):
        folder = made(tmp_path / "p", [1, 2, 4, 8, 9])
        for path in (folder / "f_%04d.png", folder):
            source = SequenceSource(path)
            assert [pts for pts, _ in shown(source)] == [Fraction(n, 25) for n in range(5)]
            (notice,) = source.notices
            assert notice == f"{path} has no number 3, 5 to 7; the film goes on without"

    def test_a_folder_says_what_it_leaves_out(self, tmp_path):
        folder = made(tmp_path / "p", [1, 2])
        (folder / "notes.txt").touch()
        source = SequenceSource(folder)
        assert len(shown(source)) == 2
        assert source.notices == [f"of {folder}, 1 left out (not a picture)"]

    def test_other_sizes_get_bars(self, tmp_path):
        folder = made(tmp_path / "p", [10, 12])
        made(folder, [11], size=(48, 48))
        source = SequenceSource(folder / "f_%04d.png")
        with source:
            frames = list(source)
        assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 3
        assert frames[1].image[:, :8].max() == 0
        assert frames[1].image[:, 9:55].min() == 110
        assert source.notices == [
            "f_0011.png is 48x48: this and others of another size are fitted into 64x48 with bars"
        ]

    def test_what_cannot_be_read_is_counted(self, tmp_path):
        folder = made(tmp_path / "p", range(1, 5))
        (folder / "f_0002.png").write_bytes(b"no picture")
        source = SequenceSource(folder / "f_%04d.png", rate=RATE)
        assert shown(source) == [(0 / RATE, 1), (2 / RATE, 3), (3 / RATE, 4)]
        assert source.faults.message == "1 damaged frame skipped"
        for path in folder.iterdir():
            path.write_bytes(b"no picture")
        with pytest.raises(MediaError, match=r"f_000\d\.png"):
            shown(source)

    def test_transparency_is_said(self, tmp_path):
        Pillow.new("RGBA", (8, 8)).save(tmp_path / "a1.png")
        source = SequenceSource(tmp_path)
        with source:
            list(source)
        assert source.notices == [
            f"{tmp_path} has transparency, which is lost; .webm (VP9) and .mov (ProRes) keep it "
            "if the first picture has it"
        ]

    def test_a_part_begins_with_a_picture(self, tmp_path):
        folder = made(tmp_path / "p", range(1, 13))
        whole = SequenceSource(folder, rate=RATE)
        span = whole.part(Span(Fraction(1, 10), Fraction(1, 3)))
        assert span == Span(Fraction(3, 24), Fraction(1, 3))
        source = SequenceSource(folder, rate=RATE, span=span)
        assert shown(source) == [(n / RATE, 1 + n) for n in range(3, 8)]
        source = SequenceSource(folder, rate=RATE, span=span, start=Fraction(11, 48))
        assert shown(source) == [(n / RATE, 1 + n) for n in (6, 7)]
        with pytest.raises(UsageError, match=r"12 at 24 a second end at 0:00:00\.500"):
            whole.part(Span(Fraction(1, 2)))

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("x_%04d.png", "no picture is called"),
            ("none/f_%d.png", "there is no folder"),
            ("f_%04d_%d.png", "no picture is called"),
            (".", "is a folder without pictures"),
        ],
    )
    def test_what_is_not_there(self, tmp_path, name, said):
        with pytest.raises(UsageError, match=said):
            SequenceSource(tmp_path / name)


class TestAnimations:
    def animation(self, path, delays):
        images = [np.full((48, 64, 3), 10 * n, np.uint8) for n in range(len(delays))]
        first, *rest = [Pillow.fromarray(image) for image in images]
        first.save(path, save_all=True, append_images=rest, duration=delays, lossless=True)
        return path

    def test_delays_are_kept(self, tmp_path):
        path = self.animation(tmp_path / "a.webp", [40, 500, 0, 60])
        assert is_animation(path)
        with AnimationSource(path) as source:
            frames = [(frame.pts, frame.duration) for frame in source]
        delays = [Fraction(n, 1000) for n in (40, 500, 100, 60)]
        assert frames == [(sum(delays[:n]), delays[n]) for n in range(4)]
        assert source.length == sum(delays)
        assert not source.faults

    def test_a_part_begins_with_a_picture(self, tmp_path):
        source = AnimationSource(self.animation(tmp_path / "a.webp", [40, 500, 100, 60]))
        span = source.part(Span(Fraction(1, 100), Fraction(64, 100)))
        assert span == Span(Fraction(1, 25), Fraction(64, 100))
        found = shown(AnimationSource(source.path, span=span))
        assert found == [(Fraction(1, 25), 1), (Fraction(27, 50), 2)]
        with pytest.raises(UsageError, match=r"last one is at 0:00:00\.640"):
            source.part(Span(Fraction(1)))

    def test_a_damaged_file_gives_its_good_pictures(self, tmp_path):
        path = self.animation(tmp_path / "a.webp", [40] * 8)
        data = path.read_bytes()
        at = data.rindex(b"VP8L") + 13  # behind the header, without which all is refused
        path.write_bytes(data[:at] + bytes(len(data) - at))
        with AnimationSource(path) as source:
            assert 0 < len(list(source)) < 8
        assert "cut off" in source.faults.message


class TestWriting:
    def test_numbers_count_from_one(self, tmp_path):
        clip = media_factory.clip(tmp_path / "in.mp4", count=3, sound="aac")
        sink = self.written(clip, tmp_path / "new" / "f_%03d.png")
        assert sorted(os.listdir(tmp_path / "new")) == [f"f_00{n}.png" for n in (1, 2, 3)]
        assert sink.notices == ["of in.mp4, sound is left out: pictures hold none"]
        assert sink.written == 3

    def written(self, clip, target, **how):
        sink = SequenceSink(target, source=clip, **how)
        with VideoSource(clip) as source, sink:
            for frame in source:
                sink.write(frame)
        return sink

    def test_nothing_is_replaced_unless_asked(self, tmp_path):
        clip = media_factory.clip(tmp_path / "in.mp4", count=3)
        folder = made(tmp_path / "p", [2, 3, 4, 5])
        with pytest.raises(TargetExists, match=r"f_0002\.png already exists"):
            SequenceSink(folder / "f_%04d.png")
        sink = self.written(clip, folder / "f_%04d.png", overwrite=True)
        assert sink.names == tuple(folder / f"f_000{n}.png" for n in (2, 3, 4, 5))
        assert sink.notices == [f"{folder / 'f_0004.png'} and what follows are of an earlier run"]

    def test_uneven_times_are_said(self, tmp_path):
        clip = media_factory.clip(tmp_path / "in.mp4", count=4, pts=[0, 1, 5, 6])
        sink = self.written(clip, tmp_path / "f_%d.jpg")
        assert sink.notices == [
            "frames of in.mp4 are shown for 0.040 to 0.160 s each, which pictures do not hold"
        ]

    def test_unknown_suffix(self, tmp_path):
        with pytest.raises(UsageError, match=r"'f_%d\.xyz' does not have the suffix"):
            SequenceSink(tmp_path / "f_%d.xyz")


def test_pictures_of_a_film_with_oblong_pixels_have_its_shape(cli, tmp_path):
    film = media_factory.clip(tmp_path / "a.mp4", aspect=Fraction(2), count=2)
    code, _, err = cli("video", film, "--strength", 0, "-o", tmp_path / "f_%d.png")
    assert code == 0, err
    assert cv2.imread(str(tmp_path / "f_1.png")).shape[:2] == (48, 128)
