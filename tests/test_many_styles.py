"""Many styles in one network: its contract, its training, adding a style, and its style file."""

import csv
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from learning_factory import write_painting, write_photos, write_vgg19

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402

from realtime_nst.errors import TrainingError, UnknownName, UsageError  # noqa: E402
from realtime_nst.learning.data.style_folder import find_styles, painting  # noqa: E402
from realtime_nst.learning.export import many as exporting  # noqa: E402
from realtime_nst.learning.export.quantise import quantise  # noqa: E402
from realtime_nst.learning.networks import (  # noqa: E402
    CONDITIONAL_NETWORKS,
    NETWORKS,
    build,
    build_conditional,
)
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.many import many_styles_run  # noqa: E402
from realtime_nst.learning.training.recipe import ManyRecipe  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402
from realtime_nst.runtime.model import read_model  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

TINY = "fast:width=8,blocks=1,detail=4"
SMALL = ManyRecipe(
    network=TINY, steps=6, batch=2, crop=48, held_out=1, checkpoint_every=2, sample_every=1000,
    workers=0, style_size=64, style_scales=(1.0,), warm_up=0,
)  # fmt: skip
STYLE = checkpoints.StyleInfo("many", "2 styles", "nobody", "MIT", "generated pictures")


def write_styles(folder):
    """ "stripes", and "blots" of which INDEX.csv knows more."""
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
    return many_styles_run(given.pop("paintings", paintings), folder=folder, **given)


def command(media, output, *more):
    return (
        "train", "--content", media["content"], "-o", output, "--network", TINY,
        "--loss-weights", media["loss_weights"][0], "--steps", 2, "--batch", 2, "--crop", 48,
        "--workers", 0, "--held-out", 1, "--style-scales", 1, "--style-size", 64, *more,
    )  # fmt: skip


def test_the_command_trains_goes_on_and_writes_one_file(media, tmp_path, cli, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting)
    output = tmp_path / "many.onnx"
    given = command(media, output, "--styles", media["styles"], "--start-from", "none")
    code, _, noticed = cli(*given)
    assert code == 0, noticed
    card = read_model(output).card
    assert (card.kind, card.styles) == ("multi-style", ("blots", "stripes"))
    assert (card.title, card.artist) == ("2 styles", "Somebody, unknown")
    code, _, noticed = cli(*given, "--overwrite")
    assert code == 0, noticed
    assert "resuming from step 2 of 2" in noticed
    assert "step 1 of 2" not in noticed
    assert sorted(p.name for p in tmp_path.iterdir()) == ["many.onnx", "many.train"]


SAME = [name for name in CONDITIONAL_NETWORKS if name in NETWORKS]


@pytest.mark.parametrize("name", SAME)
@torch.no_grad()
def test_started_from_a_single_network_every_style_paints_as_it(name):
    small = f"{name}:width=8,blocks=1,detail=4"
    single, many = build(small).eval(), build_conditional(small, 2).eval()
    for weight in single.parameters():
        weight.add_(0.1 * torch.randn(weight.shape))
    many.start_as(single)
    image = torch.rand(1, 3, 32, 48)
    for code in torch.eye(2).split(1):
        assert torch.allclose(many(image, code), single(image), atol=1e-4)


def test_the_names_are_those_of_the_fast_networks():
    assert {"fast", "quality", "tiny"} == set(SAME)
    with pytest.raises(UnknownName, match=r"fast, quality, .*tiny"):
        build_conditional("johnson", 2)
    with pytest.raises(UnknownName, match="styles"):
        build_conditional("fast:styles=3", 2)


@pytest.fixture(scope="module")
def network():
    """Of three styles that paint apart."""
    torch.manual_seed(0)
    network = build_conditional(TINY, 3).eval()
    network.styles.data += torch.randn(network.styles.shape)
    return network


def alone(network, style):
    single = build_conditional(TINY, 1).eval()
    weights = network.state_dict()
    single.load_state_dict({**weights, "styles": weights["styles"][style : style + 1]})
    return single


