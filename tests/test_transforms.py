"""Feature transforms: what each does to features, and the networks around them."""

from dataclasses import replace

import numpy as np
import pytest
from learning_factory import write_photos, write_vgg19

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
ort = pytest.importorskip("onnxruntime", reason="needs the extra 'cpu'")
onnx = pytest.importorskip("onnx", reason="needs the extra 'train'")

import shared_networks  # noqa: E402

from realtime_nst.bench.cases._macs import gmac  # noqa: E402
from realtime_nst.errors import TrainingError, UnknownName, UsageError  # noqa: E402
from realtime_nst.learning import transforms  # noqa: E402
from realtime_nst.learning.data.paintings import split_paintings  # noqa: E402
from realtime_nst.learning.export.graph import OPERATORS  # noqa: E402
from realtime_nst.learning.networks import ARBITRARY_NETWORKS, build_arbitrary  # noqa: E402
from realtime_nst.learning.training import checkpoint as checkpoints  # noqa: E402
from realtime_nst.learning.training.arbitrary import arbitrary_run  # noqa: E402
from realtime_nst.learning.training.recipe import ArbitraryRecipe  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402
from realtime_nst.learning.transforms.wct import roots  # noqa: E402
from realtime_nst.runtime.companions import encoder_path  # noqa: E402
from realtime_nst.runtime.providers import available  # noqa: E402
from realtime_nst.runtime.stylizer import Stylizer  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

TINY = {
    "adain": "adain:width=8,blocks=1,detail=4",
    "wct": "wct:width=8,blocks=1,detail=4",
    "swap": "swap:width=8,blocks=1,detail=4",
    "attention": "attention:width=8,blocks=1,detail=4",
    "adain-vgg": "adain-vgg:width=4",
    "multi-stroke": "multi-stroke:width=8,blocks=1,detail=4",
    "wct2": "wct2:width=4",
    "wct2-thin": "wct2-thin:width=8,half=4,blocks=1",
    "metanet": "metanet:width=8,blocks=1,hidden=4",
    "metanet-thin": "metanet-thin:width=8,blocks=1,hidden=4",
    "solver": "solver:width=8,stages=2,detail=4",
    "msg-net": "msg-net:width=4,blocks=1",
    "msg-net-thin": "msg-net-thin:width=8,blocks=1,detail=4",
}
_LAYERS_EXPORTED = {
    "multi-stroke", "metanet", "metanet-thin", "msg-net", "msg-net-thin", "solver", "wct2",
    "wct2-thin",
}  # fmt: skip
"""test_atlas_layers exports what is new in them."""

_PRESENT = {row.name for row in available() if not row.int8}
_MOST = {"cpu": 1, "openvino-f32": 3, "openvino-bf16": 16}
"""By provider, the largest difference to ONNX Runtime, in grey levels."""


def features(channels=6, height=9, width=12, seed=0):
    """Correlated, of several sizes and means."""
    generator = torch.Generator().manual_seed(seed)
    plain = torch.randn(1, channels, height * width, generator=generator)
    mixing = torch.eye(channels) + 0.3 * torch.randn(channels, channels, generator=generator)
    means = torch.arange(channels).view(1, -1, 1)
    return (mixing @ plain * (means + 1) + means).unflatten(2, (height, width))


def transform(name, channels=6):
    torch.manual_seed(0)
    return transforms.build_transform(name, channels)


@pytest.mark.parametrize("name", sorted(transforms.TRANSFORMS))
@torch.no_grad()
def test_the_contract(name):
    one = transform(name)
    codes = torch.cat([one.code(features(seed=s, width=10 + 8 * s)) for s in (1, 2)])
    assert codes.shape == (2, one.code_size)
    content = torch.cat([features(seed=3), features(seed=4)])
    together = one(content, codes)
    assert together.shape == content.shape
    alone = [one(c[None], k[None]) for c, k in zip(content, codes, strict=True)]
    assert torch.allclose(together, torch.cat(alone), rtol=1e-3, atol=1e-3)
    assert not torch.allclose(one(content[:1], codes[1:]), alone[0], atol=1e-2)
    with torch.autocast("cpu", torch.bfloat16):
        half = one(content.bfloat16(), codes)
    assert half.dtype == torch.bfloat16
    assert half.isfinite().all()


