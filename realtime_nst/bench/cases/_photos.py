"""Photos to measure on, and the evaluation form, for the cases that measure pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.bench.case import LeftOut
from realtime_nst.bench.cases._common import need_torch
from realtime_nst.bench.cases._losses import loss_networks, painting_of
from realtime_nst.bench.others import Others, in_all
from realtime_nst.bench.settings import Settings
from realtime_nst.errors import MissingPackage
from realtime_nst.packages import require_package
from realtime_nst.runtime.card import ModelCard
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.player import find_player

if TYPE_CHECKING:
    from realtime_nst.learning.measures.form import Form

_MOST = 24


def photos_of(settings: Settings) -> list[Path]:
    """The photos to measure on: those that other systems have painted, else those that training
    holds out, or all if there are too few to hold any out."""
    if not settings.photos:
        return []
    need_torch("measuring on photos")
    _need("skimage", "SSIM")
    if settings.squeezenet_weights:
        _need("torchmetrics", "LPIPS")
    from realtime_nst.learning.data.pictures import find_photos, hold_out, measurable

    photos = find_photos(settings.photos)
    if settings.results:
        return measurable(in_all(photos, map(Others.read, settings.results), settings.styles))
    return measurable(hold_out(photos, _MOST)[1] or photos[:_MOST])


def _need(package: str, purpose: str) -> None:
    try:
        require_package(package, "bench", purpose)
    except MissingPackage as error:
        raise LeftOut(str(error)) from error


def form_of(settings: Settings, style: str, card: ModelCard | None = None) -> "Form":
    """``card`` is the style's, read if it is not given."""
    from realtime_nst.learning.measures.form import Form
    from realtime_nst.learning.measures.lpips import Lpips

    card = card or read_model(find_player(style, settings.painter).network).card
    networks = loss_networks(settings.loss_weights) if settings.loss_weights else None
    lpips = Lpips(settings.squeezenet_weights) if settings.squeezenet_weights else None
    return Form(networks, painting_of(settings.paintings, style, card), lpips)
