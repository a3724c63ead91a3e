"""``realtime-nst video``: what it may be given, which part of it is painted, and where it goes."""

import base64
import errno
import io
import os
import re
import subprocess
import sys
import threading
from fractions import Fraction

import av
import media_factory
import numpy as np
import pytest
from PIL import Image as Pillow
from stream_factory import File, Ranged, Server, Silence

from realtime_nst.cli import main, progress
from realtime_nst.media import stored, web
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.video import VideoSource


@pytest.fixture
def video(cli, style):
    def run(*arguments):
        return cli("video", "--style", style, "--strength", 0, *arguments)

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


def shown(path):
    """The times of frames, and the mean of each."""
    with VideoSource(path) as source:
        return [(frame.pts, round(frame.image.mean())) for frame in source]


class TestPictures:
    @pytest.fixture
    def frames(self, tmp_path):
        (tmp_path / "frames").mkdir()
        for number in range(3, 15):
            image = np.full((48, 64, 3), 10 * number, np.uint8)
            write_picture(tmp_path / "frames" / f"f_{number:04d}.png", image)
        return tmp_path / "frames"

    @pytest.mark.parametrize(
        ("name", "output"),
        [("frames/f_%04d.png", "frames/f-tiny.mp4"), ("frames", "frames-tiny.mp4")],
    )
    def test_pictures_become_a_film(self, video, frames, tmp_path, monkeypatch, name, output):
        monkeypatch.chdir(tmp_path)
        (frames / "f_0006.png").unlink()
        code, _, said = video(name, "--fps", "24")
        assert code == 0, said
        assert f"note: {name} has no number 6; the film goes on without" in said
        numbers = [3, 4, 5, *range(7, 15)]
        wanted = [(Fraction(n, 24), 10 * number) for n, number in enumerate(numbers)]
        found = shown(tmp_path / output)
        assert [pts for pts, _ in found] == [pts for pts, _ in wanted]
        assert np.allclose([m for _, m in found], [m for _, m in wanted], atol=2)

    def test_a_part_and_the_usual_rate(self, video, frames, tmp_path):
        out = tmp_path / "out.mp4"
        assert video(frames, "-o", out, "--start", "0.1", "--end", "0.3")[0] == 0
        assert [pts for pts, _ in shown(out)] == [Fraction(n, 25) for n in range(5)]
        assert video(frames, "-o", out, "--preview", "0.1", "--overwrite")[0] == 0
        assert len(shown(out)) == 3

    def test_a_film_becomes_pictures(self, video, clip, tmp_path):
        code, out, said = video(clip, "-o", tmp_path / "new" / "f_%03d.png", "--start", "0.6")
        assert code == 0
        assert "5 frames" in out
        assert "note: of clip.mp4, sound is left out: pictures hold none" in said
        names = sorted(path.name for path in (tmp_path / "new").iterdir())
        assert names == [f"f_{number:03d}.png" for number in range(1, 6)]

    def test_pictures_become_pictures_but_not_their_own(self, video, frames, tmp_path):
        own = frames / "f_%04d.png"
        assert "already exists" in one_error(video(own, "-o", own))
        said = one_error(video(own, "-o", own, "--overwrite"))
        assert "is read by this command" in said
        assert video(own, "-o", tmp_path / "%d.jpg")[0] == 0
        assert len(list(tmp_path.glob("*.jpg"))) == 12

    @pytest.mark.parametrize("suffix", [".webm", ".mov"])
    def test_transparency_comes_and_goes(self, video, tmp_path, suffix):
        for number in range(3):
            picture = Pillow.new("RGBA", (64, 48), (200, 60, 60, 255))
            picture.paste((0, 0, 0, 0), (0, 0, 32, 48))
            picture.save(tmp_path / f"{number}.png")
        film, back = tmp_path / f"film{suffix}", tmp_path / "back" / "%d.png"
        code, _, said = video(tmp_path / "%d.png", "-o", film)
        assert code == 0
        assert "transparency" not in said
        assert video(film, "-o", back)[0] == 0
        found = np.array(Pillow.open(tmp_path / "back" / "2.png"))
        assert found.shape == (48, 64, 4)
        assert found[:, :28, 3].max() < 5
        assert np.allclose(found[:, 36:], (200, 60, 60, 255), atol=6)

    def test_an_animated_picture_becomes_a_film(self, video, tmp_path):
        first, *rest = [Pillow.new("RGB", (64, 48), (n, n, n)) for n in (0, 90, 180)]
        rest = {"append_images": rest, "duration": [40, 300, 80], "lossless": True}
        first.save(tmp_path / "a.webp", save_all=True, **rest)
        assert video(tmp_path / "a.webp")[0] == 0
        found = shown(tmp_path / "a-tiny.mp4")
        assert [pts for pts, _ in found] == [0, Fraction(1, 25), Fraction(17, 50)]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("clip.mp4", "--fps", "24"), "--fps 24 is for numbered pictures; clip.mp4 has its"),
            (("frames", "--fps", "0"), "the rate '0' is not valid"),
            (("frames", "--start", "9"), "frames has no picture there: 12 at 25 a second end"),
            (("none_%04d.png",), "no picture is called none_%04d.png"),
            (("clip.mp4", "-o", "%d.png", "--codec", "h264"), "--codec is for videos"),
            (("clip.mp4", "-o", "%d.png", "--crf", "4"), "--crf is for videos"),
            (("clip.mp4", "-o", "%d.png", "--resume"), "--resume is for videos"),
            (("clip.mp4", "-o", "%d.png", "--strict"), "sound is left out: pictures hold none;"),
        ],
    )
    def test_one_line(self, video, frames, clip, tmp_path, monkeypatch, arguments, said):
        monkeypatch.chdir(tmp_path)
        assert said in one_error(video(*arguments))
        assert {path.name for path in tmp_path.iterdir()} == {"frames", "clip.mp4", "tiny.onnx"}


