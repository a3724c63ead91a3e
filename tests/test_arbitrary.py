"""The network for any painting: its contract, its training, and its two style files."""

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from learning_factory import write_clip, write_painting, write_photos, write_vgg19

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402

from realtime_nst.errors import MediaError, TrainingError, UnknownName, UsageError  # noqa: E402
from realtime_nst.learning.data.paintings import (  # noqa: E402
    PaintingCrops,
    by_artist,
    near_duplicates,
    read_painting,
    split_paintings,
)
from realtime_nst.learning.data.textures import TEXTURES  # noqa: E402
from realtime_nst.learning.export import arbitrary as exporting  # noqa: E402
from realtime_nst.learning.export.graph import OPERATORS  # noqa: E402
from realtime_nst.learning.export.many import StyliseGraph  # noqa: E402
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network  # noqa: E402
from realtime_nst.learning.loss_networks.weights import read_weights  # noqa: E402
from realtime_nst.learning.losses.paired import gram_pairs, moment_pairs  # noqa: E402
from realtime_nst.learning.losses.style import GramLoss  # noqa: E402
from realtime_nst.learning.networks import build_arbitrary  # noqa: E402
from realtime_nst.learning.networks.style_encoder import FixedStatistics  # noqa: E402
from realtime_nst.learning.tensors import statistics  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.arbitrary import arbitrary_run  # noqa: E402
from realtime_nst.learning.training.recipe import ArbitraryRecipe, Recipe  # noqa: E402
from realtime_nst.runtime.card import METADATA_KEY, ModelCard  # noqa: E402
from realtime_nst.runtime.companions import encoder_path  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

TINY = "arbitrary:width=8,blocks=1,detail=4,hidden=4,hidden_fixed=4"
SMALL = ArbitraryRecipe(
    network=TINY, steps=6, batch=2, crop=48, held_out=1, checkpoint_every=2, sample_every=1000,
    workers=0, style_scales=(1.0,), held_out_paintings=1, warm_up=0,
)  # fmt: skip
STYLE = checkpoints.StyleInfo("any", "Any painting", "any", "MIT", "generated pictures")


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    return {
        "paintings": write_photos(folder / "paintings", 12, (64, 96)),
        "content": write_photos(folder / "photos"),
        "loss_weights": [write_vgg19(folder / "vgg.safetensors")],
    }


def trainer(media, folder, recipe=SMALL, **extra):
    given = {**media, **extra}
    paintings = split_paintings(given.pop("paintings"), recipe.held_out_paintings)
    return arbitrary_run(paintings, folder=folder, recipe=recipe, style=STYLE, **given)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_arbitrary(TINY).eval()


@torch.no_grad()
def test_keeps_the_size_and_the_range_and_codes_have_theirs(network):
    code = network.encode_style(torch.rand(1, 3, 32, 45))
    assert code.shape == (1, network.code_size)
    for size in ((8, 8), (8, 20), (32, 48)):
        image = network.paint(torch.rand(1, 3, *size), code)
        assert image.shape == (1, 3, *size)
        assert image.min() >= 0
        assert image.max() <= 1


@torch.no_grad()
def test_strength_goes_from_the_frame_to_the_painting(network):
    frame, code = torch.randint(256, (1, 16, 16, 3)).byte(), torch.randn(1, network.code_size)
    graph = StyliseGraph(network)
    none, half, full = (graph(frame, code, torch.tensor([s])).int() for s in (0.0, 0.5, 1.0))
    assert torch.equal(none, frame.int())
    painted = network.paint(frame.permute(0, 3, 1, 2) / 255, code).permute(0, 2, 3, 1) * 255
    assert (full - painted).abs().max() <= 0.51
    assert (half - (none + full) / 2).abs().max() <= 1


@torch.no_grad()
def test_a_batch_gives_what_its_pairs_give_alone(network):
    frames, codes = torch.rand(2, 3, 16, 24), torch.randn(2, network.code_size)
    together = network.paint(frames, codes)
    alone = [network.paint(f[None], c[None]) for f, c in zip(frames, codes, strict=True)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)
    assert not torch.allclose(network.paint(frames[:1], codes[1:]), alone[0], atol=1e-3)


def test_every_weight_learns(network):
    network(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)).square().mean().backward()
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learning)
    fixed = {id(weight) for weight in network.style.fixed.parameters()}
    assert fixed == {id(p) for p in network.parameters()} - {id(p) for p in learning}
    network.zero_grad()


