"""Pictures that viewers upload as styles, deleted when the server ends."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2

from realtime_nst.errors import UsageError
from realtime_nst.media.picture_kinds import jpeg_size
from realtime_nst.runtime.codes import decode_painting

LARGEST = 2 * 1024 * 1024
"""Bytes; the page scales pictures down before it sends them."""

LARGEST_SIDE = 1024
"""Pixels: what the page scales pictures down to."""

_KEPT = 32
_MOST_SCANS = 32
"""libjpeg has 10 for a progressive picture; each costs a pass over all pixels, and few bytes."""

_SCAN = b"\xff\xda"
_JPEG = b"\xff\xd8"
_LEAST = 32
_NAME = re.compile("painting-[0-9a-f]{32}")


class PaintingsGone(UsageError):
    """A look has pictures, ``names``, that are no longer kept; who has them can send them again."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__("the server no longer has this picture; choose it again")


class KeptFiles:
    """The last files of viewers, by name, deleted when the server ends."""

    def __init__(self, what: str) -> None:
        self._folder = TemporaryDirectory(prefix=f"realtime_nst-{what}-")
        self._files: OrderedDict[str, Path] = OrderedDict()

    @property
    def folder(self) -> str:
        return self._folder.name

    def _keep(self, name: str, path: Path, most: int) -> None:
        """``path`` is the file ``name`` and the newest; of more than ``most`` the oldest go."""
        self._files[name] = path
        self._files.move_to_end(name)
        while len(self._files) > most:
            self._files.popitem(last=False)[1].unlink()

    def __contains__(self, name: object) -> bool:
        return name in self._files

    def path(self, name: str) -> Path:
        """The file ``name``; raises :class:`PaintingsGone` if it is no longer kept."""
        if name not in self._files:
            raise PaintingsGone([name])
        return self._files[name]

    def close(self) -> None:
        self._folder.cleanup()


class Paintings(KeptFiles):
    """The last 32 uploads, as files at the size that codes are made from."""

    def __init__(self) -> None:
        super().__init__("paintings")

    def add(self, data: bytes) -> str:
        """Store the JPEG ``data``; returns its name, the same for the same data.

        Other formats are refused, because they cannot be decoded in bounded memory and time.
        Raises :class:`UsageError` if ``data`` is not a JPEG or is too large, and the errors of
        :func:`decode_painting`.
        """
        if not data.startswith(_JPEG):
            raise UsageError(
                "a picture must be sent as JPEG; the page converts any picture chosen there"
            )
        width, height = jpeg_size(data)
        if max(width, height) > LARGEST_SIDE:
            raise UsageError(
                f"the picture has {width}x{height} pixels; scale it down to {LARGEST_SIDE} a side"
            )
        if data.count(_SCAN) > _MOST_SCANS:
            raise UsageError(f"the picture has over {_MOST_SCANS} scans; save it again, as JPEG")
        name = f"painting-{hashlib.sha256(data).hexdigest()[:32]}"
        path = Path(self.folder, f"{name}.png")
        if name not in self._files:
            image = decode_painting(data, "the picture", _LEAST)
            cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        self._keep(name, path, _KEPT)
        return name

    def check(self, names: Iterable[str]) -> None:
        """Raises :class:`PaintingsGone` for those of ``names`` that only a picture can have had."""
        gone = [each for each in names if _NAME.fullmatch(each) and each not in self._files]
        if gone:
            raise PaintingsGone(gone)