def test_another_name_lists_the_choices():
    with pytest.raises(UnknownName, match=r"adain.*attention"):
        transforms.build_transform("adian", 4)


def test_adain_by_hand():
    content = torch.tensor([[0.0, 2.0], [4.0, 6.0]]).view(1, 1, 2, 2)  # mean 3, variance 5
    style = torch.tensor([[10.0, 10.0], [30.0, 30.0]]).view(1, 1, 2, 2)  # mean 20, deviation 10
    one = transforms.build_transform("adain", 1)
    assert one.code(style)[0].tolist() == pytest.approx([20, 10])
    wanted = [20 + 10 * (value - 3) / 5**0.5 for value in (0, 2, 4, 6)]
    assert one(content, one.code(style)).flatten().tolist() == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(("channels", "least"), [(6, 1.0), (64, 0.03), (128, 0.03)])
def test_the_iterated_roots_are_those_of_a_decomposition(channels, least):
    torch.manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(channels, channels, dtype=torch.float64))[0]
    values = torch.logspace(np.log10(least), np.log10(channels / 2), channels).double()
    matrix = (rotation * values) @ rotation.mT
    found = roots(matrix.float()[None])
    eigenvalues, vectors = torch.linalg.eigh(matrix)
    for power, root in zip((0.5, -0.5), found, strict=True):
        wanted = (vectors * eigenvalues**power) @ vectors.mT
        assert (root[0] - wanted).norm() <= 2e-4 * wanted.norm()


def covariance(x):
    centred = x[0].flatten(1).double()
    centred = centred - centred.mean(1, keepdim=True)
    return centred @ centred.mT / centred.shape[1]


def test_wct_gives_the_paintings_means_and_covariance():
    one, content, style = transform("wct"), features(height=40, width=50), features(seed=1)
    painted = one(content, one.code(style))
    assert torch.allclose(painted.mean((2, 3)), style.mean((2, 3)), atol=1e-3)
    apart = (covariance(painted) - covariance(style)).norm() / covariance(style).norm()
    assert apart <= 0.1
    assert (covariance(content) - covariance(style)).norm() > 3 * apart * covariance(style).norm()


@pytest.mark.parametrize("name", ["adain", "wct"])
def test_a_painting_in_its_own_style_stays_itself(name):
    one, style = transform(name), features()
    assert torch.allclose(one(style, one.code(style)), style, rtol=1e-3, atol=2e-3)


def test_swap_gives_a_painting_back_whatever_the_size_of_its_features():
    one, style = transform("swap"), features(height=16, width=16)
    for content in (style, 5 * style):
        assert torch.allclose(one(content, one.code(style)), style, atol=1e-4)


def test_swap_gives_what_the_painting_has_and_nothing_else():
    one = transforms.build_transform("swap", 1)
    style = torch.full((1, 1, 20, 24), 2.0)
    style[..., 12:] = 3.0
    painted = one(torch.randn(1, 1, 7, 9), one.code(style))
    assert painted.min() >= 2 - 1e-5
    assert painted.max() <= 3 + 1e-5


def test_the_weights_of_attention_sum_to_1():
    one, content = transform("attention"), features()
    value = torch.arange(6.0)
    keys = torch.randn(1, 6, 256)
    code = torch.cat([keys, value[None, :, None].expand(1, 6, 256)], 1).flatten(1)
    wanted = content + one.output(value.view(1, 6, 1, 1))
    assert torch.allclose(one(content, code), wanted, atol=1e-4)


def test_coarse_strokes_go_where_little_stands_out():
    from realtime_nst.learning.transforms.strokes import _membership

    values = torch.tensor([0.2] * 8 + [0.45] * 4 + [0.9] * 4).view(1, 1, 4, 4)
    shares = _membership(values).flatten(2)[0]
    assert torch.allclose(shares.sum(0), torch.ones(16))
    assert shares.argmax(0).tolist() == [0] * 8 + [1] * 4 + [2] * 4
    even = _membership(torch.full((1, 1, 4, 4), 0.5))
    assert even.isfinite().all()


def test_attention_takes_from_where_the_features_fit():
    one, content = transforms.build_transform("attention", 1), features(1)
    with torch.no_grad():
        for layer in (one.query, one.key, one.value, one.output):
            layer.weight.fill_(1)
            layer.bias.zero_()
        one.query.weight.fill_(1000)
        halves = torch.zeros(1, 1, 64, 64)
        halves[..., 32:] = 1
        taken = one(content, one.code(halves)) - content
    bright = content > content.mean() + 0.1 * content.std()
    dark = content < content.mean() - 0.1 * content.std()
    assert taken[bright].min() > 0.99
    assert taken[dark].max() < 0.01


