"""Networks that are open, each there once."""

from threading import Lock
from weakref import WeakValueDictionary

from realtime_nst.runtime.model import Model
from realtime_nst.runtime.network import Network
from realtime_nst.runtime.providers import Provider


class Networks:
    """A network is there as long as it is used. Any thread may ask; one is opened at a time."""

    def __init__(self) -> None:
        self._open: WeakValueDictionary[tuple[str, str], Network] = WeakValueDictionary()
        self._opening = Lock()

    def open(self, model: Model, provider: Provider) -> Network:
        """``model`` on ``provider``. Raises as :class:`Network` does."""
        key = model.digest, provider.name
        with self._opening:
            network = self._open.get(key)
            if network is None:
                network = self._open[key] = Network(model, provider)
            return network