def test_its_encoder_is_at_most_six_megabytes_in_half_precision():
    network = build_arbitrary("arbitrary")
    assert 2 * sum(p.numel() for p in network.style.parameters()) < 6_000_000


@torch.no_grad()
def test_the_encoder_sees_what_the_bundled_loss_network_sees():
    fixed, painting = FixedStatistics(), torch.rand(1, 3, 64, 80)
    fixed.take(read_weights(bundled()))
    features = dict(load_loss_network(bundled()).features(painting))["relu5_1"]
    wanted = torch.cat(statistics(features), 1).flatten()
    seen = fixed.statistics(painting).flatten()
    assert torch.allclose(seen[-1280:-1024], wanted, rtol=1e-2, atol=1e-3)


@torch.no_grad()
def test_statistics_are_seen_as_deviations_from_the_mean_painting():
    fixed = FixedStatistics()
    found = torch.cat([fixed.statistics(torch.rand(1, 3, 32, 32) ** n) for n in (0.5, 1, 2, 4)])
    fixed.standardise(found)
    apart = fixed(torch.rand(1, 3, 32, 32))
    assert apart.abs().max() <= 4
    near = (found.mean(0, keepdim=True) - fixed.middle) / fixed.spread
    assert near.abs().max() < 1e-3


def test_another_name_or_parameter_lists_the_choices():
    with pytest.raises(UnknownName, match="arbitrary"):
        build_arbitrary("fast")
    with pytest.raises(UnknownName, match="blocks"):
        build_arbitrary("arbitrary:block=2")


@pytest.mark.parametrize("loss", [gram_pairs, moment_pairs])
def test_paired_losses_weigh_paintings_alike(loss):
    result, painting = torch.rand(2, 4, 8, 8), torch.rand(2, 4, 6, 6) + 1
    assert loss(painting, painting) == 0
    alone = [loss(result[n : n + 1], painting[n : n + 1]) for n in range(2)]
    assert loss(result, painting) == pytest.approx(sum(alone).item() / 2, rel=1e-4)
    assert loss(100 * result, painting / 100) < 4


def test_a_paired_gram_loss_is_the_single_ones_for_a_stronger_painting():
    result, painting = torch.rand(1, 4, 8, 8), torch.rand(1, 4, 6, 6) + 1
    assert gram_pairs(result, painting) == pytest.approx(GramLoss(painting)(result).item())


