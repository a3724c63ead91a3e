"""The card a style network carries in its ONNX metadata: what it is, and what it was made from."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from realtime_nst.errors import ModelError

METADATA_KEY = "realtime_nst.card"
INPUT, OUTPUT = "frame", "image"
"""The graph's contract: both uint8 ``[1, height, width, 3]`` RGB, height and width dynamic."""

CODE, STRENGTH, PAINTING = "code", "strength", "painting"
"""Of the kind "arbitrary": the graph also takes ``code`` float32 ``[1, K]`` and ``strength``
float32 ``[1]``, 0 for the frame itself to 1. Its encoder, of the kind "style-encoder", takes
``painting``, a picture as ``frame`` is, and gives ``code``. Of the kind "multi-style" the code is
the blend weights of the card's ``styles``, in their order."""

SINGLE, ARBITRARY, MULTI, ENCODER = "single-style", "arbitrary", "multi-style", "style-encoder"
COHERENT = "coherent"
"""The kinds of networks."""

FLOW, KEEP, FEATURES, NEXT = "flow", "keep", "features", "next_features"
"""Of the kind "coherent": with multiple ``f`` the graph also takes ``flow`` float32
``[1, 2, H/f, W/f]``, x then y, pixels of the frame, back into the frame before; ``keep`` float32
``[1]``, 0 to begin anew, else 1; and ``features`` float32 ``[1, C, H/f, W/f]``, what the call
before gave as ``next_features``."""


@dataclass(frozen=True)
class ModelCard:
    """``name`` is what ``--style`` takes. Height and width are multiples of ``size_multiple`` and
    ``size_minimum`` at least (the runtime pads by reflection and crops). ``recipe`` says how it was
    trained, ``quality`` what it reached on photos held out of training (lower is better).
    ``quantised_from`` is the digest of the file whose int8 form this one is, ``encodes_for`` that
    of the file whose codes this one makes; both are empty in any other. ``styles`` are the names of
    those in a network of many, empty in any other."""

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
        """Unknown keys are ignored, so that older programs read newer cards.

        Raises :class:`ModelError` when the text is no card.
        """
        try:
            values = json.loads(text)
            known = {f.name for f in fields(cls)}
            given = {key: value for key, value in values.items() if key in known}
            return cls(**{**given, "styles": tuple(given.get("styles", ()))})
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError("the model card is damaged or incomplete") from error
