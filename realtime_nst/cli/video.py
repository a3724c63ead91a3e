"""``realtime-nst video``: a video file becomes a moving painting, everything else in it kept."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.cli.masking import mask_of

if TYPE_CHECKING:
    from realtime_nst.pipeline import Report
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.video import VideoSource
    from realtime_nst.stream import Stage


def video(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Video file.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Result. (default: IN-STYLE.mp4, or as IN's suffix)"),
    ] = None,
    style: options.Style = options.DEFAULT_STYLE,
    size: options.Size = "",
    strength: options.Strength = 1.0,
    keep_colour: options.KeepColour = "none",
    stabilise: options.Stabilise = options.DEFAULT_STABILISE,
    flow: options.Flow = "medium",
    network_every: options.NetworkEvery = 1,
    painter: options.Painter = "",
    mask: options.Mask = "",
    mask_model: options.MaskModel = None,
    invert_mask: options.InvertMask = False,
    rest: options.Rest = "",
    morph_to: options.MorphTo = "",
    morph_seconds: options.MorphSeconds = options.DEFAULT_MORPH_SECONDS,
    provider: options.Provider = "auto",
    codec: Annotated[
        str | None, typer.Option(help="h264, h265, av1, vp9, prores. (default: by the suffix)")
    ] = None,
    quality: Annotated[
        int | None, typer.Option(help="The codec's quality number, lower is better.")
    ] = None,
    overwrite: options.Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from what an interrupted run has kept.")
    ] = False,
) -> None:
    """Stylise a video file. Sound, subtitles and the time of every frame stay as they are."""
    from realtime_nst.masks.within import Within
    from realtime_nst.motion.stabilise import Stabilise
    from realtime_nst.runtime.morph import Morph, Way
    from realtime_nst.runtime.stages import Resize, Stylise
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.video import VideoSource
    from realtime_nst.spec import parse_size

    stages: list[Stage] = [Resize(parse_size(size))] if size else []
    target = output or _default_target(source, style)
    where = mask_of(mask, mask_model, invert_mask, rest)

    def painting(by: Stylizer) -> Stabilise:
        stylise = Stylise(by, strength, keep_colour)
        return Stabilise(stylise, stabilise, accuracy=flow, network_every=network_every)

    stylizer = Stylizer(style, provider, painter=painter)
    stage: Stage = painting(stylizer)
    settings = f"{strength} {keep_colour} {stabilise} {flow} {network_every}"
    if morph_to:
        stage = Morph(stage, Way(stylizer, morph_to, morph_seconds, _beginning(source)))
        settings += f" {morph_seconds}"
    if where:
        beyond = painting(Stylizer(rest, provider, painter=painter)) if rest else None
        stage = Within(where, stage, beyond)
        settings += f" {mask} {mask_model} {invert_mask} {rest}"
    sink = VideoSink(
        target,
        source=source,
        codec=codec,
        quality=quality,
        overwrite=overwrite,
        resume=resume,
        settings=f"{stylizer.digest} {settings}",
    )
    stages.append(stage)
    with VideoSource(source, start=sink.resume_from) as frames:
        report = _run(frames, stages, sink)
    for notice in (*frames.notices, *sink.notices):
        console.say_notice(notice)
    console.say(
        f"{target}: {console.counted(report.frames, 'frame')} in {report.seconds:.1f} s, "
        f"{report.fps:.1f} fps; {console.shares(report)}"
    )
    if frames.faults:
        console.say_error(f"{source}: {frames.faults.message}; {target} holds all that is good")
        raise typer.Exit(1)


def _run(frames: "VideoSource", stages: "list[Stage]", sink: "VideoSink") -> "Report":
    from realtime_nst import pipeline

    try:
        with sink, console.frame_progress(sink.path.name, frames.info.frames) as progress:
            return pipeline.run(frames, stages, sink, progress)
    except BaseException as error:
        _say_what_is_kept(sink, stopped=isinstance(error, KeyboardInterrupt))
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise


def _say_what_is_kept(sink: "VideoSink", stopped: bool) -> None:
    from realtime_nst.media import clock

    why = "stopped" if stopped else "failed"
    if sink.kept is None:
        console.say_notice(f"{why} before any frame was finished; nothing was written")
        return
    console.say_notice(
        f"{why} at {clock(sink.written_until or Fraction(0))}; what is finished is kept as "
        f"{sink.kept}; go on with the same command and --resume"
    )


def _beginning(source: Path) -> Fraction:
    from realtime_nst.media import main_video, open_input

    with open_input(source) as container:
        stream = main_video(container)
        return (stream.start_time or 0) * (stream.time_base or Fraction(1))


def _default_target(source: Path, style: str) -> Path:
    from realtime_nst.sinks.formats import CONTAINERS
    from realtime_nst.spec import stem

    suffix = source.suffix if source.suffix.lower() in CONTAINERS else ".mp4"
    return source.with_name(f"{source.stem}-{stem(style)}{suffix}")
