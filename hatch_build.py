"""Puts the page's libraries into wheels, so that nobody who installs one needs node.

Where node is missing or npm cannot fetch them, the wheel is built without them.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))  # nothing is installed yet

from realtime_nst.errors import RealtimeNstError
from realtime_nst.web import libraries

_LONGEST = 120.0
"""Seconds that npm may take; where no answer comes, it would wait for five minutes a file."""


class PageLibraries(BuildHookInterface[Any]):
    """``pip install -e`` leaves them out: from a checkout they are fetched when they are needed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        try:
            found = libraries.libraries(self.app.display_info, _LONGEST)
        except RealtimeNstError as error:
            self.app.display_warning(f"the wheel lacks the web page's libraries: {error}")
            return
        build_data["force_include"] |= {
            str(found / name): f"realtime_nst/web/vendor/{name}" for name in libraries.FILES
        }
