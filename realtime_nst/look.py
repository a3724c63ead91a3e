"""How to paint, and how to show it: the settings that every command, the page and presets share.

A new setting is one field of :class:`Look` and its use in :mod:`realtime_nst.paint`. The options of
the commands, presets, and what the page may ask for are made from the fields.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import UnionType
from typing import Any, Literal, get_args, get_type_hints

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.sizes import parse_brush, parse_size
from realtime_nst.values import choices_of

KeepColour = Literal["none", "luminance", "matched"]
Stabilising = Literal["off", "light", "strong"]
FlowPreset = Literal["auto", "fast", "medium", "slow"]

PERSON, BACKGROUND, MOVING = "person", "background", "moving"
"""The masks that are no file: people, all but people, and whatever moves in front of a still
background."""

NAMED_MASKS = (PERSON, BACKGROUND, MOVING)

PAINTING, MOTION, WHERE, CHANGE, VIEW = (
    "Painting",
    "Steadiness",
    "Where to paint",
    "Change over time",
    "View",
)
"""The groups that settings are listed in."""


@dataclass(frozen=True)
class Setting:
    """What is known of a field beyond its type and default.

    ``least`` and ``most`` bound a number. ``names`` tells what a text may refer to: "styles" (a
    style, a picture or a blend of them), "file" (a path or a name), or nothing. ``shared`` is
    whether a viewer of the page may choose it: what costs others time or memory is not.
    """

    help: str
    group: str
    metavar: str = ""
    least: float | None = None
    most: float | None = None
    names: Literal["", "styles", "file"] = ""
    shared: bool = False


def about(help: str, group: str, **more: Any) -> dict[str, Setting]:
    """The metadata of a field that is a setting."""
    return {"setting": Setting(help, group, **more)}


def settings_of(kind: type) -> Mapping[str, tuple[Any, Setting]]:
    """The type and the :class:`Setting` of each field of ``kind``, by name and in order."""
    hints = get_type_hints(kind)
    return {f.name: (hints[f.name], f.metadata["setting"]) for f in fields(kind)}


@dataclass(frozen=True)
class Look:
    """Everything that decides what a painting looks like.

    Raises :class:`UsageError` for a value of the wrong type or out of its range,
    :class:`UnknownName` for one that is not among its choices. Whether a style or file exists is
    only known once it is painted with.
    """

    style: str = field(
        default="great_wave",
        metadata=about(
            "Style to paint in: an installed style (see: realtime-nst styles), an .onnx file, a "
            "picture to imitate, or a blend, as a.jpg:0.7,b.jpg:0.3.",
            PAINTING,
            metavar="STYLE",
            names="styles",
            shared=True,
        ),
    )
    strength: float = field(
        default=1.0,
        metadata=about(
            "How much of the painting to show: 0 is the source, 1 the painting alone.",
            PAINTING,
            metavar="0..1",
            least=0,
            most=1,
            shared=True,
        ),
    )
    keep_colour: KeepColour = field(
        default="none",
        metadata=about(
            "Keep the source's colours: those of each pixel (luminance) or the overall palette "
            "(matched).",
            PAINTING,
            shared=True,
        ),
    )
    size: str = field(
        default="",
        metadata=about(
            "Size of the result: the shorter side in pixels (never enlarges), or width x height. "
            "(default: unchanged)",
            PAINTING,
            metavar="N|WxH",
        ),
    )
    brush: str = field(
        default="auto",
        metadata=about(
            "Size of the strokes: auto (the same share of the picture at every size), bold (twice "
            "auto), a factor of auto, or fine (as many pixels as the style was trained with).",
            PAINTING,
            metavar="auto|bold|0.25..4|fine",
            shared=True,
        ),
    )
    painter: str = field(
        default="",
        metadata=about(
            "Network that paints when --style is a picture, or that holds the styles named there. "
            "(default: the installed one)",
            PAINTING,
            metavar="NAME|FILE.onnx",
            names="file",
        ),
    )
    stabilise: Stabilising = field(
        default="strong",
        metadata=about(
            "How firmly to steady the painting from frame to frame.", MOTION, shared=True
        ),
    )
    flow: FlowPreset = field(
        default="auto",
        metadata=about(
            "Optical flow preset for steadying; auto is medium for files and fast for live video.",
            MOTION,
        ),
    )
    network_every: int = field(
        default=1,
        metadata=about(
            "Run the network on every Nth frame only; in between, its last painting is warped.",
            MOTION,
            metavar="N",
            least=1,
            most=1000,
        ),
    )
    mask: str = field(
        default="",
        metadata=about(
            f"Paint only people ({PERSON}), all but people ({BACKGROUND}), what moves in front of "
            f"a still background ({MOVING}), or where this picture or video is white.",
            WHERE,
            metavar="NAME|FILE",
            names="file",
            shared=True,
        ),
    )
    mask_model: str = field(
        default="",
        metadata=about(
            "Paint only the subject that this segmentation network finds.",
            WHERE,
            metavar="FILE.onnx",
            names="file",
            shared=True,
        ),
    )
    invert_mask: bool = field(
        default=False, metadata=about("Paint everywhere but there.", WHERE, shared=True)
    )
    rest: str = field(
        default="",
        metadata=about(
            "Style for what the mask leaves unpainted. (default: the source shows)",
            WHERE,
            metavar="STYLE",
            names="styles",
            shared=True,
        ),
    )
    morph_to: str = field(
        default="",
        metadata=about(
            "Style to morph into; one network must play both.",
            CHANGE,
            metavar="STYLE",
            names="styles",
        ),
    )
    morph_seconds: float = field(
        default=10.0,
        metadata=about(
            "Seconds from the first frame until --morph-to is reached.",
            CHANGE,
            metavar="SECONDS",
            least=0.001,
            most=86_400,
        ),
    )

    def __post_init__(self) -> None:
        _check(self)
        if not self.style:
            raise UsageError("no style given; name one, see: realtime-nst styles")
        if self.size:
            parse_size(self.size)
        parse_brush(self.brush)
        if self.mask and self.mask_model:
            raise UsageError(
                "`mask` and `mask_model` both say where to paint; leave one of them out"
            )
        if (self.rest or self.invert_mask) and not (self.mask or self.mask_model):
            name = "`rest`" if self.rest else "`invert_mask`"
            raise UsageError(f"{name} has no effect without a mask; give `mask` or `mask_model`")


def amended(look: Look, **settings: Any) -> Look:
    """``look`` with other ``settings``; those it had before give way where they contradict these.

    A mask and a mask model replace each other; without either there is neither a rest nor an
    inversion; a new style ends a morph. Raises the errors of :class:`Look`.
    """
    settings = dict(settings)
    if settings.get("mask"):
        settings.setdefault("mask_model", "")
    elif settings.get("mask_model"):
        settings.setdefault("mask", "")
    values = {**vars(look), **settings}
    if not (values["mask"] or values["mask_model"]):
        settings.setdefault("rest", "")
        settings.setdefault("invert_mask", False)
    if settings.get("style", look.style) != look.style:
        settings.setdefault("morph_to", "")
    return replace(look, **settings)


@dataclass(frozen=True)
class View:
    """How a painting is shown. It is saved with a look, but does not decide what is painted."""

    mirror: bool = field(
        default=False, metadata=about("Swap left and right, as a mirror does.", VIEW)
    )
    split: float | None = field(
        default=None,
        metadata=about(
            "Show the source left of this share of the width. (default: nowhere)",
            VIEW,
            metavar="0..1",
            least=0,
            most=1,
        ),
    )

    def __post_init__(self) -> None:
        _check(self)


def _check(instance: Look | View) -> None:
    for name, (hint, known) in settings_of(type(instance)).items():
        value = checked(name, getattr(instance, name), hint, known)
        object.__setattr__(instance, name, value)


def checked(name: str, value: Any, hint: Any, setting: Setting) -> Any:
    """``value`` as the setting ``name`` holds it. Raises the errors of :class:`Look`."""
    optional = isinstance(hint, UnionType)
    if optional and value is None:
        return None
    wanted = get_args(hint)[0] if optional else hint
    if choices := choices_of(wanted):
        if value not in choices:
            raise UnknownName(name.replace("_", " "), str(value)[:40], choices)
        return value
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted or not _within(value, setting):
        expected = {bool: "true or false", str: "a text", int: "a whole number"}.get(
            wanted, "a number"
        )
        raise UsageError(
            f"{name.replace('_', '-')} is {expected}{_bounds(setting)}, not {str(value)[:40]!r}"
        )
    return value


def _within(value: Any, setting: Setting) -> bool:
    if not isinstance(value, int | float):
        return True
    least = -math.inf if setting.least is None else setting.least
    most = math.inf if setting.most is None else setting.most
    return math.isfinite(value) and least <= value <= most


def _bounds(setting: Setting) -> str:
    return "" if setting.least is None else f" from {setting.least:g} to {setting.most:g}"
