"""``realtime-nst video``: a video file becomes a moving painting, everything else in it kept."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options, part_options
from realtime_nst.cli.look_options import (
    OF_VIEW,
    SaveLook,
    refuse_replacing,
    save_look,
    with_look,
)
from realtime_nst.errors import UsageError
from realtime_nst.look import Look, View

if TYPE_CHECKING:
    from realtime_nst.media.span import Span
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.video import VideoSource


@with_look(without=OF_VIEW)
def video(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Video file.")],
    look: Look,
    view: View,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where the result goes. (default: IN-STYLE, with IN's suffix or .mp4)",
        ),
    ] = None,
    provider: options.Provider = "auto",
    codec: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="h264, h265, av1, vp9 or prores. (default: by the suffix)"
        ),
    ] = None,
    crf: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Constant rate factor, or the quality number that the codec has instead; lower "
            "is better. (default: a good one for the codec)",
        ),
    ] = None,
    quality: Annotated[int | None, typer.Option(hidden=True)] = None,
    overwrite: options.Overwrite = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue what an interrupted run has finished."),
    ] = False,
    drop: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND", help="Leave out sound, subtitles, data or other; may be repeated."
        ),
    ] = None,
    no_sound: Annotated[bool, typer.Option("--no-sound", help="As --drop sound.")] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict", help="Refuse what the output cannot hold, instead of converting it."
        ),
    ] = False,
    start: part_options.Start = None,
    end: part_options.End = None,
    preview: part_options.Preview = None,
    save: SaveLook = None,
) -> None:
    """Paint a video file. Sound, subtitles and the time of every frame stay as they are."""
    from realtime_nst.paint import Paint, fingerprint
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.video import VideoSource

    if quality is not None:
        raise UsageError(f"--quality of a video is called --crf here: --crf {quality}")
    span = part_options.check_part(start, end, preview)
    span = part_options.part_of(source, span, preview=preview is not None)
    begin = _beginning(source, span) if look.morph_to else None
    painting = Paint(look, Networks(provider), begin=begin)
    sink = VideoSink(
        output or _default_target(source, look.style, preview=preview is not None),
        source=source,
        codec=codec,
        quality=crf,
        overwrite=overwrite,
        resume=resume,
        settings={"provider": painting.provider, **fingerprint(look)},
        drop=[*(drop or ()), *(["sound"] if no_sound else ())],
        strict=strict,
        span=span,
    )
    refuse_replacing([*sink.names, *filter(None, [save])], look, source)
    save_look(save, look, view, overwrite=overwrite)
    with VideoSource(source, start=sink.resume_from, span=span) as frames:
        report = _run(frames, painting, sink)
    for notice in (*frames.notices, *sink.notices):
        console.say_notice(notice)
    console.say(
        f"{sink.path}: {console.counted(report.frames, 'frame')} in {report.seconds:.1f} s, "
        f"{report.fps:.1f} fps; {console.shares(report)}"
    )
    if frames.faults:
        console.say_error(f"{source}: {frames.faults.message}; {sink.path} holds all that is good")
        raise typer.Exit(1)


def _run(frames: "VideoSource", painting: "Paint", sink: "VideoSink") -> "Report":
    from realtime_nst import pipeline

    try:
        with sink, console.frame_progress(sink.path.name, frames.info.frames) as progress:
            return pipeline.run(frames, [painting], sink, progress)
    except BaseException as error:
        _say_what_is_kept(sink, stopped=isinstance(error, KeyboardInterrupt))
        if isinstance(error, KeyboardInterrupt):
            raise typer.Exit(130) from None
        raise


def _say_what_is_kept(sink: "VideoSink", stopped: bool) -> None:
    from realtime_nst.media.container import clock

    why = "stopped" if stopped else "failed"
    if sink.kept is None:
        console.say_notice(f"{why} before any frame was finished; nothing was written")
        return
    console.say_notice(
        f"{why} at {clock(sink.written_until or Fraction(0))}; what is finished is kept as "
        f"{sink.kept}; go on with the same command and --resume"
    )


def _beginning(source: Path, span: "Span") -> Fraction:
    """When the first frame is shown."""
    from realtime_nst.media.container import main_video, open_input
    from realtime_nst.media.timeline import Timeline

    with open_input(source) as container:
        stream = main_video(container)
        start = (stream.start_time or 0) * (stream.time_base or Fraction(1))
    return span.moved(start - Timeline.of(source).origin)


def _default_target(source: Path, style: str, *, preview: bool) -> Path:
    from realtime_nst.sinks.formats import CONTAINERS
    from realtime_nst.spec import stem

    suffix = source.suffix if source.suffix.lower() in CONTAINERS else ".mp4"
    what = f"{stem(style)}-preview" if preview else stem(style)
    return source.with_name(f"{source.stem}-{what}{suffix}")
