"""``realtime-nst optimise``: pictures and clips painted by optimising their pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.loss_weights import LossNetwork, LossWeights, loss_networks
from realtime_nst.cli.optimise_progress import (
    StepProgress,
    Trail,
    losses,
    refuse_inputs,
    step_progress,
)
from realtime_nst.cli.recipe_options import read_list, read_options, with_options_of
from realtime_nst.errors import TargetExists, UsageError
from realtime_nst.learning.optimise.options import Optimisation

if TYPE_CHECKING:
    from realtime_nst.learning.optimise.frames import Painter
    from realtime_nst.learning.optimise.style import Style
    from realtime_nst.sinks.pictures import PictureSink
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.video import VideoSource

_Masks = Annotated[
    list[Path] | None,
    typer.Option(metavar="FILE", help="Picture, white is the region; once for each STYLE."),
]


@with_options_of(Optimisation, "Optimisation")
def optimise(
    content: Annotated[Path, typer.Argument(metavar="CONTENT", help="Picture, folder or video.")],
    styles: Annotated[list[Path], typer.Argument(metavar="STYLE…", help="One painting or more.")],
    output: options.Output,
    blend: Annotated[
        str, typer.Option(metavar="N,N…", help="Shares of the styles.  (default: equal)")
    ] = "",
    content_mask: _Masks = None,
    style_mask: _Masks = None,
    save_every: Annotated[
        int, typer.Option(metavar="N", min=0, help="Keep each Nth picture, and a sheet of them.")
    ] = 0,
    loss_network: LossNetwork = "bundled",
    loss_weights: LossWeights = None,
    overwrite: options.Overwrite = False,
    **optimisation: Any,
) -> None:
    """Paint by optimising the pixels (Gatys et al. 2016): minutes a picture, any painting."""
    from realtime_nst.learning.packages import require

    require("optimising pixels")
    chosen = read_options(Optimisation, optimisation)
    target = _target(content, output)
    source = _source(content)
    paintings = _styles(content, styles, chosen, blend, content_mask or [], style_mask or [])
    inputs = [content, *styles, *(content_mask or ()), *(style_mask or ()), *(loss_weights or ())]
    trail = Trail(target, _every(save_every, content), chosen.steps, overwrite, inputs)
    with source, _no_empty_folders(target):
        refuse_inputs(_written(content, source, target), inputs)
        sink = _sink(content, source, target, overwrite)
        progress: StepProgress | None = None
        try:
            with sink:
                networks = loss_networks(loss_network, loss_weights)
                painter = _painter(paintings, networks, chosen)
                with step_progress(trail, source.info.frames) as progress:
                    _paint(source, painter, sink, progress)
        except KeyboardInterrupt:
            _say_stopped(sink, target, progress)
            raise typer.Exit(130) from None
        finally:
            trail.finish()
    _say_done(source, sink, target, progress)


def _paint(
    source: "PictureSource | VideoSource",
    painter: "Painter",
    sink: "PictureSink | VideoSink",
    progress: StepProgress,
) -> None:
    """Stopped in the only picture, what it has become so far is written."""
    from realtime_nst.learning.data.pictures import to_image

    for frame in source:
        progress.next_picture(frame.index)
        try:
            painted = painter(frame.image, progress)
        except KeyboardInterrupt:
            if progress.pictures == 1 and progress.last:
                sink.write(replace(frame, image=to_image(progress.last.image())))
                progress.finished += 1
            raise
        sink.write(replace(frame, image=painted))
        progress.finished += 1


@contextmanager
def _no_empty_folders(target: Path) -> Iterator[None]:
    """Folders made for ``target`` in which nothing was written go again."""
    new = [folder for folder in (target, *target.parents) if not folder.exists()]
    try:
        yield
    finally:
        for folder in new:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _is_picture(content: Path) -> bool:
    from realtime_nst.pictures import is_picture

    return is_picture(content)


def _source(content: Path) -> "PictureSource | VideoSource":
    from realtime_nst.sources.pictures import PictureSource
    from realtime_nst.sources.video import VideoSource

    if _is_picture(content) or content.is_dir():
        return PictureSource(content, skip_unreadable=True)
    return VideoSource(content)


def _target(content: Path, output: Path) -> Path:
    """Of one picture the file, otherwise ``output`` itself; UsageError where it is the input."""
    from realtime_nst.sinks.pictures import written_name

    target = output
    if _is_picture(content) and (output.is_dir() or not output.suffix):
        target = output / written_name(content)
    refuse_inputs([target], [content])
    return target


def _written(content: Path, source: "PictureSource | VideoSource", target: Path) -> list[Path]:
    """Every file that the result may go to, as the sinks name them."""
    from realtime_nst.sinks.pictures import written_name
    from realtime_nst.sources.pictures import PictureSource

    if _is_picture(content) or not target.is_dir():
        return [target, _partial(target)]
    if isinstance(source, PictureSource):
        return [target / written_name(picture) for picture in source.paths]
    return [target / f"{index:06d}.png" for index in range(source.info.frames or 0)]


def _sink(
    content: Path, source: "PictureSource | VideoSource", target: Path, overwrite: bool
) -> "PictureSink | VideoSink":
    from realtime_nst.sinks.pictures import PictureSink, written_name
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.pictures import PictureSource

    pictures = source.paths if isinstance(source, PictureSource) else None
    if _is_picture(content):
        return PictureSink(target, [target.name], overwrite=overwrite)
    if target.suffix and not target.is_dir():
        original, rate = (content, None) if pictures is None else (None, source.info.rate)
        return VideoSink(
            _unstarted(target, overwrite), source=original, rate=rate, overwrite=overwrite
        )
    names = [written_name(picture) for picture in pictures] if pictures else None
    return PictureSink(target, names, overwrite=overwrite)


def _unstarted(target: Path, overwrite: bool) -> Path:
    """Unlike a style network, an optimisation cannot go on from the part that was kept."""
    kept = _partial(target)
    if kept.exists() and not overwrite:
        raise TargetExists(
            f"{str(kept)!r} holds the finished part of an earlier run; rename it, or begin anew "
            "with --overwrite"
        )
    return target


def _partial(target: Path) -> Path:
    return target.with_suffix(f".partial{target.suffix}")


def _every(save_every: int, content: Path) -> int:
    if save_every and not _is_picture(content):
        raise UsageError(
            f"--save-every goes with one picture; {str(content)!r} is a sequence of them"
        )
    return save_every


def _styles(
    content: Path,
    paintings: list[Path],
    chosen: Optimisation,
    blend: str,
    content_masks: list[Path],
    style_masks: list[Path],
) -> "list[Style]":
    """Raises UsageError where there is not one share, or one mask, for each painting."""
    from realtime_nst.learning.data.pictures import read_image
    from realtime_nst.learning.optimise.style import Style, read_mask

    shares = read_list("blend", blend, float) or (1.0,) * len(paintings)
    given = {"blend": shares, "content-mask": content_masks, "style-mask": style_masks}
    for name, values in given.items():
        if values and len(values) != len(paintings):
            raise UsageError(
                f"--{name} is given {len(values)} times for {len(paintings)} STYLE; give one for "
                "each, in their order"
            )
    if not (all(0 <= share < inf for share in shares) and any(shares)):
        raise UsageError(f"--blend {blend}: shares are finite, from 0, and one must be above")
    drawn_over = content if _is_picture(content) else None
    return [
        Style(
            painting=read_image(painting, chosen.style_size),
            share=shares[place],
            content_mask=read_mask(content_masks[place], drawn_over) if content_masks else None,
            painting_mask=read_mask(style_masks[place], painting) if style_masks else None,
        )
        for place, painting in enumerate(paintings)
    ]


def _painter(styles: "list[Style]", weights: list[Path], chosen: Optimisation) -> "Painter":
    from realtime_nst.learning.device import best_device
    from realtime_nst.learning.optimise.frames import Painter
    from realtime_nst.learning.optimise.loss_networks import load_extractor, with_layers_at_hand

    extractor = load_extractor(weights, chosen)
    fitting, notice = with_layers_at_hand(chosen, extractor)
    if notice:
        console.say_notice(notice)
    return Painter(styles, extractor, fitting, best_device().name)


def _say_stopped(
    sink: "PictureSink | VideoSink", target: Path, progress: StepProgress | None
) -> None:
    kept = getattr(sink, "kept", target)
    if progress is None or not progress.finished or not kept:
        console.say_notice("stopped before any picture was finished; nothing was written")
    elif progress.pictures == 1 and progress.last:
        step = progress.last
        console.say_notice(f"stopped at step {step.step} of {step.steps}; so far: {target}")
    else:
        finished = console.counted(progress.finished, "picture")
        console.say_notice(f"stopped; {finished} finished: {kept}")


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
    console.say(f"{target}: {pictures} in {progress.seconds:.1f} s{last}")
    faults = [str(error) for error in getattr(source, "unreadable", {}).values()]
    if cut := getattr(source, "faults", None):
        faults.append(f"{cut.message}; {target} holds all that is good")
    for fault in faults:
        console.say_error(fault)
    if faults:
        raise typer.Exit(1)