@torch.no_grad()
def test_all_the_weight_on_a_style_is_that_style_bit_for_bit(network):
    image = torch.rand(1, 3, 24, 16)
    painted = [network(image, code) for code in torch.eye(3).split(1)]
    for style, picture in enumerate(painted):
        assert torch.equal(picture, alone(network, style)(image, torch.ones(1, 1)))
    assert not torch.allclose(painted[0], painted[1], atol=1e-2)
    blend = network(image, torch.tensor([[0.5, 0.5, 0.0]]))
    assert not torch.allclose(blend, painted[0], atol=1e-2)


@torch.no_grad()
def test_a_batch_gives_what_its_photos_give_alone(network):
    images, codes = torch.rand(2, 3, 16, 24), torch.eye(3)[:2]
    each = [network(i[None], c[None]) for i, c in zip(images, codes, strict=True)]
    assert torch.allclose(network(images, codes), torch.cat(each), atol=1e-4)


def test_a_folder_becomes_styles_named_as_its_files(media):
    blots, stripes = (style.info for style in find_styles(media["styles"]))
    assert (blots.name, blots.title, blots.artist) == ("blots", "Blots", "Somebody")
    assert (stripes.name, stripes.title, stripes.artist) == ("stripes", "stripes", "unknown")
    assert (blots.style_weight, stripes.style_weight) == (0.5, 1)


@pytest.mark.parametrize(
    ("table", "error", "said"),
    [("a,b\n1,2\n", TrainingError, "columns file"),
     ("file,style_weight\nblots.png,much\n", UsageError, "blots.png the style_weight 'much'"),
     ("file,style_weight\nblots.png,-1\n", UsageError, "a number from 0")],
    ids=["columns", "word", "negative"],
)  # fmt: skip
def test_a_table_that_cannot_be_is_one_line(tmp_path, table, error, said):
    folder = write_styles(tmp_path / "styles")
    (folder / "INDEX.csv").write_text(table)
    with pytest.raises(error, match=said):
        find_styles(folder)


def test_what_the_file_is_may_be_told(media, tmp_path, cli, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting)
    more = ("--styles", media["styles"], "--start-from", "none", "--title", "Two", "--artist", "Us")
    code, _, noticed = cli(*command(media, tmp_path / "many.onnx", *more))
    assert code == 0, noticed
    card = read_model(tmp_path / "many.onnx").card
    assert (card.title, card.artist) == ("Two", "Us")


def test_names_that_cannot_be_are_one_line(tmp_path):
    folder = write_styles(tmp_path / "styles")
    write_painting(folder / "stripes.jpg")
    with pytest.raises(UsageError, match="rename one"):
        find_styles(folder)
    with pytest.raises(UsageError, match="separate the styles of a blend"):
        painting(write_painting(tmp_path / "a,b.png"))
    with pytest.raises(UsageError, match="`styles` takes a folder"):
        find_styles(tmp_path / "none")


def test_training_lowers_the_loss_and_leaves_what_a_person_looks_at(media, tmp_path):
    totals = []
    recipe = replace(SMALL, steps=24, learning_rate=5e-3)
    path = trainer(media, tmp_path, recipe).train(lambda p: totals.append(p.total))
    assert sum(totals[-6:]) < sum(totals[:6])
    saved = checkpoints.load(path)
    assert saved.recipe == recipe
    assert [style.name for style in saved.style.paintings] == ["blots", "stripes"]
    assert all(len(style.sha256) == 64 for style in saved.style.paintings)
    sample = cv2.imread(str(tmp_path / "samples" / "step_000024.jpg"))
    assert sample.shape == (3 * 288, 2 * 288, 3)
    with (tmp_path / "quality.csv").open() as file:
        rows = {row.pop("painting"): row for row in csv.DictReader(file)}
    assert set(rows) == {"blots", "stripes"}
    for name, mean in saved.quality.items():
        assert mean == pytest.approx(sum(float(row[name]) for row in rows.values()) / 2)


def test_each_style_learns_from_its_own_painting_alone(media, tmp_path):
    """One style with no weight on style: what is left of the loss pulls it another way."""
    recipe = replace(SMALL, equivariance_weight=0, content_weight=0, deep_content_weight=0)
    run = trainer(media, tmp_path, recipe)
    _, total = run.task.losses(next(run.task.batches(0, range(1))), 0)
    total.backward()
    slopes = run.network.styles.grad.abs().sum(1)
    assert len(slopes) == len({float(slope) for slope in slopes}) == 2


