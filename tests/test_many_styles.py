"""Many styles in one network: its contract, its training, adding a style, and its style file."""

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from learning_factory import write_painting, write_photos, write_vgg19

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

from realtime_nst.errors import ModelError, TrainingError, UnknownName, UsageError  # noqa: E402
from realtime_nst.learning import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning import export_steered as exporting  # noqa: E402
from realtime_nst.learning.networks import (  # noqa: E402
    CONDITIONAL_NETWORKS,
    NETWORKS,
    build,
    build_conditional,
)
from realtime_nst.learning.recipe import ManyRecipe  # noqa: E402
from realtime_nst.learning.start import read_start  # noqa: E402
from realtime_nst.learning.styles import find_styles, painting  # noqa: E402
from realtime_nst.learning.train_many import ManyTrainer  # noqa: E402
from realtime_nst.runtime.model import read_model  # noqa: E402

TINY = "fast:width=8,blocks=1,detail=4"
SMALL = ManyRecipe(
    network=TINY, steps=6, batch=2, crop=48, held_out=1, checkpoint_every=2, sample_every=3,
    workers=0, style_size=64, style_scales=(1.0,), warm_up=0,
)  # fmt: skip
STYLE = checkpoints.StyleInfo("many", "2 styles", "nobody", "MIT", "generated pictures")


def write_styles(folder):
    """"stripes", and "blots" of which INDEX.csv knows more."""
    folder.mkdir()
    write_painting(folder / "stripes.png")
    write_photos(folder, 1)
    (folder / "photo00.png").rename(folder / "blots.png")
    (folder / "INDEX.csv").write_text(
        "file,title,artist,style_weight\nblots.png,Blots,Somebody,0.5\n"
    )
    return folder


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    return {
        "styles": write_styles(folder / "styles"),
        "content": write_photos(folder / "photos"),
        "loss_weights": [write_vgg19(folder / "vgg.safetensors")],
    }


def trainer(media, folder, recipe=SMALL, **extra):
    given = {**media, "recipe": recipe, "style": STYLE, **extra}
    paintings = find_styles(given.pop("styles"))
    return ManyTrainer(given.pop("paintings", paintings), folder=folder, **given)


def command(media, output, *more):
    return (
        "train", "--content", media["content"], "-o", output, "--network", TINY,
        "--loss-weights", media["loss_weights"][0], "--steps", 2, "--batch", 2, "--crop", 48,
        "--workers", 0, "--held-out", 1, "--style-scales", 1, "--style-size", 64, *more,
    )  # fmt: skip


def test_the_command_trains_goes_on_and_writes_one_file(media, tmp_path, cli):
    output = tmp_path / "many.onnx"
    given = command(media, output, "--styles", media["styles"], "--start-from", "none")
    code, _, noticed = cli(*given)
    assert code == 0, noticed
    card = read_model(output).card
    assert (card.kind, card.styles) == ("multi-style", ("blots", "stripes"))
    assert (card.title, card.artist) == ("2 styles", "Somebody, unknown")
    code, _, noticed = cli(*given, "--overwrite")
    assert code == 0, noticed
    assert "step" not in noticed.replace("2 steps", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["many.onnx", "many.train"]
