"""What live mode remembers from one run to the next: its look, view and camera size."""

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import platformdirs

from realtime_nst import presets
from realtime_nst.errors import RealtimeNstError, UsageError, one_line
from realtime_nst.files import write_whole
from realtime_nst.look import Look, View
from realtime_nst.runtime.player import find_player

ENVIRONMENT = "REALTIME_NST_STATE"

_CAMERA_SIZE = re.compile(r"([1-9]\d*x[1-9]\d*)?")


@dataclass(frozen=True)
class State:
    """``camera_size`` is as ``--camera-size`` takes it; empty where none was asked for."""

    look: Look = field(default_factory=Look)
    view: View = field(default_factory=View)
    camera_size: str = ""


_PAINTED = ("style", "rest", "morph_to")
"""Settings whose names the painter may know."""


def path() -> Path:
    """In the user's folder for states; ``$REALTIME_NST_STATE`` names another folder."""
    folder = os.environ.get(ENVIRONMENT) or platformdirs.user_state_dir("realtime_nst")
    return Path(folder) / "live.json"


def camera_size() -> str:
    """Only that, without looking at the files of the look; empty where none is remembered."""
    with suppress(OSError, ValueError, RecursionError, AttributeError, LookupError, TypeError):
        size = json.loads(path().read_text(encoding="utf-8"))["camera_size"]
        return size if _CAMERA_SIZE.fullmatch(size) else ""
    return ""


def load() -> tuple[State, list[str]]:
    """What was saved last, and a line on each thing in it that cannot be used."""
    try:
        saved = json.loads(path().read_text(encoding="utf-8"))
        size, settings, view = saved["camera_size"], saved["look"], saved["view"]
        if not _CAMERA_SIZE.fullmatch(size):
            raise UsageError(f"{size[:40]!r} is not a camera size")
        state = State(view=presets.changed(View(), view, path().parent), camera_size=size)
        return _with_look(state, settings)
    except FileNotFoundError:
        return State(), []
    except (OSError, ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return State(), [f"{path()} is damaged and ignored"]
    except UsageError as error:
        return State(), [f"{path()} is ignored: {error}"]


def _with_look(state: State, settings: Mapping[str, Any]) -> tuple[State, list[str]]:
    """Each setting by itself: a painting that is gone must not take the others with it."""
    usual = look = Look()
    notes = []
    for name, value in settings.items():
        try:
            painter = {"painter": settings.get("painter", "")} if name in _PAINTED else {}
            look = presets.changed(look, {**painter, name: value}, path().parent)
        except RealtimeNstError as error:
            notes.append(f"the {name} of last time cannot be used: {error}")
    for name in ("style", "rest"):
        style = getattr(look, name)
        try:
            if style != getattr(usual, name):
                find_player(style, look.painter)
        except RealtimeNstError as error:
            look = replace(look, **{name: getattr(usual, name)})
            notes.append(f"the {name} of last time cannot be used: {error}")
    return replace(state, look=look), notes


def save(state: State) -> str:
    """Replace what was saved, as a whole. A line on why it could not be saved (empty: it was)."""
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        saved = presets.preset(state.look, state.view, path().parent)
        with write_whole(path()) as part:
            text = json.dumps({**saved, "camera_size": state.camera_size}, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
    except (OSError, UsageError) as error:
        return f"the look is not remembered: {one_line(error)}"
    return ""
