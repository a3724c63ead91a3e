"""A style's int8 form: ``NAME.int8.onnx`` beside ``NAME.onnx``, bound to it by its digest."""

from pathlib import Path

from realtime_nst.errors import ProviderError
from realtime_nst.runtime.card import ARBITRARY, SINGLE
from realtime_nst.runtime.model import Model, read_model

KINDS = (SINGLE, ARBITRARY)
"""Of networks that may have one."""


def path_of(style: Path) -> Path:
    """Where the int8 form of the style file ``style`` lies."""
    return style.with_suffix(f".int8{style.suffix}")


def form_of(model: Model) -> Model:
    """``model`` itself where it is int8, or else the form beside it.

    Raises :class:`ProviderError` where there is none, or it was made from another file, and
    :class:`ModelError` where it cannot be read.
    """
    if model.card.quantised_from:
        return model
    if model.card.kind not in KINDS:
        raise ProviderError(
            f"{model.path} is made of several styles, and only networks of one, or for any "
            "painting, have an int8 form; choose another --provider"
        )
    path = path_of(model.path)
    painting = "PAINTINGS" if model.card.kind == ARBITRARY else "PAINTING"
    remedy = f"make it with: realtime-nst quantise {model.path} {painting} --content PHOTOS"
    if not path.exists():
        raise ProviderError(f"{model.path} has no int8 form, {path.name} beside it; {remedy}")
    form = read_model(path)
    if form.card.quantised_from != model.digest:
        raise ProviderError(f"{path} was made from another {model.path.name}; {remedy} --overwrite")
    return form


def has_form(model: Model) -> bool:
    """Whether :func:`form_of` finds one. Raises :class:`ModelError` as it does."""
    try:
        form_of(model)
    except ProviderError:
        return False
    return True