def test_the_whole_table_is_tested():
    assert set(TINY) == set(ARBITRARY_NETWORKS) - {"arbitrary"}


@pytest.mark.parametrize("name", TINY)
def test_a_network_keeps_the_contract_and_learns(name):
    torch.manual_seed(0)
    network = build_arbitrary(TINY[name])
    for size in ((16, 16), (33, 50)):
        code = network.encode_style(torch.rand(1, 3, *size))
        assert code.shape == (1, network.code_size)
    for size in ((8, 8), (12, 28)):
        image = network.paint(torch.rand(1, 3, *size), code)
        assert image.shape == (1, 3, *size)
        assert 0 <= image.min() <= image.max() <= 1
    network(torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)).square().mean().backward()
    learning = [p for p in network.parameters() if p.requires_grad]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learning)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    return {
        "paintings": write_photos(folder / "paintings", 3, (64, 64)),
        "content": write_photos(folder / "photos", 3, (64, 64)),
        "loss_weights": [
            write_vgg(folder / "vgg.safetensors"),
            write_vgg19(folder / "deep.safetensors"),
        ],
    }


def write_vgg(path):
    """VGG-19 through relu3_1 of the widths of "adain-vgg:width=4"."""
    from safetensors.torch import save_file

    generator, weights, inputs = torch.Generator().manual_seed(5), {}, 3
    for name, outputs in (("1_1", 4), ("1_2", 4), ("2_1", 8), ("2_2", 8), ("3_1", 16)):
        kernel = torch.randn(outputs, inputs, 3, 3, generator=generator)
        weights[f"conv{name}.weight"] = kernel * (2 / (9 * inputs)) ** 0.5
        weights[f"conv{name}.bias"] = torch.zeros(outputs)
        inputs = outputs
    save_file(weights, path)
    return path


def cut_off(path, target):
    """The first two convolutions of the VGG-19 in ``path``."""
    from safetensors.torch import load_file, save_file

    save_file({k: w for k, w in load_file(path).items() if k.startswith("conv1_")}, target)


SMALL = ArbitraryRecipe(
    steps=2, batch=1, crop=48, held_out=0, workers=0, style_scales=(1.0,),
    held_out_paintings=1, warm_up=0, pretrain_steps=1,
)  # fmt: skip


def trainer(media, folder, network, **changed):
    if network.startswith(("metanet", "solver")):  # they have no decoder to pretrain
        changed = {"pretrain_steps": 0, "identity_weight": 0.0, **changed}
    recipe = replace(SMALL, network=network, **changed)
    style = checkpoints.StyleInfo("any", "Any", "any", "MIT", "generated pictures")
    given = dict(media)
    paintings = split_paintings(given.pop("paintings"), recipe.held_out_paintings)
    return arbitrary_run(paintings, folder=folder, recipe=recipe, style=style, **given)


@pytest.mark.parametrize("name", TINY)
def test_training_changes_what_is_trained_and_that_alone(media, tmp_path, name):
    run = trainer(media, tmp_path, TINY[name], painting_crop=56)
    before = {key: value.clone() for key, value in run.network.state_dict().items()}
    after = checkpoints.load(run.train()).network
    fixed = {key for key in after if torch.equal(after[key], before[key])}
    given = "encode." if name in ("adain-vgg", "wct2") else "seen."
    assert fixed == {key for key in after if key.startswith(given)}


def test_it_begins_as_an_autoencoder_then_paints(media, tmp_path):
    chosen = {"steps": 80, "pretrain_steps": 79, "learning_rate": 3e-3}
    run = trainer(media, tmp_path, "wct:width=16,blocks=1,detail=8", **chosen)
    shown = []
    run.train(lambda progress: shown.append(progress.losses))
    *begun, painting = shown
    assert {frozenset(losses) for losses in begun} == {frozenset({"unexplained", "rebuilt"})}
    assert {"style", "content", "identity"} <= painting.keys()
    for name in ("unexplained", "rebuilt"):
        course = [losses[name] for losses in begun]
        assert np.mean(course[-20:]) < 0.9 * np.mean(course[:20])
    lines = (tmp_path / "losses.csv").read_text().splitlines()
    assert lines[0].startswith("step,unexplained,rebuilt,")
    assert "style" in lines[0]
    assert len(lines) == 81


