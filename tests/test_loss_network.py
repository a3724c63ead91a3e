"""The bundled loss network: found, chosen, held against another."""

import hashlib
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
safetensors = pytest.importorskip("safetensors.torch", reason="needs the extra 'train'")

import learning_factory as factory  # noqa: E402
from loss_network_agreement import (  # noqa: E402
    agreement,
    figures,
    paintings_of,
    rank_correlation,
)

from realtime_nst.errors import TrainingError  # noqa: E402
from realtime_nst.learning.data.pictures import read_image  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.load import (  # noqa: E402
    CARD,
    FILE,
    bundled,
    load_loss_network,
)
from realtime_nst.learning.training.quality import Quality  # noqa: E402
from realtime_nst.learning.training.recipe import Recipe  # noqa: E402
from realtime_nst.runtime.styles import InstalledStyle  # noqa: E402


@pytest.fixture
def installed(tmp_path):
    (tmp_path / FILE).write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    (tmp_path / CARD).write_text(json.dumps({"sha256": digest}))
    return tmp_path


def test_it_is_found_beside_its_card(installed):
    assert bundled(installed) == installed / FILE


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / FILE).unlink(), "cannot be read"),
        (lambda folder: (folder / CARD).unlink(), "cannot be read"),
        (lambda folder: (folder / CARD).write_text("{}"), "cannot be read"),
        (lambda folder: (folder / FILE).write_bytes(b"others"), "sha256 begins with"),
    ],
)
def test_absent_or_damaged_is_one_line_with_a_way_out(installed, damage, said):
    damage(installed)
    with pytest.raises(TrainingError, match=said) as caught:
        bundled(installed)
    assert "`loss_network` vgg19" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_one_that_comes_with_the_program_has_all_layers_of_the_default_recipe():
    recipe = Recipe()
    wanted = {*recipe.content_layers, *recipe.deep_content_layers}
    wanted |= {*recipe.style_layers, *recipe.deep_style_layers}
    assert wanted <= set(load_loss_network(bundled()).layers)


def test_rank_correlation():
    assert rank_correlation([1, 2, 3], [10, 20, 90]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert rank_correlation([1, 2, 2, 3], [1, 2, 2, 3]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)


def test_agreement_over_all_paintings_and_each():
    true = {"a": {"x": {"style": 1.0}, "y": {"style": 2.0}},
            "b": {"x": {"style": 3.0}, "y": {"style": 0.0}}}  # fmt: skip
    found = {"a": {"x": {"style": 2.0}, "y": {"style": 4.0}},
             "b": {"x": {"style": 6.0}, "y": {"style": 0.0}}}  # fmt: skip
    rows = {(loss, painting): rest for loss, painting, *rest in agreement(found, true)}
    assert list(rows) == [("style", "all"), ("style", "a"), ("style", "b")]
    assert all(row == pytest.approx([1, 2]) for row in rows.values())


def test_figures_are_those_of_each_painting_alone(tmp_path):
    weights = factory.write_vgg19(tmp_path / "vgg.safetensors")
    extractor = FeatureExtractor([load_loss_network(weights)])
    photos = sorted(factory.write_photos(tmp_path / "photos", 2).iterdir())
    paintings = {"stripes": factory.write_painting(tmp_path / "a.png"), "photo": photos[0]}
    networks = {"photo": lambda x: x, "negative": lambda x: 1 - x}
    found = figures(extractor, paintings, networks, photos)
    for name, path in paintings.items():
        for network, apply in networks.items():
            wanted = Quality(extractor, path)(apply, photos)
            assert found[name][network] == pytest.approx(wanted)
    for missing in ((paintings, []), ({}, photos)):
        with pytest.raises(TrainingError, match="at least ten photos"):
            figures(extractor, missing[0], networks, missing[1])


def test_paintings_are_told_by_their_digest(tmp_path):
    picture = factory.write_painting(tmp_path / "any name.png")
    digest = hashlib.sha256(picture.read_bytes()).hexdigest()
    common = {"folder": tmp_path, "sha256": "", "bytes": 0, "title": "", "artist": "",
              "licence": "", "network": "fast", "file": "x.onnx"}  # fmt: skip
    styles = [
        InstalledStyle(name="known", recipe={"painting_sha256": digest}, **common),
        InstalledStyle(name="unknown", recipe={"painting_sha256": "0"}, **common),
    ]
    assert paintings_of(styles, [picture]) == {"known": picture}
    assert read_image(picture).shape == (1, 3, 64, 64)


class TestCommand:
    @pytest.fixture
    def command(self, tmp_path):
        return (
            "train", "--style", factory.write_painting(tmp_path / "painting.png"),
            "--content", factory.write_photos(tmp_path / "photos"),
            "-o", tmp_path / "stripes.onnx", "--steps", 1, "--batch", 1,
            "--crop", 48, "--held-out", 1, "--workers", 0, "--style-scales", "1",
            "--loss-network", "bundled",
        )  # fmt: skip

    def test_train_works_offline_from_an_installed_style(self, cli, command, tmp_path, monkeypatch):
        import shared_networks

        from realtime_nst.learning.export import single
        from realtime_nst.runtime.model import read_model

        shared_networks.write_no_graph(monkeypatch, single)
        code, _, err = cli(*command)
        assert code == 0, err
        assert f"judged by {FILE}" in err
        recipe = read_model(tmp_path / "stripes.onnx").card.recipe
        assert recipe["started_from"] == "great_wave"
        assert recipe["loss_networks"] == [FILE]
        assert recipe["steps"] == 1

    def test_started_from_another_it_takes_fewer_steps_unless_told(self, cli, command, monkeypatch):

        asked = []

        class Stopped(TrainingError):
            pass

        def stop(*_, recipe, **rest):
            asked.append(recipe.steps)
            raise Stopped("stopped")

        monkeypatch.setattr("realtime_nst.learning.training.single.single_style_run", stop)
        without = [a for a in command if a != "--steps"]
        without.remove(1)
        for arguments in (command, without, (*without, "--start-from", "none")):
            assert cli(*arguments)[0] == 1
        assert asked[0] == 1
        assert asked[1] < asked[2] == Recipe().steps

    @pytest.mark.parametrize(
        ("arguments", "code", "said"),
        [
            (("--loss-network", "vgg16"), 2, "did you mean 'vgg19'? (choices: bundled, vgg19)"),
            (("--start-from", "great_wav"), 2, "did you mean 'great_wave'?"),
            (("old.jpg",), 2, "realtime-nst train --style old.jpg --content"),
            (("--start-from", "absent.onnx"), 2, "absent.onnx"),
            (("--start-from", "absent.pt"), 2, "absent.pt"),
            (("--start-from", "great_wave", "--network", "tiny"), 1, "add --network fast"),
        ],
    )
    def test_bad_requests_are_one_line(self, cli, command, arguments, code, said):
        found, _, err = cli(*command, *arguments)
        assert found == code, err
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1
        assert said in lines[0]