def test_a_mask_film_plays_along_with_a_part(video, clip, tmp_path):
    """It is black until 0.4 s: nothing is painted there."""

    def half(number, size):
        return np.full((*size[::-1], 3), 255 * (number >= 10), np.uint8)

    mask = media_factory.clip(tmp_path / "mask.mp4", images=half)
    whole, part = tmp_path / "whole.mp4", tmp_path / "part.mp4"
    options = ("--strength", 1, "--crf", 4, "--overwrite")
    assert video(clip, "-o", whole, *options)[0] == 0
    options += ("-o", part, "--mask", mask)
    for start, end, right, wrong in (("0.2", "0.4", clip, whole), ("0.6", "0.8", whole, clip)):
        assert video(clip, *options, "--start", start, "--end", end)[0] == 0
        first, found = int(25 * Fraction(start)), images(part)
        near = difference(found, images(right)[first : first + 5])
        assert near < difference(found, images(wrong)[first : first + 5]) / 2


def images(path):
    with VideoSource(path) as source:
        return [frame.image.astype(int) for frame in source]


def difference(some, others):
    return max(np.abs(one - other).mean() for one, other in zip(some, others, strict=True))


class TestOutputs:
    def test_a_folder_takes_the_usual_name(self, video, clip, tmp_path):
        (tmp_path / "there").mkdir()
        assert video(clip, "-o", tmp_path / "there")[0] == 0
        assert video(clip, "-o", f"{tmp_path}/new/folder/")[0] == 0
        for folder in ("there", "new/folder"):
            assert os.listdir(tmp_path / folder) == ["clip-tiny.mp4"]

    def test_a_new_folder_goes_again_if_nothing_is_written(self, video, clip, tmp_path):
        assert "codec" in one_error(video(clip, "-o", f"{tmp_path}/new/", "--codec", "h266"))
        assert not (tmp_path / "new").exists()

    def test_the_longest_names(self, video, clip, tmp_path):
        longest = tmp_path / f"{'ü' * 125}a.mp4"
        assert len(os.fsencode(longest.name)) == 255
        assert video(clip, "-o", longest)[0] == 0
        assert video(longest)[0] == 0
        (other,) = (path for path in tmp_path.glob("*ü*") if path != longest)
        assert other.name.endswith("-tiny.mp4")
        assert media_factory.times(other) == media_factory.times(clip)

    def test_long_names_that_end_differently_do_not_meet(self, video, clip, tmp_path):
        targets = [tmp_path / f"{'n' * 250}{end}.mp4" for end in "ab"]
        partial = targets[0].with_name("x")
        for target in targets:
            assert video(clip, "-o", target)[0] == 0
        assert not partial.exists()
        assert len(list(tmp_path.glob("n*"))) == 2

    @pytest.mark.parametrize("form", ["mkv", "mp4", "mov"])
    def test_standard_output_has_the_film_and_nothing_else(self, piped, clip, tmp_path, form):
        done = piped(clip, "-o", "-", "--format", form)
        assert done.returncode == 0, done.stderr
        assert "20 frames" in done.stderr
        (tmp_path / f"result.{form}").write_bytes(done.stdout)
        with av.open(io.BytesIO(done.stdout)) as container:
            assert len(list(container.decode(video=0))) == 20
        sound = media_factory.packets(tmp_path / f"result.{form}", "audio")
        heard = media_factory.packets(clip, "audio")
        assert [data for _, data in sound] == [data for _, data in heard]

    def test_the_film_goes_on_through_another_pipe(self, clip, style, tmp_path):
        video = f"{sys.executable} -m realtime_nst video --style {style} --strength 0"
        command = f"{video} {clip} -o - | {video} - -o {tmp_path / 'out.mp4'}"
        done = subprocess.run(command, shell=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert [round(t, 2) for t in media_factory.times(tmp_path / "out.mp4")] == [
            round(Fraction(n, 25), 2) for n in range(20)
        ]

    def test_a_reader_that_leaves_is_one_line(self, piped, clip):
        ours, theirs = os.pipe()
        os.close(ours)
        done = piped(clip, "-o", "-", stdout=theirs)
        assert done.returncode == 1
        lines = done.stderr.splitlines()
        assert lines[-1] == "error: nobody reads standard output any more; it ended early"
        assert all(line.startswith("note: ") for line in lines[:-1])

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("-o", "-", "--format", "avi"), "unknown format 'avi'"),
            (("-o", "-", "--resume"), "--resume goes on with a file"),
            (("--format", "mkv"), "--format mkv is for -o -"),
            (("-o", "dangling.mp4"), "already exists"),
            (("-o", "none/out.mp4"), "there is no folder none"),
        ],
    )
    def test_what_cannot_be_written_to(self, video, clip, tmp_path, monkeypatch, options, said):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "dangling.mp4").symlink_to("nothing.mp4")
        assert said in one_error(video(clip, *options))


