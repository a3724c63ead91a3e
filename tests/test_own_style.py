"""A style of one's own in minutes: it starts as the network for any painting, and ends by the
clock."""

import itertools
import json
import os
import re
import signal
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

import learning_factory as factory  # noqa: E402
from shared_networks import random_checkpoint, write_no_graph  # noqa: E402

from realtime_nst.cli.start_from import find_start  # noqa: E402
from realtime_nst.errors import UsageError  # noqa: E402
from realtime_nst.learning import networks  # noqa: E402
from realtime_nst.learning.data.paintings import read_painting  # noqa: E402
from realtime_nst.learning.export import single as export_single  # noqa: E402
from realtime_nst.learning.losses.artefacts import Sometimes  # noqa: E402
from realtime_nst.learning.losses.terms import LossInputs  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training import loop  # noqa: E402
from realtime_nst.learning.training.recipe import ArbitraryRecipe, Recipe  # noqa: E402
from realtime_nst.learning.training.single import single_style_run  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402
from realtime_nst.runtime.styles import read_installed  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

SMALL = Recipe(
    network="fast:width=8,blocks=1", minutes=0.1, batch=1, crop=48, held_out=0, workers=0,
    style_size=64, style_scales=(1.0,), warm_up=0.0,
)  # fmt: skip
INFO = checkpoints.StyleInfo("stripes", "Stripes", "nobody", "MIT", "generated pictures")


@pytest.fixture
def ticking(monkeypatch):
    """Each look at the loop's clock finds a second more."""
    clock = itertools.count(100.0).__next__
    monkeypatch.setattr(
        loop, "time", SimpleNamespace(monotonic=clock, process_time=time.process_time)
    )


@torch.no_grad()
def test_it_starts_as_what_the_network_for_any_painting_makes_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr("realtime_nst.learning.training.start_from.PAINTING_SIZE", 64)
    saved = random_checkpoint("arbitrary", ArbitraryRecipe)
    checkpoints.save(saved, tmp_path / "any.pt")
    painting, photo = factory.write_painting(tmp_path / "painting.png"), torch.rand(2, 3, 64, 64)
    network = networks.build("coded").eval()
    read_start(tmp_path / "any.pt").load_into(network, "coded", painting)
    any_painting = checkpoints.trained_network(saved)
    wanted = any_painting(photo, read_painting(painting, 64))
    assert torch.allclose(network(photo), wanted, atol=1e-5)


def test_by_default_it_starts_from_the_installed_one():
    assert find_start("", "coded") == find_start("any", "coded")


def test_a_run_of_minutes_ends_by_the_clock_and_its_rate_follows_it(tmp_path, ticking):
    run = single_style_run(
        folder=tmp_path, recipe=SMALL, style=INFO, **factory.write_media(tmp_path)
    )
    seen = []
    run.train(lambda step: seen.append((step.step, step.seconds, run._learning_rate())))
    assert [step for step, _, _ in seen] == [1, 2, 3, 4, 5, 6]
    assert [seconds for _, seconds, _ in seen] == [1, 2, 3, 4, 5, 6]
    rates = [rate for _, _, rate in seen]
    assert rates == sorted(rates, reverse=True)
    assert rates[2] == pytest.approx(SMALL.learning_rate * 0.505)
    assert rates[-1] == pytest.approx(SMALL.learning_rate * 0.01)
    assert checkpoints.load(tmp_path / "checkpoint.pt").seconds == 6
    samples = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert samples == ["step_000005.jpg", "step_000006.jpg"]


def test_a_stopped_run_of_minutes_goes_on_with_the_time_left(tmp_path, ticking):
    media = factory.write_media(tmp_path)
    start = lambda: single_style_run(folder=tmp_path, recipe=SMALL, style=INFO, **media)  # noqa: E731

    def stop(step):
        if step.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        start().train(stop)
    seen = []
    start().train(lambda step: seen.append(step.step))
    assert seen == [3, 4, 5, 6]


