"""Calls into an engine that may take far too long: the wait for them ends at a limit, or at Ctrl-C.

An engine cannot be stopped from Python, so a call that is given up goes on, on a thread that ends
with the process.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from realtime_nst.errors import ModelError

COMPILING = 180.0
"""Seconds. The largest network that comes with the program takes three on two cores."""

_Result = TypeVar("_Result")


def limited(work: Callable[[], _Result], seconds: float, what: str) -> _Result:
    """The result of ``work``, or what it raises. ``what`` is not done after ``seconds``: raises
    :class:`ModelError`.

    KeyboardInterrupt, which Python raises on its main thread between two calls, arrives at once.
    """
    result: list[_Result] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            result.append(work())
        except BaseException as error:
            errors.append(error)

    worker = threading.Thread(target=do, name="realtime_nst-engine", daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        raise ModelError(f"{what} was given up after {seconds:g} s; use a smaller network or size")
    if errors:
        raise errors[0]
    return result[0]
