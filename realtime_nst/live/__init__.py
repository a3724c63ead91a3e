"""The live experience: a source to a window and beyond, and keys that change the painting.

Nothing here parses arguments; ``Live`` is what ``realtime-nst live`` is made of.
"""

from realtime_nst.live.controller import Live

__all__ = ["Live"]
