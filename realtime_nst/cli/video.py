"""``realtime-nst video``: a video file becomes a moving painting, everything else in it kept."""

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, film_options, interrupt, options, part_options
from realtime_nst.cli.film import film_of
from realtime_nst.cli.look_options import (
    OF_VIEW,
    SaveLook,
    refuse_replacing,
    save_look,
    with_look,
)
from realtime_nst.cli.progress import frame_progress, shares
from realtime_nst.cli.video_input import Given
from realtime_nst.cli.video_output import Target
from realtime_nst.errors import UsageError
from realtime_nst.look import Look, View
from realtime_nst.values import parse_rate

if TYPE_CHECKING:
    from realtime_nst.cli.film import FilmSource
    from realtime_nst.cli.video_output import FilmSink
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report


@with_look(without=OF_VIEW)
def video(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Video file, its address (http, https), - for standard input, or pictures that "
            "make a film: frame_%04d.png, or a folder of them.",
        ),
    ],
    look: Look,
    view: View,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|FOLDER|-",
            help="Where the result goes; - is standard output, frame_%04d.png numbered pictures. "
            "(default: IN-STYLE, with IN's suffix or .mp4)",
        ),
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="NAME", help="With -o -: mkv, mp4, mov or webm. (default: mkv)"
        ),
    ] = None,
    provider: options.Provider = "auto",
    codec: film_options.Codec = None,
    crf: film_options.Crf = None,
    quality: Annotated[int | None, typer.Option(hidden=True)] = None,
    overwrite: options.Overwrite = False,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue what an interrupted run has finished."),
    ] = False,
    bits: film_options.Bits = 8,
    hdr: film_options.Hdr = "map",
    deinterlace: film_options.Deinterlace = False,
    fps: film_options.Fps = None,
    drop: film_options.Drop = None,
    no_sound: film_options.NoSound = False,
    strict: film_options.Strict = False,
    start: part_options.Start = None,
    end: part_options.End = None,
    preview: part_options.Preview = None,
    save: SaveLook = None,
) -> None:
    """Paint a video file. Sound, subtitles and the time of every frame stay as they are."""
    from realtime_nst.paint import Paint
    from realtime_nst.references import fingerprint
    from realtime_nst.runtime.networks import Networks

    if quality is not None:
        raise UsageError(f"--quality of a video is called --crf here: --crf {quality}")
    if resume and overwrite:
        raise UsageError("--resume goes on and --overwrite starts anew; give one of them")
    given, span = Given(source), part_options.check_part(start, end, preview)
    rate = None if fps is None else parse_rate(fps)
    settings = {"deinterlace": str(deinterlace), **fingerprint(look)}
    target = Target.of(output, format_, given, look.style, preview=preview is not None)
    coding = {"codec": codec, "quality": crf, "resume": resume, "bits": bits, "hdr": hdr}
    target.check(coding, json=console.manner.json)
    if given.is_stored:
        target.check_place(codec, overwrite=overwrite)
    with target.opened() as stream, given.opened(target.folder) as file:
        with given.waited_for(file):
            film = film_of(file, rate)
            if deinterlace and film.video is None:
                raise UsageError("--deinterlace is for videos; pictures have no fields")
            span = part_options.part_of(film, span, preview=preview is not None)
            begin = film.beginning(span) if look.morph_to else None
            painting = Paint(look, Networks(provider), begin=begin)
            settings |= {"provider": painting.provider, **film.settings}
            dropped = [*(drop or ()), *(["sound"] if no_sound else ())]
            sink = target.sink(
                film, coding, overwrite=overwrite, strict=strict, drop=dropped, stream=stream,
                span=span, settings=settings,
            )  # fmt: skip
        refuse_replacing([*sink.names, *filter(None, [save])], look, *film.read)
        save_look(save, look, view, overwrite=overwrite)
        with film.source(span, sink, deinterlace=deinterlace) as frames:
            report = _run(frames, painting, sink)
        _say_how_it_went(frames, painting, sink, report)


def _say_how_it_went(
    frames: "FilmSource", painting: "Paint", sink: "FilmSink", report: "Report"
) -> None:
    # The file says the shape of oblong pixels, so that no size stretches them.
    painted = painting.notices if frames.info.aspect == 1 else []
    for notice in (*frames.notices, *painted, *sink.notices):
        console.say_notice(notice)
    console.say_result(
        f"{sink.path}: {console.counted(report.frames, 'frame')} in {report.seconds:.1f} s, "
        f"{report.fps:.1f} fps; {shares(report)}",
        path=sink.path, frames=report.frames, frames_before=sink.frames_before,
        seconds=report.seconds, fps=report.fps, provider=painting.provider,
        painted_at=console.sides(painting.painted_size) if report.frames else None,
    )  # fmt: skip
    if frames.faults:
        console.say_error(
            f"{frames.path}: {frames.faults.message}; {sink.path} holds all that is good"
        )
        raise typer.Exit(1)


def _run(frames: "FilmSource", painting: "Paint", sink: "FilmSink") -> "Report":
    from realtime_nst import pipeline

    before, left = sink.frames_before, frames.info.frames
    total = None if left is None else before + left
    if before:
        console.say_notice(f"going on after the {console.counted(before, 'frame')} of earlier runs")
    with interrupt.explained(lambda: _what_is_kept(sink, "stopped")):
        size = painting.prepare(frames.info.width, frames.info.height)
        console.say_detail(f"painting at {console.sides(size)} on {painting.provider}")
        try:
            with (
                interrupt.finishing(sink),
                frame_progress(sink.path.name, total, before=before) as progress,
            ):
                return pipeline.run(frames, [painting], sink, progress)
        except Exception as error:
            if not isinstance(error, UsageError):  # that is found out before anything is painted
                console.say_notice(_what_is_kept(sink, "failed"))
            raise


def _what_is_kept(sink: "FilmSink", why: str) -> str:
    from realtime_nst.media.container import clock
    from realtime_nst.sinks.sequence import SequenceSink

    if isinstance(sink, SequenceSink):
        finished = console.counted(sink.written, "picture")
        return f"{why}; finished: {finished}; the same command with --overwrite starts anew"
    if not sink.names:
        return f"{why}; {sink.path.stem} has the beginning of the film"
    if sink.kept is None:
        return f"{why} before any frame was finished; nothing was written"
    return (
        f"{why} at {clock(sink.written_until or Fraction(0))}; what is finished is kept as "
        f"{sink.kept}; go on with the same command and --resume"
    )
