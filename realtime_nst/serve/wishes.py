"""What a page wishes, checked: only settings that exist, only names that it was offered."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from realtime_nst import presets
from realtime_nst.errors import UnknownName, UsageError
from realtime_nst.look import MOVING, Look, View, settings_of
from realtime_nst.spec import parse


def wished(
    look: Look,
    view: View,
    message: Mapping[str, Any],
    offered: Callable[[Iterable[str]], Mapping[str, str]],
) -> tuple[Look, View]:
    """``look`` and ``view`` with the settings in ``message``, as :mod:`~realtime_nst.presets` has
    them.

    ``offered`` gives, for names that are wished, those that exist and the network each blends in.
    Raises :class:`UsageError` for what no look can have, and for a path or a name not offered.
    """
    for name in message:
        if name not in ("look", "view"):
            raise UnknownName("part of a wish", str(name)[:40], ("look", "view"))
    asked = message.get("look", {})
    look = presets.changed(look, asked)
    if look.painter:
        raise UsageError("the painter is chosen where the server is started")
    for name, (_, about) in settings_of(type(look)).items():
        value = getattr(look, name)
        if about.names == "styles" and value:
            _check_style(value, offered)
        elif about.names == "file" and value not in ("", MOVING, *offered(())):
            raise UnknownName(name.replace("_", " "), value[:40], (MOVING,))
    return look, presets.changed(view, message.get("view", {}))


def _check_style(spec: str, offered: Callable[[Iterable[str]], Mapping[str, str]]) -> None:
    names = [part.name for part in parse(spec)]
    networks = offered(names)
    for name in names:
        if name not in networks:
            raise UnknownName("style", name[:40], networks)
    blended = {networks[name] for name in names}
    if len(names) > 1 and (len(blended) > 1 or "" in blended):
        raise UsageError(f"no one network plays {' and '.join(map(repr, names))}; choose others")
