"""What a page asks for, checked: only settings that viewers share, only names it was offered."""

from collections.abc import Mapping
from typing import Any

from realtime_nst import presets
from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.look import Look, View, amended, settings_of
from realtime_nst.serve.studio import Studio
from realtime_nst.sizes import BRUSHES, parse_brush
from realtime_nst.spec import parse


def requested(
    look: Look, view: View, message: Mapping[str, Any], studio: Studio
) -> tuple[Look, View]:
    """``look`` and ``view`` with the settings in ``message``, which are as presets have them.

    Raises :class:`UsageError` for a setting that viewers cannot choose, a value that no look can
    have, a path, and a name that ``studio`` does not offer for that setting; :class:`PaintingsGone`
    for pictures that it no longer has.
    """
    for name in message:
        if name not in ("look", "view"):
            raise UnknownName("part of a message", str(name)[:40], ("look", "view"))
    known, changes = settings_of(type(look)), presets.from_json(type(look), message.get("look", {}))
    for name, value in changes.items():
        if value == getattr(look, name):
            continue
        if not known[name][1].shared:
            raise UsageError(f"{name.replace('_', ' ')} is chosen where the server is started")
        if known[name][1].names == "styles" and value:
            _check_style(name, value, studio)
        elif known[name][1].names == "file" and value not in ("", *studio.files_for(name)):
            raise UnknownName(name.replace("_", " "), str(value)[:40], studio.files_for(name))
    wanted = amended(look, **changes)
    if wanted.brush != look.brush:
        _check_brush(wanted.brush)
    return wanted, presets.changed(view, message.get("view", {}))


def _check_brush(brush: str) -> None:
    """Smaller strokes take the time of all viewers: those of a half, four times as much."""
    if (parse_brush(brush).factor or 1) < (parse_brush(BRUSHES[0]).factor or 1):
        raise UsageError(f"the brush is at least {BRUSHES[0]} here, not {brush}")


def _check_style(setting: str, spec: str, studio: Studio) -> None:
    names = [part.name for part in parse(spec)]
    studio.paintings.check(names)
    networks = studio.offered(setting, names)
    for name in names:
        if name not in networks:
            raise UnknownName("style", name[:40], networks)
    blended = {networks[name] for name in names}
    if len(names) > 1 and (len(blended) > 1 or "" in blended):
        raise UsageError(f"no one network plays {' and '.join(map(repr, names))}; choose others")
