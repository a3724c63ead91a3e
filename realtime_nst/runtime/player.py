"""Which network plays what ``--style`` asks for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.pictures import is_picture
from realtime_nst.runtime import styles
from realtime_nst.runtime.card import ARBITRARY, MULTI
from realtime_nst.runtime.model import Model, read_model
from realtime_nst.runtime.painting import load_painting
from realtime_nst.spec import Part, parse

PICTURES = "pictures"
"""What any two pictures blend in: the network for any painting, whichever it is."""

_TRAIN = "train one with: realtime-nst train-any"


@dataclass(frozen=True)
class Player:
    """``parts`` are the paintings or styles that ``network`` blends; there are none where it has
    one style of its own."""

    network: Path
    parts: tuple[Part, ...] = ()


def find_player(style: str | Path, painter: str | Path = "") -> Player:
    """Who plays ``style``, a spec as :func:`~realtime_nst.spec.parse` takes it.

    Paintings are played by ``painter``, the name or path of a network for any painting, or where
    that is empty by the first one installed. Names are sought in ``painter`` where it is a network
    of several styles; then one alone is an installed style or the path of a file; then they are
    styles of one installed network of several.

    Raises :class:`UnknownName`; :class:`UsageError` where no network plays that, or not all of it
    together; :class:`ModelError` where one cannot be read.
    """
    parts = parse(style)
    names = [part.name for part in parts]
    model = _painter(painter) if painter else None
    paintings = [name for name in names if _is_painting(name)]
    if len(paintings) == len(names):
        return Player(_for_paintings(paintings[0], model), parts)
    if model and set(names) <= set(model.card.styles):
        return Player(model.path, parts)
    if len(names) == 1 and _is_network(names[0]):
        return Player(styles.find(names[0]))
    return Player(_of_several(names, paintings, model), parts)


def digests(player: Player) -> list[str]:
    """The sha256 of the network, and of each painting among the parts, in their order.

    Raises :class:`ModelError` for a network, :class:`UsageError` or :class:`MediaError` for a
    painting that cannot be read.
    """
    paintings = (Path(part.name) for part in player.parts if _is_painting(part.name))
    read = (hashlib.sha256(load_painting(path)).hexdigest() for path in paintings)
    return [read_model(player.network).digest, *read]


def blends_in(style: str | Path, painter: str | Path = "") -> str:
    """The name of the network that ``style`` is blended in with all others of which the same is
    said: PICTURES, or one of several styles. Empty where there is none, and for a blend.

    Raises as :func:`find_player` does for ``painter``.
    """
    parts = parse(style)
    if len(parts) > 1:
        return ""
    name = parts[0].name
    if _is_painting(name):
        return PICTURES
    several = _several(_painter(painter) if painter else None)
    return next((network for network, held in several.items() if name in held), "")


def _is_painting(name: str) -> bool:
    return not _is_installed(name) and is_picture(Path(name))


def _is_network(name: str) -> bool:
    painters = {entry.name for entry in styles.painters()}
    return _is_installed(name) or name in painters or styles.is_path(name)


def _is_installed(name: str) -> bool:
    return name in {entry.name for entry in styles.installed()}


def _painter(painter: str | Path) -> Model:
    """Raises :class:`UnknownName`, and :class:`UsageError` for a network of one style."""
    names = [entry.name for entry in styles.painters()]
    if str(painter) not in names and not styles.is_path(painter):
        raise UnknownName("painter", str(painter), names, "or give the path of an .onnx file")
    model = read_model(styles.find(painter))
    if model.card.kind not in (ARBITRARY, MULTI):
        raise UsageError(
            f"--painter {str(painter)!r} is a network of the kind {model.card.kind!r}; give one of "
            f"the kind {ARBITRARY!r} or {MULTI!r}, or leave it out"
        )
    return model


def _for_paintings(painting: str, model: Model | None) -> Path:
    if model and model.card.kind == MULTI:
        raise UsageError(
            f"{str(model.path)!r} plays its own styles ({', '.join(model.card.styles)}), not the "
            f"picture {painting!r}; give --painter a network of the kind {ARBITRARY!r}"
        )
    if model:
        return model.path
    fitting = [entry.name for entry in styles.painters() if entry.kind == ARBITRARY]
    if not fitting:
        raise UsageError(
            f"{painting!r} is a picture, and no network that paints after any picture is "
            f"installed; name one with --painter FILE.onnx, or {_TRAIN}"
        )
    return styles.find(fitting[0])


def _several(model: Model | None) -> dict[str, tuple[str, ...]]:
    """The networks of several styles, with these: the installed ones, and ``model`` if it is."""
    several = {entry.name: entry.styles for entry in styles.painters() if entry.kind == MULTI}
    if model and model.card.kind == MULTI:
        several[model.path.name] = model.card.styles
    return several


def _of_several(names: Sequence[str], paintings: Sequence[str], model: Model | None) -> Path:
    """The installed network of several styles that has all ``names``."""
    several = _several(model)
    for network, held in several.items():
        if set(names) <= set(held):
            return styles.find(network)
    known = {*paintings, *(style for held in several.values() for style in held)}
    for name in names:
        if name not in known:
            styles.find(name)  # says what is wrong with a name that is in no table
    sets = "; ".join(f"{network}: {', '.join(held)}" for network, held in several.items())
    raise UsageError(
        f"no network plays {' and '.join(map(repr, names))} together: pictures blend with "
        f"pictures, and names with names of one network of several styles ({sets or 'none here'})"
    )
