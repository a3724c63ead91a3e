"""Puts the page's libraries into the wheels of a release, so that who installs one needs no node.

It runs where ``HATCH_BUILD_HOOKS_ENABLE`` is set: ``pip install .`` neither fetches nor waits for
anything, and from there they are fetched when they are needed.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))  # nothing is installed yet

from realtime_nst.web import libraries


class PageLibraries(BuildHookInterface[Any]):
    """Raises :class:`RealtimeNstError` where they cannot be fetched: a release lacks nothing."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        found = libraries.libraries(self.app.display_info)
        build_data["force_include"] |= {
            str(found / name): f"realtime_nst/web/vendor/{name}" for name in libraries.FILES
        }
