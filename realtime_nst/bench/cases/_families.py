"""The systems of the literature, as rows of the atlas."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """``name`` is that of its file in the folder of the atlas, NAME.onnx, or of the folder of its
    pictures there. ``command`` makes it; ``less`` says where it falls short of its paper."""

    name: str
    paper: str
    command: str
    less: str = ""


def _single(network: str) -> str:
    return f"train --style PAINTING --content PHOTOS --network {network} --start-from none"


def _many(network: str) -> str:
    return f"train --styles PAINTINGS --content PHOTOS --network {network} --start-from none"


def _any(network: str) -> str:
    return f"train-any --paintings PAINTINGS --content PHOTOS --network {network}"


def _unpaired(form: str) -> str:
    return f"train-unpaired --paintings PAINTINGS --content PHOTOS --form {form}"


_PAINTER = "our network fast as its generator"
_THIN = "folded by 4 and narrow, for two cores; the paper's form is --network {}"

FAMILIES = (
    Family("fast", "ours, one painting", _single("fast")),
    Family("many", "ours, many paintings", _many("fast")),
    Family("any", "ours, any painting", _any("arbitrary")),
    Family("gatys", "Gatys et al. 2016", "optimise PHOTO --style PAINTING"),
    Family("johnson", "Johnson et al. 2016", _single("johnson-half"), "half its width"),
    Family("texture-networks", "Ulyanov et al. 2016, 2017", _single("texture-thin"),
           _THIN.format("texture")),
    Family("stylebank", "Chen D. et al. 2017", _many("stylebank-thin"), _THIN.format("stylebank")),
    Family("diversified", "Li Y. et al. 2017", _many("diversified-thin"),
           _THIN.format("diversified")),
    Family("adain", "Huang and Belongie 2017", _any("adain"), "a light encoder, not VGG-19"),
    Family("wct", "Li Y. et al. 2017", _any("wct"), "one level, a light encoder"),
    Family("swap", "Chen and Schmidt 2016", _any("swap"), "256 patches, a light encoder"),
    Family("attention", "Park and Lee 2019", _any("attention"), "one level, a light encoder"),
    Family("msg-net", "Zhang and Dana 2017", _any("msg-net-thin"), _THIN.format("msg-net")),
    Family("wct2", "Yoo et al. 2019", _any("wct2-thin"), "a light encoder; VGG-19: --network wct2"),
    Family("matting", "Luan et al. 2017",
           "optimise PHOTO --style PAINTING --matting-weight 10 --tv-weight 0"),
    Family("closed-form", "Li Y. et al. 2018", "smooth PAINTED --photo PHOTO"),
    Family("multi-stroke", "Yao et al. 2019", _any("multi-stroke"),
           "3x3 patches, 256 of each scale; a light encoder"),
    Family("mgan", "Li and Wand 2016", _unpaired("markov"), "it sees the photo, not relu4_1"),
    Family("cyclegan", "Zhu et al. 2017", _unpaired("cycle"), _PAINTER),
    Family("dualgan", "Yi et al. 2017", _unpaired("dual --identity-weight 0"), _PAINTER),
    Family("stargan", "Choi et al. 2018", _unpaired("star --paintings OTHERS"), _PAINTER),
    Family("metanet", "Shen et al. 2018", _any("metanet-thin"),
           "a folded painter, a light loss network; the paper's form is --network metanet"),
    Family("solver", "Puy and Pérez 2019", _any("solver"), "three stages, a light encoder"),
)  # fmt: skip
"""In the order of the page."""
