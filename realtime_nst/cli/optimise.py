"""``realtime-nst optimise``: pictures and videos painted by optimising their pixels."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.optimise_files import (
    is_film,
    is_picture,
    no_empty_folders,
    open_content,
    open_sink,
    refuse_inputs,
    target_of,
    written_files,
)
from realtime_nst.cli.optimise_progress import Snapshots, StepProgress, losses, step_progress
from realtime_nst.cli.recipe_options import read_options, with_options_of
from realtime_nst.cli.renamed import with_renamed
from realtime_nst.cli.skip_existing import SkipExisting, check_skip, how_to_go_on
from realtime_nst.errors import UsageError
from realtime_nst.learning.optimise.options import Optimisation
from realtime_nst.values import check_number

if TYPE_CHECKING:
    from realtime_nst.learning.optimise.frames import FrameOptimiser
    from realtime_nst.learning.optimise.style import Style
    from realtime_nst.sinks.pictures import PictureSink
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.video import VideoSource
    from realtime_nst.stream import Image

_REGIONS = "Regions"
_MOST_STEPS = 1_000_000
_RENAMED = {
    "blend": "blend paintings in --style, as a.jpg:0.7,b.jpg:0.3",
    "size": "give --longest, the longer side of the result in pixels",
    "start": "give --init",
}


@with_renamed(_RENAMED)
@with_options_of(Optimisation, "Optimisation")
def optimise(
    contents: Annotated[
        list[Path], typer.Argument(metavar="CONTENT", help="A picture, a folder or a video.")
    ],
    *,
    style: Annotated[
        str,
        typer.Option(
            "--style",
            "-s",
            metavar="PAINTING",
            help="Painting to imitate, or a blend, as a.jpg:0.7,b.jpg:0.3.",
            show_default=False,
        ),
    ] = "",
    output: options.Output,
    save_every: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Save the picture every N steps, and a contact sheet; 0 is never.",
        ),
    ] = 0,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    overwrite: options.Overwrite = False,
    skip_existing: SkipExisting = False,
    content_mask: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_REGIONS,
            help="Region of the content, white, for each painting in turn.",
        ),
    ] = None,
    style_mask: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=_REGIONS,
            help="Region of each painting, white, in turn.",
        ),
    ] = None,
    **optimisation: Any,
) -> None:
    """Paint by optimising the pixels (Gatys et al. 2016). Slow: minutes for each picture."""
    from realtime_nst.packages import require

    require("optimising pixels", "train", "cpu")
    check_skip(skip_existing, overwrite)
    content = _only(contents, style)
    check_number("--save-every", save_every, 0, _MOST_STEPS)
    chosen = read_options(Optimisation, optimisation)
    target = target_of(content, output)
    source = open_content(content)
    paintings = _styles(content, style, chosen, content_mask or [], style_mask or [])
    masks = [*(content_mask or ()), *(style_mask or ())]
    inputs = [content, *(path for path, _ in paintings), *masks, *(loss_weights or ())]
    if save_every and not is_picture(content):
        raise UsageError(f"--save-every is for a single picture, and {str(content)!r} is none")
    snapshots = Snapshots(target, save_every, chosen.steps, overwrite, inputs)
    with source, no_empty_folders(target):
        _require_memory(source, chosen)
        refuse_inputs(written_files(content, source, target), inputs)
        sink = open_sink(content, source, target, overwrite, skip_existing)
        progress: StepProgress | None = None
        with interrupt.explained(lambda: _what_is_done(sink, target, progress, overwrite)):
            try:
                with interrupt.finishing(sink):
                    networks = loss_networks(loss_network, loss_weights)
                    optimiser = _optimiser([each for _, each in paintings], networks, chosen)
                    with step_progress(snapshots, source.info.frames) as progress:
                        film = is_film(source, target)
                        _paint(source, optimiser, sink, progress, skip_existing, film)
            finally:
                snapshots.finish()
    _say_done(source, sink, target, progress)


def _only(contents: Sequence[Path], style: str) -> Path:
    """Raises UsageError if there is more than one content, or no painting, and tells the usage."""
    content, *others = contents
    if style and not others:
        return content
    example = style or (str(others[0]) if others else "painting.jpg")
    raise UsageError(
        "give one picture, folder or video, and the painting with --style: realtime-nst optimise "
        f"{content} --style {example} -o OUTPUT"
    )


def _require_memory(source: "PictureSource | VideoSource", chosen: Optimisation) -> None:
    from realtime_nst.learning.device import require_memory

    width, height = source.info.width, source.info.height
    require_memory(
        chosen.memory(width, height),
        f"optimising a picture of {width}x{height} at --longest {chosen.longest}",
        "give a smaller --longest",
    )


def _styles(
    content: Path,
    style: str,
    chosen: Optimisation,
    content_masks: list[Path],
    style_masks: list[Path],
) -> "list[tuple[Path, Style]]":
    """The file and the style of each painting. Raises UsageError unless there is one mask, or
    none, for each."""
    from realtime_nst.learning.data.pictures import read_image
    from realtime_nst.learning.optimise.style import Style, read_mask
    from realtime_nst.spec import parse

    parts = parse(style)
    for name, masks in {"content-mask": content_masks, "style-mask": style_masks}.items():
        if masks and len(masks) != len(parts):
            raise UsageError(
                f"--{name} is given {len(masks)} times for {len(parts)} paintings; give one for "
                "each, in the order of --style"
            )
    drawn_over = content if is_picture(content) else None
    styles = []
    for number, part in enumerate(parts):
        path = Path(part.name)
        styles.append(
            Style(
                painting=read_image(path, chosen.style_size),
                share=part.weight,
                content_mask=read_mask(content_masks[number], drawn_over)
                if content_masks
                else None,
                painting_mask=read_mask(style_masks[number], path) if style_masks else None,
            )
        )
    return [(Path(part.name), made) for part, made in zip(parts, styles, strict=True)]


def _optimiser(
    styles: "list[Style]", weights: list[Path], chosen: Optimisation
) -> "FrameOptimiser":
    from realtime_nst.learning.device import best_device
    from realtime_nst.learning.optimise.frames import FrameOptimiser
    from realtime_nst.learning.optimise.loss_networks import load_extractor, with_available_layers

    extractor = load_extractor(weights, chosen)
    fitting, notice = with_available_layers(chosen, extractor)
    if notice:
        console.say_notice(notice)
    return FrameOptimiser(styles, extractor, fitting, best_device().name)


def _paint(
    source: "PictureSource | VideoSource",
    optimiser: "FrameOptimiser",
    sink: "PictureSink | VideoSink",
    progress: StepProgress,
    skip_existing: bool,
    is_film: bool,
) -> None:
    """If a single picture is stopped, it is written as it is. Unless they are a film, pictures
    have nothing to do with each other."""
    from realtime_nst.learning.data.pictures import to_image

    for frame in source:
        if skip_existing and (painted := _painted(sink, frame.index)) is not None:
            optimiser.follow(frame.image, painted)
            continue
        progress.next_picture(frame.index)
        if not is_film:
            optimiser.reset()
        try:
            painted = optimiser(frame.image, progress)
        except KeyboardInterrupt:
            if progress.pictures == 1 and progress.last:
                sink.write(replace(frame, image=to_image(progress.last.image())))
                progress.finished += 1
            raise
        with interrupt.shielded():
            sink.write(replace(frame, image=painted))
            progress.finished += 1


def _painted(sink: "PictureSink | VideoSink", index: int) -> "Image | None":
    """What an earlier run painted."""
    from realtime_nst.media.pictures import read_picture
    from realtime_nst.sinks.pictures import PictureSink

    there = sink.path_of(index) if isinstance(sink, PictureSink) else None
    return read_picture(there) if there and there.exists() else None


def _what_is_done(
    sink: "PictureSink | VideoSink", target: Path, progress: StepProgress | None, overwrite: bool
) -> str:
    from realtime_nst.sinks.video import VideoSink

    finished = progress.finished if progress else 0
    if progress and progress.pictures == 1 and finished and progress.last:
        step = progress.last
        return (
            f"stopped at step {step.step} of {step.steps}; so far: {target}; the same command and "
            "--overwrite begins anew"
        )
    if isinstance(sink, VideoSink) and sink.kept:
        return (
            f"stopped; {console.counted(finished, 'picture')} finished: {sink.kept}; to be able to "
            "go on, name a folder as the output: --skip-existing goes on with its pictures"
        )
    return how_to_go_on(finished, (progress and progress.pictures) or finished, overwrite)


def _say_done(
    source: "PictureSource | VideoSource",
    sink: "PictureSink | VideoSink",
    target: Path,
    progress: StepProgress,
) -> None:
    for notice in (*getattr(source, "notices", ()), *getattr(sink, "notices", ())):
        console.say_notice(notice)
    last = f"; {losses(progress.last)}" if progress.last else ""
    pictures = console.counted(progress.finished, "picture")
    console.say_result(
        f"{target}: {pictures} in {progress.seconds:.1f} s{last}",
        path=target, pictures=progress.finished, seconds=progress.seconds,
    )  # fmt: skip
    faults = [str(error) for error in getattr(source, "unreadable", {}).values()]
    if cut := getattr(source, "faults", None):
        faults.append(f"{cut.message}; {target} holds all that is good")
    for fault in faults:
        console.say_error(fault)
    if faults:
        raise typer.Exit(1)