class Done:
    """What a command wrote, and how it ended."""

    def __init__(self, code, out, said):
        self.returncode, self.stdout, self.stderr = code, out, said


@pytest.fixture
def piped(monkeypatch, style, tmp_path_factory):
    """Runs ``video`` with files and pipes for its standard streams."""
    folder = tmp_path_factory.mktemp("streams")

    def run(*arguments, given=b"", stdin=None, stdout=None):
        command = ["video", *arguments, "--style", style, "--strength", 0]
        monkeypatch.setattr(sys, "argv", ["realtime-nst", *map(str, command)])
        monkeypatch.setenv("COLUMNS", "200")
        with (
            stdin or pipe_of(given) as source,
            open(stdout or folder / "out", "w") as out,
            open(folder / "said", "w") as said,
            monkeypatch.context() as streams,
        ):
            for name, stream in (("stdin", source), ("stdout", out), ("stderr", said)):
                streams.setattr(sys, name, stream)
            code = main()
        written = b"" if stdout else (folder / "out").read_bytes()
        said = (folder / "said").read_text()
        assert "Traceback" not in said
        return Done(code, written, said)

    return run


def pipe_of(data):
    ours, theirs = os.pipe()
    with open(theirs, "wb") as end:
        assert end.write(data) < 60_000, "a pipe holds more only if somebody reads it"
    return open(ours)


