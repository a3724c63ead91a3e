"""A network opened on a provider, and the codes that tell one of several styles how to paint."""

from collections.abc import Sequence

import numpy as np

from realtime_nst.errors import ModelError
from realtime_nst.runtime.card import ARBITRARY, MULTI, SINGLE
from realtime_nst.runtime.codes import Codes
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.providers import Provider
from realtime_nst.runtime.session import Code
from realtime_nst.spec import Part


class Network:
    """``model`` on ``provider``.

    Raises :class:`ModelError` for a kind that does not paint, for a network of several styles with
    another number of them, and as :class:`Codes` does; otherwise as ``provider`` does.
    """

    def __init__(self, model: Model, provider: Provider) -> None:
        kind = model.card.kind
        if kind not in (SINGLE, ARBITRARY, MULTI):
            raise ModelError(
                f"{str(model.path)!r} is a network of the kind {kind!r}, which does not paint; "
                "choose one: realtime-nst styles"
            )
        self.model, self.session = model, provider.open(model)
        self._codes = Codes(model, self.session.code_size) if kind == ARBITRARY else None
        if kind == MULTI and len(model.card.styles) != self.session.code_size:
            raise ModelError(
                f"{str(model.path)!r} takes {self.session.code_size} weights for "
                f"{len(model.card.styles)} styles; export it again"
            )

    def code(self, parts: Sequence[Part]) -> Code | None:
        """How to paint like all ``parts``; None where the network has one style of its own.

        Raises :class:`ModelError` where ``parts`` are missing, and as :class:`Codes` does.
        """
        if self.model.card.kind == SINGLE:
            return None
        if not parts:
            raise ModelError(self._what_is_missing())
        return mixed([part.weight for part in parts], [self._code(part.name) for part in parts])

    def _code(self, name: str) -> Code:
        if self._codes is not None:
            return self._codes(name)
        return np.array([[style == name for style in self.model.card.styles]], np.float32)

    def _what_is_missing(self) -> str:
        path, styles = str(self.model.path), ", ".join(self.model.card.styles)
        if self._codes is not None:
            return f"{path!r} paints after a picture; name one: --style PICTURE --painter {path}"
        return f"{path!r} has several styles; name one: --style NAME --painter {path} ({styles})"


def mixed(weights: Sequence[float], codes: Sequence[Code]) -> Code:
    """The weighted sum; one code with weight 1 beside others with 0 stays what it is."""
    code: Code = np.tensordot(np.array(weights, np.float32), np.stack(codes), 1)
    return code
