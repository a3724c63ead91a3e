"""What live mode remembers from one run to the next."""

import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

ENVIRONMENT = "REALTIME_NST_STATE"
_SIZE = r"[1-9]\d*x[1-9]\d*"


@dataclass(frozen=True)
class State:
    """``style``, ``size`` and ``painter`` as the options of these names take them; None where not
    known, or the usual one."""

    style: str | None = None
    size: str | None = None
    painter: str | None = None


def path() -> Path:
    """In the user's folder for states; ``$REALTIME_NST_STATE`` names another folder."""
    folder = os.environ.get(ENVIRONMENT) or platformdirs.user_state_dir("realtime_nst")
    return Path(folder) / "live.json"


def load() -> tuple[State, str]:
    """What was saved last, and a line on what was wrong with it (empty: nothing)."""
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        state = State(kept["style"], kept["size"], kept.get("painter"))
    except FileNotFoundError:
        return State(), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return State(), f"{path()} cannot be read ({error!r}) and is ignored"
    names = (state.style, state.painter)
    if not all(_is_sound(n, r".+") for n in names) or not _is_sound(state.size, _SIZE):
        return State(), f"{path()} holds what it should not and is ignored"
    return state, ""


def save(state: State) -> str:
    """Replace what was saved, as a whole; a line on why it could not be (empty: it could)."""
    part = path().with_suffix(f".{os.getpid()}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
        part.replace(path())
    except OSError as error:
        return f"the style is not remembered: {part.parent}: {error.strerror}"
    finally:
        with suppress(OSError):
            part.unlink()
    return ""


def _is_sound(value: object, pattern: str) -> bool:
    return value is None or (isinstance(value, str) and bool(re.fullmatch(pattern, value)))
