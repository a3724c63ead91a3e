"""``python -m realtime_nst.serve.examine FILE``: what a film is, as one JSON object. It runs where
nothing else is lost if the file harms a decoder."""

import json
import sys
from pathlib import Path
from typing import Any

from realtime_nst.errors import RealtimeNstError

_KINDS = frozenset(("mov", "matroska", "avi", "mpeg", "mpegvideo", "mpegts", "asf", "flv", "ogg"))
"""Demuxers of FFmpeg. It chooses one by more than the first bytes, which were checked before; so no
other one, as for playlists, gets to open a file."""


def examined(path: Path) -> dict[str, Any]:
    """Its ``width``, ``height``, ``seconds`` and ``frames``, as far as the file tells; or a
    ``message`` why it cannot be painted."""
    from realtime_nst.media.container import frame_rate, main_video, open_input

    try:
        with open_input(path) as container:
            if _KINDS.isdisjoint(container.format.name.split(",")):
                return {"message": f"it is {container.format.long_name}, no film of a usual kind"}
            stream, seconds = main_video(container), (container.duration or 0) / 1e6
            frames = stream.frames or round(seconds * (frame_rate(stream) or 0))
            size = {"width": stream.width, "height": stream.height}
            return {**size, "seconds": seconds, "frames": frames}
    except RealtimeNstError as error:
        return {"message": str(error)}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(examined(Path(sys.argv[1]))) + "\n")
