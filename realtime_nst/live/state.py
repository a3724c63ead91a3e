"""What live mode remembers from one run to the next: its look, view and camera size."""

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from realtime_nst import presets
from realtime_nst.errors import UsageError
from realtime_nst.files import write_whole
from realtime_nst.look import Look, View

ENVIRONMENT = "REALTIME_NST_STATE"


@dataclass(frozen=True)
class State:
    """``camera_size`` is as ``--camera-size`` takes it; empty where none was asked for."""

    look: Look = field(default_factory=Look)
    view: View = field(default_factory=View)
    camera_size: str = ""


def path() -> Path:
    """In the user's folder for states; ``$REALTIME_NST_STATE`` names another folder."""
    folder = os.environ.get(ENVIRONMENT) or platformdirs.user_state_dir("realtime_nst")
    return Path(folder) / "live.json"


def load() -> tuple[State, str]:
    """What was saved last, and a line on what was wrong with it (empty: nothing)."""
    try:
        saved = json.loads(path().read_text(encoding="utf-8"))
        size = saved.pop("camera_size")
        if not re.fullmatch(r"([1-9]\d*x[1-9]\d*)?", size):
            raise UsageError(f"{size[:40]!r} is no camera size")
        return State(*presets.read(saved, path().parent), size), ""
    except FileNotFoundError:
        return State(), ""
    except (OSError, ValueError, RecursionError, AttributeError, LookupError, TypeError):
        return State(), f"{path()} is damaged and ignored"
    except UsageError as error:
        return State(), f"the look of last time cannot be used: {error}"


def save(state: State) -> str:
    """Replace what was saved, as a whole. A line on why it could not be saved (empty: it was)."""
    try:
        path().parent.mkdir(parents=True, exist_ok=True)
        saved = presets.preset(state.look, state.view, path().parent)
        with write_whole(path()) as part:
            text = json.dumps({**saved, "camera_size": state.camera_size}, indent=1)
            part.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        return f"the look is not remembered: {error.filename}: {error.strerror}"
    return ""
