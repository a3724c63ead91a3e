"""What the page can paint with: styles, networks and pictures, with the files that they need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from realtime_nst import presets
from realtime_nst.look import Look, View, settings_of
from realtime_nst.runtime.companions import encoder_of
from realtime_nst.runtime.for_browsers import with_cast_first
from realtime_nst.runtime.installed_style import InstalledStyle
from realtime_nst.runtime.model import Model, read_model
from realtime_nst.runtime.player import PICTURES, blends_in
from realtime_nst.runtime.shipped import person_network
from realtime_nst.runtime.styles import read_installed
from realtime_nst.values import choices_of
from realtime_nst.web.scenes import scenes

SCENE, FIRST = "pictures/scene.jpg", "pictures/first.jpg"
"""What the page paints before it has a camera, and how it looks when the page begins."""


@dataclass
class Offered:
    """``description`` is the page's ``styles.json``; ``files`` are those that it names."""

    description: Mapping[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, kind: str, name: str, data: bytes) -> str:
        """The path of a file whose name tells its contents, so that it may be kept for ever."""
        stem, _, suffix = name.rpartition(".")
        path = f"{kind}/{stem}.{sha256(data).hexdigest()[:12]}.{suffix}"
        self.files[path] = data
        return path


def offered() -> Offered:
    """All installed styles. Raises :class:`ModelError` where one is damaged."""
    found, made = read_installed(), Offered()
    entries = [entry for entry in found.entries if entry.is_picture or entry.row.paints]
    painter = next((entry for entry in found.painters if entry.row.needs_encoder), None)
    networks = {
        entry.name: _network(made, read_model(entry.checked()))
        for entry in entries
        if not entry.is_picture
    }
    made.description = {
        "styles": [
            _style(made, name, entry)
            for name, entry in found.choices.items()
            if not entry.is_picture or painter
        ],
        "networks": networks,
        "painter": painter.name if painter else None,
        "person": made.add("networks", "person.onnx", _for_page(person_network())),
        "choices": {
            name: choices_of(hint)
            for name, (hint, _) in settings_of(Look).items()
            if choices_of(hint)
        },
        "look": presets.to_json(Look()),
        "view": presets.to_json(View(mirror=True)),
    }
    made.files[SCENE], made.files[FIRST] = scenes()
    return made


def _style(made: Offered, name: str, entry: InstalledStyle) -> dict[str, Any]:
    """``network`` is None for a picture, which the painter plays from ``painting``."""
    own = entry.name == name
    tile = entry.folder / entry.picture if own and entry.picture else None
    return {
        "name": name,
        "title": entry.title if own else name,
        "artist": entry.artist if own else "",
        "speed_class": entry.speed_class,
        "blends_in": PICTURES if entry.is_picture else blends_in(name),
        "network": None if entry.is_picture else entry.name,
        "painting": made.add("pictures", entry.file, entry.checked().read_bytes())
        if entry.is_picture
        else None,
        "picture": made.add("pictures", tile.name, tile.read_bytes())
        if tile and tile.is_file()
        else None,
    }


def _network(made: Offered, model: Model) -> dict[str, Any]:
    described = {
        "file": made.add("networks", model.path.name, _for_page(model.path)),
        "multiple": model.card.size_multiple,
        "minimum": model.card.size_minimum,
        "styles": model.card.styles,
    }
    if not model.kind.needs_encoder:
        return described
    encoder = encoder_of(model)
    return described | {
        "encoder": made.add("networks", encoder.path.name, _for_page(encoder.path)),
        "encoder_minimum": encoder.card.size_minimum,
    }


def _for_page(path: Path) -> bytes:
    return with_cast_first(path.read_bytes())
