"""The colour description of a video: matrix, primaries, transfer characteristics and range."""

from dataclasses import dataclass
from typing import Any, Self

from av.video.reformatter import Colorspace

from realtime_nst.media.tone import HLG, PQ

# Code points of ITU-T H.273, also used by FFmpeg.
_RGB, _BT709, _UNSPECIFIED, _BT470BG, _SMPTE170M, _SMPTE240M, _BT2020 = 0, 1, 2, 5, 6, 7, 9
_BT601 = (_BT470BG, _SMPTE170M)
MATRICES = (_BT709, *_BT601)
"""Those that are read and written as they are."""

LIMITED, FULL = 1, 2


@dataclass(frozen=True)
class Colours:
    """``matrix``, ``primaries`` and ``transfer`` are code points of ITU-T H.273. ``full`` is True
    if luma uses 0–255 (at 8 bits), False if 16–235."""

    matrix: int = _BT709
    primaries: int = _BT709
    transfer: int = _BT709
    full: bool = False

    @classmethod
    def of(cls, pictures: Any) -> Self:
        """The colours of a decoded frame or of a codec context; what is not tagged is guessed.

        An untagged matrix is BT.709 above 576 lines or from 1280 columns on, else BT.601, as in mpv
        and VLC. An untagged range is limited, as in all players.
        """
        matrix = pictures.colorspace
        if matrix == _UNSPECIFIED:
            large = pictures.width >= 1280 or pictures.height > 576
            matrix = _BT709 if large else _SMPTE170M
        guess = matrix if matrix in (*MATRICES, _SMPTE240M, _BT2020) else _BT709
        primaries, transfer = pictures.color_primaries, pictures.color_trc
        full = pictures.color_range == FULL or _named_full(pictures)
        return cls(
            matrix,
            guess if primaries == _UNSPECIFIED else primaries,
            _transfer_of(guess) if transfer == _UNSPECIFIED else transfer,
            full,
        )

    @property
    def hdr(self) -> bool:
        return self.transfer in (PQ, HLG)

    @property
    def needs_mapping(self) -> bool:
        """True for HDR and BT.2020, which must be converted to BT.709."""
        return self.hdr or self.primaries == _BT2020

    def written(self, hdr: bool = False) -> "Colours":
        """The colours to write a frame with that was read with these: limited range, and SDR
        unless ``hdr``."""
        if hdr:
            return Colours(_BT2020, self.primaries, self.transfer)
        if self.needs_mapping or self.matrix not in MATRICES:
            return Colours()
        return Colours(self.matrix, self.primaries, self.transfer)

    @property
    def swscale_matrix(self) -> int:
        if self.matrix == _BT2020:
            return int(Colorspace.BT2020)
        return int(Colorspace.ITU601 if self.matrix in _BT601 else Colorspace.ITU709)

    def tag(self, pictures: Any) -> None:
        """Tag a frame or an encoder's context with these colours."""
        pictures.colorspace = self.matrix
        pictures.color_primaries = self.primaries
        pictures.color_trc = self.transfer
        pictures.color_range = FULL if self.full else LIMITED


@dataclass(frozen=True)
class Told:
    """The colours that a container tells, as code points of ITU-T H.273: decoding forgets them if
    the coded pictures do not tell theirs."""

    matrix: int
    primaries: int
    transfer: int
    range: int

    @classmethod
    def of(cls, context: Any) -> Self:
        """Of the context of a stream from which nothing has been decoded."""
        return cls(
            context.colorspace, context.color_primaries, context.color_trc, context.color_range
        )

    def tell(self, frame: Any) -> None:
        """Add to ``frame`` what it does not say itself."""
        if frame.colorspace == _UNSPECIFIED:
            frame.colorspace = self.matrix
        if frame.color_primaries == _UNSPECIFIED:
            frame.color_primaries = self.primaries
        if frame.color_trc == _UNSPECIFIED:
            frame.color_trc = self.transfer
        frame.color_range = frame.color_range or self.range


def _named_full(pictures: Any) -> bool:
    """Old pixel formats such as yuvj420p name the full range."""
    return pictures.format is not None and pictures.format.name.startswith("yuvj")


def _transfer_of(matrix: int) -> int:
    """The transfer characteristics that usually go with a matrix."""
    return _SMPTE170M if matrix in _BT601 else matrix if matrix == _SMPTE240M else _BT709
