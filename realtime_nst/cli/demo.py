"""``realtime-nst demo``: the first thing a person types."""

from pathlib import Path

import typer

from realtime_nst.cli import console, options

_SECONDS, _RATE = 6, 30
_NEXT = """what to type next:
  realtime-nst styles                                 the paintings that come with the program
  realtime-nst video holiday.mp4 --style starry_night your video, with its sound
  realtime-nst live                                   your webcam (or: --camera synthetic)
  realtime-nst doctor                                 what this computer can do"""


def demo(
    output: options.Output = Path("demo.mp4"),
    style: options.Style = options.DEFAULT_STYLE,
    painter: options.Painter = "",
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
) -> None:
    """Stylise a short moving scene and write it, source and result side by side."""
    from realtime_nst import pipeline
    from realtime_nst.runtime.stages import Beside, Stylise
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.synthetic import SyntheticSource

    source = SyntheticSource(rate=_RATE, frames=_SECONDS * _RATE)
    sink = VideoSink(output, rate=source.info.rate, overwrite=overwrite)
    stylizer = Stylizer(style, provider, painter=painter)
    stylizer.warm_up(source.info.width, source.info.height)
    try:
        with source, sink, console.frame_progress(str(output), source.info.frames) as progress:
            report = pipeline.run(source, [Beside(Stylise(stylizer))], sink, progress)
    except KeyboardInterrupt:
        sink.partial.unlink(missing_ok=True)
        console.say_notice("stopped; nothing was written")
        raise typer.Exit(130) from None
    card = stylizer.card
    artist = f" ({card.artist})" if card.artist else ""
    console.say(
        f"{output}: a made-up scene, painted after {card.title}{artist}\n"
        f"{report.fps:.1f} fps at {source.info.width}x{source.info.height} on {stylizer.provider}; "
        f"{console.shares(report)}\n\n{_NEXT}"
    )
