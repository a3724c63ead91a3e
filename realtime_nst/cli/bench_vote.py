"""``realtime-nst bench vote``: let people say which pictures are better."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, interrupt
from realtime_nst.cli.progress import progress
from realtime_nst.errors import UsageError
from realtime_nst.values import check_number

if TYPE_CHECKING:
    from realtime_nst.bench.vote.gallery import Gallery
    from realtime_nst.bench.vote.ranking import Place
    from realtime_nst.bench.vote.server import VoteServer
    from realtime_nst.bench.vote.votes import Vote


def bench_vote(
    folders: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLDER|NAME=FOLDER", help="Pictures of a system each, named as the photos."
        ),
    ],
    photos: Annotated[
        Path, typer.Option(metavar="DIR", help="The photos that the pictures were painted of.")
    ],
    painting: Annotated[
        Path, typer.Option(metavar="FILE", help="The picture whose style they imitate.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the votes are kept.")
    ] = Path("votes.jsonl"),
    voter: Annotated[
        str, typer.Option(metavar="TEXT", help="Who votes; each voter is asked everything.")
    ] = "",
    port: Annotated[int, typer.Option(metavar="N", help="Port; 0 takes any that is free.")] = 0,
    rank: Annotated[
        bool,
        typer.Option(
            "--rank", help="Ask nothing; rank by the votes, and say which measures predict them."
        ),
    ] = False,
    loss_weights: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Loss networks, for --rank. (default: the program's own)"
        ),
    ] = None,
    squeezenet_weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="SqueezeNet 1.1, for LPIPS with --rank.")
    ] = None,
) -> None:
    """Show two pictures at a time, blind, and rank who painted them by the votes.

    The page is for this computer alone. Ctrl-C ends it; the same command goes on.
    """
    from realtime_nst.packages import require_package

    require_package("choix", "bench", "the ranking")
    check_number("`port`", port, 0, 65535)
    from realtime_nst.bench.vote.gallery import Gallery

    gallery = Gallery(folders, photos, painting)
    for notice in gallery.notices:
        console.say_notice(notice)
    if rank:
        _rank(gallery, output, loss_weights or [], squeezenet_weights)
    else:
        require_package("aiohttp", "serve", "the page")
        _ask(gallery, output, voter, port)


def _ask(gallery: "Gallery", output: Path, voter: str, port: int) -> None:
    import asyncio

    from realtime_nst.bench.vote.server import Poll, VoteServer
    from realtime_nst.bench.vote.votes import VotesFile

    with VotesFile(output, gallery) as votes:
        before = len(votes.votes)
        asyncio.run(_until_interrupted(VoteServer(Poll(gallery, votes, voter), port)))
        given = len(votes.votes) - before
        if votes.votes:
            console.say_notice(f"{console.counted(given, 'vote')} more in {output}")
            _say_ranking(_places(votes.votes, gallery))
        else:
            console.say_notice("no votes, so nothing was written")


async def _until_interrupted(server: "VoteServer") -> None:
    import asyncio

    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    interrupt.on_stop(lambda: loop.is_closed() or loop.call_soon_threadsafe(stop.set))
    async with server:
        console.say(f"open {server.url}")
        await stop.wait()


def _rank(
    gallery: "Gallery", output: Path, loss_weights: list[Path], squeezenet: Path | None
) -> None:
    from realtime_nst.bench.vote.votes import read_votes
    from realtime_nst.packages import require, require_package

    votes = read_votes(output, gallery)
    if not votes:
        raise UsageError(f"there are no votes in {str(output)!r}; vote first, without `rank`")
    places = _places(votes, gallery)
    _say_ranking(places)
    require("measuring the pictures", "train")
    require_package("skimage", "bench", "SSIM")
    from realtime_nst.bench.vote.measuring import agreements, measure

    total = len(gallery.systems) * len(gallery.photos)
    with progress("measuring", "picture", total) as gauge:

        def show(done: int) -> None:
            interrupt.check()
            gauge(done)

        figures = measure(gallery, loss_weights, squeezenet, show)
    rows = [
        (
            each.measure,
            _percent(each.share),
            f"{_percent(each.low)} to {_percent(each.high)}",
            "–" if each.correlation is None else f"{each.correlation:+.2f}",
        )
        for each in agreements(figures, votes, places)
    ]
    console.say("")
    console.show(console.table(("measure", "votes predicted", "95 %", "rank correlation"), rows))


def _places(votes: "list[Vote]", gallery: "Gallery") -> "list[Place]":
    from realtime_nst.bench.vote.ranking import ranking

    return ranking(votes, list(gallery.systems))


def _say_ranking(places: "list[Place]") -> None:
    rows = [
        (
            place.name,
            f"{place.strength:+.2f}",
            f"{place.low:+.2f} to {place.high:+.2f}",
            _percent(place.won),
            str(place.votes),
        )
        for place in places
    ]
    console.show(console.table(("system", "strength", "95 %", "won", "votes"), rows))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
