"""Ctrl-C that is never lost: an import it lands in may swallow it, so it is remembered."""

import signal
from types import FrameType

_pressed = False


def watch() -> None:
    """Remember Ctrl-C from now on; it still raises KeyboardInterrupt where it lands."""
    global _pressed
    _pressed = False
    signal.signal(signal.SIGINT, _remember)


def check() -> None:
    """Raises KeyboardInterrupt when Ctrl-C has been pressed before."""
    if _pressed:
        raise KeyboardInterrupt


def _remember(_number: int, _frame: FrameType | None) -> None:
    global _pressed
    _pressed = True
    raise KeyboardInterrupt
