"""``realtime-nst demo``: the first thing a person types."""

from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.look_options import (
    OF_VIEW,
    SaveLook,
    refuse_replacing,
    save_look,
    with_look,
)
from realtime_nst.cli.progress import frame_progress, shares
from realtime_nst.look import Look, View

if TYPE_CHECKING:
    from realtime_nst.sinks.video import VideoSink

_SECONDS, _RATE = 6, 30
_NEXT = """what to type next:
  realtime-nst styles                                 the paintings that come with the program
  realtime-nst video holiday.mp4 --style starry_night your video, with its sound
  realtime-nst live                                   your webcam (or: --camera synthetic)
  realtime-nst doctor                                 what this computer can do"""


@with_look(without=OF_VIEW)
def demo(
    look: Look,
    view: View,
    output: options.Output = Path("demo.mp4"),
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
    save: SaveLook = None,
) -> None:
    """Paint a short moving scene and write it, source and result side by side."""
    from realtime_nst import pipeline
    from realtime_nst.display import Beside
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sources.synthetic import SyntheticSource

    source = SyntheticSource(rate=_RATE, frames=_SECONDS * _RATE)
    sink = VideoSink(output, rate=source.info.rate, overwrite=overwrite)
    painting = Paint(look, Networks(provider))
    refuse_replacing([*sink.names, *filter(None, [save])], look)
    save_look(save, look, view, overwrite=overwrite)
    painting.prepare(source.info.width, source.info.height)
    with (
        interrupt.explained(lambda: _dropped(sink)),
        source,
        interrupt.finishing(sink),
        frame_progress(str(output), source.info.frames) as progress,
    ):
        report = pipeline.run(source, [Beside(painting)], sink, progress)
    card = painting.card
    artist = f" ({card.artist})" if card.artist else ""
    console.say(
        f"{output}: a made-up scene, painted after {card.title}{artist}\n"
        f"{report.fps:.1f} fps at {console.sides(painting.painted_size)} on {painting.provider}; "
        f"{shares(report)}\n\n{_NEXT}"
    )


def _dropped(sink: "VideoSink") -> str:
    if sink.kept is not None:
        sink.kept.unlink()
    return "stopped; nothing was written"