def test_training_lowers_the_loss_and_leaves_what_a_person_looks_at(media, tmp_path):
    totals = []
    recipe = replace(SMALL, steps=40, learning_rate=2e-3)
    path = trainer(media, tmp_path, recipe).train(lambda p: totals.append(p.total))
    assert sum(totals[-6:]) < sum(totals[:6])
    saved = checkpoints.load(path)
    assert saved.recipe == recipe
    assert set(saved.quality) == {"content", "style", "deep_style", "deep_content"}
    sample = cv2.imread(str(tmp_path / "samples" / "step_000040.jpg"))
    assert sample.shape == (2 * 288, 2 * 288, 3)
    with (tmp_path / "quality.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["painting"] == split_paintings(media["paintings"], 1).unseen[0].name


@pytest.mark.parametrize(("workers", "weight"), [(0, 0.0), (1, 0.0), (0, 10.0)])
def test_a_killed_run_resumes_as_if_unbroken(media, tmp_path, workers, weight):
    recipe = replace(SMALL, workers=workers, texture_share=0.3, mixture_share=0.3,
                     temporal_weight=weight)  # fmt: skip
    moving = {"clips": write_clip(tmp_path / "clips")} if weight else {}

    class Killed(Exception):
        pass

    def kill_at_step_5(progress):
        if progress.step == 5:
            raise Killed

    unbroken = checkpoints.load(trainer(media, tmp_path / "a", recipe, **moving).train())
    with pytest.raises(Killed):
        trainer(media, tmp_path / "b", recipe, **moving).train(kill_at_step_5)
    resumed = checkpoints.load(trainer(media, tmp_path / "b", recipe, **moving).train())
    assert unbroken.averaged.keys() == resumed.averaged.keys()
    assert all(torch.equal(v, resumed.averaged[k]) for k, v in unbroken.averaged.items())
    assert unbroken.history == resumed.history


def test_other_paintings_or_another_kind_of_network_do_not_go_on(media, tmp_path):
    trainer(media, tmp_path)
    fewer = write_photos(tmp_path / "fewer", 11, (64, 96))
    with pytest.raises(TrainingError, match=r"paintings.*`restart`"):
        trainer(media, tmp_path, paintings=fewer)
    checkpoints.save(checkpoints.untrained(Recipe()), tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match=r"kind of network.*`restart`"):
        trainer(media, tmp_path)


def test_unseen_paintings_are_kept_out_whatever_their_file(media, tmp_path):
    source = sorted(media["paintings"].iterdir())[3]
    copy = tmp_path / "smaller.jpg"
    cv2.imwrite(str(copy), cv2.resize(cv2.imread(str(source)), (72, 48)))
    split = split_paintings(media["paintings"], 1, [copy])
    assert split.left_out == [source]
    assert split.unseen == [copy]
    assert split.count == 11
    assert near_duplicates([source], [write_painting(tmp_path / "stripes.png")]) == []


def test_nothing_left_to_train_on_is_said(tmp_path):
    only = write_photos(tmp_path / "one", 1)
    with pytest.raises(TrainingError, match="left to train on"):
        split_paintings(only, 1, list(only.iterdir()))


@pytest.mark.parametrize(
    "bad",
    [{"texture_share": 1.5}, {"painting_zoom": 0.5}, {"style_layers": ()}, {"crop": 50},
     {"painting_crop": 100}, {"painting_crop": 40},
     dict.fromkeys(("content_weight", "deep_content_weight", "style_weight", "deep_style_weight",
                    "statistics_weight", "identity_weight", "equivariance_weight"), 0.0)],
    ids=lambda bad: next(iter(bad)),
)  # fmt: skip
def test_a_recipe_that_cannot_be_is_refused_by_name(bad):
    with pytest.raises(UsageError, match=r"`[a-z_]+`|all weights"):
        replace(ArbitraryRecipe(), **bad)


def test_artists_weigh_alike_and_the_nameless_each_for_themselves(tmp_path):
    paths = [tmp_path / f"{n}.jpg" for n in range(6)]
    names = ["Monet (d. 1926)", "Monet (French)", "Hiroshige", "Unknown", ""]
    rows = "\n".join(f"{path.name},{name}" for path, name in zip(paths, names, strict=False))
    (tmp_path / "INDEX.csv").write_text("file,artist\n" + rows, encoding="utf-8")
    groups = by_artist(paths, tmp_path)
    assert sorted(len(group) for group in groups) == [1, 1, 1, 1, 2]
    assert len(by_artist(paths, tmp_path / "elsewhere")) == 6


def test_an_index_that_is_no_table_is_one_line(tmp_path):
    (tmp_path / "INDEX.csv").write_text("a,b\n1,2\n")
    with pytest.raises(TrainingError, match="columns file and artist"):
        by_artist([], tmp_path)


def test_crops_of_paintings_depend_on_seed_and_index_alone(media):
    groups = [[path] for path in sorted(media["paintings"].iterdir())]
    recipe = replace(SMALL, texture_share=0.4, mixture_share=0.4, colour_share=0.5)
    one, two, other = (PaintingCrops(groups, recipe, seed) for seed in (0, 0, 1))
    one[0]
    assert all(torch.equal(one[n], two[n]) for n in (5, 3, 7))
    assert any(not torch.equal(one[n], other[n]) for n in (5, 3))
    assert one[5].shape == (3, 48, 48)
    assert one[5].dtype == torch.uint8


def test_unreadable_and_tiny_paintings_are_passed_over_until_there_are_too_many(tmp_path):
    (tmp_path / "text.jpg").write_text("not a picture")
    cv2.imwrite(str(tmp_path / "dot.png"), np.zeros((1, 1, 3), np.uint8))
    bad = [[tmp_path / "text.jpg"], [tmp_path / "dot.png"]]
    with pytest.raises(TrainingError, match="`paintings`"):
        raise PaintingCrops(bad, SMALL, 0)[0]
    good = PaintingCrops([*bad, [write_painting(tmp_path / "stripes.png")]], SMALL, 0)
    assert all(good[n].shape == (3, 48, 48) for n in range(6))


@pytest.mark.parametrize("name", sorted(TEXTURES))
def test_a_texture_is_in_the_colours_given_and_depends_on_the_seed(name):
    colours = np.array([[250, 240, 200], [20, 30, 90], [200, 60, 40]], np.uint8)
    one, two, other = (
        TEXTURES[name](colours, 64, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert one.shape == (64, 64, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    assert one.std() > 5
    assert (one >= colours.min(0)).all()
    assert (one <= colours.max(0)).all()


@pytest.fixture(scope="module")
def exported(once):
    return shared_networks.exported_pair(once, TINY)


def test_both_files_keep_the_contract(exported):
    path, _ = exported
    encoder, painter = (
        ort.InferenceSession(p, providers=["CPUExecutionProvider"])
        for p in (encoder_path(path), path)
    )
    size = build_arbitrary(TINY).code_size
    assert [(i.name, i.type) for i in painter.get_inputs()] == [
        ("frame", "tensor(uint8)"), ("code", "tensor(float)"), ("strength", "tensor(float)"),
    ]  # fmt: skip
    random = np.random.default_rng(0)
    painting = random.integers(0, 256, (1, 32, 45, 3), dtype=np.uint8)
    (code,) = encoder.run(["code"], {"painting": painting})
    assert code.shape == (1, size)
    for height, width in ((8, 12), (40, 24)):
        frame = random.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
        given = {"frame": frame, "code": code}
        none, full = (
            painter.run(["image"], {**given, "strength": np.array([s], np.float32)})[0]
            for s in (0, 1)
        )
        assert none.shape == full.shape == frame.shape
        assert np.abs(none.astype(int) - frame).max() <= 1
        assert np.abs(full.astype(int) - frame).max() > 1


def test_the_pair_agrees_with_torch(exported):
    _, (mean, largest) = exported
    assert mean <= 1
    assert largest <= 3


def test_both_cards_are_inside_and_bound_to_each_other(exported):
    from realtime_nst.runtime.model import read_model

    path, _ = exported
    painter, encoder = read_model(path), read_model(encoder_path(path))
    assert (painter.card.kind, encoder.card.kind) == ("arbitrary", "style-encoder")
    assert encoder.card.encodes_for == painter.digest
    assert painter.card.size_multiple == 4
    assert encoder.card.size_multiple == 1


def test_both_hold_only_operators_tensorrt_lists_and_half_precision_kernels(exported):
    path, _ = exported
    for file in (path, encoder_path(path)):
        model = onnx.load(file)
        assert {node.op_type for node in model.graph.node} <= OPERATORS
        kernels = [i for i in model.graph.initializer if len(i.dims) == 4 and i.dims[1] > 1]
        assert {i.data_type for i in kernels} == {onnx.TensorProto.FLOAT16}
        assert METADATA_KEY in {p.key for p in model.metadata_props}


def test_neither_file_is_written_when_parity_fails(tmp_path, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting, apart=(0.2, 9))
    with pytest.raises(TrainingError, match="9 at most"):
        exporting.export_pair(
            checkpoints.untrained(ArbitraryRecipe(network=TINY)), tmp_path / "any.onnx"
        )
    assert list(tmp_path.iterdir()) == []


def test_an_older_card_encodes_for_nothing():
    assert ModelCard("a", "A", "nobody", "fast", "MIT").encodes_for == ""


def odd(folder, kind):
    """A painting of a red left half and a blue right half, written in an odd way."""
    from PIL import Image

    halves = np.zeros((40, 60, 3), np.uint8)
    halves[:, :30], halves[:, 30:] = (200, 20, 20), (20, 20, 200)
    path = folder / f"{kind}.{'jpg' if kind in ('cmyk', 'rotated') else 'png'}"
    picture = Image.fromarray(halves)
    if kind == "16-bit":
        cv2.imwrite(str(path), halves[..., ::-1].astype(np.uint16) * 257)
    elif kind == "cmyk":
        picture.convert("CMYK").save(path, quality=95)
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6  # shown turned by a quarter to the right
        picture.rotate(90, expand=True).save(path, quality=95, exif=exif)
    elif kind == "transparent":
        picture.putalpha(Image.fromarray(np.full((40, 60), 255, np.uint8)))
        picture.save(path)
    return path


@pytest.mark.parametrize("kind", ["16-bit", "cmyk", "rotated", "transparent"])
def test_odd_paintings_are_read_right(tmp_path, kind):
    pytest.importorskip("PIL")
    image = read_painting(odd(tmp_path, kind), 60)[0]
    assert image.shape == (3, 40, 60)
    left, right = image[:, 20, 15], image[:, 20, 45]
    assert left[0] > 0.6 > 0.3 > left[2]
    assert right[2] > 0.6 > 0.3 > right[0]


def test_what_is_transparent_is_white_and_grey_is_grey(tmp_path):
    clear = np.zeros((20, 20, 4), np.uint8)
    cv2.imwrite(str(tmp_path / "clear.png"), clear)
    assert (read_painting(tmp_path / "clear.png", 32) == 1).all()
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((20, 20), 51, np.uint8))
    assert (read_painting(tmp_path / "grey.png", 32) == 0.2).all()


@torch.no_grad()
def test_a_single_pixel_is_a_flat_painting(network, tmp_path):
    cv2.imwrite(str(tmp_path / "dot.png"), np.full((1, 1, 3), 90, np.uint8))
    assert network.encode_style(read_painting(tmp_path / "dot.png", 64)).isfinite().all()


def test_paintings_that_cannot_be_are_one_line(tmp_path):
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(MediaError, match="not a picture"):
        read_painting(tmp_path / "text.jpg", 512)
    with pytest.raises(UsageError, match="no such picture"):
        read_painting(tmp_path / "none.jpg", 512)
    cv2.imwrite(str(tmp_path / "thin.png"), np.zeros((3, 900, 3), np.uint8))
    with pytest.raises(TrainingError, match="too thin"):
        read_painting(tmp_path / "thin.png", 512)


def test_the_command_trains_and_leaves_both_files(media, tmp_path, cli, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting)
    output = tmp_path / "any.onnx"
    code, said, noticed = cli(
        "train-any", "--paintings", media["paintings"], "--content", media["content"],
        "-o", output, "--loss-weights", media["loss_weights"][0], "--network", TINY,
        "--steps", 2, "--batch", 1, "--crop", 48, "--workers", 0, "--held-out", 1,
        "--style-scales", 1,
    )  # fmt: skip
    assert code == 0, noticed
    assert "any.encoder.onnx" in said
    assert output.exists()
    assert "judged by vgg.safetensors" in noticed
    code, _, said = cli("train-any", "--paintings", tmp_path / "none", "--content",
                        media["content"], "-o", tmp_path / "b.onnx")  # fmt: skip
    assert code == 2
    assert "no such folder" in said


def test_what_moves_is_painted_by_the_code_of_its_photo(media, tmp_path):
    recipe = replace(SMALL, steps=1, batch=3, temporal_weight=1.0, temporal_pairs=2,
                     motions=("still",))  # fmt: skip
    run, painted = trainer(media, tmp_path, recipe), []
    paint = run.network.paint

    def watched(frame, code):
        painted.append((frame.detach(), code.detach()))
        return paint(frame, code)

    run.network.paint = watched
    run.train()
    frames, codes = painted[0]
    assert torch.equal(codes[3:], codes[:2])
    assert (frames[3:] - frames[:2]).abs().mean() < 0.1
    assert (frames[3:] - frames[1:3]).abs().mean() > 0.1


def test_a_grid_is_trained_against_where_it_can_be_seen(media, tmp_path):
    seen = []
    asked = replace(SMALL, steps=1, crop=64, grid_weight=1.0)
    trainer(media, tmp_path, asked).train(lambda progress: seen.append(progress.losses))
    assert "grid" in seen[0]
    with pytest.raises(UsageError, match="`crop` of 64 or more, not 56"):
        replace(SMALL, crop=56, grid_weight=1.0)


def test_paintings_may_be_larger_than_photos(media, tmp_path):
    sizes = set()
    run = trainer(media, tmp_path, replace(SMALL, steps=1, crop=48, painting_crop=64))
    encode = run.network.encode_style
    run.network.encode_style = lambda seen: (sizes.add(seen.shape[-1]), encode(seen))[1]
    run.train()
    assert {48, 64} <= sizes
    assert run.recipe.memory > SMALL.memory
    assert SMALL.painting_side == 48


def test_a_network_without_blocks_trains_too(media, tmp_path):
    network = "arbitrary:width=8,blocks=0,detail=4,hidden=4,hidden_fixed=4"
    trainer(media, tmp_path, replace(SMALL, steps=1, network=network)).train()


@pytest.mark.parametrize("network", [TINY, "adain:width=8,blocks=1,detail=4"])
def test_as_a_photo_moves_so_shall_its_paint(media, tmp_path, network):
    """Against the same training without: what only moved differs less."""
    recipe = replace(SMALL, network=network, steps=30, sample_every=100, learning_rate=5e-3,
                     temporal_feature_weight=1e-9, temporal_pairs=1, temporal_rise=0.0,
                     equivariance_weight=0.0)  # fmt: skip

    def unrest(weight):
        losses = []
        asked = replace(recipe, temporal_weight=weight)
        trainer(media, tmp_path / f"{weight}", asked).train(lambda p: losses.append(p.losses))
        assert "temporal_feature" in losses[0]
        return sum(each["temporal"] for each in losses[-10:])

    assert unrest(1e4) < 0.7 * unrest(1e-9)
