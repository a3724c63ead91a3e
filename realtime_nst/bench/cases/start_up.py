"""The time from the command to the first stylised frame."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from realtime_nst.bench.case import Case, Headline, Row, Unit
from realtime_nst.bench.cases._common import at_most, python, usual
from realtime_nst.bench.rows import best, number
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around
from realtime_nst.runtime.host import CACHE_VARIABLE
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import PictureSink
from realtime_nst.sources.synthetic import SyntheticSource

_COMMAND = "import sys; from realtime_nst.cli import main; sys.exit(main())"
_FIGURE = "seconds to first frame"


def _measure(settings: Settings, timer: Timer) -> Sequence[Row]:
    calls = {}
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder, "photo.png")
        with PictureSink(photo) as sink:
            sink.write(next(iter(SyntheticSource(*usual(settings)))))
        style, painter = settings.styles[0], settings.painter
        for asked in settings.providers:
            provider = Stylizer(style, asked, painter=painter).provider
            options = ["--style", style, "--painter", painter, "--provider", provider]
            warm = partial(_start, options, photo, Path(folder, "cache"))
            warm()
            calls["cold", provider] = partial(_start_cold, options, photo)
            calls["warm", provider] = warm
        names = {" ".join(key): call for key, call in calls.items()}
        fewer = at_most(timer, 1 if settings.quick else 7, 120, warm_up=0)
        seconds = fewer.in_turn(names)
    return [_row(*key, seconds[" ".join(key)]) for key in calls]


def _row(state: str, provider: str, seconds: list[float]) -> Row:
    return Row(
        {"state": state, "provider": provider},
        {_FIGURE: median(seconds), **around(seconds, "seconds")},
        {_FIGURE: seconds},
    )


def _start_cold(options: Sequence[str], photo: Path) -> None:
    with tempfile.TemporaryDirectory() as cache:
        _start(options, photo, Path(cache))


def _start(options: Sequence[str], photo: Path, cache: Path) -> None:
    target = str(photo.with_name("painting.png"))
    command = ["image", str(photo), "-o", target, "--overwrite"]
    python(["-c", _COMMAND, *command, *options], {CACHE_VARIABLE: str(cache)})


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    warm = [row for row in rows if row.key.get("state") == "warm"]
    for row in best(warm, _FIGURE, min):
        text = "from the command to the first painted frame, cache warm"
        yield Headline(f"{number(row.figures[_FIGURE])} s", text)


CASE = Case(
    name="start-up",
    title="From the command to the first frame",
    explains=(
        "Seconds that realtime-nst image takes for one picture of the synthetic scene: the whole "
        "process, from starting Python to the finished file. Cold: the cache of compiled networks "
        "is empty; warm: it is filled. All take turns."
    ),
    omits=(
        "A start after booting: the files of Python and of the engines are in the system's file "
        "cache. Writing the picture is included, opening a camera or a window is not."
    ),
    units=lambda settings: [Unit("image", _measure)],
    headlines=_headlines,
)
