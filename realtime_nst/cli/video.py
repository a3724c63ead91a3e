"""``realtime-nst video``: a video file becomes a moving painting, everything else in it kept."""

from typing import Annotated, Any

import typer

from realtime_nst.cli import console, film_options, job_options, options, part_options
from realtime_nst.cli.look_options import (
    OF_VIEW,
    SaveLook,
    refuse_replacing,
    save_look,
    with_look,
)
from realtime_nst.cli.progress import shares
from realtime_nst.cli.video_input import Given
from realtime_nst.cli.video_output import Target
from realtime_nst.cli.video_work import Segmented, Straight, Work
from realtime_nst.errors import UsageError
from realtime_nst.look import Look, View
from realtime_nst.values import parse_rate


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
    encoder: film_options.Encoder = None,
    crf: film_options.Crf = None,
    quality: Annotated[int | None, typer.Option(hidden=True)] = None,
    overwrite: options.Overwrite = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with what an interrupted run has finished, as the same command does by "
            "itself; with its number of threads.",
        ),
    ] = False,
    bits: film_options.Bits = 8,
    hdr: film_options.Hdr = "map",
    deinterlace: film_options.Deinterlace = False,
    fps: film_options.Fps = None,
    drop: film_options.Drop = None,
    no_sound: film_options.NoSound = False,
    strict: film_options.Strict = False,
    workers: job_options.Workers = None,
    threads: job_options.Threads = None,
    engine: job_options.Engine = "local",
    address: job_options.Address = None,
    start: part_options.Start = None,
    end: part_options.End = None,
    preview: part_options.Preview = None,
    save: SaveLook = None,
) -> None:
    """Paint a video file. Sound, subtitles and the time of every frame stay as they are."""
    from realtime_nst.jobs.film import film_of
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks

    if quality is not None:
        raise UsageError(f"--quality of a video is called --crf here: --crf {quality}")
    if resume and overwrite:
        raise UsageError("--resume goes on and --overwrite starts anew; give one of them")
    given, span = Given(source), part_options.check_part(start, end, preview)
    rate = None if fps is None else parse_rate(fps)
    target = Target.of(output, format_, given, look.style, preview=preview is not None)
    coding: dict[str, Any] = {
        "codec": codec, "encoder": encoder, "quality": crf, "bits": bits, "hdr": hdr,
    }  # fmt: skip
    target.check(coding, resume=resume, json=console.manner.json)
    coding |= {"drop": [*(drop or ()), *(["sound"] if no_sound else ())], "strict": strict}
    how = job_options.how_of(workers, threads, engine, address, target.path, resume=resume)
    if given.is_stored:
        target.check_place(codec, overwrite=overwrite)
    with target.opened() as stream, given.opened(target.folder) as file:
        with given.waited_for(file):
            film = film_of(file, rate)
            if deinterlace and film.video is None:
                raise UsageError("--deinterlace is for videos; pictures have no fields")
            span = part_options.part_of(film, span, preview=preview is not None)
            begin = film.beginning(span) if look.morph_to else None
            painting = Paint(look, Networks(provider, how.threads), begin=begin)
            work: Work
            if target.is_file:
                work = Segmented(
                    target, film, painting, span, coding, how,
                    overwrite=overwrite, deinterlace=deinterlace,
                )  # fmt: skip
            else:
                sink = target.sink(film, coding, overwrite=overwrite, span=span, stream=stream)
                work = Straight(film, painting, span, sink, deinterlace=deinterlace)
        refuse_replacing([*work.names, *filter(None, [save])], look, *film.read)
        save_look(save, look, view, overwrite=overwrite)
        _say_how_it_went(work, painting.provider)


def _say_how_it_went(work: Work, provider: str) -> None:
    report = work.run()
    for notice in work.notices:
        console.say_notice(notice)
    console.say_result(
        f"{work.path}: {console.counted(report.frames, 'frame')} in {report.seconds:.1f} s, "
        f"{report.fps:.1f} fps; {shares(report)}",
        path=work.path, frames=report.frames, frames_before=work.frames_before,
        seconds=report.seconds, fps=report.fps, provider=provider,
        painted_at=console.sides(work.painted_size) if report.frames else None,
    )  # fmt: skip
    if faults := work.faults:
        console.say_error(f"{work.source}: {faults.message}; {work.path} holds all that is good")
        raise typer.Exit(1)
