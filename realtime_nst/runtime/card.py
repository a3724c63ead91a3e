"""The card a style network carries in its ONNX metadata: what it is, and what it was made from."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_origin

from realtime_nst.errors import ModelError
from realtime_nst.runtime.kinds import SINGLE

METADATA_KEY = "realtime_nst.card"

_LARGEST_SIZE = 1024
"""Pixels, for the size multiple and the smallest size a card may ask for."""


@dataclass(frozen=True)
class ModelCard:
    """``name`` is what ``--style`` takes; ``kind`` is a row of
    :data:`~realtime_nst.runtime.kinds.KINDS`. Height and width must be multiples of
    ``size_multiple`` and at least ``size_minimum`` (the runtime pads by reflection and crops).

    ``recipe`` says how the network was trained, ``quality`` what it reached on photos held out of
    training (lower is better). An int8 form holds the sha256 of its float file in
    ``quantised_from``, an encoder that of the network it makes codes for in ``encodes_for``.
    ``styles`` names the styles of a multi-style network.
    """

    name: str
    title: str
    artist: str
    network: str
    licence: str
    size_multiple: int = 1
    size_minimum: int = 1
    kind: str = SINGLE
    speed_class: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, float] = field(default_factory=dict)
    quantised_from: str = ""
    encodes_for: str = ""
    styles: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "ModelCard":
        """Unknown keys are ignored, so that older programs can read newer cards.

        Raises :class:`ModelError` if the text is not a card, and if a field has the wrong type.
        """
        try:
            card = cls(**typed_fields(cls, json.loads(text)))
        except (ValueError, RecursionError) as error:
            raise ModelError(f"its card is damaged or incomplete: {error}") from error
        for size in (card.size_multiple, card.size_minimum):
            if not 1 <= size <= _LARGEST_SIZE:
                raise ModelError(f"its card asks for sizes of {size}, not 1 to {_LARGEST_SIZE}")
        return card


_TYPES = {str: "a string", int: "a whole number", tuple: "a list of strings", Mapping: "an object"}
"""What JSON calls the types of fields."""


def typed_fields(cls: type, values: object, *, without: str = "") -> dict[str, Any]:
    """The fields of the dataclass ``cls``, but for ``without``, from a JSON object's ``values``.

    Control characters are removed from strings: names and titles are shown in terminals, where
    escape sequences would act. Raises ValueError, naming the first field that is missing or has
    the wrong type.
    """
    if not isinstance(values, dict):
        raise ValueError("it is not an object")
    wanted = [each for each in fields(cls) if each.name != without]
    for each in wanted:
        if each.default is each.default_factory and each.name not in values:
            raise ValueError(f"{each.name!r} is missing")
    return {
        each.name: _typed(each.name, each.type, values[each.name])
        for each in wanted
        if each.name in values
    }


def _typed(name: str, wanted: Any, value: object) -> object:
    base = get_origin(wanted) or wanted
    if base is str and isinstance(value, str):
        return _printable(value)
    if base is int and isinstance(value, int) and not isinstance(value, bool):
        return value
    if base is tuple and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(map(_printable, value))
    if base is Mapping and isinstance(value, dict):
        return value
    raise ValueError(f"{name!r} is {json.dumps(value):.40}, not {_TYPES[base]}")


def _printable(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each)[0] != "C")
