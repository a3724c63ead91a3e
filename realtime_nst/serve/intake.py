"""What is decoded of the pictures a viewer sends; aiortc by itself decodes all there are."""

from queue import Empty, Queue
from time import monotonic
from typing import Any

from aiortc import RTCRtpTransceiver
from aiortc.codecs import get_capabilities

from realtime_nst.errors import UsageError
from realtime_nst.serve.inside import replace_part
from realtime_nst.serve.newest import Newest
from realtime_nst.serve.tracks import RateLimit

LARGEST = 1280 * 720
"""Pixels a camera picture may have."""

MOST_SENT = 120
"""Pictures a second, four times what is painted; as many in close succession, after a gap."""

MOST_WAITING = 150
"""Pictures not decoded yet: five seconds of them."""

_CODECS = ("video/VP8", "video/rtx")


class Intake(Queue[Any]):
    """The queue before a receiver's decoder; of too large or too many pictures none gets through.

    Their size is read from the head of each key frame, for decoding one of 16000x16000 takes
    seconds. ``refusal`` gives a UsageError with the reason. What waits is dropped at the end,
    which aiortc has the whole server wait for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refusal: Newest[UsageError] = Newest()
        self._limit = RateLimit(MOST_SENT, burst=MOST_SENT)

    def bound(self, transceiver: RTCRtpTransceiver) -> None:
        """Have ``transceiver``, before it is connected, take VP8 only, and through this queue.

        VP8 is the codec every browser has. RealtimeNstError where this aiortc has no such queue.
        """
        codecs = get_capabilities("video").codecs
        transceiver.setCodecPreferences([each for each in codecs if each.mimeType in _CODECS])
        replace_part(transceiver.receiver, "decoder_queue", self)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """``item`` is aiortc's: codec and encoded picture, or None at the end."""
        try:
            if item is None:
                self._drop()
            else:
                self._check(item[1].data)
        except UsageError as error:
            self.refusal.put(error)
        else:
            super().put(item, block, timeout)

    def _check(self, encoded: bytes) -> None:
        if not self._limit.admits(monotonic()):
            raise UsageError(
                f"more than {MOST_SENT} pictures a second arrive; set the camera to 30"
            )
        if self.qsize() >= MOST_WAITING:
            raise UsageError(
                f"{MOST_WAITING} pictures wait to be decoded, for more come than this machine can "
                "decode; choose a smaller camera size"
            )
        _check_size(*_size(encoded))

    def _drop(self) -> None:
        while True:
            try:
                self.get_nowait()
            except Empty:
                return


def _size(encoded: bytes) -> tuple[int, int]:
    """Width and height a VP8 key frame gives (RFC 6386, section 9.1); 0 for other frames."""
    if not encoded or encoded[0] & 1:
        return 0, 0
    width, height = (int.from_bytes(encoded[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _check_size(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise UsageError(
            f"pictures of {width}x{height} are too large, 1280x720 is the most; "
            "choose a smaller camera size"
        )
