"""Generators against discriminators: CycleGAN, DualGAN, StarGAN and MGAN in one trainer."""

from dataclasses import replace

import pytest
from learning_factory import vgg19_weights, write_photos

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.errors import UsageError  # noqa: E402
from realtime_nst.learning.export import unpaired as exporting  # noqa: E402
from realtime_nst.learning.losses.adversarial import (  # noqa: E402
    GAMES,
    fixed,
    gradient_penalty,
)
from realtime_nst.learning.networks.discriminators import PatchDiscriminator  # noqa: E402
from realtime_nst.learning.training import unpaired  # noqa: E402
from realtime_nst.learning.training.checkpoint import StyleInfo, load  # noqa: E402
from realtime_nst.learning.training.recipe import UnpairedRecipe  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

SMALL = UnpairedRecipe(
    network="fast:width=8,blocks=1,detail=4", steps=2, crop=48, held_out=1, workers=0, warm_up=0,
    judge_width=4, learning_rate=1e-3,
)  # fmt: skip
STYLE = StyleInfo("school", "School", "many", "MIT", "generated pictures")
FORMS = ("cycle", "dual", "star", "markov")


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    return {
        "folders": [write_photos(folder / name, 2) for name in ("prints", "oils")],
        "content": write_photos(folder / "photos", 3),
        "loss_weights": [write_loss_network(folder / "vgg.safetensors")],
    }


def write_loss_network(path):
    from safetensors.torch import save_file

    save_file(vgg19_weights("5_1", 4 * SMALL.judge_width), path)
    return path


def trainer(media, folder, form, **changed):
    given = dict(media)
    if form != "star":
        given["folders"] = given["folders"][:1]
    recipe = replace(SMALL, form=form, **changed)
    return unpaired.unpaired_run(folder=folder, recipe=recipe, style=STYLE, **given)


def test_a_judge_sees_patches_of_70_pixels():
    """The scores whose input changes when one pixel does, in a deep discriminator."""
    judge = PatchDiscriminator(4)
    for layer in judge.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.weight.data.fill_(0.01)
    for name, layer in judge.body.named_children():
        if type(layer).__name__ == "InstanceNorm":
            setattr(judge.body, name, torch.nn.Identity())
    picture = torch.zeros(1, 3, 128, 128, requires_grad=True)
    scores, told = judge(picture)
    assert told.shape == (1, 0)
    scores[0, 0, 7, 7].backward()
    seen = picture.grad[0, 0].nonzero()
    assert (seen.amax(0) - seen.amin(0) + 1).tolist() == [70, 70]


@pytest.mark.parametrize("name", GAMES)
def test_each_side_of_a_game_pulls_its_own_way(name):
    game = GAMES[name]
    true, false = torch.full((4,), 0.2, requires_grad=True), torch.zeros(4, requires_grad=True)
    game.judge(true, false).backward()
    assert (true.grad < 0).all()
    assert (false.grad >= 0).all()
    score = torch.zeros(4, requires_grad=True)
    game.paint(score).backward()
    assert (score.grad < 0).all()


def test_a_generator_learns_through_a_judge_that_does_not():
    judge, picture = PatchDiscriminator(4), torch.rand(1, 3, 64, 64, requires_grad=True)
    fixed(judge, picture)[0].sum().backward()
    assert picture.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in judge.parameters())


def test_the_penalty_is_0_where_the_slope_is_1():
    true, false = torch.rand(3, 1, 2, 2), torch.rand(3, 1, 2, 2)
    assert gradient_penalty(lambda x: x.sum((1, 2, 3)) / 2, true, false).item() < 1e-10
    assert gradient_penalty(lambda x: x.sum((1, 2, 3)), true, false).item() == pytest.approx(1)


@pytest.mark.parametrize("form", FORMS)
def test_a_step_trains_painter_and_judges(media, tmp_path, form):
    run = trainer(media, tmp_path, form)
    before = {key: value.clone() for key, value in run.network.state_dict().items()}
    seen = []
    after = load(run.train(lambda step: seen.append(step.losses))).network
    still = {key for key in after if torch.equal(before[key], after[key])}
    cancels = {"judges.0.head.bias", "judges.1.head.bias"} if form == "dual" else set()
    assert still <= cancels
    assert all(value == value for losses in seen for value in losses.values())
    wanted = {"content", "painted", "judged"} if form == "markov" else {"cycle", "identity"}
    assert wanted <= seen[0].keys()


def test_a_killed_run_resumes_as_if_unbroken(media, tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.step == 3:
            raise Killed

    chosen = {"steps": 4, "checkpoint_every": 2}
    with pytest.raises(Killed):
        trainer(media, tmp_path / "a", "star", **chosen).train(kill)
    resumed, unbroken = (
        load(trainer(media, tmp_path / folder, "star", **chosen).train()) for folder in "ab"
    )
    assert resumed.history == unbroken.history
    assert all(torch.equal(v, resumed.averaged[k]) for k, v in unbroken.averaged.items())


@pytest.mark.parametrize(("form", "kind"), [("cycle", "single-style"), ("star", "multi-style")])
def test_what_is_exported_is_the_painter(media, tmp_path, monkeypatch, form, kind):
    written = {}

    def note(network, card, path):
        written.update(network=network, card=card)
        return 0.0, 0

    for name in ("write_single", "write_many"):
        monkeypatch.setattr(exporting, name, note)
    exporting.export_unpaired(load(trainer(media, tmp_path, form).train()), tmp_path / "x.onnx")
    card = written["card"]
    assert card.kind == kind
    assert card.recipe["form"] == form
    assert card.styles == (("prints", "oils", "photo") if form == "star" else ())
    assert not any("judge" in name for name in written["network"].state_dict())


def test_several_folders_are_for_the_form_star(media, tmp_path):
    with pytest.raises(UsageError, match="`form` cycle learns from one folder of paintings, not 2"):
        unpaired.unpaired_run(folder=tmp_path, recipe=SMALL, style=STYLE, **media)
