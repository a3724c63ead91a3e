"""Networks that hold features of the frame before: form, training, export, playing, measuring."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")
pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
pytest.importorskip("openvino", reason="needs the extra 'cpu'")

import model_factory  # noqa: E402
import shared_networks  # noqa: E402
from learning_factory import write_photos  # noqa: E402
from test_export import PARSER_LIST  # noqa: E402

from realtime_nst.bench.cases import load_cases  # noqa: E402
from realtime_nst.bench.coherent import CoherentStylizer  # noqa: E402
from realtime_nst.bench.settings import Settings  # noqa: E402
from realtime_nst.bench.timer import Timer  # noqa: E402
from realtime_nst.errors import ModelError, TrainingError, UsageError  # noqa: E402
from realtime_nst.learning.export import coherent as exporting  # noqa: E402
from realtime_nst.learning.networks import build  # noqa: E402
from realtime_nst.learning.networks.coherent import CoherentNet  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.coherent import coherent_run  # noqa: E402
from realtime_nst.learning.training.recipe import ArbitraryRecipe, CoherentRecipe, Recipe  # noqa: E402
from realtime_nst.runtime.model import read_model  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

STYLE = "fast:width=8,blocks=2,detail=4"
SMALL = CoherentRecipe(
    steps=3, batch=2, crop=48, held_out=2, checkpoint_every=2, split=1, workers=0
)  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("media") / "photos")


@pytest.fixture(scope="module")
def trained(photos, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    path = coherent_run(checkpoints.untrained(Recipe(network=STYLE)), photos, folder, SMALL).train()
    return checkpoints.load(path)


@pytest.fixture(scope="module")
def style_file(once, trained):
    def make(folder):
        exporting.export_coherent(trained, folder / "coherent.onnx")

    return once("exported coherent", make) / "coherent.onnx"


@pytest.fixture
def network():
    torch.manual_seed(0)
    return CoherentNet(build(STYLE), split=1).eval()


def given(network, keep, size=(48, 64)):
    rows, columns = (side // 4 for side in size)
    flow, features = torch.randn(1, 2, rows, columns), torch.randn(1, network.width, rows, columns)
    return torch.rand(1, 3, *size), flow, torch.full((1,), float(keep)), features


@torch.no_grad()
@pytest.mark.parametrize("name", ["fast", "quality", "tiny"])
def test_begun_anew_it_is_the_style_to_the_bit(name):
    style = build(name).eval()
    frame = torch.rand(1, 3, 48, 64)
    wanted = style(frame)
    rows, columns = (side // style.size_multiple for side in (48, 64))
    features = torch.randn(1, style.width, rows, columns)
    coherent = CoherentNet(style, split=1)
    image, following = coherent(frame, torch.randn(1, 2, rows, columns), torch.zeros(1), features)
    assert torch.equal(image, wanted)
    assert following.shape == features.shape
    other, _ = coherent(frame, torch.zeros(1, 2, rows, columns), torch.ones(1), features)
    assert not torch.equal(other, wanted)


@torch.no_grad()
def test_the_flow_is_in_pixels_of_the_frame_and_leads_back(network):
    """With a mask that holds all, what was two cells right and one below takes each one's place."""
    torch.nn.init.constant_(network.held[-2].bias, 100.0)
    new, features = torch.randn(2, 1, network.width, 12, 16)
    flow = torch.tensor([8.0, 4.0]).view(1, 2, 1, 1).expand(1, 2, 12, 16)
    held = network.compose(new, flow, torch.ones(1), features)
    assert torch.allclose(held[..., :-1, :-2], features[..., 1:, 2:], atol=1e-4)


def test_the_style_learns_nothing_the_mask_does(trained):
    style, network = build(STYLE), checkpoints.trained_network(trained)
    style.load_state_dict(checkpoints.untrained(Recipe(network=STYLE)).network)
    begun = CoherentNet(style, SMALL.split).state_dict()
    frozen = {name for name in begun if not name.startswith("held")}
    now = network.state_dict()
    assert all(torch.equal(now[name], begun[name]) for name in frozen)
    assert len(frozen) == len(style.state_dict())
    assert not any(
        torch.equal(now[n], begun[n]) for n in now if n.endswith("weight") and "held" in n
    )


def test_it_learns_to_hold_what_stands_still_behind_noise(photos, tmp_path):
    recipe = replace(SMALL, steps=40, motions=("still",), learning_rate=2e-2, checkpoint_every=100)
    trainer = coherent_run(checkpoints.untrained(Recipe(network=STYLE)), photos, tmp_path, recipe)
    losses = []
    trainer.train(lambda p: losses.append(p.losses["coherence"]))
    assert sum(losses[-10:]) < 0.6 * sum(losses[:10])


def test_a_killed_run_resumes_as_if_unbroken(trained, photos, tmp_path):
    style = checkpoints.untrained(Recipe(network=STYLE))

    def kill(progress):
        if progress.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        coherent_run(style, photos, tmp_path, SMALL).train(kill)
    resumed = checkpoints.load(coherent_run(style, photos, tmp_path, SMALL).train())
    assert all(torch.equal(trained.averaged[n], resumed.averaged[n]) for n in trained.averaged)