def test_minutes_and_moving_pictures_exclude_each_other():
    with pytest.raises(UsageError, match="temporal losses rise with the steps"):
        replace(SMALL, batch=2, temporal_weight=1.0)


def test_a_loss_that_is_measured_sometimes_is_the_same_in_the_mean():
    photo = torch.zeros(1, 3, 4, 4)
    inputs = LossInputs(*[SimpleNamespace(image=photo)] * 2, network=lambda x: x)
    torch.manual_seed(0)
    found = torch.stack([Sometimes(lambda _: torch.tensor(2.0), 0.25)(inputs) for _ in range(2000)])
    assert set(found.tolist()) == {0.0, 8.0}
    assert found.mean().item() == pytest.approx(2.0, rel=0.1)


@pytest.fixture
def command(tmp_path, monkeypatch, ticking):
    """``train --minutes`` of a small network, on one made-up scene."""
    monkeypatch.setattr("realtime_nst.cli.train_minutes._SCENES", 1)
    write_no_graph(monkeypatch, export_single)
    return (
        "train", "--style", factory.write_painting(tmp_path / "painting.png"), "--minutes", 0.1,
        "--loss-weights", factory.write_vgg19(tmp_path / "vgg.safetensors"), "--start-from", "none",
        "--network", "fast:width=8,blocks=1", "--crop", 48, "--workers", 0, "--style-scales", "1",
        "-o", tmp_path / "mine.onnx",
    )  # fmt: skip


def test_a_painting_alone_becomes_an_installed_style(cli, command, tmp_path):
    code, out, err = cli(*command, "--install")
    assert code == 0
    assert "made-up scenes stand in for photos" in err
    assert "from nothing, 6 seconds" in err
    assert re.search(r"mine is installed; use it with: --style mine", out)
    installed = read_installed().by_name["mine"]
    assert installed.recipe["minutes"] == 0.1
    assert installed.recipe["trained_on"] == "made-up scenes"
    assert installed.recipe["steps_done"] == 6


def test_a_name_that_is_taken_is_refused_before_training(cli, command, tmp_path):
    code, _, err = cli(*command, "--install", "--name", "great_wave")
    assert code == 2
    assert "'great_wave' comes with the program" in err
    assert not (tmp_path / "mine.train").exists()


def test_the_style_is_written_on_the_way(cli, command):
    code, out, _ = cli(*command, "--export-every", 2, "--json")
    assert code == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["step"] for event in events if event["event"] == "result"] == [2, 4, 6]
    seconds = [event for event in events if event["event"] == "progress"]
    assert {event["unit"] for event in seconds} == {"second"}
    assert (seconds[-1]["done"], seconds[-1]["total"]) == (6, 6)


def test_a_signal_leaves_the_style_so_far(cli, command, tmp_path, monkeypatch):
    train_on = loop.TrainingRun._train_on

    def signalled(run, batch):
        if run.step == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return train_on(run, batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop.TrainingRun, "_train_on", signalled)
        code, _, err = cli(*command)
    assert code == 143
    style = tmp_path / "mine.onnx"
    assert f"stopped at second 3 of 6; {style} paints as it has learned to so far" in err
    code, _, err = cli(*command, "--overwrite")
    assert code == 0
    assert "resuming from second 3" in err
    assert checkpoints.load(tmp_path / "mine.train" / "checkpoint.pt").step == 6


def test_without_minutes_photos_are_needed(cli, tmp_path):
    painting = factory.write_painting(tmp_path / "painting.png")
    code, _, err = cli("train", "--style", painting, "-o", tmp_path / "mine.onnx")
    assert code == 2
    assert "--content FOLDER" in err


def test_without_minutes_nothing_is_written_on_the_way(cli, tmp_path):
    painting = factory.write_painting(tmp_path / "painting.png")
    given = ("--style", painting, "--content", tmp_path, "--export-every", 20)
    code, _, err = cli("train", *given, "-o", tmp_path / "mine.onnx")
    assert code == 2
    assert "--export-every 20 is for --minutes" in err
