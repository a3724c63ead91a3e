"""Paintings as encoders take them, and the codes made from them."""

import hashlib
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import cast

import cv2
import numpy as np

from realtime_nst.errors import ModelError, ProviderError, UsageError, one_line
from realtime_nst.files import nearest, write_whole
from realtime_nst.media.pictures import decode, load
from realtime_nst.runtime import host
from realtime_nst.runtime.companions import encoder_of
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.providers import open_encoder
from realtime_nst.runtime.session import Code, Encoder
from realtime_nst.stream import Image

PAINTING_SIZE = 512
"""The longer side of a painting, in pixels, when its code is made: the size that a style trained
for it sees it at, and that its strokes are measured at. A smaller one makes larger strokes."""

_KEPT = 256
"""Codes in memory."""

_DIGEST_BYTES = 32
"""A cached code ends with the sha256 of the bytes before it."""


def load_painting(path: Path) -> bytes:
    """The bytes of the file. Raises :class:`UsageError` if ``path`` is not a file, and
    :class:`MediaError` if the file is empty or cannot be read."""
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder; name one picture in it")
    if not path.exists():
        raise UsageError(f"there is no picture {str(path)!r}{nearest(path)}")
    return load(path)


def decode_painting(data: bytes, name: str, least: int) -> Image:
    """RGB uint8 ``(height, width, 3)``, its longer side PAINTING_SIZE pixels.

    Raises :class:`MediaError` if ``data`` is not a picture, :class:`UsageError` if its shorter side
    then has fewer than ``least`` pixels. ``name`` is for messages.
    """
    image = decode(data, name, PAINTING_SIZE)
    height, width = image.shape[:2]
    scale = PAINTING_SIZE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    if min(size) < least:
        raise UsageError(
            f"{name!r} is too thin for a painting: {width}x{height} pixels, {size[0]}x{size[1]} "
            f"once scaled, and each side needs {least}; crop it to a wider part"
        )
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cast(Image, cv2.resize(image, size, interpolation=how))


class Codes:
    """Makes the codes ``[1, code_size]`` of paintings for ``network``; any thread may call.

    Codes are kept in memory and in the cache folder, by the content of the painting, and the
    encoder is opened only for a painting not seen before. Raises the errors of :func:`encoder_of`.
    """

    def __init__(self, network: Model, code_size: int) -> None:
        self._model, self._size = encoder_of(network), code_size
        self._folder = host.cache_folder("codes", f"{self._model.digest[:16]}-{PAINTING_SIZE}")
        self._encode: Encoder | None = None
        self._known: dict[str, Code] = {}
        self._lock = Lock()

    def __call__(self, painting: str) -> Code:
        """The code of the picture at the path ``painting``.

        Raises the errors of :func:`load_painting` and :func:`decode_painting`, and
        :class:`ModelError`, :class:`ProviderError` or :class:`MissingPackage` if the encoder fails.
        """
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
            raise ProviderError(
                f"the encoder failed on {name!r}: {one_line(error)}; try a smaller copy of it"
            ) from error
        if code.shape != (1, self._size) or not np.isfinite(code).all():
            raise ModelError(
                f"{str(self._model.path)!r} made no code of {self._size} numbers of {name!r}; "
                "export it again"
            )
        return code

    def _cached(self, key: str) -> Code | None:
        """None if there is none, or it is damaged."""
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
        """If it cannot be written, the code is made again next time."""
        if self._folder is None:
            return
        numbers = code.tobytes()
        with suppress(OSError), write_whole(self._folder / key) as part:
            part.write_bytes(numbers + hashlib.sha256(numbers).digest())