@pytest.mark.parametrize("temporal", [0.0, 1.0])
def test_a_killed_run_resumes_as_if_unbroken(media, tmp_path, temporal):
    recipe = replace(SMALL, temporal_weight=temporal, temporal_pairs=1, batch=3)

    class Killed(Exception):
        pass

    def kill_at_step_5(progress):
        if progress.step == 5:
            raise Killed

    unbroken = checkpoints.load(trainer(media, tmp_path / "a", recipe).train())
    with pytest.raises(Killed):
        trainer(media, tmp_path / "b", recipe).train(kill_at_step_5)
    resumed = checkpoints.load(trainer(media, tmp_path / "b", recipe).train())
    assert all(torch.equal(v, resumed.averaged[k]) for k, v in unbroken.averaged.items())
    assert unbroken.history == resumed.history
    assert ("temporal" in unbroken.history[0]) == bool(temporal)


def test_other_paintings_do_not_go_on(media, tmp_path):
    trainer(media, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"painting.*`restart`"):
        trainer(media, tmp_path / "run", paintings=find_styles(media["styles"])[:1])


@pytest.fixture(scope="module")
def trained(once):
    """(checkpoint, style file, their difference) of two styles that paint differently."""

    def make(folder):
        made = checkpoints.untrained(ManyRecipe(network=TINY), ["blots", "stripes"])
        for weight in made.averaged.values():
            if weight.is_floating_point():
                weight += 0.1 * torch.randn(weight.shape)
        checkpoints.save(made, folder / "checkpoint.pt")
        apart = exporting.export_many(made, folder / "many.onnx")
        (folder / "apart.json").write_text(json.dumps(apart))

    folder = once("two styles", make)
    apart = json.loads((folder / "apart.json").read_text())
    return folder / "checkpoint.pt", folder / "many.onnx", apart


def test_adding_a_style_trains_its_norms_and_nothing_else(
    media, trained, tmp_path, cli, monkeypatch
):
    shared_networks.write_no_graph(monkeypatch, exporting)
    checkpoint, _, _ = trained
    added = write_painting(tmp_path / "added.png")
    output = tmp_path / "three.onnx"
    code, _, noticed = cli(
        *command(media, output, "--add-style", added, "--start-from", checkpoint, "--title", "New")
    )
    assert code == 0, noticed
    assert read_model(output).card.styles == ("blots", "stripes", "added")
    grown, before = (checkpoints.load(tmp_path / "three.train" / "checkpoint.pt"),
                     checkpoints.load(checkpoint))  # fmt: skip
    assert grown.style.paintings[-1].title == "New"
    for weights in (grown.averaged, {f"module.{k}": v for k, v in grown.network.items()}):
        for name, value in before.averaged.items():
            if name == "module.styles":
                assert torch.equal(weights[name][:2], value)
                assert not torch.allclose(weights[name][2], value.mean(0), atol=1e-6)
            elif name.startswith("module."):
                assert torch.equal(weights[name], value), name


def test_adding_needs_many_styles_and_a_new_name(media, trained, tmp_path, cli):
    checkpoint, _, _ = trained
    added = write_painting(tmp_path / "stripes.png")
    output = tmp_path / "three.onnx"
    code, _, said = cli(*command(media, output, "--add-style", added, "--start-from", "none"))
    assert code == 2
    assert "--start-from" in said
    code, _, said = cli(*command(media, output, "--add-style", added, "--start-from", checkpoint))
    assert code == 2
    assert "'stripes'" in said


@pytest.mark.parametrize("more", [(), ("--styles", "a", "--add-style", "b")])
def test_one_kind_of_painting_is_asked_for(media, tmp_path, cli, more):
    code, _, said = cli(*command(media, tmp_path / "a.onnx", *more))
    assert code == 2
    assert "--styles FOLDER" in said


def test_a_single_style_does_not_start_from_many(media, trained, tmp_path, cli):
    checkpoint, _, _ = trained
    painted = media["styles"] / "stripes.png"
    more = ("--style", painted, "--start-from", checkpoint)
    code, _, said = cli(*command(media, tmp_path / "a.onnx", *more))
    assert code != 0
    assert "2 styles" in said


