"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

STYLE = "NAME|FILE.onnx|PICTURE|A:0.7,B:0.3"
STYLE_HELP = (
    "A style (see: realtime-nst styles), a picture to paint like, or a blend of pictures, or of "
    "styles of one network."
)
Style = Annotated[str, typer.Option("--style", "-s", metavar=STYLE, help=STYLE_HELP)]
Painter = Annotated[
    str,
    typer.Option(
        metavar="NAME|FILE.onnx",
        help="Network for --style PICTURE, or one of several styles to choose from. (default: the "
        "installed one)",
    ),
]
MorphTo = Annotated[
    str,
    typer.Option(
        metavar="PICTURE|NAME|A:0.7,B:0.3",
        help="Go over to this style by and by; the same network must play both.",
    ),
]
MorphSeconds = Annotated[float, typer.Option(help="How long --morph-to takes.")]
Size = Annotated[
    str,
    typer.Option(
        metavar="N|WxH",
        help="Shorter side in pixels (never enlarges), or width x height. (default: as is)",
    ),
]
Strength = Annotated[
    float, typer.Option(metavar="0..1", help="From the source (0) to the painting (1).")
]
KeepColour = Annotated[
    str,
    typer.Option(
        metavar="none|luminance|matched",
        help="Colours of the source: of each pixel, or of the picture as a whole.",
    ),
]
Provider = Annotated[
    str, typer.Option(metavar="auto|NAME", help="Execution provider, see: realtime-nst doctor.")
]
Stabilise = Annotated[
    str,
    typer.Option(metavar="off|light|strong", help="Hold the painting still from frame to frame."),
]
Flow = Annotated[
    str,
    typer.Option(metavar="fast|medium|slow", help="How carefully stabilising looks for motion."),
]
NetworkEvery = Annotated[
    int,
    typer.Option(
        metavar="N",
        help="Run the network on every Nth frame, and move the painting along in between.",
    ),
]
Mask = Annotated[
    str,
    typer.Option(
        metavar="FILE|moving",
        help="Paint there only: where this picture or video is white, or where something moves "
        "before a still background.",
    ),
]
MaskModel = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.onnx",
        help="Paint the subject that this segmentation network finds; the README says what it "
        "must take and give.",
    ),
]
InvertMask = Annotated[bool, typer.Option("--invert-mask", help="Paint everywhere else.")]
Rest = Annotated[
    str,
    typer.Option(
        metavar=STYLE, help="Style of what the mask leaves out. (default: it stays the source)"
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]
Clips = Annotated[
    Path | None,
    typer.Option(help="Folder of clips, moving pictures for the temporal weights."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Where the result goes.")]

DEFAULT_STYLE = "great_wave"
DEFAULT_MORPH_SECONDS = 10.0
DEFAULT_STABILISE = "strong"
DEFAULT_FLOW = "fast"
