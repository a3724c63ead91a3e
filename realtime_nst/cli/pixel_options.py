"""Options for what the pixels of a video hold."""

from typing import Annotated

import typer

Hdr = Annotated[
    str,
    typer.Option(metavar="WAY", help="PQ and HLG: map to SDR, or keep (10 bits; h265 or av1)."),
]
Bits = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Bits a channel, 8 or 10 (h265, av1 or prores). Networks paint with 8: 10 are exact "
        "only where nothing is painted, as with --strength 0.",
    ),
]
Deinterlace = Annotated[
    bool,
    typer.Option("--deinterlace", help="Make whole pictures of fields, one a frame."),
]
