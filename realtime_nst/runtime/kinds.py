"""The kinds of networks: one row each, with the ports of its graph and what it can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from realtime_nst.errors import ModelError

SINGLE, ARBITRARY, MULTI, ENCODER = "single-style", "arbitrary", "multi-style", "style-encoder"
COHERENT = "coherent"

INPUT, OUTPUT = "frame", "image"
"""Picture in, picture out: uint8 ``[1, height, width, 3]`` RGB, height and width dynamic."""

CODE, STRENGTH, PAINTING = "code", "strength", "painting"
"""``code`` float32 ``[1, K]`` says how to paint: what an encoder made of a painting, or the blend
weights of a multi-style network. ``strength`` float32 ``[1]`` goes from 0, the frame itself, to 1.
``painting`` is the encoder's input, a picture like ``frame``."""

FLOW, KEEP, FEATURES, NEXT = "flow", "keep", "features", "next_features"
"""The temporal ports of a coherent network with size multiple ``f``: ``flow`` float32
``[1, 2, H/f, W/f]``, x then y, in pixels of the frame, back into the previous frame; ``keep``
float32 ``[1]``, 0 at the start of a stream, else 1; ``features`` float32 ``[1, C, H/f, W/f]``, the
``next_features`` of the previous call."""

_ANY_FIXED = -1
"""In a contract: a dimension whose size the network chooses."""


@dataclass(frozen=True)
class Port:
    """An input or output of a graph, as an engine reports it; None is a dynamic dimension."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]

    def __str__(self) -> str:
        dimensions = ", ".join({None: "?", _ANY_FIXED: "K"}.get(n, str(n)) for n in self.shape)
        return f"{self.name} {self.dtype} [{dimensions}]"


@dataclass(frozen=True)
class Kind:
    """``description`` is for messages. ``codes`` says what the network's codes are made from:
    pictures, through an encoder file beside it, or the weights of its own styles. A network that
    ``paints`` runs in a Stylizer. ``int8``: it may have an int8 form."""

    name: str
    description: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    codes: Literal["none", "pictures", "weights"] = "none"
    paints: bool = True
    int8: bool = False

    @property
    def takes_code(self) -> bool:
        return self.codes != "none"

    @property
    def needs_encoder(self) -> bool:
        return self.codes == "pictures"

    def check(self, path: object, inputs: Sequence[Port], outputs: Sequence[Port]) -> int:
        """The length K of the graph's codes; 0 if it takes none.

        Raises :class:`ModelError` if the graph at ``path`` has other ports than this kind.
        """
        if not _match(inputs, self.inputs) or not _match(outputs, self.outputs, ranks_only=True):
            raise ModelError(
                f"{str(path)!r} takes ({_listed(inputs)}) and gives ({_listed(outputs)}), but "
                f"{self.description} takes ({_listed(self.inputs)}) and gives "
                f"({_listed(self.outputs)}); export it again"
            )
        return next((port.shape[1] or 0 for port in inputs if port.name == CODE), 0)


_FRAME, _IMAGE, _PAINTING = (
    Port(name, "uint8", (1, None, None, 3)) for name in (INPUT, OUTPUT, PAINTING)
)
_CODE = Port(CODE, "float32", (1, _ANY_FIXED))
_CODED = (_FRAME, _CODE, Port(STRENGTH, "float32", (1,)))
_FEATURES, _NEXT = (Port(name, "float32", (1, _ANY_FIXED, None, None)) for name in (FEATURES, NEXT))
_TEMPORAL = (Port(FLOW, "float32", (1, 2, None, None)), Port(KEEP, "float32", (1,)), _FEATURES)

_ROWS = (
    Kind(SINGLE, "a style", (_FRAME,), (_IMAGE,), int8=True),
    Kind(ARBITRARY, "a network for any painting", _CODED, (_IMAGE,), codes="pictures", int8=True),
    Kind(MULTI, "a multi-style network", _CODED, (_IMAGE,), codes="weights"),
    Kind(ENCODER, "an encoder of paintings", (_PAINTING,), (_CODE,), paints=False),
    Kind(COHERENT, "a coherent network", (_FRAME, *_TEMPORAL), (_IMAGE, _NEXT), paints=False),
)

KINDS: Mapping[str, Kind] = {row.name: row for row in _ROWS}
"""By the name that a card's ``kind`` holds."""


def names_of(**wanted: object) -> str:
    """The kinds with these properties, for messages: ``'arbitrary' or 'multi-style'``."""
    fitting = (
        repr(name)
        for name, kind in KINDS.items()
        if all(getattr(kind, key) == value for key, value in wanted.items())
    )
    return " or ".join(fitting)


def _match(given: Sequence[Port], wanted: Sequence[Port], *, ranks_only: bool = False) -> bool:
    """Engines infer the sizes of outputs differently, so of these only the rank is compared."""
    by_name = {port.name: port for port in given}
    return len(given) == len(wanted) and all(
        port.name in by_name and _fits(by_name[port.name], port, ranks_only) for port in wanted
    )


def _fits(given: Port, wanted: Port, ranks_only: bool) -> bool:
    if given.dtype != wanted.dtype or len(given.shape) != len(wanted.shape):
        return False
    return ranks_only or all(
        size is not None if sought == _ANY_FIXED else size == sought
        for size, sought in zip(given.shape, wanted.shape, strict=True)
    )


def _listed(ports: Sequence[Port]) -> str:
    return ", ".join(map(str, ports))
