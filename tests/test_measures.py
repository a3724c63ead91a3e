"""The measures of the evaluation form, against values worked out by hand and their own packages."""

from importlib.util import find_spec
from math import cosh, log

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", exc_type=ImportError)
pytest.importorskip("safetensors")
import learning_factory  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from realtime_nst.bench.cases import _clips  # noqa: E402
from realtime_nst.errors import MediaError, MissingPackage, TrainingError  # noqa: E402
from realtime_nst.learning.loss_networks.features import FeatureExtractor  # noqa: E402
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network  # noqa: E402
from realtime_nst.learning.loss_networks.vgg import DistilledVgg19, Vgg19  # noqa: E402
from realtime_nst.learning.measures import cfsd as cfsd_module  # noqa: E402
from realtime_nst.learning.measures.cfsd import cfsd  # noqa: E402
from realtime_nst.learning.measures.form import Form, heading, measure_of, ssim  # noqa: E402
from realtime_nst.learning.measures.lpips import Lpips  # noqa: E402
from realtime_nst.learning.training.quality import measured, measured_pair  # noqa: E402

needs_torchmetrics = pytest.mark.skipif(
    not find_spec("torchmetrics"), reason="needs torchmetrics, of the extra 'bench'"
)
needs_skimage = pytest.mark.skipif(
    not find_spec("skimage"), reason="needs scikit-image, of the extra 'bench'"
)


