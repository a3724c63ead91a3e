"""The few figures one would tell a friend, drawn from the rows of a result."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

from realtime_nst.bench.case import Row
from realtime_nst.bench.result import Result
from realtime_nst.bench.text import number


@dataclass(frozen=True)
class Headline:
    value: str
    text: str


def headlines(result: Result) -> list[Headline]:
    """Those whose cases were measured."""
    return [line for tell in _TOLD for line in tell(result)]


def _network(result: Result) -> Iterator[Headline]:
    rows = _preferred(result.rows("network"), "size", "640x480")
    for row in _best(rows, "fps", max):
        key = row.key
        yield Headline(
            f"{number(row.figures['fps'])} fps",
            f"the network alone at {key.get('size')} on {key.get('provider')}",
        )


def _end_to_end(result: Result) -> Iterator[Headline]:
    paced = [r for r in result.rows("end-to-end") if r.key.get("mode") == "paced 30"]
    for row in _best(_preferred(paced, "size", "640x480"), "latency p95 ms", min):
        yield Headline(
            f"{number(row.figures['latency p95 ms'])} ms",
            f"from capture to shown for 95 % of frames, {row.key.get('size')} at 30 a second",
        )


def _speed_up(result: Result) -> Iterator[Headline]:
    rows = [row for row in result.rows("baseline") if "network" in row.key]
    for row in _best(_preferred(rows, "size", "512x512"), "x 500 steps", max):
        yield Headline(
            f"{number(row.figures['x 500 steps'])} ×",
            f"faster than 500 steps of pixel optimisation at {row.key.get('size')}{_caveats(row)}",
        )


def _caveats(row: Row) -> str:
    """What a speed-up was worked out from, where it was not measured to the letter."""
    how, weights = row.figures.get("how"), row.figures.get("weights")
    said = [str(how)] if how and how != "measured" else []
    said += ["random weights"] if weights == "random" else []
    return f" ({', '.join(said)})" if said else ""


def _reference(result: Result) -> Iterator[Headline]:
    rows = _preferred(result.rows("reference"), "size", "640x480")
    theirs = [row for row in rows if row.key.get("engine", "").startswith("torch")]
    for row in _best(theirs, "ours is x times faster", min):
        size = row.key["size"]
        ours = [r for r in rows if r.key["engine"].startswith("ours") and r.key["size"] == size]
        for best in _best(ours, "median ms", min):
            yield Headline(
                f"{number(row.figures['ours is x times faster'])} ×",
                f"faster on {best.key['engine'].removeprefix('ours, ')} than the usual Johnson "
                f"network (random weights) in {row.key['engine']}, {size}",
            )


def _start_up(result: Result) -> Iterator[Headline]:
    warm = [row for row in result.rows("start-up") if row.key.get("state") == "warm"]
    for row in _best(warm, "seconds to first frame", min):
        yield Headline(
            f"{number(row.figures['seconds to first frame'])} s",
            "from the command to the first painted frame, cache warm",
        )


_WAYS = ("per frame", "strong")


def _stillness(result: Result) -> Iterator[Headline]:
    """The means over the clips filmed, or else over the generated scenes, by style and way."""
    rows = result.rows("temporal")
    filmed = [row for row in rows if row.figures.get("flow") != "exact"]
    by_way: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in filmed or rows:
        if row.key["way"] in _WAYS and isinstance(row.figures.get("e_stab ratio"), float):
            by_way[row.key["style"], row.key["way"]].append(row)
    for (style, way), clips in by_way.items():
        means = {
            column: fmean(found)
            for column in ("e_stab ratio", "sharpness ratio", "style loss ratio")
            if (found := [x for row in clips if isinstance(x := row.figures.get(column), float)])
        }
        others = [f"{name.removesuffix(' ratio')} {number(x)} ×" for name, x in means.items()][1:]
        kind = "clips" if filmed else "generated scenes"
        yield Headline(
            f"{number(means['e_stab ratio'])} ×",
            f"{', '.join(['e_stab', *others])} of {style}, {way}; mean of {len(clips)} {kind}",
        )


_TOLD: tuple[Callable[[Result], Iterator[Headline]], ...] = (
    _network,
    _end_to_end,
    _speed_up,
    _reference,
    _start_up,
    _stillness,
)


def _preferred(rows: list[Row], column: str, value: str) -> list[Row]:
    """The rows of that value where there are any, else all."""
    return [row for row in rows if row.key.get(column) == value] or rows


def _best(rows: list[Row], figure: str, choose: Callable[..., Row]) -> list[Row]:
    """The one row with the best ``figure``; none where no row has it."""
    found = [row for row in rows if isinstance(row.figures.get(figure), (int, float))]
    return [choose(found, key=lambda row: row.figures[figure])] if found else []
