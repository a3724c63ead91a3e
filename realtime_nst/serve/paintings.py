"""Pictures that viewers bring to be painted like; they are gone with the server."""

import hashlib
from collections import OrderedDict
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from realtime_nst.errors import UsageError
from realtime_nst.pictures import jpeg_size
from realtime_nst.runtime.codes import decode_painting

LARGEST = 2 * 1024 * 1024
"""Bytes; the page makes them smaller before it sends them."""

LARGEST_SIDE = 2048
"""Pixels."""

_KEPT = 32
_JPEG = b"\xff\xd8"
_LEAST = 32


class Paintings:
    """The last 32 that were brought, as files at the size that codes are made at."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="realtime_nst-paintings-")
        self._files: OrderedDict[str, Path] = OrderedDict()

    def add(self, data: bytes) -> str:
        """The name under which the JPEG ``data`` can be chosen, the same for the same picture.

        Only JPEG is taken, as nothing else can be decoded in bounded memory. Raises
        :class:`UsageError` for what is none or too large, and as :func:`decode_painting` does.
        """
        if not data.startswith(_JPEG):
            raise UsageError(
                "a painting is sent as JPEG, as the page does of any picture chosen there"
            )
        width, height = jpeg_size(data)
        if max(width, height) > LARGEST_SIDE:
            raise UsageError(
                f"the picture has {width}x{height} pixels and may have {LARGEST_SIDE} a side; "
                "make it smaller"
            )
        name = f"painting-{hashlib.sha256(data).hexdigest()[:32]}"
        if name not in self._files:
            image = decode_painting(data, "the picture", _LEAST)
            path = Path(self._folder.name, f"{name}.png")
            cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
            self._files[name] = path
        self._files.move_to_end(name)
        while len(self._files) > _KEPT:
            self._files.popitem(last=False)[1].unlink()
        return name

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def path(self, name: str) -> Path:
        """Raises :class:`UsageError` where it is no longer kept."""
        if name not in self._files:
            raise UsageError("the picture is no longer kept here; choose it again")
        return self._files[name]

    def close(self) -> None:
        self._folder.cleanup()
