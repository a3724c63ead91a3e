"""``realtime-nst image``: pictures and folders of pictures."""

from pathlib import Path
from typing import Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.masking import MOVING, mask_of
from realtime_nst.errors import UsageError


def image(
    sources: Annotated[list[Path], typer.Argument(metavar="IN…", help="Pictures and folders.")],
    output: options.Output,
    style: options.Style = options.DEFAULT_STYLE,
    size: options.Size = "",
    strength: options.Strength = 1.0,
    keep_colour: options.KeepColour = "none",
    painter: options.Painter = "",
    mask: options.Mask = "",
    mask_model: options.MaskModel = None,
    invert_mask: options.InvertMask = False,
    rest: options.Rest = "",
    provider: options.Provider = "auto",
    quality: Annotated[int, typer.Option(help="Of JPEG and WebP, 1 to 100.")] = 95,
    overwrite: options.Overwrite = False,
) -> None:
    """Stylise pictures. One picture goes to a file or a folder, several go to a folder."""
    from realtime_nst import pipeline
    from realtime_nst.masks.within import Within
    from realtime_nst.runtime.stages import Resize, Stylise
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.pictures import PictureSink, written_name
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.spec import parse_size
    from realtime_nst.stream import Stage

    if mask == MOVING:
        raise UsageError(
            f"--mask {MOVING} is for video: pictures do not move; give a picture as the mask, or "
            "--mask-model"
        )
    stages: list[Stage] = [Resize(parse_size(size))] if size else []
    where = mask_of(mask, mask_model, invert_mask, rest)
    pictures = PictureSource(sources, skip_unreadable=True)
    names = [written_name(path) for path in pictures.paths]
    sink = PictureSink(output, names, overwrite=overwrite, quality=quality)
    _check_output(pictures.paths, output)

    def painting(by: str) -> Stage:
        return Stylise(Stylizer(by, provider, painter=painter), strength, keep_colour)

    stage = painting(style)
    stages.append(Within(where, stage, painting(rest) if rest else None) if where else stage)
    with (
        pictures,
        sink,
        console.frame_progress(str(output), len(pictures.paths)) as progress,
    ):
        report = pipeline.run(pictures, stages, sink, progress)
    console.say(f"{output}: {console.counted(report.frames, 'picture')} in {report.seconds:.1f} s")
    for error in pictures.unreadable.values():
        console.say_error(str(error))
    if pictures.unreadable:
        raise typer.Exit(1)


def _check_output(paths: list[Path], output: Path) -> None:
    from realtime_nst.sinks.pictures import SUFFIXES

    named = output.suffix and not output.is_dir() and len(paths) == 1
    if named and output.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{output} has no picture's suffix (choices: {', '.join(SUFFIXES)})")
    folder = output if output.is_dir() else None
    for path in paths:
        if path.exists() and (folder / path.name if folder else output).resolve() == path.resolve():
            raise UsageError(f"{path} is the input itself; write to another name or folder")
