"""The ranking that votes give, and how well figures predict them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from realtime_nst.bench.vote.votes import Vote

_RESAMPLES = 500
_INTERVAL = 2.5, 97.5

_HALF = 1.96
"""Deviations on either side of a 95 % interval."""

_ALPHA = 0.1
"""The rate at which systems win against each other without any votes: without it one that always
won would be infinitely strong."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """``strength`` is that of Bradley and Terry, of which the mean over systems is 0: one that is 1
    higher wins 73 % of the votes, 2 higher 88 %. ``low`` and ``high`` are its 95 % interval.
    ``won`` is the share of its ``votes`` that it won, half of those without a difference."""

    name: str
    strength: float
    low: float
    high: float
    won: float
    votes: int


@dataclass(frozen=True)
class Agreement:
    """How well ``measure`` predicts: ``share`` of the ``votes`` that were decided, with its 95 %
    interval, and the rank ``correlation`` (Spearman) of its means with the strengths of the
    systems. None where nothing can be said."""

    measure: str
    share: float | None
    low: float | None
    high: float | None
    votes: int
    correlation: float | None


def ranking(votes: Sequence[Vote], systems: Sequence[str]) -> list[Place]:
    """The best first. Bradley and Terry 1952, by iterated Luce spectral ranking (Maystre and
    Grossglauser 2015, package ``choix``). No difference counts as half a win for each.

    Each interval is the wider one, to either side, of two: that of a bootstrap that draws photos
    with all their votes, because votes on one photo are alike, and that of the likelihood's
    curvature, which is wide where a few votes are unanimous and a bootstrap draws nothing else.
    """
    from choix import ilsr_pairwise_dense

    def strengths(wins: Floats) -> Floats:
        found: Floats = ilsr_pairwise_dense(wins, alpha=_ALPHA, max_iter=10_000, tol=1e-6)
        return found

    by_photo = np.array([_wins(group, systems) for group in _groups(votes)])
    total = by_photo.sum(0)
    drawn = np.array([strengths(by_photo[places].sum(0)) for places in _draws(len(by_photo))])
    low, high = np.percentile(drawn, _INTERVAL, axis=0)
    found, won, counts = strengths(total), total.sum(1), (total + total.T).sum(1)
    half = _HALF * _deviations(found, total)
    low, high = np.minimum(low, found - half), np.maximum(high, found + half)
    shares = won / np.maximum(counts, 1)
    columns = (column.tolist() for column in (found, low, high, shares, counts.astype(int)))
    places = [Place(*row) for row in zip(systems, *columns, strict=True)]
    return sorted(places, key=lambda place: -place.strength)


def _deviations(strengths: Floats, wins: Floats) -> Floats:
    """The standard deviation of each strength, by the curvature (Fisher information) of the
    likelihood of all votes there."""
    wins_over = 1 / (1 + np.exp(strengths - strengths[:, None]))
    weight = (wins + wins.T + 2 * _ALPHA) * wins_over * wins_over.T
    np.fill_diagonal(weight, 0)
    information = np.diag(weight.sum(1)) - weight
    deviations: Floats = np.sqrt(np.diag(np.linalg.pinv(information)))
    return deviations


def agreement(
    measure: str, worth: Mapping[tuple[str, str], float], votes: Sequence[Vote],
    places: Sequence[Place],
) -> Agreement:  # fmt: skip
    """``worth``: by (system, photo) the figure of ``measure``, of which higher is taken for
    better. Equal figures agree with half of the votes on them."""
    decided = [vote for vote in votes if vote.winner]
    groups = [[_agrees(vote, worth) for vote in group] for group in _groups(decided)]
    means = [fmean(w for (name, _), w in worth.items() if name == p.name) for p in places]
    correlation = _spearman(means, [place.strength for place in places])
    if not groups:
        return Agreement(measure, None, None, None, 0, correlation)
    sums, counts = (np.array([of(group) for group in groups], float) for of in (sum, len))
    drawn = [sums[places].sum() / counts[places].sum() for places in _draws(len(groups))]
    low, high = map(float, np.percentile(drawn, _INTERVAL))
    share = float(sums.sum() / counts.sum())
    return Agreement(measure, share, low, high, len(decided), correlation)


def _agrees(vote: Vote, worth: Mapping[tuple[str, str], float]) -> float:
    left, right = (worth[name, vote.photo] for name in (vote.left, vote.right))
    return 0.5 if left == right else float((left > right) == (vote.winner == vote.left))


def _spearman(a: Sequence[float], b: Sequence[float]) -> float | None:
    from scipy.stats import spearmanr

    if len(set(a)) < 2 or len(set(b)) < 2:
        return None
    return float(spearmanr(a, b).statistic)


def _groups(votes: Sequence[Vote]) -> list[list[Vote]]:
    """The votes of each photo."""
    key: Callable[[Vote], str] = lambda vote: vote.photo  # noqa: E731
    return [list(group) for _, group in groupby(sorted(votes, key=key), key)]


def _wins(votes: Sequence[Vote], systems: Sequence[str]) -> Floats:
    """At ``[i, j]`` how often system ``i`` was preferred to ``j``."""
    place = {name: number for number, name in enumerate(systems)}
    wins = np.zeros((len(systems), len(systems)))
    for vote in votes:
        left, right = place[vote.left], place[vote.right]
        share = {"left": 1.0, "right": 0.0}.get(vote.choice, 0.5)
        wins[left, right] += share
        wins[right, left] += 1 - share
    return wins


def _draws(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, count, (_RESAMPLES, count))
