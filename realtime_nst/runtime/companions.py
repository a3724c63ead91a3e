"""The files that belong to a network ``NAME.onnx`` and lie beside it, bound to it by its digest:
its int8 form ``NAME.int8.onnx``, and the encoder of paintings ``NAME.encoder.onnx``."""

from pathlib import Path

from realtime_nst.errors import ModelError, ProviderError
from realtime_nst.runtime.kinds import ENCODER, names_of
from realtime_nst.runtime.model import Model, read_model


def int8_path(network: Path) -> Path:
    return network.with_suffix(f".int8{network.suffix}")


def encoder_path(network: Path) -> Path:
    return network.with_suffix(f".encoder{network.suffix}")


def int8_form(model: Model) -> Model:
    """The int8 form beside ``model``; ``model`` itself if it is one.

    Raises :class:`ProviderError` if there is none, or it was made from another file, and
    :class:`ModelError` if it cannot be read.
    """
    if model.card.quantised_from:
        return model
    if not model.kind.int8:
        raise ProviderError(
            f"{model.path} is {model.kind.description}, and only the kinds "
            f"{names_of(int8=True)} have an int8 form; choose another `provider`"
        )
    path = int8_path(model.path)
    paintings = "PAINTINGS" if model.kind.needs_encoder else "PAINTING"
    remedy = f"make it with: realtime-nst quantise {model.path} {paintings} --content PHOTOS"
    if not path.exists():
        raise ProviderError(f"{model.path} has no int8 form, {path.name} beside it; {remedy}")
    form = read_model(path)
    if form.card.quantised_from != model.digest:
        raise ProviderError(
            f"{path} was made from another {model.path.name}; delete it, and {remedy}"
        )
    return form


def has_int8_form(model: Model) -> bool:
    """Raises :class:`ModelError` if there is one that cannot be read."""
    try:
        int8_form(model)
    except ProviderError:
        return False
    return True


def encoder_of(network: Model) -> Model:
    """The encoder beside ``network``.

    Raises :class:`ModelError` if there is none, it cannot be read, or was made for another file.
    """
    path = encoder_path(network.path)
    remedy = "copy both files, or export them again"
    if not path.exists():
        raise ModelError(
            f"{str(network.path)!r} needs {path.name!r} beside it to paint any picture; {remedy}"
        )
    encoder = read_model(path)
    if encoder.card.kind != ENCODER or encoder.card.encodes_for != network.digest:
        raise ModelError(f"{str(path)!r} was not made for {str(network.path)!r}; {remedy}")
    return encoder
