"""``realtime-nst serve``: the web page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.cli.look_options import SaveLook, refuse_replacing, save_look, with_look
from realtime_nst.look import Look, View

if TYPE_CHECKING:
    from realtime_nst.serve.server import Server

_CAMERAS = (
    "browsers give cameras to pages from other machines over HTTPS only: add --certificate FILE "
    "--key FILE"
)


@with_look(view=View(mirror=True))
def serve(
    look: Look,
    view: View,
    host: Annotated[
        str,
        typer.Option(metavar="ADDRESS", help="Address to serve on; 0.0.0.0 is all of them."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 takes any that is free.")] = 8000,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What viewers must know. (default: none on this computer; elsewhere one is made "
            "and printed)",
        ),
    ] = None,
    certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file; makes the page HTTPS.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM file of the certificate's key.")
    ] = None,
    sessions: Annotated[int, typer.Option(metavar="N", help="How many may watch at once.")] = 4,
    films: Annotated[
        int,
        typer.Option(
            metavar="N", help="How many films viewers may leave here to be painted; 0 takes none."
        ),
    ] = 4,
    film_size: Annotated[
        int, typer.Option(metavar="MB", help="How large such a film may be, in megabytes.")
    ] = 1000,
    ice_server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL", help="STUN or TURN server for viewers behind NAT. (default: none)"
        ),
    ] = None,
    provider: options.Provider = "auto",
    overwrite: options.Overwrite = False,
    save: SaveLook = None,
) -> None:
    """Serve a web page that paints cameras and films of whoever opens it. Ctrl-C ends it.

    With the extra train installed, viewers can have a picture of theirs made into a style.
    """
    from realtime_nst.packages import require

    require("the web page", "serve")
    import asyncio
    import logging

    from realtime_nst.serve.server import Server
    from realtime_nst.serve.studio import Studio

    for library in ("aiortc", "aioice"):
        logging.getLogger(library).setLevel(logging.ERROR)
    refuse_replacing(filter(None, [save]), look)
    with Studio(look, provider, view) as studio:
        save_look(save, look, view, overwrite=overwrite)
        server = Server(
            studio,
            host=host,
            port=port,
            token=token,
            certificate=certificate,
            key=key,
            sessions=sessions,
            ice=ice_server or (),
            films=films,
            film_size=film_size,
        )
        interrupt.check()
        asyncio.run(_until_interrupted(server))


async def _until_interrupted(server: "Server") -> None:
    import asyncio

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    interrupt.on_stop(lambda: loop.is_closed() or loop.call_soon_threadsafe(stop.set))
    async with server:
        for url in server.urls:
            console.say(f"open {url}")
        if server.hides_cameras:
            console.say_notice(_CAMERAS)
        await stop.wait()
    console.say("stopped")
