"""Training through its public door, on tiny photos and a random loss network."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import write_media, write_photos, write_vgg19  # noqa: E402

from realtime_nst.errors import RealtimeNstError, TrainingError, UsageError  # noqa: E402
from realtime_nst.learning.data.crops import Crops, batches  # noqa: E402
from realtime_nst.learning.data.pictures import find_photos, hold_out  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.recipe import Recipe  # noqa: E402
from realtime_nst.learning.training.single import single_style_run  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402

SMALL = Recipe(
    network="fast:width=8,blocks=1", steps=6, batch=2, crop=48, held_out=2, checkpoint_every=2,
    sample_every=1000, workers=0, style_size=64, style_scales=(1.0,),
)  # fmt: skip
STYLE = checkpoints.StyleInfo("stripes", "Stripes", "nobody", "MIT", "generated pictures")


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    return write_media(tmp_path_factory.mktemp("media"))


def trainer(media, folder, recipe=SMALL, **extra):
    return single_style_run(folder=folder, recipe=recipe, style=STYLE, **{**media, **extra})


def weights(path):
    return checkpoints.load(path).averaged


def test_training_lowers_the_loss_and_leaves_what_a_person_looks_at(media, tmp_path):
    recipe = replace(SMALL, steps=30, sample_every=15, learning_rate=5e-3)
    totals = []
    path = trainer(media, tmp_path, recipe).train(lambda p: totals.append(p.total))
    assert sum(totals[-5:]) < sum(totals[:5])
    assert (tmp_path / "losses.png").stat().st_size > 1000
    assert len((tmp_path / "losses.csv").read_text().splitlines()) == 31
    assert [p.name for p in sorted((tmp_path / "samples").iterdir())] == [
        "step_000015.jpg",
        "step_000030.jpg",
    ]
    quality = checkpoints.load(path).quality
    assert set(quality) == {"content", "style", "deep_style", "deep_content"}
    assert all(0 < value < 1e6 for value in quality.values())


@pytest.mark.parametrize(
    ("network", "workers"), [(SMALL.network, 0), ("johnson-half-bn:width=0.1", 1)]
)
def test_a_killed_run_resumes_as_if_unbroken(media, tmp_path, network, workers):
    recipe = replace(SMALL, network=network, workers=workers)

    class Killed(Exception):
        pass

    def kill_at_step_5(progress):
        if progress.step == 5:
            raise Killed

    unbroken = trainer(media, tmp_path / "a", recipe).train()
    with pytest.raises(Killed):
        trainer(media, tmp_path / "b", recipe).train(kill_at_step_5)
    assert checkpoints.load(tmp_path / "b" / "checkpoint.pt").step == 4
    steps = []
    resumed = trainer(media, tmp_path / "b", recipe).train(lambda p: steps.append(p.step))
    assert steps == [5, 6]
    a, b = weights(unbroken), weights(resumed)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert checkpoints.load(unbroken).history == checkpoints.load(resumed).history


def test_a_finished_run_is_not_trained_again(media, tmp_path):
    trainer(media, tmp_path).train()
    steps = []
    trainer(media, tmp_path).train(lambda p: steps.append(p.step))
    assert steps == []


def test_nan_is_said_and_rolled_back(media, tmp_path):
    poisoned = trainer(media, tmp_path)
    good, calls, seen = poisoned.network.forward, [0], []

    def nan_once(x):
        calls[0] += 1
        return good(x) * (float("nan") if calls[0] == 7 else 1.0)

    poisoned.network.forward = nan_once
    path = poisoned.train(seen.append)
    (notice,) = [p.notice for p in seen if p.notice]
    assert "step 4 was not finite" in notice
    assert "checkpoint of step 2" in notice
    assert [p.step for p in seen if not p.notice] == [1, 2, 3, 3, 4, 5, 6]
    assert checkpoints.load(path).rollbacks == 1
    assert all(v.isfinite().all() for v in weights(path).values())


def test_a_gradient_that_is_not_finite_is_rolled_back_too(media, tmp_path):
    poisoned, calls, seen = trainer(media, tmp_path), [0], []

    def poison_the_third(gradient):
        calls[0] += 1
        return gradient * float("nan") if calls[0] == 3 else gradient

    next(poisoned.network.parameters()).register_hook(poison_the_third)
    path = poisoned.train(seen.append)
    assert [p.notice for p in seen if p.notice] != []
    assert all(v.isfinite().all() for v in weights(path).values())


def test_nan_for_ever_gives_up_and_names_the_checkpoint(media, tmp_path):
    broken = trainer(media, tmp_path)
    forward = broken.network.forward
    broken.network.forward = lambda x: forward(x) * float("nan")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt.*`learning_rate`"):
        broken.train()


def test_a_checkpoint_of_another_run_is_not_overwritten(media, tmp_path):
    path = trainer(media, tmp_path / "run").train()
    before = path.read_bytes()
    with pytest.raises(TrainingError, match=r"style_weight.*`restart`"):
        trainer(media, tmp_path / "run", replace(SMALL, style_weight=9.0))
    other = tmp_path / "painting.png"
    other.write_bytes(media["painting"].read_bytes() + b"\0")
    with pytest.raises(TrainingError, match=r"painting.*`restart`"):
        trainer(media, tmp_path / "run", painting=other)
    assert path.read_bytes() == before
    assert trainer(media, tmp_path / "run", painting=other, restart=True).step == 0


def test_what_does_not_change_the_result_may_change_when_resuming(media, tmp_path):
    trainer(media, tmp_path).train()
    assert trainer(media, tmp_path, replace(SMALL, workers=1, sample_every=1)).step == SMALL.steps


def test_photos_that_cannot_be_measured_do_not_end_a_run(media, tmp_path):
    photos = write_photos(tmp_path / "photos", 20)
    _, held = hold_out(find_photos(photos), 2)
    held[0].write_bytes(b"not a picture")
    write_photos(tmp_path / "tiny", 1, (12, 12))
    held[1].write_bytes(next((tmp_path / "tiny").iterdir()).read_bytes())
    run = trainer(media, tmp_path / "run", replace(SMALL, held_out=2), content=photos)
    assert run.photos.held_out == []
    assert checkpoints.load(run.train()).quality == {}


def test_a_full_disk_is_one_line_and_keeps_the_last_checkpoint(media, tmp_path, monkeypatch):
    path = trainer(media, tmp_path).train()
    kept = path.read_bytes()

    def full(_, target):
        target.write_bytes(b"half")
        raise RuntimeError("unexpected pos 64 vs 8\nmore")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(TrainingError, match="cannot be written") as caught:
        trainer(media, tmp_path, restart=True)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == kept
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(
    "bad",
    [
        {"steps": 0}, {"batch": 0}, {"crop": 32}, {"crop": 50}, {"learning_rate": -1.0},
        {"warm_up": 2.0}, {"average": 1.0}, {"style_size": 8}, {"style_layers": ()},
        {"style_scales": (1.0, 0.0)}, {"style_weight": -1.0}, {"held_out": -1},
        {"checkpoint_every": 0}, {"sample_every": 0}, {"workers": -1},
        {"seed": 10**20}, {"style_size": 10**8}, {"style_weight": float("inf")},
        {"tv_weight": float("nan")},
        dict.fromkeys(
            ("content_weight", "deep_content_weight", "style_weight", "deep_style_weight",
             "tv_weight", "equivariance_weight"), 0.0),
    ],
    ids=lambda bad: next(iter(bad)),
)  # fmt: skip
def test_a_recipe_that_cannot_be_is_refused_by_name(bad):
    with pytest.raises(UsageError, match=r"`[a-z_]+`|all weights"):
        replace(Recipe(), **bad)


def test_layers_may_be_empty_where_the_weight_is_zero():
    assert replace(Recipe(), style_layers=(), style_weight=0.0).style_layers == ()


def test_a_new_style_starts_from_an_old_ones_weights(media, tmp_path):
    first = trainer(media, tmp_path / "a").train()
    second = trainer(media, tmp_path / "b", start=read_start(first))
    started = second.network.state_dict()
    assert all(torch.equal(v, weights(first)[f"module.{k}"]) for k, v in started.items())


def test_start_from_another_network_is_refused(media, tmp_path):
    first = trainer(media, tmp_path / "a").train()
    with pytest.raises(TrainingError, match="`network` fast"):
        trainer(
            media, tmp_path / "b", replace(SMALL, network="johnson-half"), start=read_start(first)
        )


def test_a_layer_no_loss_network_has_is_refused_before_the_first_step(media, tmp_path):
    shallow = write_vgg19(tmp_path / "shallow.safetensors", "3_4")
    with pytest.raises(TrainingError, match=r"relu4_1.*`loss_weights`"):
        trainer(media, tmp_path / "run", loss_weights=[shallow])


def test_a_thin_painting_is_refused_before_the_first_step(media, tmp_path):
    thin = tmp_path / "thin.png"
    cv2.imwrite(str(thin), np.full((2, 200, 3), 99, np.uint8))
    with pytest.raises(TrainingError, match="too small for layer"):
        trainer(media, tmp_path / "run", painting=thin)


def test_crops_depend_on_seed_and_index_alone(media):
    photos = find_photos(media["content"])
    one, two = Crops(photos, 32, 7), Crops(photos, 32, 7)
    one[0], one[1]
    assert torch.equal(one[5], two[5])
    assert one[5].shape == (3, 32, 32)
    assert not torch.equal(one[5], Crops(photos, 32, 8)[5])


def test_batches_do_not_depend_on_workers(media):
    crops = Crops(find_photos(media["content"]), 32, 0)
    here = list(batches(crops, 2, range(3, 6), workers=0))
    there = list(batches(crops, 2, range(3, 6), workers=1))
    assert len(here) == 3
    assert all(torch.equal(a, b) for a, b in zip(here, there, strict=True))


def test_unreadable_photos_are_passed_over_until_there_are_too_many(tmp_path):
    write_photos(tmp_path, 3)
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    photos = find_photos(tmp_path)
    assert [Crops(photos, 32, 0)[i].shape for i in range(8)] == [(3, 32, 32)] * 8
    for workers in (0, 1):
        broken = Crops([tmp_path / "broken.jpg"], 32, 0)
        with pytest.raises(TrainingError, match="cannot be read") as caught:
            list(batches(broken, 1, range(1), workers))
        assert "\n" not in str(caught.value)


def test_a_folder_may_hold_every_format_that_pictures_have(tmp_path):
    image = np.full((64, 64, 3), 99, np.uint8)
    for suffix in (".tif", ".webp", ".png"):
        cv2.imwrite(str(tmp_path / f"photo{suffix}"), image)
    photos = find_photos(tmp_path)
    assert [path.suffix for path in photos] == [".png", ".tif", ".webp"]
    assert [Crops([path], 32, 0)[0].shape for path in photos] == [(3, 32, 32)] * 3


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no photos"):
        find_photos(tmp_path)


def test_held_out_photos_are_disjoint_stable_and_at_most_a_tenth(tmp_path):
    photos = [tmp_path / f"{n}.jpg" for n in range(50)]
    training, held = hold_out(photos, 24)
    assert len(held) == 5
    assert sorted(training + held) == sorted(photos)
    assert set(hold_out(photos, 4)[1]) <= set(held)
    without_one = hold_out([p for p in photos if p != held[0]], 4)[1]
    assert set(held[1:]) <= set(without_one)


def test_a_checkpoint_that_is_none_is_one_clear_line(tmp_path):
    with pytest.raises(UsageError, match="not found"):
        checkpoints.load(tmp_path / "none.pt")
    for content in (b"hello", b""):
        (tmp_path / "text.pt").write_bytes(content)
        with pytest.raises(TrainingError, match="not a checkpoint") as caught:
            checkpoints.load(tmp_path / "text.pt")
        assert "\n" not in str(caught.value)


def test_a_checkpoint_of_other_types_is_one_clear_line(tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoints.save(checkpoints.untrained(SMALL), path)
    good = torch.load(path, weights_only=True)
    for wrong in (
        {"network": 3},
        {"averaged": [1]},
        {"optimiser": None},
        {"step": "9"},
        {"step": True},
        {"history": {"loss": 1.0}},
        {"quality": {"content": "low"}},
        {"style": {**good["style"], "name": 5}},
        {"recipe": {**good["recipe"], "steps": "nine"}},
        {"kind": ["single-style"]},
    ):
        torch.save({**good, **wrong}, path)
        with pytest.raises(RealtimeNstError, match=r"not a checkpoint|`steps` is a whole number"):
            checkpoints.load(path)


def test_an_optimiser_that_does_not_fit_is_refused_when_training_resumes(media, tmp_path):
    path = trainer(media, tmp_path).checkpoint_path
    values = torch.load(path, weights_only=True)
    torch.save({**values, "optimiser": {"state": {}, "param_groups": []}}, path)
    with pytest.raises(TrainingError, match="do not fit the network"):
        trainer(media, tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [("crop", 20000), ("batch", 0), ("batch", 10**9), ("workers", 1000), ("steps", 10**12)],
)
def test_every_number_of_a_recipe_has_bounds(field, value):
    with pytest.raises(UsageError, match=f"`{field}` {value} is out of range; give a number from"):
        Recipe(**{field: value})
