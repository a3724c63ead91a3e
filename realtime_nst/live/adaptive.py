"""How much to paint so that a frame rate is held: the decision alone, without any painting."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from realtime_nst.errors import UsageError


@dataclass(frozen=True)
class Level:
    """Paint at ``scale`` times the picture's sides, and run the network on every ``every``-th
    frame."""

    scale: float = 1.0
    every: int = 1

    @property
    def cost(self) -> float:
        return self.scale**2 / self.every


LEVELS = (
    Level(),
    Level(0.8),
    Level(0.65),
    Level(0.5),
    Level(0.5, 2),
    Level(0.5, 3),
    Level(0.35, 3),
)
"""From the best picture to the least work."""

_WINDOW = 1.0
_FEWEST = 3
_ROOM_DOWN, _ROOM_UP = 0.9, 0.75
_PATIENCE, _MOST_PATIENCE = 3.0, 60.0


class AdaptiveRate:
    """Chooses the level at which painting keeps up with ``fps`` frames a second.

    It steps down as soon as one second of frames took too long, as far as needed at once. It steps
    up one level when that level has been predicted to fit for ``patience`` seconds. If the
    prediction was wrong, the next one must hold twice as long, up to a minute, so that the level
    settles instead of swinging between two.

    Raises :class:`UsageError` unless ``fps`` is above 0.
    """

    def __init__(self, fps: float, levels: Sequence[Level] = LEVELS) -> None:
        if fps <= 0:
            raise UsageError(f"the rate to hold is above 0 frames a second, not {fps:g}; try 30")
        self._budget = 1 / fps
        self._levels = levels
        self._at = 0
        self._taken: deque[tuple[float, float]] = deque()
        self._fits_since: float | None = None
        self._patience, self._rose = _PATIENCE, float("-inf")

    @property
    def level(self) -> Level:
        return self._levels[self._at]

    def update(self, now: float, seconds: float) -> bool:
        """Count a frame that took ``seconds`` until ``now``; True if the level changed."""
        self._taken.append((now, seconds))
        fewest = _FEWEST * self.level.every
        while len(self._taken) > fewest and now - self._taken[1][0] > _WINDOW:
            self._taken.popleft()
        if len(self._taken) < fewest or now - self._taken[0][0] < _WINDOW:
            return False
        return self._judge(now, self._usual())

    def _usual(self) -> float:
        """Seconds a frame usually takes. Each run of the network and the frames without it are
        averaged; the median of these averages ignores a frame that something else held up."""
        taken, every = [seconds for _, seconds in self._taken], self.level.every
        turns = range(0, len(taken) - every + 1, every)
        return median(sum(taken[turn : turn + every]) / every for turn in turns)

    def _judge(self, now: float, mean: float) -> bool:
        if mean > self._budget:
            return self._go(self._fitting(mean), now)
        if self._at == 0 or self._predicted(mean, self._at - 1) > self._budget * _ROOM_UP:
            self._fits_since = None
            return False
        if self._fits_since is None:
            self._fits_since = now
        if now - self._fits_since < self._patience:
            return False
        self._rose = now
        return self._go(self._at - 1, now)

    def _fitting(self, mean: float) -> int:
        """The best level below this one that is predicted to fit, or else the last."""
        below = range(self._at + 1, len(self._levels))
        room = self._budget * _ROOM_DOWN
        fitting = (n for n in below if self._predicted(mean, n) <= room)
        return next(fitting, len(self._levels) - 1)

    def _predicted(self, mean: float, at: int) -> float:
        return mean * self._levels[at].cost / self.level.cost

    def _go(self, at: int, now: float) -> bool:
        if at == self._at:
            return False
        if at > self._at:
            failed = now - self._rose < 2 * self._patience
            self._patience = min(2 * self._patience, _MOST_PATIENCE) if failed else _PATIENCE
        self._at, self._fits_since = at, None
        self._taken.clear()
        return True