class TestPipes:
    def test_standard_input(self, piped, clip, tmp_path):
        done = piped("-", "-o", tmp_path / "out.mp4", given=clip.read_bytes())
        assert done.returncode == 0, done.stderr
        self.check(clip, tmp_path)

    def test_standard_input_becomes_pictures_in_a_new_folder(self, piped, clip, tmp_path):
        done = piped("-", "-o", tmp_path / "new" / "%d.png", given=clip.read_bytes())
        assert done.returncode == 0, done.stderr
        assert len(os.listdir(tmp_path / "new")) == 20

    def test_a_file_behind_standard_input_is_not_copied(self, piped, clip, tmp_path):
        done = piped("-", stdin=clip.open("rb"))
        assert done.returncode == 0, done.stderr
        assert media_factory.times(tmp_path / "clip-tiny.mp4") == media_factory.times(clip)

    def test_a_named_pipe(self, video, clip, tmp_path):
        os.mkfifo(tmp_path / "fifo.mp4")
        write = (tmp_path / "fifo.mp4").write_bytes
        writer = threading.Thread(target=write, args=(clip.read_bytes(),))
        writer.start()
        code, _, said = video(tmp_path / "fifo.mp4", "-o", tmp_path / "out.mp4")
        writer.join()
        assert code == 0, said
        self.check(clip, tmp_path)

    def check(self, clip, tmp_path):
        out = tmp_path / "out.mp4"
        assert media_factory.times(out) == media_factory.times(clip)
        assert media_factory.packets(out, "audio") == media_factory.packets(clip, "audio")
        left = {path.name for path in tmp_path.iterdir()} - {"fifo.mp4"}
        assert left == {"clip.mp4", "out.mp4", "tiny.onnx"}

    @pytest.mark.parametrize(
        ("given", "options", "code", "said"),
        [
            (b"", ("-o", "out.mp4"), 1, "standard input is empty"),
            (b"dear diary", ("-o", "out.mp4"), 1, "standard input is not a readable video"),
            (b"film", (), 2, "- has no name to call the output by; name a file with -o"),
            (b"film", ("-o", "out.xyz"), 2, "cannot be written as 'out.xyz'"),
            (b"film", ("-o", "clip.mp4"), 2, "clip.mp4 already exists"),
        ],
    )
    def test_one_line(self, piped, clip, tmp_path, monkeypatch, given, options, code, said):
        monkeypatch.chdir(tmp_path)
        done = piped("-", *options, given=given)
        assert said in one_error((done.returncode, done.stdout, done.stderr), code)

    def test_a_full_disk_is_one_line(self, tmp_path, monkeypatch):
        monkeypatch.setattr(stored, "_SPARE", 2**63)
        with pytest.raises(stored.MediaError, match=r"disk of .* is nearly full"):
            stored.spool(io.BytesIO(b"film"), "standard input", tmp_path, lambda size: None)
        assert not os.listdir(tmp_path)

    def test_closed_streams_are_one_line(self, video, clip, monkeypatch):
        monkeypatch.setattr(sys, "stdin", None)
        assert "- reads the film from a pipe, and none is there" in one_error(video("-"))
        with monkeypatch.context() as closed:
            closed.setattr(sys, "stdout", None)
            result = video(clip, "-o", "-")
        assert "standard output is closed; name a file" in one_error(result)

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("dangling.mp4", "it is a link to nothing.mp4, which does not exist"),
            ("", "the input has no name"),
            ("/dev/null", "/dev/null is a device; for a camera: realtime-nst live"),
            ("rtsp://host/name", "video takes addresses of http and https, not of rtsp"),
        ],
    )
    def test_what_cannot_be_read(self, video, tmp_path, monkeypatch, name, said):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "dangling.mp4").symlink_to("nothing.mp4")
        assert said in one_error(video(name))


@pytest.fixture
def server(monkeypatch):
    """Films are read in small pieces from it."""
    monkeypatch.setattr(web, "_BLOCK", 2**14)
    with Server() as running:
        yield running


def noisy_clip(path, **how):
    """Large for its few frames."""

    def noise(number, size):
        return np.random.default_rng(number).integers(0, 256, (*size[::-1], 3), np.uint8)

    fast = {"preset": "ultrafast"}
    return media_factory.clip(path, images=noise, sound="aac", options=fast, **how)


@pytest.fixture
def noisy(once):
    """Six seconds, 0.6 MB."""

    def make(folder):
        noisy_clip(folder / "long film.mkv", count=150, size=(96, 72))

    return once("noisy clip", make) / "long film.mkv"


