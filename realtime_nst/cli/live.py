"""``realtime-nst live``: the webcam in a window, a video call or a file, painted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.live_source import PICTURE_SECONDS, SIZE, SYNTHETIC, Chosen, list_cameras
from realtime_nst.cli.masking import mask_of
from realtime_nst.errors import MediaError, ModelError, UsageError

if TYPE_CHECKING:
    from realtime_nst.live import Live
    from realtime_nst.live.state import State
    from realtime_nst.pipeline import Report
    from realtime_nst.runtime.stylizer import Stylizer
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sinks.window import WindowSink
    from realtime_nst.stream import Sink, Source


def live(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[URL|VIDEO|FOLDER]",
            help="A stream (rtsp://, http://), a video or a folder of pictures, not a camera.",
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            metavar=f"N|DEVICE|{SYNTHETIC}", help="A camera, or a made-up scene. (default: 0)"
        ),
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="List the cameras found with their modes, and end.")
    ] = False,
    style: Annotated[
        str | None,
        typer.Option(
            "--style",
            "-s",
            metavar=options.STYLE,
            help=f"{options.STYLE_HELP} (default: as last time)",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH", help=f"Asked of the camera. (default: as last time, or {SIZE})"
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            help="Asked of the camera (default: 30); pictures of a folder a second (default: one "
            f"in {PICTURE_SECONDS} seconds)."
        ),
    ] = None,
    mirror: Annotated[bool, typer.Option("--mirror", help="Swap left and right.")] = False,
    target_fps: Annotated[
        float,
        typer.Option(
            metavar="N",
            help="Rate to hold by painting smaller, then less often; 0: always paint in full.",
        ),
    ] = 30,
    strength: options.Strength = 1.0,
    keep_colour: options.KeepColour = "none",
    stabilise: options.Stabilise = options.DEFAULT_STABILISE,
    flow: options.Flow = options.DEFAULT_FLOW,
    network_every: options.NetworkEvery = 1,
    virtual_camera: Annotated[
        bool,
        typer.Option("--virtual-camera", help="Feed a camera that Zoom, Meet and OBS can choose."),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what is shown, without the figures."),
    ] = None,
    window: Annotated[bool, typer.Option("--window/--no-window", help="Show it.")] = True,
    painter: options.Painter = "",
    morph_to: options.MorphTo = "",
    morph_seconds: options.MorphSeconds = options.DEFAULT_MORPH_SECONDS,
    mask: options.Mask = "",
    mask_model: options.MaskModel = None,
    invert_mask: options.InvertMask = False,
    rest: options.Rest = "",
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
) -> None:
    """Show the camera as a moving painting. Press h in the window for the keys."""
    if list_:
        list_cameras()
        return
    known = _known()
    chosen = Chosen(source, camera, size if source else size or known.size, fps)
    chosen.check()
    recording = _recording(record, overwrite)
    where = mask_of(mask, mask_model, invert_mask, rest)
    with ThreadPoolExecutor(1) as beside, ExitStack() as opened:
        loading = beside.submit(_stylizer, style, known, provider, painter)
        taken = opened.enter_context(chosen.source())
        # The window's process starts while the style is loaded.
        shown = opened.enter_context(_window()) if window else None
        stylizer, name, played_by = loading.result()
        stylizer.warm_up(taken.info.width, taken.info.height)
        controller = _controller(
            stylizer,
            name,
            shown,
            strength=strength,
            keep_colour=keep_colour,
            stabilise=stabilise,
            flow=flow,
            network_every=network_every,
            mirror=mirror,
            target_fps=target_fps,
            mask=where,
            rest=_beyond(rest, provider, painter),
        )
        _say_what_differs(controller, chosen, taken)
        others = [opened.enter_context(_virtual_camera(taken))] if virtual_camera else []
        if morph_to:
            others.append(_morph(stylizer, morph_to, morph_seconds))
        if recording:
            controller.recorder.start(recording)
        interrupt.check()
        try:
            controller.run(taken, shown or _nothing(), *others, state=_state_of(taken))
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        finally:
            _remember(controller, known.size if source else chosen.remembered, played_by)
            _say_how_it_went(controller.report)


def _known() -> "State":
    from realtime_nst.live import state

    known, trouble = state.load()
    if trouble:
        console.say_notice(trouble)
    return known


def _recording(path: Path | None, overwrite: bool) -> "VideoSink | None":
    """Checked before any work."""
    from realtime_nst.sinks.video import VideoSink

    return VideoSink(path, overwrite=overwrite) if path else None


def _stylizer(
    style: str | None, known: "State", provider: str, painter: str
) -> "tuple[Stylizer, str, str]":
    """With its name and its painter; where the style of last time is gone, the usual one."""
    from realtime_nst.runtime.stylizer import Stylizer

    if style is None and known.style is not None:
        played_by = painter or known.painter or ""
        try:
            return Stylizer(known.style, provider, painter=played_by), known.style, played_by
        except (UsageError, ModelError, MediaError) as error:
            console.say_notice(f"the style of last time cannot be had: {error}")
    style = style or options.DEFAULT_STYLE
    return Stylizer(style, provider, painter=painter), style, painter


def _beyond(rest: str, provider: str, painter: str) -> "Stylizer | None":
    from realtime_nst.runtime.stylizer import Stylizer

    return Stylizer(rest, provider, painter=painter) if rest else None


def _window() -> "WindowSink":
    from realtime_nst.sinks.window import WindowSink

    return WindowSink("realtime-nst")


def _nothing() -> "Sink":
    from realtime_nst.sinks import open_sink

    return open_sink("null:")


def _controller(
    stylizer: "Stylizer", style: str, shown: "WindowSink | None", **wishes: Any
) -> "Live":
    from realtime_nst.live import Live
    from realtime_nst.runtime.styles import installed
    from realtime_nst.spec import absolute

    names = [entry.name for entry in installed()]
    if style not in names:
        style = absolute(style)
        names.insert(0, style)
    if shown is not None:
        wishes["full_screen"] = shown.toggle_full_screen
    controller = Live(stylizer, names, style=style, log=console.say_notice, **wishes)
    if shown is not None:
        shown.on_key, shown.on_drag = controller.on_key, controller.on_drag
    return controller


def _say_what_differs(controller: "Live", chosen: Chosen, taken: "Source") -> None:
    delivered = taken.info.width, taken.info.height
    if chosen.address is None and delivered != chosen.wished:
        asked = "{}x{}".format(*chosen.wished)
        controller.tell(f"the camera gives {delivered[0]}x{delivered[1]}, not {asked}")


def _morph(stylizer: "Stylizer", style: str, seconds: float) -> "Sink":
    from realtime_nst.runtime.morph import MorphAlong, Way

    return MorphAlong(Way(stylizer, style, seconds))


def _virtual_camera(taken: "Source") -> "Sink":
    from realtime_nst.sinks import open_sink

    size = taken.info.width, taken.info.height
    return open_sink("virtualcam:", size=size, rate=float(taken.info.rate or 30))


def _state_of(taken: "Source") -> Callable[[], str]:
    return lambda: getattr(taken, "state", "")


def _remember(controller: "Live", size: str | None, painter: str) -> None:
    from realtime_nst.live import state
    from realtime_nst.runtime.styles import painters
    from realtime_nst.spec import absolute

    if painter and painter not in {entry.name for entry in painters()}:
        painter = absolute(painter)
    trouble = state.save(state.State(controller.style, size, painter or None))
    if trouble:
        console.say_notice(trouble)


def _say_how_it_went(report: "Report") -> None:
    latencies = [f"p{p} {1000 * report.latency(p):.0f} ms" for p in (50, 95)]
    console.say(
        f"{console.counted(report.frames, 'frame')}, {report.fps:.1f} fps, "
        f"{report.dropped} dropped, latency {', '.join(latencies)}"
    )
