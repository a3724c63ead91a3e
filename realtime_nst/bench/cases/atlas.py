"""Every family of networks on the same photos: a wall of pictures, and all measures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from realtime_nst.bench import atlas
from realtime_nst.bench.case import Case, Figure, LeftOut, Row, Unit
from realtime_nst.bench.cases._clips import Clip, load
from realtime_nst.bench.cases._common import at_most, picture, usual
from realtime_nst.bench.cases._families import FAMILIES, Family
from realtime_nst.bench.cases._losses import painting_of, quality
from realtime_nst.bench.cases._photos import form_of, photos_of
from realtime_nst.bench.others import by_stem
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.media.pictures import is_picture, read_picture
from realtime_nst.metrics.stillness import e_stab, warped_error
from realtime_nst.runtime.companions import encoder_path
from realtime_nst.runtime.kinds import ARBITRARY, MULTI, SINGLE
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.player import find_player
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.sinks.pictures import write_picture
from realtime_nst.stream import Image

if TYPE_CHECKING:
    from realtime_nst.learning.measures.form import Form

_PHOTOS = 8
"""Measured on; the first of them are on the page."""

_SCENE, _FRAMES = "pan", 8
"""Whose flow is exact, for stillness frame by frame."""

_UNSEEN, _UNSEEN_PHOTOS = 4, 2
"""Further paintings that a network for any painting is measured on, and photos for each."""

Paint = Callable[[Path], Image | None]


def _measure(family: Family, settings: Settings, timer: Timer) -> Sequence[Row]:
    """A row, and the pictures of the page, written to the folder of the atlas."""
    folder = _folder(settings)
    if (folder / f"{family.name}.onnx").is_file():
        paint, figures = _network(folder / f"{family.name}.onnx", settings, timer)
    elif (folder / family.name).is_dir():
        results = by_stem(folder / family.name)
        paint, figures = partial(_of_folder, results), {}
    else:
        raise LeftOut(f"not in {folder.name}; make it: realtime-nst {family.command}")
    key = {"family": family.name, "paper": family.paper}
    return [
        Row(key, {**figures, **_measured(family, paint, settings), "less": family.less or None})
    ]


def _folder(settings: Settings) -> Path:
    if settings.atlas is None or settings.photos is None:
        raise LeftOut("the atlas needs its folder of networks and photos; give `atlas`, `photos`")
    return settings.atlas


def _network(path: Path, settings: Settings, timer: Timer) -> tuple[Paint, Mapping[str, Figure]]:
    import onnx

    style, painter = _style(path, settings)
    stylizer = Stylizer(style, settings.providers[0], painter=painter)
    call = partial(stylizer, picture(usual(settings)))
    seconds = at_most(timer, 20, 20).in_turn({"": call})[""]
    files = [each for each in (path, encoder_path(path)) if each.is_file()]
    held = (constant for each in files for constant in onnx.load(each).graph.initializer)
    figures: dict[str, Figure] = {
        **spread(seconds),
        "MB": sum(each.stat().st_size for each in files) / 1e6,
        "parameters": sum(_size(constant.dims) for constant in held),
        "steps": stylizer.card.recipe.get("steps_done"),
        "training CPU min": stylizer.card.recipe.get("processor_minutes") or None,
        "e_stab": _stillness(stylizer, settings),
        **(_of_unseen(path, settings) if stylizer.card.kind == ARBITRARY else {}),
    }
    return lambda photo: stylizer(read_picture(photo)), figures


def _stillness(paint: Callable[[Image], Image], settings: Settings) -> float:
    """e_stab of a generated scene, painted frame by frame."""
    clip = _scene(settings)
    shown = [paint(frame.image) for frame in clip.frames[:_FRAMES]]
    pairs = (pair for pair in clip.pairs[1] if pair.onto < _FRAMES)
    return e_stab([warped_error(shown[p.moved], shown[p.onto], p.flow, p.seen) for p in pairs])


@lru_cache(maxsize=1)
def _scene(settings: Settings) -> Clip:
    return load(_SCENE, replace(settings, quick=True))


@lru_cache(maxsize=1)
def _form(settings: Settings) -> "Form":
    return form_of(settings, settings.styles[0])


_quality = lru_cache(maxsize=_UNSEEN)(quality)


def _of_unseen(path: Path, settings: Settings) -> Mapping[str, Figure]:
    """The means of the losses in the styles after the first that are pictures."""
    from realtime_nst.learning.training.quality import as_network, mean

    if not settings.loss_weights:
        return {}
    rows = []
    for style in [s for s in settings.styles[1:] if is_picture(Path(s))][:_UNSEEN]:
        measure = _quality(settings.loss_weights, Path(style))
        paint = as_network(Stylizer(style, settings.providers[0], painter=path))
        rows.append(measure(paint, photos_of(settings)[:_UNSEEN_PHOTOS]))
    return {f"{_heading(n)}, unseen": x for n, x in mean(rows).items()} if rows else {}


def _heading(loss: str) -> str:
    """Of a loss, in the evaluation form."""
    return f"{loss.replace('_', ' ')} loss"


def _style(path: Path, settings: Settings) -> tuple[str, Path | str]:
    """Style and painter that play ``path``: of many styles, or of any painting, that of the first
    style, if it can."""
    card, wanted = read_model(path).card, _painting(settings)
    if card.kind == SINGLE:
        return str(path), ""
    if card.kind == MULTI:
        known = {each["name"] for each in card.recipe.get("paintings", ())}
        name = wanted.stem if wanted and wanted.stem in known else card.styles[0]
        return name, path
    if wanted is None:
        raise LeftOut("a network for any painting needs one; give `paintings` and `style`")
    return str(wanted), path


def _painting(settings: Settings) -> Path | None:
    style = settings.styles[0]
    card = read_model(find_player(style, settings.painter).network).card
    return painting_of(settings.paintings, style, card)


def _of_folder(results: Mapping[str, Path], photo: Path) -> Image | None:
    found = results.get(photo.stem)
    return read_picture(found) if found else None


def _measured(family: Family, paint: Paint, settings: Settings) -> Mapping[str, Figure]:
    """The means of the form over the photos that the family paints."""
    from realtime_nst.learning.training.quality import mean, measured_pair

    form, rows = _form(settings), []
    folder = atlas.pictures_of(_folder(settings))
    folder.mkdir(exist_ok=True)
    for photo in photos_of(settings)[:_PHOTOS]:
        image = paint(photo)
        if image is not None:
            path = folder / f"{family.name}-{photo.stem}.jpg"
            write_picture(path, image, overwrite=True, quality=90)
            rows.append(form(*measured_pair(photo, path)))
    return mean(rows) if rows else {}


def _size(dims: Sequence[int]) -> int:
    size = 1
    for each in dims:
        size *= each
    return size


def _page(settings: Settings, rows: Sequence[Row], left_out: Mapping[str, str]) -> str | None:
    if not (settings.atlas and settings.photos and rows):
        return None
    place = {family.name: number for number, family in enumerate(FAMILIES)}
    ordered = sorted(rows, key=lambda row: place.get(row.key["family"], len(place)))
    return atlas.page(settings.atlas, photos_of(settings)[: atlas.SHOWN], ordered, left_out)


CASE = Case(
    name="atlas",
    title="Every family of networks on the same photos",
    explains=(
        "For each system of the literature that is in the folder --atlas: the mean of each measure "
        "of the evaluation form over the first photos of --photos that training holds out, in the "
        "first style's painting; milliseconds of a frame on the first provider; size of the files "
        "and parameters; minutes of processor time of the steps of training; e_stab of a generated "
        "scene, frame by frame; for networks for any painting also the losses over up to four more "
        "paintings, those of --style after the first. Pictures are on the page of the atlas, "
        "beside this report."
    ),
    omits=(
        "Networks for one painting are measured against the first style's, so train them on that. "
        "Stillness of filmed clips: see temporal. Systems without weights: the page says which "
        "command makes them."
    ),
    units=lambda settings: [Unit(each.name, partial(_measure, each)) for each in FAMILIES],
    page=_page,
)
