"""The tables of networks: for each name, how it is built. The networks of a table share a contract.

A network of NETWORKS is a :class:`~realtime_nst.learning.networks.blocks.StyleNetwork`, one of
ARBITRARY_NETWORKS an :class:`~realtime_nst.learning.networks.steered.ArbitraryNetwork`, and one of
CONDITIONAL_NETWORKS, which is built for a number of styles, a
:class:`~realtime_nst.learning.networks.steered.StyledNetwork`.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.learning.networks.arbitrary import ArbitraryNet
from realtime_nst.learning.networks.banks import Selected, StyleBank
from realtime_nst.learning.networks.blocks import StyleNetwork
from realtime_nst.learning.networks.coded import CodedNet
from realtime_nst.learning.networks.conditional import ConditionalNet
from realtime_nst.learning.networks.fast import FastNet
from realtime_nst.learning.networks.johnson import JohnsonNet
from realtime_nst.learning.networks.meta import MetaNet
from realtime_nst.learning.networks.msg import MsgNet
from realtime_nst.learning.networks.solver import SolverNet
from realtime_nst.learning.networks.steered import ArbitraryNetwork, StyledNetwork
from realtime_nst.learning.networks.texture import TextureNet
from realtime_nst.learning.networks.transformed import LightNet
from realtime_nst.learning.networks.vgg import VggNet
from realtime_nst.learning.networks.wavelet import wavelet_light, wavelet_vgg

Network = TypeVar("Network", covariant=True)


@dataclass(frozen=True)
class Row(Generic[Network]):
    """``speed_class`` is for the card, as timed: quality, fast or tiny, and reference for networks
    that are here for comparison. ``recipe``: the options that the network is trained with where a
    person gives none, after its paper."""

    build: Callable[..., Network]
    speed_class: str = "reference"
    recipe: Mapping[str, Any] = field(default_factory=dict)


_FAST: Mapping[str, Mapping[str, Any]] = {
    "fast": {},
    "quality": {"width": 96, "blocks": 6},
    "tiny": {"fold": 8, "detail": 8},
}

_GATYS: Mapping[str, Any] = {
    "content_weight": 0.0,
    "deep_content_weight": 2.0,
    "deep_content_layers": ("relu4_2",),
    "style_layers": ("relu1_1", "relu2_1", "relu3_1"),
    "style_scales": (1.0,),
    "deep_style_layers": ("relu4_1", "relu5_1"),
    "equivariance_weight": 0.0,
}
"""The layers of Gatys et al. 2016, which the papers up to 2017 share. With less content the photo
is lost among textures."""

_TEXTURE = {**_GATYS, "learning_rate": 5e-3, "diversity_weight": 0.02}
_PRETRAINED = {"pretrain_steps": 300}
_PAIRED = {"equivariance_weight": 0.0, "identity_weight": 0.0, "statistics_weight": 0.0}
"""Content and Gram losses alone."""

_REBUILT = {
    **_PRETRAINED,
    **dict.fromkeys(
        ("content_weight", "deep_content_weight", "style_weight", "deep_style_weight",
         "statistics_weight", "equivariance_weight"), 0.0,
    ),
}  # fmt: skip
"""Pictures are given back, and painted in their own style; no loss sees another style."""

NETWORKS: Mapping[str, Row[StyleNetwork]] = {
    **{name: Row(partial(FastNet, **values), name) for name, values in _FAST.items()},
    "coded": Row(CodedNet, "fast"),
    "johnson": Row(JohnsonNet),
    "johnson-half": Row(partial(JohnsonNet, width=0.5)),
    "johnson-half-bn": Row(partial(JohnsonNet, width=0.5, norm="batch")),
    "johnson-transposed": Row(partial(JohnsonNet, upsample="transposed")),
    "texture": Row(TextureNet, recipe=_TEXTURE),
    "texture-thin": Row(partial(TextureNet, width=16, ratios=4, fold=4), recipe=_TEXTURE),
}

ARBITRARY_NETWORKS: Mapping[str, Row[ArbitraryNetwork]] = {
    "arbitrary": Row(ArbitraryNet, "fast"),
    "adain": Row(partial(LightNet, "adain"), recipe=_PRETRAINED),
    "wct": Row(partial(LightNet, "wct"), recipe=_PRETRAINED),
    "swap": Row(partial(LightNet, "swap"), recipe=_PRETRAINED),
    "attention": Row(partial(LightNet, "attention"), recipe=_PRETRAINED),
    "multi-stroke": Row(partial(LightNet, "multi-stroke"), recipe=_PRETRAINED),
    "adain-vgg": Row(partial(VggNet, "adain"), recipe=_PRETRAINED),
    "wct2": Row(wavelet_vgg, recipe=_REBUILT),
    "wct2-thin": Row(wavelet_light, recipe=_REBUILT),
    "metanet": Row(MetaNet, recipe=_PAIRED),
    "metanet-thin": Row(partial(MetaNet, hidden=32, light=True), recipe=_PAIRED),
    "solver": Row(SolverNet, recipe=_PAIRED),
    "msg-net": Row(MsgNet),
    "msg-net-thin": Row(partial(LightNet, "comatch"), recipe=_PRETRAINED),
}

_BANK = {"equivariance_weight": 0.0, "rebuild_every": 3}
_SELECTED = {**_GATYS, "diversity_weight": 0.02, "introduction": 0.5}

CONDITIONAL_NETWORKS: Mapping[str, Row[StyledNetwork]] = {
    **{name: Row(partial(ConditionalNet, **values), name) for name, values in _FAST.items()},
    "stylebank": Row(StyleBank, recipe=_BANK),
    "stylebank-thin": Row(partial(StyleBank, width=64, light=True), recipe=_BANK),
    "diversified": Row(Selected, recipe=_SELECTED),
    "diversified-thin": Row(partial(Selected, width=64, light=True), recipe=_SELECTED),
}


def build(name: str) -> StyleNetwork:
    """The network ``name`` of NETWORKS, or a variant of one: "fast:width=48,blocks=3".

    Raises UnknownName for an unknown network or parameter, UsageError for a value of the wrong
    type.
    """
    return _build(name, NETWORKS)


def build_arbitrary(name: str) -> ArbitraryNetwork:
    """As :func:`build`, from ARBITRARY_NETWORKS: "arbitrary:blocks=5"."""
    return _build(name, ARBITRARY_NETWORKS)


def build_conditional(name: str, styles: int) -> StyledNetwork:
    """As :func:`build`, from CONDITIONAL_NETWORKS, for a number of ``styles``."""
    return _build(name, CONDITIONAL_NETWORKS, styles)


def _build(name: str, table: Mapping[str, Row[Network]], *first: object) -> Network:
    """``first`` are arguments that come before the parameters in ``name``."""
    key, _, changes = name.partition(":")
    if key not in table:
        raise UnknownName("network", key, table)
    build = partial(table[key].build, *first)
    known = inspect.signature(build).parameters
    given = dict(part.partition("=")[::2] for part in changes.split(",") if part)
    for parameter in given:
        if parameter not in known:
            raise UnknownName(f"parameter of network {key}", parameter, known)
    return build(**{p: _value(name, p, known[p].default, v) for p, v in given.items()})


def _value(name: str, parameter: str, default: Any, text: str) -> Any:
    try:
        return type(default)(text)
    except ValueError:
        raise UsageError(
            f"`network` {name}: {parameter} takes a value like {default}, not {text!r}"
        ) from None
