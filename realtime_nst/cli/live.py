"""``realtime-nst live``: the webcam in a window, painted."""

from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, options
from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.stream import Source


def live(
    camera: Annotated[
        str, typer.Option(metavar="N|DEVICE|synthetic", help="A camera, or a made-up scene.")
    ] = "0",
    style: options.Style = options.DEFAULT_STYLE,
    size: Annotated[str, typer.Option(metavar="WxH", help="Asked of the camera.")] = "640x480",
    fps: Annotated[int, typer.Option(help="Asked of the camera.")] = 30,
    strength: options.Strength = 1.0,
    keep_colour: options.KeepColour = False,
    stabilise: options.Stabilise = options.DEFAULT_STABILISE,
    flow: options.Flow = options.DEFAULT_FLOW,
    network_every: options.NetworkEvery = 1,
    provider: options.Provider = "auto",
) -> None:
    """Show the camera as a moving painting. Press h in the window for the keys."""
    from realtime_nst.live import Live
    from realtime_nst.runtime.styles import installed
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks import open_sink

    stylizer = Stylizer(style, provider)
    names = [entry.name for entry in installed()]
    controller = Live(
        stylizer,
        names if style in names else [style, *names],
        style=style,
        strength=strength,
        keep_colour=keep_colour,
        stabilise=stabilise,
        flow=flow,
        network_every=network_every,
    )
    with _source(camera, size, fps) as source:
        stylizer.warm_up(source.info.width, source.info.height)
        try:
            with open_sink("window:realtime-nst", on_key=controller.on_key) as window:
                report = controller.run(source, window)
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
    latencies = [f"p{p} {1000 * report.latency(p):.0f} ms" for p in (50, 95)]
    console.say(
        f"{console.counted(report.frames, 'frame')}, {report.fps:.1f} fps, "
        f"{report.dropped} dropped, latency {', '.join(latencies)}"
    )


def _source(camera: str, size: str, fps: int) -> "Source":
    from realtime_nst.runtime.stages import parse_size
    from realtime_nst.sources import open_source

    wanted = parse_size(size)
    if wanted.shorter:
        raise UsageError(f"a camera is asked for --size WxH, as 640x480, not for {size!r}")
    if camera == "synthetic":
        return open_source(
            "synthetic:", width=wanted.width, height=wanted.height, rate=fps, live=True
        )
    return open_source(f"camera:{camera}", size=(wanted.width, wanted.height), fps=fps)