def seeded(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def test_cfsd_is_what_two_places_give_by_hand():
    """One channel, the photo 1 at both places, so it shares (1/2, 1/2); the result 1 and 2, so its
    similarities are (1, 2) and (2, 4). KL((1/2, 1/2) ‖ softmax(0, d)) is log cosh(d/2)."""
    photo, result = (torch.tensor(x).view(1, 1, 1, 2) for x in ([1.0, 1.0], [1.0, 2.0]))
    assert cfsd(photo, photo) == 0
    assert cfsd(photo, result) == pytest.approx(log(cosh(0.5)) + log(cosh(1)), rel=1e-5)
    assert cfsd(7 * photo, 7 * result) == pytest.approx(cfsd(photo, result), rel=1e-5)


def test_cfsd_is_the_divergence_of_its_definition(monkeypatch):
    monkeypatch.setattr(cfsd_module, "_ROWS", 50)
    photo, result = seeded(1, 8, 9, 13).double(), 2 * seeded(1, 8, 9, 13, seed=1)
    size = photo.square().mean().sqrt()
    shares = []
    for x in (photo, result.double()):
        places = (x / size).transpose(1, 3).reshape(9 * 13, 8) / 8
        shares.append(F.log_softmax(places @ places.T, dim=1))
    wanted = F.kl_div(shares[1], shares[0].exp(), reduction="sum").item()
    assert cfsd(photo, result) == pytest.approx(wanted, rel=1e-4)


def test_cfsd_of_a_result_far_too_strong_is_finite():
    assert 0 < cfsd(seeded(1, 4, 5, 5), 1000 * seeded(1, 4, 5, 5, seed=1)) < float("inf")


def backbone(path):
    """Random weights of SqueezeNet 1.1 under torchvision's names."""
    shapes = {"0": (64, 3, 3)}
    for place, squeezed, inputs, expanded in (
        (3, 16, 64, 64), (4, 16, 128, 64), (6, 32, 128, 128), (7, 32, 256, 128),
        (9, 48, 256, 192), (10, 48, 384, 192), (11, 64, 384, 256), (12, 64, 512, 256),
    ):  # fmt: skip
        shapes |= {
            f"{place}.squeeze": (squeezed, inputs, 1),
            f"{place}.expand1x1": (expanded, squeezed, 1),
            f"{place}.expand3x3": (expanded, squeezed, 3),
        }
    weights = {}
    for seed, (name, (outputs, inputs, side)) in enumerate(shapes.items()):
        deviation = (2 / (inputs * side**2)) ** 0.5
        kernel = seeded(outputs, inputs, side, side, seed=seed).sub(0.5).mul(3.5 * deviation)
        weights[f"features.{name}.weight"] = kernel.half()
        weights[f"features.{name}.bias"] = torch.full((outputs,), 0.01).half()
    save_file(weights, path)
    return path


@needs_torchmetrics
def test_lpips_is_what_torchmetrics_gives(tmp_path):
    if find_spec("torchvision") is None:
        pytest.skip("needs torchvision, of the extra 'bench'")
    _clips.raft_small()  # makes torchvision importable beside a torch of another build
    from torchmetrics.functional.image.lpips import _LPIPS

    path = backbone(tmp_path / "squeezenet.safetensors")
    reference = _LPIPS(net="squeeze", pnet_rand=True)
    weights = Lpips(path)._layers.state_dict()
    own = {name: weights[name.split(".", 2)[2]] for name in reference.net.state_dict()}
    reference.net.load_state_dict(own)
    photo, result = seeded(1, 3, 67, 93), seeded(1, 3, 67, 93, seed=1)
    with torch.no_grad():
        wanted = reference(2 * photo - 1, 2 * result - 1).item()
    assert wanted > 0.01
    assert Lpips(path)(photo, result) == pytest.approx(wanted, rel=1e-4)
    assert Lpips(path)(photo, photo) == 0


@needs_torchmetrics
def test_other_weights_than_squeezenets_are_refused_with_the_file_to_get(tmp_path):
    other = learning_factory.write_vgg19(tmp_path / "vgg.safetensors")
    with pytest.raises(TrainingError, match=r"vgg\.safetensors.*squeezenet1_1-b8a52dc0\.pth"):
        Lpips(other)


def test_without_its_package_lpips_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr("realtime_nst.learning.measures.lpips.find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=r"torchmetrics.*realtime_nst\[bench\]"):
        Lpips(backbone(tmp_path / "squeezenet.safetensors"))


@needs_skimage
def test_ssim_of_two_plain_pictures_is_their_luminance_term():
    dark, light = (np.full((20, 20, 3), grey, np.uint8) for grey in (100, 150))
    steady = (0.01 * 255) ** 2
    wanted = (2 * 100 * 150 + steady) / (100**2 + 150**2 + steady)
    assert ssim(dark, light) == pytest.approx(wanted)
    assert ssim(dark, dark) == 1


@needs_skimage
def test_the_form_of_a_photo_that_is_not_painted(tmp_path):
    networks = FeatureExtractor(
        [load_loss_network(learning_factory.write_vgg19(tmp_path / "v.safetensors"))]
    )
    painting = learning_factory.write_painting(tmp_path / "painting.png")
    photo = seeded(1, 3, 64, 80)
    found = Form(networks, painting)(photo, photo)
    style = {name: found.pop(name) for name in ("style loss", "deep style loss")}
    assert all(value > 0 for value in style.values())
    kept = dict.fromkeys(("content loss", "deep content loss", "CFSD"), 0)
    assert found == pytest.approx({**kept, "SSIM": 1, "grid/2": 1, "grid/4": 1, "grid/8": 1})
    assert set(Form()(photo, photo)) == {"SSIM", "grid/2", "grid/4", "grid/8"}
    assert "style loss" not in Form(networks)(photo, photo)


def test_a_heading_says_what_stands_in_for_vgg19():
    weights = learning_factory.vgg19_weights("5_1")
    student = {f"conv{name[4]}{name[6:]}": value for name, value in weights.items()}
    student |= {"conv0.weight": torch.eye(3).view(3, 3, 1, 1), "conv0.bias": torch.zeros(3)}
    shallow = Vgg19(learning_factory.vgg19_weights("3_4"))
    both = FeatureExtractor([shallow, DistilledVgg19(student)])
    assert heading("style loss", both) == "style loss"
    assert heading("deep style loss", both) == "deep style loss (student)"
    assert heading("CFSD", FeatureExtractor([DistilledVgg19(student)])) == "CFSD (student)"
    ours = FeatureExtractor([load_loss_network(bundled())])
    assert heading("content loss", ours) == "content loss (low rank)"
    assert heading("deep content loss", ours) == "deep content loss (student of low rank)"
    assert heading("SSIM", ours) == "SSIM"
    assert measure_of("deep content loss (student of low rank)") == "deep content loss"


def test_a_result_of_a_few_pixels_less_is_fitted_to_its_photo_another_shape_is_not(tmp_path):
    photo = learning_factory.write_photos(tmp_path / "photos", 1, (70, 90)) / "photo00.png"
    image = cv2.imread(str(photo))
    cv2.imwrite(str(tmp_path / "cut.png"), cv2.resize(image, (88, 68)))
    seen, made = measured_pair(photo, tmp_path / "cut.png")
    assert seen.shape == made.shape == (1, 3, 64, 80)
    assert torch.equal(seen, measured(photo))
    assert (seen - made).abs().mean() < 0.02
    cv2.imwrite(str(tmp_path / "square.png"), cv2.resize(image, (70, 70)))
    with pytest.raises(MediaError, match=r"square\.png.*70x70.*another shape.*photo00\.png"):
        measured_pair(photo, tmp_path / "square.png")
