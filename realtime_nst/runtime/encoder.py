"""The encoder of a network for any painting: ``NAME.encoder.onnx`` beside ``NAME.onnx``, bound to
it by its digest."""

from pathlib import Path

from realtime_nst.errors import ModelError
from realtime_nst.runtime.card import ENCODER
from realtime_nst.runtime.model import Model, read_model


def encoder_path(network: Path) -> Path:
    """Where the encoder of the file ``network`` lies."""
    return network.with_suffix(f".encoder{network.suffix}")


def encoder_of(network: Model) -> Model:
    """The encoder beside ``network``.

    Raises :class:`ModelError` where there is none, it cannot be read, or was made for another file.
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
