"""The options of a look in the commands, and looks saved by one command and played by another."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Annotated

import cv2
import media_factory
import numpy as np
import painter_factory
import pytest
import typer

from realtime_nst import presets
from realtime_nst.cli.look_options import with_look
from realtime_nst.live import Live
from realtime_nst.look import Look, View, about, settings_of
from realtime_nst.paint import Paint
from realtime_nst.runtime import networks
from realtime_nst.runtime.networks import Network, Networks
from realtime_nst.sinks.null import NullSink
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.sources.synthetic import SyntheticSource
from realtime_nst.sources.video import VideoSource

pytestmark = pytest.mark.usefixtures("weights")


@pytest.fixture
def mask(tmp_path):
    return painter_factory.painting(tmp_path / "mask.png", (255, 255, 255))


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(path), pixels)
    return path


def pixels(path):
    return cv2.imread(str(path)).astype(int)


# options


OF_FILMS = {"stabilise", "flow", "network_every", "morph_to", "morph_seconds"}


@pytest.mark.parametrize("command", ["video", "image", "live", "serve", "demo"])
def test_every_setting_is_an_option_of_every_command(cli, command):
    code, said, _ = cli(command, "--help")
    assert code == 0
    missing = {name for name in settings_of(Look) if f"--{name.replace('_', '-')} " not in said}
    assert missing == (OF_FILMS if command == "image" else set())
    assert "--look " in said
    assert "--save-look " in said


def test_a_new_setting_is_an_option_by_itself(monkeypatch):
    @dataclasses.dataclass(frozen=True)
    class Bolder(Look):
        gloss: float = dataclasses.field(
            default=1.0, metadata=about("Size.", "Painting", metavar="N", least=0.25, most=4)
        )

    chosen = []
    app = typer.Typer()

    @app.command()
    @with_look(look=Bolder())
    def video(source: Annotated[str, typer.Argument()], look: Look, view: View) -> None:
        chosen.append(look)

    monkeypatch.setattr(sys, "argv", ["video", "a.mp4", "--gloss", "2.5"])
    app(standalone_mode=False)
    assert chosen == [Bolder(gloss=2.5)]


def test_options_beside_a_look_override_it(cli, photo, dark, tmp_path):
    look = tmp_path / "look.json"
    presets.save(look, Look(str(dark), strength=0.5), View())
    saved = tmp_path / "again.json"
    out = tmp_path / "out.png"
    options = ("--look", look, "--strength", 0, "--save-look", saved)
    assert cli("image", photo, "-o", out, *options)[0] == 0
    assert (pixels(out) == pixels(photo)).all()
    assert presets.load(saved)[0] == Look(str(dark), strength=0.0)
    code, _, said = cli("image", photo, "-o", out, "--overwrite", "--look", tmp_path / "none.json")
    assert code == 2
    assert "there is no such look" in said
    other = ("-o", tmp_path / "b.png", "--style", dark, "--save-look", saved)
    code, _, said = cli("image", photo, *other)
    assert code == 2
    assert "--overwrite" in said
    assert not (tmp_path / "b.png").exists()


def test_what_a_look_says_gives_way_to_options_that_contradict_it(cli, photo, dark, mask, tmp_path):
    look, out = tmp_path / "look.json", tmp_path / "out.png"
    presets.save(look, Look(str(dark), mask=str(mask), rest="red", morph_to=str(dark)), View())
    for options in (("--mask", ""), ("--style", "wave"), ("--strength", 0)):
        code, _, said = cli("image", photo, "-o", out, "--overwrite", "--look", look, *options)
        assert code == 0, said
        assert "does not use the morph to" in said
    code, _, said = cli("image", photo, "-o", out, "--look", look, "--rest", "red", "--mask", "")
    assert code == 2
    assert "no effect without a mask" in said


def test_an_option_without_effect_is_refused(cli, dark, photo, mask, tmp_path):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=3)
    out = tmp_path / "out.mp4"
    code, _, said = cli("video", clip, "-o", out, "--style", dark, "--morph-seconds", 3)
    assert (code, "--morph-to" in said) == (2, True)
    out = tmp_path / "out.png"
    code, _, said = cli("image", photo, "-o", out, "--style", dark, "--mask", clip)
    assert (code, "need a picture as the mask" in said) == (2, True)


@pytest.mark.parametrize("what", ["--save-look", "-o"])
@pytest.mark.parametrize("victim", ["film", "mask", "style"])
def test_nothing_that_is_read_is_written_over(cli, dark, tmp_path, what, victim):
    films = {}
    for name in ("film", "mask", "style"):
        films[name] = media_factory.clip(tmp_path / f"{name}.mp4", count=3)
    films["style"] = Path(dark)
    before = films[victim].read_bytes()
    link = tmp_path / "link.mp4"
    link.hardlink_to(films[victim])
    options = ["--style", films["style"], "--mask", films["mask"], "--overwrite", what, link]
    if what != "-o":
        options += ["-o", tmp_path / "out.mp4"]
    code, _, said = cli("video", films["film"], *options)
    assert code == 2, said
    assert films[victim].read_bytes() == before
    assert not (tmp_path / "out.mp4").exists()


def test_the_advice_after_an_interruption_holds_with_a_saved_look(cli, dark, tmp_path, monkeypatch):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=120)
    saved = ("--save-look", tmp_path / "look.json")
    command = ("video", clip, "-o", tmp_path / "out.mp4", "--style", dark, *saved)
    with monkeypatch.context() as patched:
        _break_after(patched, 100)
        assert cli(*command)[0] == 1
    code, _, said = cli(*command)
    assert code == 0, said


def test_halves_of_two_providers_are_not_joined(cli, tmp_path, monkeypatch):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=120)
    command = ("video", clip, "-o", tmp_path / "out.mp4", "--style", "wave", "--provider")
    with monkeypatch.context() as patched:
        _break_after(patched, 100)
        assert cli(*command, "cpu")[0] == 1
    pytest.importorskip("openvino")
    code, _, said = cli(*command, "openvino-f32", "--resume")
    assert code == 2
    assert "provider" in said


def test_the_view_of_a_look_is_kept(cli, photo, dark, tmp_path):
    look, again = tmp_path / "look.json", tmp_path / "again.json"
    presets.save(look, Look(str(dark)), View(mirror=True, split=0.25))
    out = tmp_path / "out.png"
    code, _, said = cli("image", photo, "-o", out, "--look", look, "--save-look", again)
    assert code == 0
    assert "does not use the mirror, split" in said
    assert presets.load(again) == presets.load(look)


def test_a_network_is_opened_once_whoever_asks(cli, dark, light, mask, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(
        networks, "Network", lambda model, by: opened.append(model.path.name) or Network(model, by)
    )
    clip = media_factory.clip(tmp_path / "clip.mp4", count=3)
    options = ("--style", dark, "--rest", light, "--mask", mask, "--invert-mask")
    code, _, said = cli("video", clip, "-o", tmp_path / "out.mp4", *options)
    assert code == 0, said
    assert opened == ["any.onnx"]


# saved here, played there


def test_a_look_saved_by_live_paints_the_same_elsewhere(cli, dark, light, mask, tmp_path):
    source = SyntheticSource(width=64, height=48, frames=1)
    scene = tmp_path / "scene.png"
    write_picture(scene, source.picture(0))
    look = Look(f"{dark},{light}", strength=0.75, keep_colour="matched", mask=str(mask), rest="red")
    shown, painting = NullSink(), Paint(look, Networks("cpu"), live=True)
    live = Live(painting, ["wave"], fade=0)
    for key in "+ct":
        live.on_key(key)
    other = NullSink()
    live.run(SyntheticSource(width=64, height=48, frames=1), shown, other)
    presets.save(tmp_path / "look.json", painting.look, live.view)
    assert painting.look != look
    out = tmp_path / "out.png"
    options = ("--provider", "cpu", "--look", tmp_path / "look.json")
    code, _, said = cli("image", scene, "-o", out, *options)
    assert code == 0, said
    assert (pixels(out) == other.latest.image[..., ::-1]).all()


def test_live_saves_the_look_it_ends_with(cli, dark, tmp_path):
    saved = tmp_path / "look.json"
    film = tmp_path / "film.mp4"
    options = ("--style", dark, "--strength", 0.5, "--mirror", "--save-look", saved)
    clip = media_factory.clip(tmp_path / "clip.mp4", count=3)
    code, _, said = cli("live", clip, *options, "--no-window", "--record", film)
    assert code == 0, said
    look, view = presets.load(saved)
    assert (look, view) == (Look(str(dark), strength=0.5), View(mirror=True))
    code, _, said = cli("live", clip, *options, "--no-window", "--record", film)
    assert code == 2
    assert "--overwrite" in said


def test_a_look_from_the_page_paints_the_same_in_a_video(cli, tmp_path):
    pytest.importorskip("aiortc", reason="needs the extra serve")
    from serve_factory import run, serving, viewing

    heard = []

    async def main():
        look = Look("dots", stabilise="strong")
        async with serving(look) as url, viewing(url) as viewer:
            await viewer.hear("look")
            await viewer.wish(style="wave", strength=0.5, keep_colour="luminance")
            heard.append(await viewer.hear("look"))

    run(main())
    preset = {"version": 1, "look": heard[0]["look"], "view": heard[0]["view"]}
    (tmp_path / "look.json").write_text(json.dumps(preset))
    clip = media_factory.clip(tmp_path / "clip.mp4", count=2)
    out = tmp_path / "out.mkv"
    options = ("--provider", "cpu", "--look", tmp_path / "look.json")
    code, _, said = cli("video", clip, "-o", out, *options, "--crf", 0)
    assert code == 0, said
    with VideoSource(clip) as source, VideoSource(out) as painted:
        frame, shown = next(iter(source)), next(iter(painted))
    look, _ = presets.load(tmp_path / "look.json")
    wanted = Paint(look, Networks("cpu"), live=True)(frame).image
    assert np.abs(shown.image.astype(int) - wanted).mean() < 4, "but for what 4:2:0 loses"


# going on with what an interrupted run has finished


@pytest.mark.parametrize("changed", ["style", "mask", "rest", "morph-to", "network"])
def test_resuming_with_other_contents_under_the_same_name_is_refused(
    cli, dark, light, mask, tmp_path, weights, monkeypatch, changed
):
    clip = media_factory.clip(tmp_path / "clip.mp4", count=120)
    out = tmp_path / "out.mp4"
    copies = {}
    for name, path in (("style", dark), ("mask", mask), ("rest", light), ("morph-to", light)):
        copies[name] = tmp_path / f"{name}.png"
        copies[name].write_bytes(Path(path).read_bytes())
    options = [option for name, path in copies.items() for option in (f"--{name}", path)]
    command = ("video", clip, "-o", out, *options, "--morph-seconds", 2)
    with monkeypatch.context() as patched:
        _break_after(patched, 100)
        assert cli(*command)[0] == 1
    kept = out.with_name("out.partial.mp4")
    assert kept.exists()
    before = kept.read_bytes()
    if changed == "network":
        (weights / "any.onnx").unlink()
        painter_factory.install_file(_other_painter(tmp_path), weights, monkeypatch)
    else:
        painter_factory.painting(copies[changed], (1, 2, 3))
    code, _, said = cli(*command, "--resume")
    assert code == 2
    assert ("style" if changed == "network" else changed) in said
    assert "--overwrite" in said
    assert kept.read_bytes() == before


def _break_after(patched, frames):
    from realtime_nst.errors import MediaError
    from realtime_nst.sinks.segments import SegmentSink

    write = SegmentSink.write

    def breaking(self, frame):
        if frame.index == frames:
            raise MediaError("the disk is gone")
        return write(self, frame)

    patched.setattr(SegmentSink, "write", breaking)


def _other_painter(tmp_path):
    import model_factory

    folder = tmp_path / "other"
    folder.mkdir()
    return model_factory.write_painter(folder / "x.onnx", gain=0.5)
