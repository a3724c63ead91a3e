"""``realtime-nst video``: what it may be given, which part of it is painted, and where it goes."""

from fractions import Fraction

import media_factory
import model_factory
import pytest


@pytest.fixture
def style(tmp_path):
    return model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())


@pytest.fixture
def clip(tmp_path):
    return media_factory.clip(tmp_path / "clip.mp4", sound="aac")


@pytest.fixture
def video(cli, style):
    def run(*arguments):
        return cli("video", *arguments, "--style", style, "--strength", 0)

    return run


def one_error(result, code=2):
    """What the one line says with which the command failed, before any work."""
    found, out, said = result
    assert found == code, said
    assert not out
    lines = said.splitlines()
    assert len(lines) == 1, said
    assert lines[0].startswith("error: ")
    return lines[0]


class TestParts:
    def test_start_and_end(self, video, clip, tmp_path):
        out = tmp_path / "out.mp4"
        code, _, said = video(clip, "-o", out, "--start", "0.21", "--end", "0:00.6")
        assert code == 0, said
        assert media_factory.times(out) == [Fraction(n, 25) for n in range(9)]

    def test_a_preview_is_the_middle(self, video, clip, tmp_path):
        code, _, said = video(clip, "--preview", "0.2")
        assert code == 0, said
        out = tmp_path / "clip-tiny-preview.mp4"
        assert media_factory.times(out) == [Fraction(n, 25) for n in range(5)]
        middle = [t for t in media_factory.times(clip, "audio") if abs(t - 0.4) < 0.1]
        heard = [t for t in media_factory.times(out, "audio") if t >= 0]
        assert abs(len(heard) - len(middle)) <= 1

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--start", "soon"), "the time 'soon' is not valid"),
            (("--start", "1:75"), "the time '1:75' is not valid"),
            (("--start=-1",), "the time '-1' is not valid"),
            (("--start", "9"), "no frame at or after 0:00:09.000; its last one is at 0:00:00.760"),
            (("--start", "0.5", "--end", "0.5"), "--end 0.5 leaves nothing of the film"),
            (("--end", "0"), "--end 0 leaves nothing"),
            (("--preview", "0"), "--preview 0 leaves nothing"),
            (("--preview", "2", "--end", "1"), "leave --end out"),
            (("--start", "0.41", "--end", "0.42"), "the next one is at 0:00:00.440"),
        ],
    )
    def test_wrong_values_are_one_line(self, video, clip, tmp_path, options, said):
        assert said in one_error(video(clip, "-o", tmp_path / "out.mp4", *options))
        assert not list(tmp_path.glob("out*"))
