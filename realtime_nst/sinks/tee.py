"""Several sinks as one."""

from contextlib import ExitStack
from typing import Any, Self

from realtime_nst.stream import Frame, Sink


class TeeSink:
    """Writes every frame to each of ``sinks``, in order; stops when one of them does.

    All of them are exited, the last first, even if one fails.
    """

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks
        self._entered = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as entering:
            for sink in self._sinks:
                entering.enter_context(sink)
            self._entered = entering.pop_all()
        return self

    def __exit__(self, *raised: Any) -> None:
        self._entered.__exit__(*raised)

    def write(self, frame: Frame) -> bool:
        wishes = [sink.write(frame) for sink in self._sinks]
        return all(wishes)
