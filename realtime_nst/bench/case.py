"""What a benchmark case is: units of work that give rows of a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer
from realtime_nst.errors import RealtimeNstError

Figure = float | int | str | None
"""None: not measured here; the report shows a dash."""


class LeftOut(RealtimeNstError):
    """A unit cannot be measured here. The message says why, and what would make it possible."""


@dataclass(frozen=True)
class Row:
    """One line of a case's table.

    ``key`` says what was measured (column to value) and is unique within the case. ``figures`` are
    the results (column to value, with the unit in the column's name: "median ms"). ``samples`` are
    the readings behind a figure, by its name; with them two runs are compared with their spread.
    """

    key: Mapping[str, str]
    figures: Mapping[str, Figure]
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """What is measured in one go, and kept when the run is interrupted.

    Calls that are compared with each other belong to one unit, in which they take turns.
    ``measure`` raises :class:`LeftOut` if the unit cannot be measured here.
    """

    name: str
    measure: Callable[[Settings, Timer], Sequence[Row]]


@dataclass(frozen=True)
class Headline:
    """One figure that sums up a case: its ``value`` with the unit, and a ``text`` that explains."""

    value: str
    text: str


@dataclass(frozen=True)
class Plot:
    """``svg`` is markup for the report; it refers to nothing outside itself."""

    title: str
    caption: str
    svg: str


@dataclass(frozen=True)
class Case:
    """One file of ``bench/cases/``, which names it ``CASE``.

    ``explains`` says what the figures are, ``omits`` what they do not measure; the report prints
    both. ``units`` loads nothing: that is left to the units. ``headlines`` and ``plot`` are drawn
    from the case's rows, which may be those of an earlier run, and give nothing if what they need
    is not among them. ``page`` is a page of the case's own, beside the report: of the settings, the
    rows, and why units were left out, by name.
    """

    name: str
    title: str
    explains: str
    omits: str
    units: Callable[[Settings], Iterable[Unit]]
    headlines: Callable[[Sequence[Row]], Iterable[Headline]] = lambda rows: ()
    plot: Callable[[Sequence[Row]], Plot | None] = lambda rows: None
    page: Callable[[Settings, Sequence[Row], Mapping[str, str]], str | None] = (
        lambda settings, rows, left_out: None
    )
