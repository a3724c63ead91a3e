"""Networks opened on a provider, each once however many stylizers use it."""

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from weakref import WeakValueDictionary

import numpy as np

from realtime_nst.errors import ModelError
from realtime_nst.runtime import host
from realtime_nst.runtime.codes import Codes
from realtime_nst.runtime.model import Model, check_network
from realtime_nst.runtime.onnxruntime_session import Graph, open_graph
from realtime_nst.runtime.providers import AUTO, Provider, choose
from realtime_nst.runtime.session import Code
from realtime_nst.spec import Part


class Networks:
    """The networks in use; any thread may ask for one, and one is opened at a time.

    A network stays open while somebody holds it: give the same ``Networks`` to every
    :class:`~realtime_nst.runtime.stylizer.Stylizer` that should share. ``provider`` is used by
    those that ask for "auto". Each has ``threads`` (None: as many as there are cores): with another
    number, some engines round differently.
    """

    def __init__(self, provider: str = AUTO, threads: int | None = None) -> None:
        self._default, self.threads = provider, threads
        self._graphs: WeakValueDictionary[tuple[Path, str], Graph] = WeakValueDictionary()
        self._open: WeakValueDictionary[tuple[Path, str, Provider], Network] = WeakValueDictionary()
        self._opening = Lock()

    @property
    def asked(self) -> str:
        """The provider of those that ask for "auto", as it was given."""
        return self._default

    def provider(self, name: str = AUTO) -> Provider:
        """The provider ``name``, as :func:`~realtime_nst.runtime.providers.choose` finds it."""
        return choose(self._default if name == AUTO else name)

    def open(self, model: Model, provider: Provider) -> "Network":
        """``model`` on ``provider``. Raises the errors of :class:`Network`."""
        key = model.path.resolve(), model.digest, provider
        with self._opening:
            network = self._open.get(key)
            if network is None:
                with host.limited_to(self.threads):
                    network = self._open[key] = Network(model, provider)
            return network

    def graph(self, path: Path) -> Graph:
        """The network of a mask, which need not be one of ours. Raises the errors of
        :func:`~realtime_nst.runtime.onnxruntime_session.open_graph`."""
        key = path.resolve(), check_network(path)
        with self._opening:
            graph = self._graphs.get(key)
            if graph is None:
                with host.limited_to(self.threads):
                    graph = self._graphs[key] = open_graph(path)
            return graph


class Network:
    """``model`` on ``provider``: its ``session``, and the codes that tell it how to paint.
    ``threads`` are those that it was opened with.

    Raises the errors of the provider's ``open`` and of :class:`Codes`, and :class:`ModelError` for
    a kind that does not paint, and for a multi-style network whose graph takes another number of
    weights than its card names styles.
    """

    def __init__(self, model: Model, provider: Provider) -> None:
        if not model.kind.paints:
            raise ModelError(
                f"{str(model.path)!r} is a network of the kind {model.card.kind!r}, which does not "
                "paint; choose one: realtime-nst styles"
            )
        self.model, self.provider = model, provider
        self.threads = host.thread_limit()
        self.session = provider.open(model)
        size, styles = self.session.code_size, model.card.styles
        if model.kind.codes == "weights" and len(styles) != size:
            raise ModelError(
                f"{str(model.path)!r} takes {size} weights for {len(styles)} styles; "
                "export it again"
            )
        self._codes = Codes(model, size) if model.kind.needs_encoder else None

    def code(self, parts: Sequence[Part]) -> Code | None:
        """The code that blends ``parts``, paintings or styles; None if the network takes no code.

        Raises :class:`ModelError` if it takes one and ``parts`` is empty, and the errors of
        :class:`Codes`.
        """
        if not self.model.kind.takes_code:
            return None
        if not parts:
            raise ModelError(self._missing_style())
        return mixed([part.weight for part in parts], [self._code(part.name) for part in parts])

    def _code(self, name: str) -> Code:
        if self._codes is not None:
            return self._codes(name)
        return np.array([[style == name for style in self.model.card.styles]], np.float32)

    def _missing_style(self) -> str:
        path, styles = str(self.model.path), ", ".join(self.model.card.styles)
        if self._codes is not None:
            return f"{path!r} paints like a picture; name one: `style` PICTURE `painter` {path}"
        return f"{path!r} has several styles; name one: `style` NAME `painter` {path} ({styles})"


def mixed(weights: Sequence[float], codes: Sequence[Code]) -> Code:
    """The weighted sum. A code with weight 1 among others with 0 is unchanged, to the bit."""
    code: Code = np.tensordot(np.array(weights, np.float32), np.stack(codes), 1)
    return code
