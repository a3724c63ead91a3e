"""Training for temporal consistency, through the trainer's public door."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import write_clip, write_media  # noqa: E402

from realtime_nst.errors import UnknownName, UsageError  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.recipe import Recipe  # noqa: E402
from realtime_nst.learning.training.single import single_style_run  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

SMALL = Recipe(
    steps=6, batch=2, crop=48, held_out=2, checkpoint_every=2, sample_every=1000, workers=0,
    style_size=64, style_scales=(1.0,), equivariance_weight=0.0,
    temporal_weight=10.0, temporal_feature_weight=0.1, temporal_luminance_weight=5.0,
    temporal_pairs=1,
)  # fmt: skip
STYLE = checkpoints.StyleInfo("stripes", "Stripes", "nobody", "MIT", "generated pictures")


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return write_media(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clips"))


def trainer(media, folder, recipe=SMALL, **extra):
    return single_style_run(folder=folder, recipe=recipe, style=STYLE, **{**media, **extra})


@pytest.mark.parametrize(
    ("network", "share"), [("fast:width=8,blocks=1", 0.5), ("johnson-half-bn:width=0.1", 1.0)]
)
def test_a_killed_run_resumes_as_if_unbroken(media, clips, tmp_path, network, share):
    recipe = replace(SMALL, network=network, temporal_share=share)

    class Killed(Exception):
        pass

    def kill_at_step_5(progress):
        if progress.step == 5:
            raise Killed

    unbroken = trainer(media, tmp_path / "a", recipe, clips=clips).train()
    with pytest.raises(Killed):
        trainer(media, tmp_path / "b", recipe, clips=clips).train(kill_at_step_5)
    resumed = trainer(media, tmp_path / "b", recipe, clips=clips).train()
    a, b = checkpoints.load(unbroken), checkpoints.load(resumed)
    assert all(torch.equal(a.averaged[name], b.averaged[name]) for name in a.averaged)
    assert a.history == b.history


def test_the_temporal_losses_are_told_and_rise(media, tmp_path):
    seen = []
    recipe = replace(SMALL, temporal_rise=0.5)
    running = trainer(media, tmp_path, recipe)
    running.train(seen.append)
    asked = {"temporal": 10.0, "temporal_feature": 0.1, "temporal_luminance": 5.0}
    weights = {"content": 1.0, "deep_content": 0.8, "style": 0.5, "deep_style": 2.0}
    shares = []
    for progress in seen:
        assert set(asked) < set(progress.losses)
        rest = progress.total - sum(weights[n] * progress.losses[n] for n in weights)
        shares.append(rest / sum(asked[n] * progress.losses[n] for n in asked))
    assert shares == pytest.approx([0, 1 / 3, 2 / 3, 1, 1, 1], abs=0.02)


def test_a_share_of_the_steps_moves_for_the_others_as_well(media, tmp_path):
    seen, recipe = [], replace(SMALL, temporal_rise=0.0, temporal_share=0.5)
    trainer(media, tmp_path, recipe).train(seen.append)
    assert ["temporal" in each.losses for each in seen] == [False, True] * 3
    weights = {"content": 1.0, "deep_content": 0.8, "style": 0.5, "deep_style": 2.0,
               "temporal": 20.0, "temporal_feature": 0.2, "temporal_luminance": 10.0}  # fmt: skip
    for each in seen:
        weighted = sum(weights[name] * value for name, value in each.losses.items())
        assert each.total == pytest.approx(weighted, rel=1e-4)


def test_it_makes_a_network_hold_still(media, tmp_path):
    """Against the same training without: what only moved differs less, and not for being flat."""
    recipe = replace(SMALL, steps=40, sample_every=100, learning_rate=5e-3, temporal_rise=0.0,
                     temporal_weight=0.0, temporal_feature_weight=0.0,
                     temporal_luminance_weight=0.0)  # fmt: skip

    def unrest(weight):
        losses = []
        run = trainer(
            media, tmp_path / str(weight), replace(recipe, temporal_relative_weight=weight)
        )
        path = run.train(lambda p: losses.append(p.losses["temporal_relative"]))
        with torch.no_grad():
            photo = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
            painted = checkpoints.trained_network(checkpoints.load(path))(photo)
        return sum(losses[-10:]), painted.std().item()

    (held, contrast), (restless, usual) = unrest(100.0), unrest(1e-9)
    assert held < 0.7 * restless
    assert contrast > 0.5 * usual


def test_without_a_temporal_weight_nothing_moves(media, tmp_path):
    recipe = replace(SMALL, temporal_weight=0.0, temporal_feature_weight=0.0,
                     temporal_luminance_weight=0.0, steps=2)  # fmt: skip
    seen = []
    trainer(media, tmp_path, recipe).train(seen.append)
    assert not any(name.startswith("temporal") for name in seen[0].losses)


def test_a_checkpoint_of_before_there_was_temporal_training_loads(media, tmp_path):
    path = trainer(media, tmp_path / "old", replace(SMALL, steps=2)).train()
    values = torch.load(path, weights_only=True)
    new = ("temporal_weight", "temporal_feature_weight", "temporal_luminance_weight",
           "temporal_pairs", "temporal_rise", "motions", "clip_share")  # fmt: skip
    values["recipe"] = {k: v for k, v in values["recipe"].items() if k not in new}
    torch.save(values, path)
    assert checkpoints.load(path).recipe.temporal_weight == 0
    assert trainer(media, tmp_path / "new", start=read_start(path)).step == 0


def test_clips_without_temporal_training_are_refused(media, clips, tmp_path):
    recipe = replace(SMALL, temporal_weight=0.0, temporal_feature_weight=0.0,
                     temporal_luminance_weight=0.0)  # fmt: skip
    with pytest.raises(UsageError, match=r"`clips`.*`temporal_weight`"):
        trainer(media, tmp_path, recipe, clips=clips)


@pytest.mark.parametrize(
    ("bad", "error", "said"),
    [
        ({"temporal_weight": -1.0}, UsageError, "`temporal_weight`"),
        ({"temporal_rise": 1.5}, UsageError, "`temporal_rise` 1.5.*to 1"),
        ({"clip_share": 2.0}, UsageError, "`clip_share` 2"),
        ({"motions": ("fly",)}, UnknownName, "`motions`.*fly.*camera"),
        ({"motions": ()}, UsageError, "`motions` is empty.*still"),
        ({"temporal_pairs": 3}, UsageError, "`temporal_pairs` 3.*`batch` of 2"),
        ({"content_weight": 0.0, "style_weight": 0.0, "deep_content_weight": 0.0,
          "deep_style_weight": 0.0}, UsageError, "temporal ones are 0"),
    ],
)  # fmt: skip
def test_a_recipe_that_cannot_be_is_refused_by_name(bad, error, said):
    with pytest.raises(error, match=said):
        replace(SMALL, **bad)
