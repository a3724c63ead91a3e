"""The tables of networks: name, how it is built. All of a table share one contract.

``NETWORKS[name]()`` is a :class:`~realtime_nst.learning.networks.blocks.StyleNetwork`,
``ARBITRARY_NETWORKS[name]()`` an
:class:`~realtime_nst.learning.networks.steered.ArbitraryNetwork`,
``CONDITIONAL_NETWORKS[name](styles)`` a
:class:`~realtime_nst.learning.networks.conditional.ConditionalNet` of so many styles.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.learning.networks.arbitrary import ArbitraryNet
from realtime_nst.learning.networks.blocks import StyleNetwork
from realtime_nst.learning.networks.conditional import ConditionalNet
from realtime_nst.learning.networks.fast import FastNet
from realtime_nst.learning.networks.johnson import JohnsonNet
from realtime_nst.learning.networks.steered import ArbitraryNetwork
from realtime_nst.learning.networks.transformed import LightNet
from realtime_nst.learning.networks.vgg import VggNet

_FAST: Mapping[str, Mapping[str, Any]] = {
    "fast": {},
    "quality": {"width": 96, "blocks": 6},
    "tiny": {"fold": 8, "detail": 8},
}

NETWORKS: Mapping[str, Callable[..., StyleNetwork]] = {
    **{name: partial(FastNet, **values) for name, values in _FAST.items()},
    "johnson": JohnsonNet,
    "johnson-half": partial(JohnsonNet, width=0.5),
    "johnson-half-bn": partial(JohnsonNet, width=0.5, norm="batch"),
    "johnson-transposed": partial(JohnsonNet, upsample="transposed"),
}

ARBITRARY_NETWORKS: Mapping[str, Callable[..., ArbitraryNetwork]] = {
    "arbitrary": ArbitraryNet,
    "adain": partial(LightNet, "adain"),
    "wct": partial(LightNet, "wct"),
    "swap": partial(LightNet, "swap"),
    "attention": partial(LightNet, "attention"),
    "adain-vgg": partial(VggNet, "adain"),
}

CONDITIONAL_NETWORKS: Mapping[str, Callable[..., ConditionalNet]] = {
    name: partial(ConditionalNet, **values) for name, values in _FAST.items()
}

_Network = TypeVar("_Network")


def build(name: str) -> StyleNetwork:
    """The network ``name`` of NETWORKS, or one of its kin: "fast:width=48,blocks=3".

    Raises UnknownName for a network or a parameter that is not there, UsageError for a value of
    another kind than the parameter's own.
    """
    return _built(name, NETWORKS)


def build_arbitrary(name: str) -> ArbitraryNetwork:
    """As :func:`build`, of ARBITRARY_NETWORKS: "arbitrary:blocks=5"."""
    return _built(name, ARBITRARY_NETWORKS)


def build_conditional(name: str, styles: int) -> ConditionalNet:
    """As :func:`build`, of CONDITIONAL_NETWORKS, for so many ``styles``."""
    of_so_many = {kind: partial(made, styles) for kind, made in CONDITIONAL_NETWORKS.items()}
    return _built(name, of_so_many)


def _built(name: str, table: Mapping[str, Callable[..., _Network]]) -> _Network:
    kind, _, changes = name.partition(":")
    if kind not in table:
        raise UnknownName("network", kind, table)
    known = inspect.signature(table[kind]).parameters
    given = dict(part.partition("=")[::2] for part in changes.split(",") if part)
    for parameter in given:
        if parameter not in known:
            raise UnknownName(f"parameter of network {kind}", parameter, known)
    return table[kind](**{p: _value(name, p, known[p].default, v) for p, v in given.items()})


def _value(name: str, parameter: str, default: Any, text: str) -> Any:
    try:
        return type(default)(text)
    except ValueError:
        raise UsageError(
            f"--network {name}: {parameter} takes a value like {default}, not {text!r}"
        ) from None
