"""Masks from files: a picture for all frames, or a video that plays along with them."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2

from realtime_nst.masks.mask import Weights
from realtime_nst.media.pictures import read_picture
from realtime_nst.sources.video import VideoSource
from realtime_nst.stream import Frame, Image


class PictureMask:
    """The picture at ``path``, the same for every frame: white is painted, black is not.

    Raises :class:`MediaError` when it cannot be read.
    """

    lead_in = 0

    def __init__(self, path: Path) -> None:
        self._drawn = _grey(read_picture(path))

    def __call__(self, frame: Frame) -> Weights:
        return self._drawn

    def reset(self) -> None:
        """There is nothing to forget."""


class VideoMask:
    """The video at ``path``: each frame is masked by the picture of its own time, and after the
    end by the last one. White is painted.

    Raises the errors of :class:`~realtime_nst.sources.video.VideoSource`.
    """

    lead_in = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._frames = _read(path)
        self._shown = next(self._frames)
        self._next: Frame | None = self._shown

    def __call__(self, frame: Frame) -> Weights:
        if frame.pts < self._shown.pts:
            self._frames = _read(self._path)
            self._shown = self._next = next(self._frames)
        while self._next is not None and self._next.pts <= frame.pts:
            self._shown, self._next = self._next, next(self._frames, None)
        return _grey(self._shown.image)

    def reset(self) -> None:
        """There is nothing to forget: the times of the frames say where the video is."""


def _read(path: Path) -> Iterator[Frame]:
    with VideoSource(path, start=Fraction(0)) as source:
        yield from source


def _grey(image: Image) -> Weights:
    result: Weights = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)  # type: ignore[assignment]
    return result
