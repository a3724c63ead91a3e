"""StyleBank and diversified synthesis: many styles as kernels, and how they are trained."""

from dataclasses import replace

import pytest
from learning_factory import write_painting, write_photos, write_vgg19

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from realtime_nst.errors import UsageError  # noqa: E402
from realtime_nst.learning.data.style_folder import find_styles  # noqa: E402
from realtime_nst.learning.networks import build_conditional  # noqa: E402
from realtime_nst.learning.networks.banks import convolved  # noqa: E402
from realtime_nst.learning.tensors import reflect_pad  # noqa: E402
from realtime_nst.learning.training.checkpoint import StyleInfo, load  # noqa: E402
from realtime_nst.learning.training.many import many_styles_run  # noqa: E402
from realtime_nst.learning.training.recipe import ManyRecipe  # noqa: E402
from realtime_nst.learning.training.start_from import read_start  # noqa: E402

pytestmark = pytest.mark.usefixtures("no_plots")

SMALL = [f"{n}:width=8" for n in ("stylebank", "stylebank-thin", "diversified", "diversified-thin")]
RECIPE = ManyRecipe(
    network="stylebank-thin:width=8", steps=6, batch=2, crop=48, held_out=0, workers=0,
    style_size=64, style_scales=(1.0,), warm_up=0, equivariance_weight=0, rebuild_every=3,
)  # fmt: skip
STYLE = StyleInfo("many", "2 styles", "nobody", "MIT", "generated pictures")


def test_kernels_of_a_code_convolve_as_a_layer_does():
    x, kernel = torch.randn(2, 3, 5, 7), torch.randn(2, 4, 3, 3, 3)
    flat = kernel.permute(0, 1, 3, 4, 2).flatten(1)
    for number, image in enumerate(x.split(1)):
        wanted = torch.nn.functional.conv2d(reflect_pad(image), kernel[number])
        assert torch.allclose(convolved(x, flat)[number], wanted[0], atol=1e-4)


@pytest.mark.parametrize("name", SMALL)
def test_a_network_of_banks_keeps_the_contract_and_learns(name):
    torch.manual_seed(0)
    network = build_conditional(name, 3)
    frames, codes = torch.rand(2, 3, 16, 28), torch.eye(3)[:2]
    network(frames, codes).square().mean().backward()
    rows = network.styles.grad.square().sum(1)
    assert (rows > 0).tolist() == [True, True, False]
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())
    network.eval()
    with torch.no_grad():
        network.styles += torch.randn(network.styles.shape)
        painted = network(frames, codes)
        alone = [network(f[None], c[None]) for f, c in zip(frames, codes, strict=True)]
        assert torch.allclose(painted, torch.cat(alone), atol=1e-4)
        assert painted.shape == frames.shape
        assert 0 <= painted.min() <= painted.max() <= 1
        assert not torch.allclose(painted[:1], network(frames[:1], codes[1:]), atol=1e-3)


def test_the_papers_widths():
    """Convolutions with bias, affine norms; a bank of 3x3 from 128 to 128 channels for a style."""

    def conv(inputs, outputs, side):
        return inputs * outputs * side**2 + outputs

    ends = conv(3, 32, 9) + conv(32, 64, 3) + conv(64, 128, 3) + 2 * (32 + 64 + 128)
    ends += conv(128, 64, 3) + conv(64, 32, 3) + conv(32, 3, 9) + 2 * (64 + 32)
    network = build_conditional("stylebank", 2)
    assert sum(p.numel() for p in network.parameters()) == ends + 2 * 9 * 128 * 128


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    folder = tmp_path_factory.mktemp("media")
    (folder / "styles").mkdir()
    write_painting(folder / "styles" / "stripes.png")
    write_photos(folder / "styles", 1)
    return {
        "paintings": find_styles(folder / "styles"),
        "content": write_photos(folder / "photos", 4),
        "loss_weights": [write_vgg19(folder / "vgg.safetensors")],
    }


def trainer(media, folder, recipe=RECIPE, **extra):
    return many_styles_run(folder=folder, recipe=recipe, style=STYLE, **{**media, **extra})


def test_every_third_step_gives_photos_back_and_a_new_style_trains_its_bank_alone(media, tmp_path):
    seen = []
    path = trainer(media, tmp_path / "a").train(lambda step: seen.append(set(step.losses)))
    assert [step == {"rebuilt"} for step in seen] == [False, False, True] * 2
    given = read_start(path).weights
    added = replace(media["paintings"][0], info=replace(media["paintings"][0].info, name="new"))
    more = trainer(
        media, tmp_path / "b", paintings=[added], start=read_start(path), frozen=True
    ).train()
    after = load(more).network
    assert all(torch.equal(w, after[k]) for k, w in given.items() if k != "styles")
    assert torch.equal(after["styles"][:2], given["styles"])
    assert not torch.allclose(after["styles"][2], given["styles"].mean(0))


def test_styles_join_one_after_another(media, tmp_path):
    network = "diversified-thin:width=8"
    joining = replace(RECIPE, network=network, introduction=0.5, rebuild_every=0)
    run = trainer(media, tmp_path, joining)
    drawn = [run.task.losses.inputs_at(step, None, None, None).styles for step in range(6)]
    assert drawn[:2] == [(0, 0)] * 2
    assert {1} <= {style for step in drawn[2:] for style in step}


def test_giving_photos_back_is_for_networks_that_can(media, tmp_path):
    for network in ("fast:width=8,blocks=1,detail=4", "diversified-thin:width=8"):
        with pytest.raises(UsageError, match="`rebuild_every` is for the network stylebank"):
            trainer(media, tmp_path, replace(RECIPE, network=network))
