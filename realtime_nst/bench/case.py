"""What a benchmark case is: units of work, each giving rows of a table."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from realtime_nst.bench.timer import Timer
from realtime_nst.errors import RealtimeNstError

Figure = float | int | str | None
"""None: not measured here; the report shows a dash."""


class LeftOut(RealtimeNstError):
    """A unit cannot be measured here; the message says why, and what would make it possible."""


@dataclass(frozen=True)
class Settings:
    """What the person asked for. ``quick``: everything within two minutes.

    ``styles`` and ``providers`` are names, ``painter`` that of the network that plays paintings,
    empty for the installed one; ``sizes`` are (width, height). ``loss_weights`` are
    files of loss networks, ``photos`` and ``paintings`` folders of pictures, ``clips`` one of
    videos whose flow ``raft_weights`` estimates, ``sintel`` one of scenes whose flow is known,
    ``baseline`` the style file that stillness is compared with, ``coherent`` one that holds
    features of the frame before; a case that needs what was not given is left out, or says in its
    rows what it did without.
    """

    styles: tuple[str, ...]
    providers: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    loss_weights: tuple[Path, ...] = ()
    photos: Path | None = None
    paintings: Path | None = None
    clips: Path | None = None
    raft_weights: Path | None = None
    sintel: Path | None = None
    baseline: str = ""
    coherent: Path | None = None
    painter: str = ""
    quick: bool = False


@dataclass(frozen=True)
class Row:
    """One line of a case's table.

    ``key`` says what was measured (column to value) and is unique within the case; ``figures`` are
    the results (column to value, the unit in the column's name: "median ms"); ``samples`` the
    readings behind them by the name of the figure, so that two runs can be compared with their
    spread.
    """

    key: Mapping[str, str]
    figures: Mapping[str, Figure]
    samples: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Unit:
    """What is measured in one go and kept when the run is interrupted.

    All that is compared with each other belongs to one unit: within it the cases take turns.
    Raises :class:`LeftOut` when it cannot be measured here.
    """

    name: str
    measure: Callable[[Settings, Timer], Sequence[Row]]


@dataclass(frozen=True)
class Case:
    """A file of ``benchmarks/`` holds one, named ``CASE``.

    ``explains`` says what the figures are, ``omits`` what they do not measure; both are printed
    in the report. ``units`` must be cheap: nothing is loaded before a unit is measured.
    """

    name: str
    title: str
    explains: str
    omits: str
    units: Callable[[Settings], Iterable[Unit]]