def test_a_beginning_that_cannot_be_is_one_line(media, tmp_path):
    with pytest.raises(UsageError, match=r"`pretrain_steps` 9 leaves no step of `steps` 9"):
        trainer(media, tmp_path, TINY["wct"], steps=9, pretrain_steps=9)
    with pytest.raises(UsageError, match=r"'arbitrary:width=8' is none"):
        trainer(media, tmp_path, "arbitrary:width=8")
    within = {"content_layers": ("relu1_1",), "style_layers": ("relu1_1",), "statistics_weight": 0}
    within |= {"deep_content_weight": 0, "deep_style_weight": 0}
    shallow = {**media, "loss_weights": [tmp_path / "shallow.safetensors"]}
    cut_off(media["loss_weights"][0], tmp_path / "shallow.safetensors")
    with pytest.raises(TrainingError, match=r"relu3_1.*relu1_1, relu1_2.*`pretrain_steps` 0"):
        trainer(shallow, tmp_path, TINY["wct"], **within)


def test_each_part_has_a_cycle_of_the_learning_rate_and_an_average(media, tmp_path):
    chosen = {"steps": 12, "pretrain_steps": 6, "warm_up": 0.5, "average": 0.9999}
    run, rates, seen = trainer(media, tmp_path, TINY["adain"], **chosen), [], []

    def watch(progress):
        rates.append(run._optimiser.param_groups[0]["lr"])
        own = dict(run.network.named_parameters())
        kept = dict(run._averaged.module.named_parameters())
        seen.append(max((own[name] - kept[name]).abs().max().item() for name in own))

    run.train(watch)
    assert rates[:6] == rates[6:]
    assert max(rates) == rates[3]
    assert [step for step, apart in enumerate(seen) if not apart] == [0, 6]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (("--network", TINY["wct"]), 5),
        (("--network", TINY["wct"], "--pretrain-steps", 2), 2),
        (("--network", TINY["wct"], "--start-from", "START"), 0),
        (("--network", "arbitrary:width=8,blocks=0,detail=4,hidden=4,hidden_fixed=4"), 0),
    ],
)
def test_how_the_command_begins(media, tmp_path, cli, monkeypatch, given, wanted):
    start = trainer(media, tmp_path / "start", TINY["adain"]).train()
    found = []

    def look(paintings, content, folder, weights, recipe, *rest):
        found.append(recipe.pretrain_steps)
        raise TrainingError("seen")

    monkeypatch.setattr("realtime_nst.learning.training.arbitrary.arbitrary_run", look)
    code, _, said = cli(
        "train-any", "--paintings", media["paintings"], "--content", media["content"],
        "-o", tmp_path / "any.onnx", "--loss-weights", media["loss_weights"][1], "--steps", 10,
        "--crop", 48, *(start if each == "START" else each for each in given),
    )  # fmt: skip
    assert (code, found) == (1, [wanted]), said


def test_the_option_of_before_is_refused_by_its_new_name(media, tmp_path, cli):
    code, _, said = cli(
        "train-any", "--paintings", media["paintings"], "--content", media["content"],
        "-o", tmp_path / "any.onnx", "--begin-steps", 3,
    )  # fmt: skip
    assert code == 2
    assert said == "error: --begin-steps is no longer an option; give --pretrain-steps\n"


def test_a_checkpoint_with_the_old_name_of_an_option_loads(media, tmp_path):
    path = trainer(media, tmp_path, TINY["adain"]).train()
    values = torch.load(path, weights_only=True)
    values["recipe"]["begin_steps"] = values["recipe"].pop("pretrain_steps")
    torch.save(values, path)
    assert checkpoints.load(path).recipe.pretrain_steps == SMALL.pretrain_steps