class TestWeb:
    def test_each_byte_is_fetched_once(self, video, server, noisy, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        film = Ranged(noisy)
        code, _, said = video(server.serve("a/long%20film.mkv?key=hidden", film))
        assert code == 0, said
        assert "hidden" not in said
        out = tmp_path / "long film-tiny.mkv"
        assert media_factory.times(out) == media_factory.times(noisy)
        assert media_factory.packets(out, "audio") == media_factory.packets(noisy, "audio")
        assert film.sent < 1.1 * len(film.data)
        assert {path.name for path in tmp_path.iterdir()} == {out.name, "tiny.onnx"}

    @pytest.mark.parametrize("suffix", [".mkv", ".ts"])
    def test_a_preview_reads_little(self, video, server, tmp_path, suffix):
        clip = tmp_path / f"in{suffix}"
        noisy_clip(clip, count=1000, size=(48, 36))
        film, out = Ranged(clip), tmp_path / "out.mkv"
        assert video(server.serve(clip.name, film), "-o", out, "--preview", "0.4")[0] == 0
        assert len(media_factory.times(out)) == 10
        assert film.sent < 3 / 4 * len(film.data)

    def test_a_signal_while_it_is_fetched_ends_all(
        self, video, server, noisy, tmp_path, monkeypatch
    ):
        read = web.WebFile._read

        def stopped(film, wanted):
            if film._next == 10:
                raise KeyboardInterrupt
            return read(film, wanted)

        monkeypatch.setattr(web.WebFile, "_read", stopped)
        code, _, said = video(server.serve("film.mkv", Ranged(noisy)), "-o", tmp_path / "out.mkv")
        assert code == 130
        assert said.startswith("note: stopped")
        assert not list(tmp_path.glob("out.mkv"))

    def test_what_has_to_be_fetched_whole_says_how_far_it_is(
        self, video, server, tmp_path, monkeypatch
    ):
        clip = noisy_clip(tmp_path / "in.ts", count=150, size=(96, 72))
        monkeypatch.setattr(progress.Gauge, "_due", lambda gauge, now: True)
        code, _, said = video(server.serve("in.ts", Ranged(clip)), "-o", tmp_path / "out.mkv")
        assert code == 0
        assert re.search(r"note: in\.ts: 0\.[3-9] MB", said)

    def test_a_connection_that_breaks_is_made_anew(
        self, video, server, noisy, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(web, "_PAUSES", (0,))
        film, out = Ranged(noisy, breaks_at=400_000), tmp_path / "out.mkv"
        assert video(server.serve("film.mkv", film), "-o", out)[0] == 0
        assert media_factory.times(out) == media_factory.times(noisy)

    def test_a_server_without_ranges(self, video, server, clip, tmp_path):
        out = tmp_path / "out.mp4"
        assert video(server.serve("film.mp4", File(clip)), "-o", out)[0] == 0
        assert media_factory.packets(out, "audio") == media_factory.packets(clip, "audio")

    def test_a_server_that_does_not_tell_the_size(self, video, server, noisy, tmp_path):
        out = tmp_path / "out.mkv"
        assert video(server.serve("film.mkv", Ranged(noisy, size="*")), "-o", out)[0] == 0
        assert media_factory.times(out) == media_factory.times(noisy)

    def test_a_server_that_sends_other_bytes_than_asked(self, video, server, noisy, tmp_path):
        film = Ranged(noisy, shifted=1)
        code, _, said = video(server.serve("film.mkv", film), "-o", tmp_path / "out.mkv")
        assert code == 1
        assert "was changed on its server" in said
        assert "Traceback" not in said

    def test_a_full_disk_is_one_line(self, video, server, noisy, tmp_path, monkeypatch):
        class Full(io.BytesIO):
            def write(self, data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(web, "temporary_file", lambda folder: Full())
        result = video(server.serve("film.mkv", Ranged(noisy)), "-o", tmp_path / "out.mkv")
        assert "film.mkv cannot be kept on the disk: No space left" in one_error(result, 1)

    def test_a_redirection_is_followed_without_the_password(self, video, server, clip, tmp_path):
        film = Ranged(clip)
        there = server.serve("there.mp4", film)

        class Moved:
            def answer(self, request, stop):
                request.send_response(302)
                request.send_header("Location", there)
                request.send_header("Content-Length", "0")
                request.end_headers()

        asked = []
        answer = film.answer
        film.answer = lambda request, stop: (asked.append(request.headers), answer(request, stop))
        address = server.serve("here.mp4", Moved()).replace("//", "//me:secret@")
        assert video(address, "-o", tmp_path / "out.mp4")[0] == 0
        assert asked
        assert not any("Authorization" in headers for headers in asked)

    def test_a_stream_that_breaks_off_without_a_size(self, video, server, tmp_path):
        class Broken:
            def answer(self, request, stop):
                request.send_response(200)
                request.send_header("Transfer-Encoding", "chunked")
                request.end_headers()
                request.wfile.write(b"400\r\nfilm")

        result = video(server.serve("film.mp4", Broken()), "-o", tmp_path / "out.mp4")
        assert "film.mp4 broke off; try again" in one_error(result, 1)

    def test_credentials_are_sent_and_never_said(self, video, server, clip, tmp_path):
        token = base64.b64encode(b"me:hid den").decode()
        plain = server.serve("film.mp4", Ranged(clip, wants=f"Basic {token}"))
        address = plain.replace("//", "//me:hid%20den@")
        code, out, said = video(address, "-o", tmp_path / "out.mp4")
        assert code == 0
        assert "hid" not in out + said
        said = one_error(video(address.replace("hid", "bad"), "-o", tmp_path / "2.mp4"), 1)
        assert said.startswith(f"error: {plain} asks for a user and a password")
        assert "bad" not in said

    def test_resuming(self, video, server, noisy, tmp_path, monkeypatch):
        monkeypatch.setattr(web, "_PAUSES", ())
        whole, out = tmp_path / "whole.mkv", tmp_path / "out.mkv"
        assert video(noisy, "-o", whole)[0] == 0
        film = Ranged(noisy, breaks_at=400_000, then="is gone")
        code, _, said = video(server.serve("film.mkv", film), "-o", out)
        assert code == 1
        assert "the same command begins anew" in said
        film = Ranged(noisy)
        assert video(server.serve("film.mkv", film), "-o", out, "--resume")[0] == 0
        assert media_factory.times(out) == media_factory.times(whole)
        assert media_factory.packets(out, "audio") == media_factory.packets(whole, "audio")

    def test_a_film_that_changes_meanwhile(self, video, server, noisy, tmp_path, monkeypatch):
        monkeypatch.setattr(web, "_PAUSES", (0,))
        film = Ranged(noisy, breaks_at=400_000, then="has changed")
        code, _, said = video(server.serve("film.mkv", film), "-o", tmp_path / "out.mkv")
        assert code == 1
        assert "was changed on its server while it was read" in said

    def test_errors_are_one_line(self, video, server, tmp_path, monkeypatch):
        monkeypatch.setattr(web, "_TIMEOUT", 0.2)
        (tmp_path / "page").write_text("<!DOCTYPE html><p>film</p>")
        (tmp_path / "list").write_text("#EXTM3U\n#EXTINF:1,\na.ts\n")
        picture = tmp_path / "a.png"
        write_picture(picture, np.zeros((48, 64, 3), np.uint8))
        silent = server.serve("silent.mp4", Silence())
        for address, code, said in (
            (silent.replace("silent", "none"), 1, "none.mp4 is not there (404)"),
            ("http://127.0.0.1:1/a.mp4", 1, "the connection was refused"),
            ("http://host.invalid/a.mp4", 1, "there is no such host"),
            (silent, 1, "nothing came for 0.2 s"),
            ("http:///a.mp4", 2, "that address is not valid"),
            (server.serve("page", Ranged(tmp_path / "page")), 1, "it is a web page"),
            (server.serve("a.png", Ranged(picture)), 2, "is a picture, not a video"),
            (server.serve("list", Ranged(tmp_path / "list")), 1, "it is a playlist"),
        ):
            assert said in one_error(video(address, "-o", tmp_path / "out.mp4"), code)
        assert not list(tmp_path.glob("out*"))
