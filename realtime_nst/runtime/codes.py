"""Codes of paintings: made once by the encoder of a network for any painting, then kept."""

import hashlib
from contextlib import suppress
from pathlib import Path
from threading import Lock

import numpy as np

from realtime_nst.errors import ModelError, ProviderError, one_line
from realtime_nst.files import write_whole
from realtime_nst.runtime import host
from realtime_nst.runtime.companions import encoder_of
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.painting import PAINTING_SIZE, decode_painting, load_painting
from realtime_nst.runtime.providers import open_encoder
from realtime_nst.runtime.session import Code, Encoder

_KEPT = 256
"""Codes in memory."""

_DIGEST_BYTES = 32
"""At the end of a cached code: the sha256 of what is before."""


class Codes:
    """The codes ``[1, code_size]`` of paintings for ``network``; any thread may ask.

    They are kept in memory and in the cache folder, by the bytes of the painting: the encoder is
    opened only for one not seen before. Raises as :func:`encoder_of` does.
    """

    def __init__(self, network: Model, code_size: int) -> None:
        self._model, self._size = encoder_of(network), code_size
        self._folder = host.cache_folder("codes", f"{self._model.digest[:16]}-{PAINTING_SIZE}")
        self._encode: Encoder | None = None
        self._known: dict[str, Code] = {}
        self._lock = Lock()

    def __call__(self, painting: str) -> Code:
        """Raises as :func:`load_painting` and :func:`decode_painting` do, and :class:`ModelError`,
        :class:`ProviderError` or :class:`MissingPackage` where the encoder fails."""
        data = load_painting(Path(painting))
        key = hashlib.sha256(data).hexdigest()
        with self._lock:
            if key not in self._known:
                self._known[key] = self._code(key, data, painting)
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
            return self._known[key]

    def _code(self, key: str, data: bytes, name: str) -> Code:
        code = self._cached(key)
        if code is None:
            code = self._made(data, name)
            self._cache(key, code)
        return code

    def _made(self, data: bytes, name: str) -> Code:
        painting = decode_painting(data, name, self._model.card.size_minimum)
        if self._encode is None:
            self._encode = open_encoder(self._model)
        try:
            code = self._encode(painting)
        except Exception as error:
            reason = one_line(error)
            raise ProviderError(f"the code of {name!r} cannot be made: {reason}") from error
        if code.shape != (1, self._size) or not np.isfinite(code).all():
            raise ModelError(
                f"{str(self._model.path)!r} made no code of {self._size} numbers of {name!r}; "
                "export it again"
            )
        return code

    def _cached(self, key: str) -> Code | None:
        """None where there is none, or it is damaged."""
        if self._folder is None:
            return None
        try:
            data = (self._folder / key).read_bytes()
        except OSError:
            return None
        numbers, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if hashlib.sha256(numbers).digest() != digest or len(numbers) != 4 * self._size:
            return None
        return np.frombuffer(numbers, np.float32)[np.newaxis]

    def _cache(self, key: str, code: Code) -> None:
        """Whole or not at all; without a cache it is only slower the next time."""
        if self._folder is None:
            return
        numbers = code.tobytes()
        with suppress(OSError), write_whole(self._folder / key) as part:
            part.write_bytes(numbers + hashlib.sha256(numbers).digest())