def test_a_run_killed_in_its_beginning_resumes_as_if_unbroken(media, tmp_path):
    class Killed(Exception):
        pass

    def kill(progress):
        if progress.step == 3:
            raise Killed

    chosen = {"steps": 6, "pretrain_steps": 4, "checkpoint_every": 2}
    with pytest.raises(Killed):
        trainer(media, tmp_path / "a", TINY["attention"], **chosen).train(kill)
    resumed, unbroken = (
        checkpoints.load(trainer(media, tmp_path / folder, TINY["attention"], **chosen).train())
        for folder in "ab"
    )
    assert resumed.history == unbroken.history
    assert all(torch.equal(v, resumed.averaged[k]) for k, v in unbroken.averaged.items())


def test_encoder_and_decoder_may_come_from_a_network_of_another_transform(media, tmp_path):
    path = trainer(media, tmp_path, TINY["adain"]).train()
    given, network = read_start(path), build_arbitrary(TINY["attention"])
    own = {k: v.clone() for k, v in network.state_dict().items()}
    given.load_into(network, TINY["attention"])
    for name, value in network.state_dict().items():
        wanted = own if name.startswith("transform.") else given.weights
        assert torch.equal(value, wanted[name])
    for other in ("attention:width=16", "adain-vgg:width=4", "arbitrary"):
        with pytest.raises(TrainingError, match=f"`network` {TINY['adain']}"):
            given.load_into(build_arbitrary(other), other)


def test_a_transform_comes_along_where_it_is_the_same(media, tmp_path):
    given = read_start(trainer(media, tmp_path, TINY["attention"]).train())
    spelt, network = "attention:blocks=1,detail=4,width=8", build_arbitrary(TINY["attention"])
    given.load_into(network, spelt)
    own = network.state_dict()
    assert all(torch.equal(own[name], given.weights[name]) for name in own)


def test_vgg19_comes_from_the_loss_weights_and_stays_in_the_checkpoint(media, tmp_path):
    from safetensors.torch import load_file

    saved = checkpoints.load(trainer(media, tmp_path, TINY["adain-vgg"]).train()).averaged
    for key, value in load_file(media["loss_weights"][0]).items():
        block, _, part = key.removeprefix("conv").partition(".")
        assert torch.equal(saved[f"module.encode.convolutions.{block}.{part}"], value)


def test_vgg19_that_is_absent_or_of_another_size_is_one_line(media, tmp_path, monkeypatch):
    with pytest.raises(TrainingError, match=r"1_1.*\(4, 3, 3, 3\).*`loss_weights`"):
        trainer(media, tmp_path, "adain-vgg:width=8")
    from realtime_nst.learning.training import arbitrary as train_arbitrary

    monkeypatch.setattr(train_arbitrary, "is_vgg19", lambda weights: False)
    with pytest.raises(TrainingError, match=r"VGG-19.*vgg.safetensors.*`loss_network` vgg19"):
        trainer(media, tmp_path, TINY["adain-vgg"])


@pytest.fixture(scope="module", params=[name for name in TINY if name not in _LAYERS_EXPORTED])
def exported(request, once):
    return shared_networks.exported_pair(once, TINY[request.param])


def test_the_pair_agrees_with_torch_in_operators_tensorrt_lists(exported):
    path, (mean, largest) = exported
    assert mean <= 0.1
    assert largest <= 1
    for file in (path, encoder_path(path)):
        assert {node.op_type for node in onnx.load(file).graph.node} <= OPERATORS


def test_the_arithmetic_of_the_pair_can_be_counted(exported):
    path, _ = exported
    small, large = (gmac(path, *size) for size in ((48, 32), (96, 64)))
    assert 0 < small < large


def test_every_provider_plays_the_pair_and_keeps_the_code(exported, tmp_path, monkeypatch):
    from realtime_nst.runtime import codes

    path, _ = exported
    style = str(next(write_photos(tmp_path / "paintings", 1).iterdir()))
    random = np.random.default_rng(0)
    frames = [random.integers(0, 256, (h, w, 3), dtype=np.uint8) for h, w in ((32, 48), (41, 30))]
    wanted = [Stylizer(style, "cpu", painter=path)(frame).astype(int) for frame in frames]
    monkeypatch.setattr(codes, "open_encoder", None)  # the code is in the cache
    for provider in sorted(_PRESENT & _MOST.keys()):
        stylizer = Stylizer(style, provider, painter=path)
        for frame, image in zip(frames, wanted, strict=True):
            painted = stylizer(frame)
            assert painted.shape == frame.shape
            assert np.abs(painted - image).max() <= _MOST[provider]
    assert np.ptp(wanted[0]) > 0
