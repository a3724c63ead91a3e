"""Limits on the pictures that a viewer sends, applied before aiortc decodes them."""

from queue import Empty, Queue
from time import monotonic
from typing import Any

from aiortc import RTCRtpTransceiver
from aiortc.codecs import get_capabilities

from realtime_nst.errors import RealtimeNstError, UsageError
from realtime_nst.serve.tracks import Newest, RateLimit

LARGEST = 1280 * 720
"""Pixels a camera picture may have."""

MOST_SENT = 120
"""Pictures a second, four times as many as are painted; also the longest burst after a gap."""

MOST_WAITING = 150
"""Pictures waiting to be decoded: five seconds' worth."""

_CODECS = ("video/VP8", "video/rtx")


class Intake(Queue[Any]):
    """The queue in front of a receiver's decoder; it refuses pictures too large or too many.

    The size is read from the header of each key frame, because decoding a frame of 16000x16000
    takes seconds. ``refusal`` delivers a :class:`UsageError` with the reason. Pictures that still
    wait at the end are dropped, since aiortc makes the whole server wait for them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refusal: Newest[UsageError] = Newest()
        self._limit = RateLimit(MOST_SENT, burst=MOST_SENT)

    def bind(self, transceiver: RTCRtpTransceiver) -> None:
        """Make ``transceiver``, not connected yet, receive only VP8, and through this queue.

        Every browser has VP8. Raises RealtimeNstError if this version of aiortc has no such queue.
        """
        codecs = get_capabilities("video").codecs
        transceiver.setCodecPreferences([each for each in codecs if each.mimeType in _CODECS])
        replace_part(transceiver.receiver, "decoder_queue", self)

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """``item`` comes from aiortc: a codec and an encoded picture, or None at the end."""
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
                f"{MOST_WAITING} pictures are waiting because this machine cannot decode them in "
                "time; choose a smaller camera size"
            )
        _check_size(*_size(encoded))

    def _drop(self) -> None:
        while True:
            try:
                self.get_nowait()
            except Empty:
                return


def replace_part(owner: object, name: str, part: object) -> None:
    """Replace the attribute ``name`` of an object of aiortc, or the private one of that name.

    Raises RealtimeNstError if the object has no such attribute.
    """
    kind = type(owner).__name__
    for attribute in (name, f"_{name}", f"_{kind}__{name}"):
        if hasattr(owner, attribute):
            setattr(owner, attribute, part)
            return
    raise RealtimeNstError(
        f"the server needs {name!r} of aiortc's {kind}, which this version of aiortc lacks; "
        "install aiortc 1.16"
    )


def _size(encoded: bytes) -> tuple[int, int]:
    """Width and height from a VP8 key frame (RFC 6386, section 9.1); 0, 0 for other frames."""
    if not encoded or encoded[0] & 1:
        return 0, 0
    width, height = (int.from_bytes(encoded[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _check_size(width: int, height: int) -> None:
    if width * height > LARGEST:
        raise UsageError(
            f"pictures of {width}x{height} are too large; choose a camera size of at most 1280x720"
        )
