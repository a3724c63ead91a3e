"""``realtime-nst video``: a video file becomes a moving painting, everything else in it kept."""

from typing import Annotated

import typer

from realtime_nst.cli import (
    console,
    film_options,
    job_options,
    options,
    part_options,
)
from realtime_nst.cli.look_options import OF_VIEW, SaveLook, save_look, with_look
from realtime_nst.cli.video_film import FilmWork, Wish
from realtime_nst.cli.video_films import Films
from realtime_nst.cli.video_input import Given
from realtime_nst.cli.video_output import Target
from realtime_nst.errors import UsageError
from realtime_nst.look import Look, View
from realtime_nst.values import parse_rate


@with_look(without=OF_VIEW)
def video(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="IN…",
            help="Video files and folders of them, or one film: its address (http, https), - for "
            "standard input, or pictures: frame_%04d.png, or a folder of them.",
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
            help="Where the result goes, for several a folder; - is standard output, "
            "frame_%04d.png numbered pictures. (default: IN-STYLE, with IN's suffix or .mp4; a "
            "folder's films go to FOLDER-STYLE)",
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
    recursive: job_options.Recursive = False,
    watch: job_options.Watch = False,
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
    """Paint video files. Sound, subtitles and the time of every frame stay as they are."""
    from realtime_nst.jobs.gather import are_many

    if quality is not None:
        raise UsageError(f"--quality of a video is called --crf here: --crf {quality}")
    if resume and overwrite:
        raise UsageError("--resume goes on and --overwrite starts anew; give one of them")
    span = part_options.check_part(start, end, preview)
    dropped = [*(drop or ()), *(["sound"] if no_sound else ())]
    wish = Wish(
        look, provider,
        {"codec": codec, "encoder": encoder, "quality": crf, "bits": bits, "hdr": hdr,
         "drop": dropped, "strict": strict},
        span, preview is not None, None if fps is None else parse_rate(fps), deinterlace,
        workers, threads, engine, address, overwrite, resume, save,
    )  # fmt: skip
    if recursive or watch or are_many(sources):
        if format_:
            raise UsageError(f"--format {format_} is for -o -, which takes one film")
        films = Films(wish, sources, output, recursive=recursive, watch=watch)
        films.prepare()
        save_look(save, look, view, overwrite=overwrite)
        films.run()
        return
    given = Given(sources[0])
    target = Target.of(output, format_, given, look.style, preview=preview is not None)
    target.check(wish.coding, resume=resume, json=console.manner.json)
    with FilmWork(wish, given, target) as film:
        save_look(save, look, view, overwrite=overwrite)
        if fault := film.run():
            console.say_error(str(fault))
            raise typer.Exit(1)
