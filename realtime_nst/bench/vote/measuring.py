"""What the evaluation form says of the pictures that are voted on. Needs torch."""

from collections.abc import Callable, Sequence
from pathlib import Path

from realtime_nst.bench.vote.gallery import Gallery
from realtime_nst.bench.vote.ranking import Agreement, Place, agreement
from realtime_nst.bench.vote.votes import Vote
from realtime_nst.learning.loss_networks.features import FeatureExtractor
from realtime_nst.learning.loss_networks.load import bundled, load_loss_network
from realtime_nst.learning.measures.form import HIGHER_IS_BETTER, Form
from realtime_nst.learning.measures.lpips import Lpips
from realtime_nst.learning.training.quality import measured_pair

Figures = dict[str, dict[tuple[str, str], float]]
"""By measure, and by (system, photo)."""


def measure(
    gallery: Gallery,
    loss_weights: Sequence[Path],
    squeezenet: Path | None,
    on_done: Callable[[int], None] = lambda done: None,
) -> Figures:
    """Every measure of every picture; without ``loss_weights`` by the bundled loss network.
    ``on_done`` gets the number of pictures measured so far."""
    networks = [load_loss_network(path) for path in loss_weights or [bundled()]]
    lpips = Lpips(squeezenet) if squeezenet else None
    form = Form(FeatureExtractor(networks), gallery.painting, lpips)
    found: Figures = {}
    names = [(system, photo) for system in gallery.systems for photo in gallery.photos]
    for done, (system, photo) in enumerate(names, 1):
        pair = measured_pair(gallery.photos[photo], gallery.systems[system][photo])
        for name, value in form(*pair).items():
            found.setdefault(name, {})[system, photo] = value
        on_done(done)
    return found


def agreements(figures: Figures, votes: Sequence[Vote], places: Sequence[Place]) -> list[Agreement]:
    """How well each measure predicts the votes, the best first."""
    found = []
    for name, values in figures.items():
        sign = 1 if name in HIGHER_IS_BETTER else -1
        worth = {key: sign * value for key, value in values.items()}
        found.append(agreement(name, worth, votes, places))
    return sorted(found, key=lambda each: -(each.share or 0))
