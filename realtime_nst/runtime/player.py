"""Which network plays the style that is asked for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.media.pictures import is_picture
from realtime_nst.runtime.codes import load_painting
from realtime_nst.runtime.companions import encoder_path, int8_path
from realtime_nst.runtime.kinds import names_of
from realtime_nst.runtime.model import Model, digest_of, read_model
from realtime_nst.runtime.styles import Installed, is_path, read_installed
from realtime_nst.spec import Part, parse

PICTURES = "pictures"
"""The group in which any two pictures blend: one network plays all of them."""

_TRAIN = "train one with: realtime-nst train-any"


@dataclass(frozen=True)
class Player:
    """The file ``network``, and the paintings or styles in ``parts`` that it blends. A network with
    a single style of its own has no parts."""

    network: Path
    parts: tuple[Part, ...] = ()


def find_player(style: str | Path, painter: str | Path = "") -> Player:
    """The network for ``style``, a spec as :func:`~realtime_nst.spec.parse` takes it.

    Pictures, installed ones too, are played by ``painter``, the name or path of a network for any
    painting; if it is empty, by the first one installed. Names are looked up in this order: the
    styles of ``painter``, if it is a multi-style network; the installed styles and files, for a
    single name; the styles of an installed multi-style network.

    Raises :class:`UnknownName`, :class:`UsageError` if no network plays the style, or not all of
    its parts together, and :class:`ModelError` if a network cannot be read.
    """
    installed = read_installed()
    model = _painter(painter, installed) if painter else None
    own = model.card.styles if model else ()
    parts = installed.with_paths(parse(style), but=own)
    names = [part.name for part in parts]
    pictures = [name for name in names if name not in own and _is_painting(name, installed)]
    if len(pictures) == len(names):
        return Player(_for_pictures(pictures[0], model, installed), parts)
    if model and set(names) <= set(own):
        return Player(model.path, parts)
    if len(names) == 1 and (names[0] in installed.by_name or is_path(names[0])):
        return Player(installed.find(names[0]))
    return Player(_for_names(names, pictures, model, installed), parts)


def painter_of(styles: Sequence[str], painter: str = "") -> str:
    """The painter with which one network plays all ``styles``: ``painter``, or if that is empty the
    installed multi-style network that has them all, if there is one."""
    installed = read_installed()
    names = {part.name for style in styles for part in parse(style)}
    if painter or any(_is_painting(name, installed) for name in names):
        return painter
    several = _multi_style(None, installed)
    return next((network for network, its in several.items() if names <= set(its)), "")


def check_painter(styles: Sequence[str], painter: str) -> None:
    """Raises :class:`UsageError` if ``painter`` plays none of ``styles``, and the errors of
    :func:`find_player`."""
    network = _painter(painter, read_installed()).path
    if not any(find_player(style, painter).network.samefile(network) for style in styles):
        raise UsageError(
            f"the painter {painter!r} has no effect: {' and '.join(map(repr, styles))} "
            f"{'needs' if len(styles) == 1 else 'need'} no painter; leave it out, or name as the "
            "style what it plays: a picture, or one of its own styles"
        )


def contents(player: Player) -> list[str]:
    """What decides how ``player`` paints: the sha256 of the network's files, then for each part
    the sha256 of the picture, or the name of the style, and its weight.

    Raises :class:`ModelError` if the network cannot be read, :class:`UsageError` or
    :class:`MediaError` if a picture cannot.
    """
    installed = read_installed()
    beside = (encoder_path(player.network), int8_path(player.network))
    found = [read_model(player.network).digest, *(digest_of(p) for p in beside if p.is_file())]
    for part in player.parts:
        picture = _is_painting(part.name, installed)
        read = hashlib.sha256(load_painting(Path(part.name))).hexdigest() if picture else part.name
        found += [read, f"{part.weight:.6g}"]
    return found


def blends_in(style: str | Path, painter: str | Path = "") -> str:
    """The group that ``style`` belongs to: all styles of a group blend with each other.

    PICTURES, or the name of a multi-style network; empty if it blends with nothing, and if it is a
    blend already. Raises the errors of :func:`find_player` for ``painter``.
    """
    parts, installed = parse(style), read_installed()
    if len(parts) > 1:
        return ""
    name = parts[0].name
    if _is_painting(name, installed):
        return PICTURES
    several = _multi_style(_painter(painter, installed) if painter else None, installed)
    return next((network for network, styles in several.items() if name in styles), "")


def _is_painting(name: str, installed: Installed) -> bool:
    """The name of an installed style means the style, even if a picture has the same name."""
    entry = installed.by_name.get(name)
    if entry is None or entry.row.takes_code:
        return is_picture(Path(name))
    return entry.is_picture


def _painter(painter: str | Path, installed: Installed) -> Model:
    """Raises :class:`UnknownName`, and :class:`UsageError` for a network with a single style."""
    names = [entry.name for entry in installed.painters]
    if str(painter) not in names and not is_path(painter):
        raise UnknownName("painter", str(painter), names, "or give the path of an .onnx file")
    model = read_model(installed.find(painter))
    if not model.kind.takes_code:
        raise UsageError(
            f"`painter` {str(painter)!r} is a network of the kind {model.card.kind!r}; give one of "
            f"the kind {names_of(takes_code=True)}, or leave `painter` out"
        )
    return model


def _for_pictures(picture: str, model: Model | None, installed: Installed) -> Path:
    if model and not model.kind.needs_encoder:
        raise UsageError(
            f"{str(model.path)!r} plays its own styles ({', '.join(model.card.styles)}), not the "
            f"picture {picture!r}; give `painter` a network of the kind "
            f"{names_of(needs_encoder=True)}"
        )
    if model:
        return model.path
    entry = next((entry for entry in installed.painters if entry.row.needs_encoder), None)
    if entry is None:
        raise UsageError(
            f"{picture!r} is a picture, and no network that paints like any picture is "
            f"installed; name one with `painter` FILE.onnx, or {_TRAIN}"
        )
    return entry.checked()


def _multi_style(model: Model | None, installed: Installed) -> dict[str, tuple[str, ...]]:
    """The styles of each multi-style network: the installed ones, and ``model`` if it is one."""
    several = {entry.name: entry.styles for entry in installed.painters if entry.styles}
    if model and model.card.styles:
        several[model.path.name] = model.card.styles
    return several


def _for_names(
    names: Sequence[str], pictures: Sequence[str], model: Model | None, installed: Installed
) -> Path:
    """The installed multi-style network that has all ``names``."""
    several = _multi_style(model, installed)
    for network, styles in several.items():
        if set(names) <= set(styles):
            return installed.find(network)
    known = {*pictures, *(style for styles in several.values() for style in styles)}
    for name in names:
        if name not in known:
            installed.find(name)  # raises, with the reason, for a name that is nowhere
    sets = "; ".join(f"{network}: {', '.join(styles)}" for network, styles in several.items())
    raise UsageError(
        f"no network plays {' and '.join(map(repr, names))} together: pictures blend with "
        f"pictures, and names with names of one multi-style network ({sets or 'none here'})"
    )
