"""Each loss against a value worked out by hand."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")

from learning_factory import vgg19_weights, write_vgg19  # noqa: E402

from realtime_nst.errors import TrainingError, UsageError  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.load import load_loss_network  # noqa: E402
from realtime_nst.learning.loss_networks.vgg import DistilledVgg19, Vgg19  # noqa: E402
from realtime_nst.learning.losses.artefacts import (  # noqa: E402
    grid,
    shift_equivariance,
    total_variation,
)
from realtime_nst.learning.losses.content import (  # noqa: E402
    content_loss,
    laplacian,
)
from realtime_nst.learning.losses.reconstruction import unexplained  # noqa: E402
from realtime_nst.learning.losses.style import GramLoss  # noqa: E402
from realtime_nst.learning.losses.temporal import temporal_loss  # noqa: E402
from realtime_nst.learning.losses.terms import (  # noqa: E402
    AtLayer,
    LossInputs,
    Objective,
    StyleAt,
    Sum,
)
from realtime_nst.learning.tensors import gram  # noqa: E402
from realtime_nst.metrics.grid import grid as measured_grid  # noqa: E402


def views_of(result, photo=None, network=lambda x: x):
    extractor = FeatureExtractor([])
    photo = result if photo is None else photo
    return LossInputs(extractor.features(photo), extractor.features(result), network)


def test_content_is_the_squared_difference_over_the_photos_mean_square():
    photo = torch.tensor([1.0, 2.0, 2.0, 4.0]).view(1, 1, 2, 2)
    result = photo + torch.tensor([1.0, 0.0, 0.0, 2.0]).view(1, 1, 2, 2)
    assert content_loss(result, photo).item() == pytest.approx((5 / 4) / (25 / 4))


def test_content_has_no_gradient_into_the_photo():
    photo = torch.ones(1, 1, 2, 2, requires_grad=True)
    result = torch.zeros(1, 1, 2, 2, requires_grad=True)
    content_loss(result, photo).backward()
    assert photo.grad is None
    assert result.grad is not None


def test_gram_by_hand():
    features = torch.tensor([[1.0, 2.0], [3.0, 0.0]]).view(1, 2, 1, 2)
    expected = torch.tensor([[5.0, 3.0], [3.0, 9.0]]) / (2 * 2)
    assert torch.allclose(gram(features)[0], expected)


def test_gram_does_not_depend_on_the_size_of_a_repeated_picture():
    features = torch.rand(1, 3, 4, 4)
    assert torch.allclose(gram(features), gram(features.tile(1, 1, 2, 3)), atol=1e-6)


def test_style_loss_by_hand():
    style = torch.tensor([2.0, 0.0]).view(1, 1, 1, 2)
    result = torch.tensor([1.0, 1.0]).view(1, 1, 1, 2)
    # Gram of the style 2, of the result 1: (1 - 2)^2 / 2^2
    assert GramLoss(style)(result).item() == pytest.approx(0.25)


def test_style_loss_is_the_mean_over_the_batch():
    style = torch.tensor([2.0, 0.0]).view(1, 1, 1, 2)
    batch = torch.tensor([[1.0, 1.0], [2.0, 0.0]]).view(2, 1, 1, 2)
    assert GramLoss(style)(batch).item() == pytest.approx(0.125)


def test_total_variation_by_hand():
    image = torch.tensor([[0.0, 1.0], [0.5, 0.5]]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    # across: (1 + 0) / 2; down: (0.5 + 0.5) / 2
    assert total_variation(views_of(image)).item() == pytest.approx(1.0)


def dot(value):
    """A grey picture of 3 x 3 cells of 4 x 4 pixels, the middle one of ``value``, others black."""
    picture = torch.zeros(1, 3, 12, 12)
    picture[..., 4:8, 4:8] = value
    return picture


def test_laplacian_by_hand():
    # the three colours' Laplacians in the middle cell: 3 * 4 * 1 wanted, 3 * 4 * 0.5 there
    loss = laplacian(views_of(dot(0.5), dot(1.0)))
    assert loss.item() == pytest.approx((12 - 6) ** 2 / 12**2)


def test_laplacian_looks_at_edges_not_at_brightness():
    photo = torch.rand(1, 3, 32, 32)
    assert laplacian(views_of(photo + 0.2, photo)).item() == pytest.approx(0, abs=1e-6)
    assert laplacian(views_of(torch.zeros_like(photo), photo)).item() == pytest.approx(1)


def test_laplacian_of_a_photo_without_edges_is_finite():
    # (3 * 4 * 0.01)^2 over the least square 1e-4
    loss = laplacian(views_of(dot(0.01), dot(0.0)))
    assert loss.item() == pytest.approx(0.12**2 / 1e-4)


def test_temporal_by_hand():
    result = torch.tensor([0.5, 1.0]).expand(1, 3, 1, 2)
    visible = torch.tensor([[True, False]])
    # the hidden pixel counts as 0, and among the pixels: 3 * 0.5^2 / 6
    loss = temporal_loss(result, torch.zeros(1, 3, 1, 2), visible)
    assert loss.item() == pytest.approx(0.125)
    assert temporal_loss(result, result, visible).item() == 0


def test_temporal_has_no_gradient_into_the_earlier_result_nor_where_hidden():
    result = torch.rand(1, 3, 1, 2, requires_grad=True)
    earlier = torch.rand(1, 3, 1, 2, requires_grad=True)
    temporal_loss(result, earlier, torch.tensor([[True, False]])).backward()
    assert earlier.grad is None
    assert (result.grad[..., 0] != 0).all()
    assert (result.grad[..., 1] == 0).all()


def test_unexplained_is_what_no_linear_map_gives():
    torch.manual_seed(0)
    features = torch.randn(2, 6, 20, 25) + 3
    wanted = torch.einsum("dc,nchw->ndhw", torch.randn(4, 6), features) - 2
    assert unexplained(features, wanted).item() == pytest.approx(0, abs=0.01)
    strange = torch.randn(2, 4, 20, 25)
    assert unexplained(features, strange).item() == pytest.approx(1, abs=0.05)
    half = wanted + strange * wanted.std((0, 2, 3), keepdim=True)
    assert unexplained(features, half).item() == pytest.approx(0.5, abs=0.05)
    flat = torch.ones(2, 4, 20, 25)
    assert unexplained(features, flat) == unexplained(flat, features) == 1


def test_shift_equivariance_is_zero_for_a_pointwise_network_and_not_for_a_grid():
    photo = torch.rand(1, 3, 64, 64)
    assert shift_equivariance(views_of(1 - photo, photo, lambda x: 1 - x)).item() == 0
    grid = torch.zeros(1, 1, 64, 64)
    grid[..., ::4, ::4] = 1.0
    torch.manual_seed(1)
    # a dot every 4 x 4 pixels, moved onto other pixels: both dots count, 2 of 16 pixels
    loss = shift_equivariance(views_of(photo + grid, photo, lambda x: x + grid))
    assert loss.item() == pytest.approx(2 / 16, rel=0.1)


def symmetric_noise(seed):
    half = np.random.default_rng(seed).uniform(0.4, 0.6, (128, 128))
    return (half + half.T) / 2


def grid_of(result, photo):
    result, photo = (torch.tensor(x).float().expand(1, 3, -1, -1) for x in (result, photo))
    return grid(views_of(result, photo)).item()


def test_the_loss_of_a_grid_is_the_log_of_what_is_measured():
    photo, lattice = symmetric_noise(0), np.zeros((128, 128))
    lattice[::4] += 0.1
    lattice[:, ::4] += 0.1
    result = symmetric_noise(1) + lattice
    rgb = [np.repeat((255 * x).round().astype(np.uint8)[..., None], 3, 2) for x in (photo, result)]
    wanted = sum(max(0, np.log(measured_grid(rgb[1], rgb[0], n))) for n in (4, 8))
    assert wanted > 1
    assert grid_of(result, photo) == pytest.approx(wanted, rel=0.02)
    assert grid_of(result, result) == 0
    assert grid_of(photo, result) < 0.1 * wanted


def test_a_grid_in_a_flat_picture_has_a_slope():
    result = torch.full((1, 3, 64, 64), 0.5)
    result[..., ::4] += 1e-3
    result.requires_grad_()
    grid(views_of(result, torch.rand(1, 3, 64, 64))).backward()
    assert result.grad.isfinite().all()
    assert result.grad.any()


def test_objective_weighs_and_sums_its_terms():
    objective = Objective(
        {"a": lambda _: torch.tensor(2.0), "b": Sum((lambda _: torch.tensor(1.0),) * 3)},
        {"a": 0.5, "b": 10.0},
    )
    measured = objective.measure(views_of(torch.zeros(1, 3, 2, 2)))
    assert {name: value.item() for name, value in measured.items()} == {"a": 2.0, "b": 3.0}
    assert objective.total(measured).item() == pytest.approx(31.0)


def test_terms_look_at_their_layer_and_scale():
    extractor = FeatureExtractor([Vgg19(vgg19_weights())])
    photo, result = torch.rand(1, 3, 16, 16), torch.rand(1, 3, 16, 16)
    inputs = LossInputs(extractor.features(photo), extractor.features(result), lambda x: x)
    seen = []
    AtLayer("relu2_1", lambda r, p: seen.append((r.shape, p.shape)))(inputs)
    StyleAt("relu1_2", 0.5, lambda r: seen.append(r.shape))(inputs)
    assert seen == [((1, 4, 8, 8), (1, 4, 8, 8)), (1, 4, 8, 8)]


def test_vgg19_first_layer_by_hand():
    weights = {
        "conv1_1.weight": torch.zeros(1, 3, 3, 3),
        "conv1_1.bias": torch.tensor([1.0]),
    }
    weights["conv1_1.weight"][0, 0, 1, 1] = 2.0
    image = torch.full((1, 3, 2, 2), 0.6)
    (name, features), *_ = Vgg19(weights).features(image)
    assert name == "relu1_1"
    assert torch.allclose(
        features, torch.full((1, 1, 2, 2), 2 * (0.6 * 255 - 123.68) + 1), atol=1e-3
    )


def test_torchvision_and_oxford_keys_name_the_same_layers():
    oxford = vgg19_weights("5_4")
    index = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    names = [key[4:-7] for key in oxford if key.endswith(".weight")]
    torchvision = {
        f"features.{i}.{part}": oxford[f"conv{name}.{part}"]
        for i, name in zip(index, names, strict=True)
        for part in ("weight", "bias")
    }
    assert Vgg19(torchvision).layers == Vgg19(oxford).layers
    assert Vgg19(oxford).layers[-1] == "relu5_4"


def test_the_first_network_that_has_a_layer_serves_it():
    student = {"conv0.weight": torch.eye(3).view(3, 3, 1, 1), "conv0.bias": torch.zeros(3)}
    for name in ("11", "12"):
        student[f"conv{name}.weight"] = torch.zeros(7, 3 if name == "11" else 7, 3, 3)
        student[f"conv{name}.bias"] = torch.ones(7)
    view = FeatureExtractor([Vgg19(vgg19_weights("1_1")), DistilledVgg19(student)]).features(
        torch.rand(1, 3, 8, 8)
    )
    assert view.layer("relu1_1").shape[1] == 4
    assert view.layer("relu1_2").shape[1] == 7


def test_features_are_computed_once():
    class Counting(Vgg19):
        runs = 0

        def features(self, image):
            self.runs += 1
            return super().features(image)

    network = Counting(vgg19_weights())
    view = FeatureExtractor([network]).features(torch.rand(1, 3, 16, 16))
    view.layer("relu3_1")
    view.layer("relu1_1")
    view.layer("relu3_4")
    assert network.runs == 1


def test_a_missing_layer_is_named_with_the_remedy():
    view = FeatureExtractor([Vgg19(vgg19_weights())]).features(torch.rand(1, 3, 16, 16))
    with pytest.raises(TrainingError, match=r"relu5_1.*relu3_4.*`loss_weights`"):
        view.layer("relu5_1")


@pytest.mark.parametrize(("size", "layer"), [((7, 90), "relu3_4"), ((90, 1), "relu1_1")])
def test_a_picture_too_small_for_a_layer_is_one_clear_line(size, layer):
    view = FeatureExtractor([Vgg19(vgg19_weights())]).features(torch.rand(1, 3, *size))
    with pytest.raises(TrainingError, match=rf"{size[1]}x{size[0]} pixels .*{layer}") as caught:
        view.layer(layer)
    assert "\n" not in str(caught.value)


def test_loss_networks_are_told_by_their_keys(tmp_path):
    assert isinstance(load_loss_network(write_vgg19(tmp_path / "vgg.safetensors")), Vgg19)
    torch.save(vgg19_weights(), tmp_path / "vgg.pth")
    assert isinstance(load_loss_network(tmp_path / "vgg.pth"), Vgg19)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.pth", None, "not found"),
        ("text.pth", b"hello", "cannot be read"),
        ("text.safetensors", b"hello", "cannot be read"),
    ],
)
def test_bad_loss_weights_are_one_clear_line(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises((TrainingError, UsageError), match=said) as caught:
        load_loss_network(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_foreign_weights_are_named(tmp_path):
    torch.save({"layer.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"layer\.weight"):
        load_loss_network(tmp_path / "other.pth")


def without(key):
    return {name: value for name, value in vgg19_weights().items() if name != key}


def torchvision(key, value):
    return {"features.0.weight": torch.zeros(4, 3, 3, 3), "features.0.bias": torch.zeros(4),
            key: value}  # fmt: skip


UNFIT = {
    "a list": ([torch.zeros(1)], "list"),
    "one tensor": (torch.zeros(1), "Tensor"),
    "numbers for keys": ({0: torch.zeros(1), 1: torch.zeros(1)}, "first keys are 0, 1"),
    "no bias": (without("conv2_1.bias"), "conv2_1.bias"),
    "a layer left out": (
        {k: v for k, v in vgg19_weights().items() if "conv2_1" not in k}, "conv2_1.weight",
    ),
    "channels that do not fit": (
        {**vgg19_weights(), "conv1_2.weight": torch.zeros(4, 5, 3, 3)}, "conv1_2.weight.*4x5x3x3",
    ),
    "a bias that does not fit": ({**vgg19_weights(), "conv1_2.bias": torch.zeros(7)}, "conv1_2"),
    "a picture in place of a kernel": (
        {**vgg19_weights(), "conv1_1.weight": torch.zeros(3, 4)}, "conv1_1.weight.*3x4",
    ),
    "text in place of a kernel": ({**vgg19_weights(), "conv1_2.weight": "text"}, "conv1_2.weight"),
    "torchvision's that do not fit": (
        torchvision("features.2.weight", torch.zeros(4, 9, 3, 3)), "features.2",
    ),
    "a student without its last kernel": (
        {"conv0.weight": torch.eye(3).view(3, 3, 1, 1), "conv0.bias": torch.zeros(3),
         "conv11.weight": torch.zeros(4, 3, 3, 3)}, "conv11.bias",
    ),
    "a student of nothing": (
        {"conv0.weight": torch.eye(3).view(3, 3, 1, 1), "conv0.bias": torch.zeros(3)},
        "conv11.weight",
    ),
}  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT)
def test_weights_that_do_not_fit_are_one_clear_line_that_names_the_file(tmp_path, unfit):
    held, said = UNFIT[unfit]
    torch.save(held, tmp_path / "unfit.pth")
    with pytest.raises(TrainingError, match=rf"unfit\.pth.*{said}") as caught:
        load_loss_network(tmp_path / "unfit.pth")
    assert "\n" not in str(caught.value)
