"""``realtime-nst live``: the webcam in a window, a video call or a file, painted."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.live_source import (
    PICTURE_SECONDS,
    SIZE,
    SYNTHETIC,
    Chosen,
    check_rate,
    list_cameras,
)
from realtime_nst.cli.look_options import SaveLook, refuse_replacing, with_look
from realtime_nst.errors import UsageError
from realtime_nst.look import Look, View

if TYPE_CHECKING:
    from realtime_nst.live import Live
    from realtime_nst.live.state import State
    from realtime_nst.paint import Paint
    from realtime_nst.pipeline import Report
    from realtime_nst.sinks.video import VideoSink
    from realtime_nst.sinks.window import WindowSink
    from realtime_nst.stream import Sink, Source


def _last_look() -> tuple[Look, View]:
    from realtime_nst.live import state

    known, notes = state.load()
    for note in notes:
        console.say_notice(note)
    return known.look, known.view


@with_look(start=_last_look)
def live(
    look: Look,
    view: View,
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
        bool,
        typer.Option("--list", help="List the cameras found with their modes, and end."),
    ] = False,
    camera_size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH", help=f"Size to ask of the camera. (default: as last time, or {SIZE})"
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Rate to ask of the camera (default: 30), or pictures of a folder a second "
            f"(default: one in {PICTURE_SECONDS} seconds).",
        ),
    ] = None,
    target_fps: Annotated[
        float,
        typer.Option(
            metavar="N",
            help="Rate to hold by painting smaller, then less often; 0 always paints in full.",
        ),
    ] = 30,
    virtual_camera: Annotated[
        bool,
        typer.Option("--virtual-camera", help="Feed a camera that video calls can choose."),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record what is shown, without the figures."),
    ] = None,
    no_window: Annotated[bool, typer.Option("--no-window", help="Open no window.")] = False,
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
    save: SaveLook = None,
) -> None:
    """Show the camera as a moving painting. Press h in the window for the keys.

    It begins with the look of last time. What the keys change is remembered and saved, too.
    """
    from realtime_nst import presets
    from realtime_nst.live import state
    from realtime_nst.paint import Paint
    from realtime_nst.runtime.networks import Networks

    if list_:
        list_cameras()
        return
    if no_window and not (record or virtual_camera):
        raise UsageError(
            "with --no-window nothing would be seen; add --record FILE or --virtual-camera"
        )
    check_rate("--target-fps", target_fps, least=0)
    known = state.camera_size()
    chosen = Chosen(source, camera, camera_size or "", fps).remembering(known)
    chosen.check()
    if save:
        presets.check_target(save, overwrite=overwrite)
    recording = _recording(record, overwrite)
    played = Path(source) if source and Path(source).is_file() else None
    written = [*(recording.names if recording else ()), *filter(None, [save])]
    refuse_replacing(written, look, *filter(None, [played]))
    with ThreadPoolExecutor(1) as beside, ExitStack() as opened:
        loading = beside.submit(Paint, look, Networks(provider), live=True)
        taken = opened.enter_context(chosen.source())
        # The window's process starts while the style is loaded.
        shown = None if no_window else opened.enter_context(_window())
        painting = loading.result()
        painting.prepare(taken.info.width, taken.info.height)
        controller = _controller(painting, view, shown, target_fps)
        _say_what_differs(controller, chosen, taken)
        others = [opened.enter_context(_virtual_camera(taken))] if virtual_camera else []
        if recording:
            controller.captures.record(recording)
        interrupt.check()
        try:
            controller.run(taken, shown or _nothing(), *others, state=_state_of(taken))
        except KeyboardInterrupt:
            raise typer.Exit(interrupt.exit_code()) from None
        finally:
            size = chosen.remembered if chosen.is_camera else known
            _remember(state.State(painting.look, controller.view, size))
            if save:
                presets.save(save, painting.look, controller.view, overwrite=overwrite)
            _say_how_it_went(controller.report)
            for notice in (*painting.notices, *getattr(taken, "notices", ())):
                console.say_notice(notice)


def _recording(path: Path | None, overwrite: bool) -> "VideoSink | None":
    """Checked before any work."""
    from realtime_nst.sinks.video import VideoSink

    return VideoSink(path, overwrite=overwrite) if path else None


def _window() -> "WindowSink":
    from realtime_nst.sinks.window import WindowSink

    return WindowSink("realtime-nst")


def _nothing() -> "Sink":
    from realtime_nst.sinks import open_sink

    return open_sink("null:")


def _controller(
    painting: "Paint", view: View, shown: "WindowSink | None", target_fps: float
) -> "Live":
    from realtime_nst.live import Live
    from realtime_nst.runtime.styles import read_installed

    names = list(read_installed().choices)
    if painting.look.style not in names:
        names.append(painting.look.style)  # the keys of the others stay as they are
    wishes: dict[str, Any] = {"full_screen": shown.toggle_full_screen} if shown else {}
    controller = Live(
        painting, names, view=view, target_fps=target_fps, log=console.say_notice, **wishes
    )
    if shown is not None:
        shown.on_key, shown.on_drag = controller.on_key, controller.on_drag
    return controller


def _say_what_differs(controller: "Live", chosen: Chosen, taken: "Source") -> None:
    delivered = taken.info.width, taken.info.height
    if chosen.address is None and delivered != chosen.wished:
        asked = "{}x{}".format(*chosen.wished)
        controller.tell(f"the camera gives {delivered[0]}x{delivered[1]}, not {asked}")


def _virtual_camera(taken: "Source") -> "Sink":
    from realtime_nst.sinks import open_sink

    size = taken.info.width, taken.info.height
    return open_sink("virtualcam:", size=size, rate=float(taken.info.rate or 30))


def _state_of(taken: "Source") -> Callable[[], str]:
    return lambda: getattr(taken, "state", "")


def _remember(now: "State") -> None:
    from realtime_nst.live import state

    trouble = state.save(now)
    if trouble:
        console.say_notice(trouble)


def _say_how_it_went(report: "Report") -> None:
    latencies = [f"p{p} {1000 * report.latency(p):.0f} ms" for p in (50, 95)]
    console.say(
        f"{console.counted(report.frames, 'frame')}, {report.fps:.1f} fps, "
        f"{report.dropped} dropped, latency {', '.join(latencies)}"
    )
