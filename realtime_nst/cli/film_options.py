"""Options for what a written film holds, and how."""

from typing import Annotated, Any

import typer


def _option(*names: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel="What the film holds", **more)


Codec = Annotated[
    str | None,
    _option(metavar="NAME", help="h264, h265, av1, vp9 or prores. (default: by the suffix)"),
]
Encoder = Annotated[
    str | None,
    _option(
        metavar="NAME",
        help="Encode with hardware: nvenc, qsv, vaapi or videotoolbox; doctor says which work. "
        "(default: in software)",
    ),
]
Crf = Annotated[
    int | None,
    _option(
        metavar="N",
        help="Constant rate factor, or the quality number that the codec has instead; lower is "
        "better. (default: a good one for the codec)",
    ),
]
Bits = Annotated[
    int,
    _option(
        metavar="8|10",
        help="Bits a channel (10: h265, av1 or prores). Networks paint with 8: 10 are exact only "
        "where nothing is painted, as with --strength 0.",
    ),
]
Hdr = Annotated[
    str,
    _option(metavar="map|keep", help="PQ and HLG: map to SDR, or keep (10 bits; h265 or av1)."),
]
Deinterlace = Annotated[
    bool,
    _option("--deinterlace", help="Make whole pictures of fields, one a frame."),
]
Fps = Annotated[
    str | None,
    _option(metavar="N", help="Pictures a second, if IN is pictures. (default: 25)"),
]
Drop = Annotated[
    list[str] | None,
    _option(metavar="KIND", help="Leave out sound, subtitles, data or other; may be repeated."),
]
NoSound = Annotated[bool, _option("--no-sound", help="As --drop sound.")]
Strict = Annotated[
    bool,
    _option("--strict", help="Refuse what the output cannot hold, instead of converting it."),
]