def test_a_style_file_gives_the_weights_its_checkpoint_has(trained):
    checkpoint, file, _ = trained
    wanted, found = read_start(checkpoint), read_start(file)
    assert found.paintings == wanted.paintings
    assert set(found.weights) == set(wanted.weights)
    for key, value in wanted.weights.items():
        assert torch.allclose(found.weights[key], value, rtol=2e-3, atol=2e-4), key


def test_known_styles_start_as_they_were_and_others_in_the_middle(trained):
    start = read_start(trained[0])
    network = build_conditional(TINY, 3)
    start.load_into_many(network, TINY, ["new", "stripes", "blots"])
    blots, stripes = start.weights["styles"]
    assert torch.equal(network.styles, torch.stack([(blots + stripes) / 2, stripes, blots]))
    with pytest.raises(TrainingError, match="add `network`"):
        start.load_into_many(network, "fast", ["new"])


def paint(path, frame, code, strength=1.0):
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {"frame": frame, "code": np.array([code], np.float32),
             "strength": np.array([strength], np.float32)}  # fmt: skip
    return session.run(["image"], given)[0]


def test_the_file_keeps_the_contract(trained):
    _, file, (mean, largest) = trained
    card = read_model(file).card
    assert (card.kind, card.styles, card.size_multiple) == ("multi-style", ("blots", "stripes"), 4)
    assert [each["name"] for each in card.recipe["paintings"]] == ["blots", "stripes"]
    assert mean <= 1
    assert largest <= 3
    frame = np.random.default_rng(0).integers(0, 256, (1, 24, 36, 3), dtype=np.uint8)
    blots, stripes = paint(file, frame, (1, 0)), paint(file, frame, (0, 1))
    assert blots.shape == frame.shape
    assert (blots != stripes).any()
    assert np.abs(paint(file, frame, (1, 0), 0.0).astype(int) - frame).max() <= 1
    half = paint(file, frame, (1, 0), 0.5).astype(int)
    assert np.abs(half - (blots.astype(int) + frame) / 2).max() <= 1


def test_in_the_file_too_all_the_weight_on_a_style_is_that_style(trained, tmp_path):
    checkpoint, file, _ = trained
    many = checkpoints.load(checkpoint)
    frame = np.random.default_rng(0).integers(0, 256, (1, 24, 36, 3), dtype=np.uint8)
    _, second = many.style.paintings
    averaged = {**many.averaged, "module.styles": many.averaged["module.styles"][[1]]}
    single = replace(many, averaged=averaged, style=replace(many.style, paintings=(second,)))
    exporting.export_many(single, tmp_path / "one.onnx")
    assert np.array_equal(paint(file, frame, (0, 1)), paint(tmp_path / "one.onnx", frame, (1,)))


def test_it_holds_only_operators_tensorrt_lists_and_half_precision_kernels(trained):
    from realtime_nst.learning.export.graph import OPERATORS

    model = onnx.load(trained[1])
    assert {node.op_type for node in model.graph.node} <= OPERATORS
    kernels = [i for i in model.graph.initializer if len(i.dims) == 4 and i.dims[1] > 1]
    assert {i.data_type for i in kernels} == {onnx.TensorProto.FLOAT16}


def test_only_single_styles_have_an_int8_form(trained, tmp_path):
    with pytest.raises(UsageError, match="'multi-style'; only single styles"):
        quantise(trained[1], [], lambda _: {}, tmp_path / "many.int8.onnx")


def test_no_file_is_written_when_parity_fails(tmp_path, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting, apart=(0.2, 9))
    with pytest.raises(TrainingError, match="9 at most"):
        exporting.export_many(
            checkpoints.untrained(ManyRecipe(network=TINY), ["a", "b"]), tmp_path / "many.onnx"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_card_of_before_has_no_styles(trained):
    card = read_model(trained[1]).card
    assert type(card).from_json(card.to_json()) == card
    older = card.to_json().replace('"styles": ["blots", "stripes"]', '"other": 1')
    assert type(card).from_json(older).styles == ()
