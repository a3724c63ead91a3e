"""The vocabulary of the pipeline: frames, and the protocols of sources, stages and sinks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""RGB, uint8, shape (height, width, 3), C-contiguous. BGR exists only inside an OpenCV adapter."""


@dataclass(frozen=True, slots=True)
class Animated:
    """The place of a picture in an animated picture file.

    ``delay`` is in milliseconds. ``loop`` is how often the file says that it plays, as its format
    counts; None if it does not say.
    """

    delay: int
    last: bool
    loop: int | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """What a picture file says of itself: EXIF data, an XMP packet and IPTC records, as stored."""

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""


@dataclass(frozen=True, slots=True)
class Original:
    """What a picture file holds besides its colours in sRGB, so that the result can keep it.

    ``pixels`` are RGB or RGBA uint8 in the colour space of the ICC ``profile`` (empty: sRGB), and
    ``shown`` is the frame's image that was made from them; both are None if ``pixels`` would be
    that image. The orientation in ``tags`` has been applied.
    ``subsampling`` is that of a JPEG's colour: 0 is 4:4:4, 1 is 4:2:2, 2 is 4:2:0, -1 any other.
    ``cut_off`` is True if the file has no end, so that a part of what it shows may be missing.
    ``animated`` is set if the file holds more pictures, which follow as frames of the same index.

    ``deep`` is what ``shown`` was made from if more than 8 bits are kept: RGB or RGBA of
    ``media.pixels.Deep``. ``decoded`` is PyAV's frame of the same picture, if it lies upright.
    """

    pixels: NDArray[np.uint8] | None = None
    shown: Image | None = None
    profile: bytes = b""
    tags: Tags = Tags()
    subsampling: int = -1
    cut_off: bool = False
    animated: Animated | None = None
    deep: NDArray[np.uint16] | None = None
    decoded: Any = None


def is_transparent(original: Original | None) -> bool:
    """Whether ``original`` has an alpha channel."""
    pixels = original.pixels if original else None
    return pixels is not None and pixels.shape[2] == 4


class Unconverted(Protocol):
    """A picture in another form, from which RGB is made when somebody asks."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""

    @property
    def image(self) -> Image:
        """RGB, the same object each time."""


Picture = Image | Unconverted


class _AsRgb:
    """The field ``image`` of a frame: takes a picture in any form, gives RGB."""

    def __get__(self, frame: "Frame | None", kind: type) -> Image:
        if frame is None:
            raise AttributeError  # so that the field has no default
        picture = frame.picture
        return picture if isinstance(picture, np.ndarray) else picture.image

    def __set__(self, frame: "Frame", picture: Picture) -> None:
        object.__setattr__(frame, "picture", picture)


@dataclass(frozen=True)
class Frame:
    """One picture of a stream.

    ``index`` counts from 0; ``pts`` is the presentation time in seconds; ``captured`` is the
    ``time.monotonic()`` reading when the picture became available, from which latency is counted.
    ``duration`` is how many seconds it is shown, if the source says so. ``original`` is set for
    pictures from files.

    ``picture`` is what ``image`` was given as, or :meth:`showing`. RGB is made of it when ``image``
    is first read: at full size that takes time, so who can do without reads ``size`` and
    ``picture``. Two frames show the same if the ``picture`` of one is that of the other.
    """

    if TYPE_CHECKING:
        image: Image
    else:
        image: Image = _AsRgb()
    index: int
    pts: Fraction
    captured: float
    duration: Fraction | None = None
    original: Original | None = None
    picture: Picture = field(init=False, repr=False, compare=False)

    @classmethod
    def of(cls, picture: Picture, *others: Any) -> "Frame":
        """With any ``picture``; ``others`` are the other fields, in their order."""
        return cls(cast(Image, picture), *others)

    def showing(self, picture: Picture, **others: Any) -> "Frame":
        """This frame with another picture, and with ``others`` of its fields changed."""
        return replace(self, image=cast(Image, picture), **others)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        picture = self.picture
        if isinstance(picture, np.ndarray):
            return picture.shape[1], picture.shape[0]
        return picture.size


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What is known about a stream before its first frame.

    ``width`` and ``height`` are those of the frames delivered, rotation already applied. ``rate``
    is the nominal number of frames a second, ``frames`` the expected number; None if unknown. The
    frames of a ``live`` stream are dropped when they come too fast, instead of waiting. ``aspect``
    is a pixel's width over its height.
    """

    width: int
    height: int
    rate: Fraction | None = None
    frames: int | None = None
    live: bool = False
    aspect: Fraction = Fraction(1)


class Managed:
    """A context manager for sources and sinks that calls ``_close`` when its block ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        raise NotImplementedError


class Unmanaged(Managed):
    """A context manager for sources and sinks that have nothing to close."""

    def _close(self) -> None:
        pass


class _Context(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None: ...


class Source(_Context, Protocol):
    """A context manager to iterate once. Raises :class:`MediaError` if it cannot deliver."""

    @property
    def info(self) -> StreamInfo: ...
    def __iter__(self) -> Iterator[Frame]: ...


class Stage(Protocol):
    """A step that every frame passes through, always on the same thread."""

    def __call__(self, frame: Frame) -> Frame: ...
    def reset(self) -> None:
        """Forget earlier frames: called at a cut, a loop or a seek."""


class Sink(_Context, Protocol):
    """A context manager that takes frames. If left with an error, it keeps what it can."""

    def write(self, frame: Frame) -> bool:
        """Take one frame; returns False when the user wants to stop."""