def test_a_run_begun_with_other_weights_of_the_style_is_not_gone_on_with(photos, tmp_path):
    coherent_run(checkpoints.untrained(Recipe(network=STYLE)), photos, tmp_path, SMALL).train()
    with pytest.raises(TrainingError, match=r"differs in: style; .*`restart`"):
        coherent_run(checkpoints.untrained(Recipe(network=STYLE), seed=1), photos, tmp_path, SMALL)


@pytest.mark.parametrize(
    ("style", "changes", "said"),
    [
        (checkpoints.untrained(ArbitraryRecipe()), {}, "'arbitrary' cannot be made coherent"),
        (checkpoints.untrained(Recipe(network="johnson-half")), {}, "fast, quality or tiny"),
        (
            checkpoints.untrained(Recipe(network=STYLE)),
            {"split": 3},
            "`split` 3.* 2 residual blocks",
        ),
        (checkpoints.untrained(Recipe(network=STYLE)), {"motions": ()}, "`motions` is empty"),
    ],
)
def test_what_cannot_be_made_coherent_is_refused(style, changes, said, photos, tmp_path):
    with pytest.raises(UsageError, match=said):
        coherent_run(style, photos, tmp_path, replace(SMALL, **changes))


def test_the_file_holds_what_tensorrt_knows_and_says_what_it_is(style_file):
    graph = onnx.load(style_file).graph
    assert {node.op_type for node in graph.node} <= PARSER_LIST
    assert "GridSample" in {node.op_type for node in graph.node}
    card = read_model(style_file).card
    assert (card.kind, card.network, card.size_multiple) == ("coherent", STYLE, 4)
    assert card.recipe["split"] == 1


def test_nothing_is_written_when_parity_fails(trained, tmp_path, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting, apart=(0.2, 9))
    with pytest.raises(TrainingError, match="9 at most"):
        exporting.export_coherent(trained, tmp_path / "style.onnx")
    assert list(tmp_path.iterdir()) == []


@torch.no_grad()
def test_played_it_paints_as_torch_does(trained, style_file):
    """At a size that is no multiple, three frames in a row and one begun anew."""
    graph = exporting.CoherentGraph(checkpoints.trained_network(trained)).eval()
    stylizer, random = CoherentStylizer(style_file), np.random.default_rng(0)
    features = torch.zeros(1, graph.network.width, 12, 16)
    for flowing in (False, True, True, False):
        frame = random.integers(0, 256, (46, 62, 3), dtype=np.uint8)
        flow = random.normal(0, 6, (12, 16, 2)).astype(np.float32) if flowing else None
        padded = np.pad(frame, ((0, 2), (0, 2), (0, 0)), "reflect")
        moved = np.zeros((12, 16, 2), np.float32) if flow is None else flow
        image, features = graph(
            torch.from_numpy(padded)[None],
            torch.from_numpy(moved).permute(2, 0, 1)[None],
            torch.tensor([float(flowing)]),
            features,
        )
        off = np.abs(stylizer(frame, flow).astype(int) - image[0, :46, :62].numpy().astype(int))
        assert off.mean() < 2  # OpenVINO computes in bfloat16 where it can


def test_another_size_begins_anew(style_file):
    stylizer = CoherentStylizer(style_file)
    small, large = np.full((24, 32, 3), 40, np.uint8), np.full((48, 64, 3), 90, np.uint8)
    flow = np.zeros((12, 16, 2), np.float32)
    alone = stylizer(large, None)
    stylizer(small, None)
    assert np.array_equal(stylizer(large, flow), alone)


def test_it_takes_pictures_smaller_than_the_network_does(style_file):
    assert CoherentStylizer(style_file)(np.zeros((1, 3, 3), np.uint8), None).shape == (1, 3, 3)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    with pytest.raises(ModelError, match=r"'single-style', not 'coherent'.*train-coherent"):
        CoherentStylizer(path)


def test_it_is_measured_beside_the_stabiliser(style_file, tmp_path):
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    settings = Settings((str(style),), ("cpu",), ((96, 64),), coherent=style_file, quick=True)
    (case,) = load_cases(["temporal"])
    unit = next(unit for unit in case.units(settings) if unit.name == "still")
    rows = unit.measure(settings, Timer(repetitions=2, warm_up=1, budget=1.0, least=1))
    (row,) = [row for row in rows if row.key["way"] == "coherent"]
    assert row.key["style"] == str(style_file)
    assert row.figures["flicker"] > 0
    assert set(row.figures) == set(rows[0].figures)


def test_the_command_trains_and_exports(cli, photos, tmp_path, monkeypatch):
    shared_networks.write_no_graph(monkeypatch, exporting)
    made = tmp_path / "checkpoint.pt"
    checkpoints.save(checkpoints.untrained(Recipe(network=STYLE)), made)
    out = tmp_path / "coherent.onnx"
    options = ("--steps", 1, "--batch", 2, "--crop", 48, "--split", 1, "--workers", 0)
    code, said, err = cli("train-coherent", made, "--content", photos, "-o", out, *options)
    assert code == 0, err
    assert "differs from torch" in said
    assert read_model(out).card.kind == "coherent"
