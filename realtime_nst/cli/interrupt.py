"""Signals that stop a command: Ctrl-C, SIGTERM and SIGHUP, in one place for all commands.

Each raises KeyboardInterrupt in the main thread. Several within a second count as one, because
people press Ctrl-C again and again. Where what is under way can be finished, a first Ctrl-C only
asks for that. The exit code is 128 and the number of the first.
"""

import _thread
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from types import FrameType
from typing import Any, NoReturn, TypeVar

import typer

from realtime_nst.cli import console

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that this system has; the last one is Ctrl-Break of Windows."""

_ONE_PRESS = 1.0
"""Seconds."""

_PATIENCE = 10.0
"""Seconds that a signal waits for a good moment; containers are killed as long after SIGTERM."""

_IMPORT_SECONDS = 0.1
"""After which a signal that came in an import is looked at again."""

_LONGEST_IMPORT = 60.0

_IMPORTER = "<frozen importlib._bootstrap>"

_WORKER_SECONDS = 30
"""How long a worker process that was told to end may finish what its parent waits for."""

_SIGPIPE = 13
"""Not every system has its name."""

READER_GONE = 128 + _SIGPIPE
"""The exit code where nobody reads what the command writes."""

_Opened = TypeVar("_Opened")


@dataclass
class _State:
    process: int = 0
    number: int = 0
    """The first signal that came; 0 is none."""
    came: float = 0.0
    """When it came."""
    arrived: bool = False
    """Whether one has come outside of imports."""
    last: float = float("-inf")
    patience: float = 0.0
    """Seconds to wait for a check; 0 is not at all."""
    shielding: int = 0
    finishes: bool = False
    """Whether a first Ctrl-C asks only."""
    asked: bool = False
    among: bool = False
    """Whether what is done is one of several works."""
    timer: threading.Timer | None = None


_state = _State()


@contextmanager
def watched() -> Iterator[None]:
    """Signals are remembered within: what they raise may be swallowed."""
    global _state
    _state = _State(os.getpid())
    before: dict[int, Any] = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
            continue  # nohup asks for that
        before[number] = signal.signal(number, _remember)
    try:
        yield
    finally:
        _cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def on_stop(stop: Callable[[], object]) -> None:
    """Signals call ``stop`` from now on, instead of raising."""
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is _remember:
            signal.signal(number, lambda *_: stop())


def check() -> None:
    """Raises KeyboardInterrupt when a signal has come before."""
    if _state.number:
        _cancel()
        raise KeyboardInterrupt


def reader_gone() -> NoReturn:
    """Whoever read the results has left (``| head``): that is as good as a signal."""
    _state.number = _state.number or _SIGPIPE
    raise KeyboardInterrupt


def exit_code() -> int:
    return 128 + (_state.number or signal.SIGINT)


@contextmanager
def deferred(patience: float = _PATIENCE) -> Iterator[None]:
    """The first signal within waits for the next :func:`check`, which is called where nothing is
    half done, but not longer than ``patience`` seconds; another one, a second or more later, raises
    at once."""
    _state.patience = patience
    try:
        yield
    finally:
        _state.patience = 0.0
        _cancel()


@contextmanager
def asking(wanted: bool = True) -> Iterator[None]:
    """The first Ctrl-C within asks to end when what is under way is finished: :func:`asked` says
    so. Another one, a second or more later, and every other signal are as ever."""
    _state.finishes = wanted
    try:
        yield
    finally:
        _state.finishes = False


def asked() -> bool:
    """Whether Ctrl-C has asked for an end."""
    return _state.asked


def _asks(number: int) -> bool:
    now = time.monotonic()
    again = now - _state.last < _ONE_PRESS
    if number != signal.SIGINT or not _state.finishes or _state.number:
        return False
    if _state.asked and not again:
        return False
    _state.asked, _state.last = True, now
    return True


def _cancel() -> None:
    if _state.timer:
        _state.timer.cancel()


@contextmanager
def shielded() -> Iterator[None]:
    """No signal cuts the block short."""
    _state.shielding += 1
    try:
        yield
    finally:
        _state.shielding -= 1


class finishing(AbstractContextManager[_Opened]):  # noqa: N801  used like contextlib's closing
    """``with`` of a sink whose end no signal cuts short: it keeps what is finished."""

    def __init__(self, sink: AbstractContextManager[_Opened]) -> None:
        self._sink = sink

    def __enter__(self) -> _Opened:
        return self._sink.__enter__()

    def __exit__(self, *raised: Any) -> bool | None:
        with shielded():
            return self._sink.__exit__(*raised)


@contextmanager
def explained(advice: Callable[[], str]) -> Iterator[None]:
    """A signal within ends the command by its exit code, and one line: ``advice()``, if any."""
    within = _state.among
    try:
        yield
    except KeyboardInterrupt:
        with shielded():
            if (told := advice()) and within:
                console.say_notice(told)
            elif told:
                console.say_stopped(told, exit_code())
        if within:
            raise
        raise typer.Exit(exit_code()) from None


def is_among_others() -> bool:
    """Whether another work follows."""
    return _state.among


@contextmanager
def among_others() -> Iterator[None]:
    """What is done within is one of several works: a signal there is :func:`explained` by a notice,
    and goes on to whoever has all of them."""
    _state.among = True
    try:
        yield
    finally:
        _state.among = False


def nothing_changed() -> str:
    """The advice of commands that have no work to keep."""
    if _state.number == _SIGPIPE:
        return ""
    return "stopped; nothing was changed; run the same command again"


def _remember(number: int, frame: FrameType | None) -> None:
    if os.getpid() != _state.process:
        _in_worker(number)
        return
    if _asks(number):
        return
    now = time.monotonic()
    if not _state.number:
        _state.number, _state.came = number, now
    if now - _state.came < _LONGEST_IMPORT and _is_importing(frame):
        _send_again(_IMPORT_SECONDS, number)
        return
    first = not _state.arrived
    again = now - _state.last < _ONE_PRESS
    _state.arrived, _state.last = True, _state.last if again else now
    if again or _state.shielding:
        return
    if not (first and _state.patience):
        raise KeyboardInterrupt
    _send_again(_state.patience, number)


def _is_importing(frame: FrameType | None) -> bool:
    """An import may swallow what is raised in it, and torch's has crashed."""
    while frame is not None and frame.f_code.co_filename != _IMPORTER:
        frame = frame.f_back
    return frame is not None


def _send_again(seconds: float, number: int) -> None:
    _cancel()
    send: Callable[[], object] = partial(os.kill, _state.process, number)
    if os.name == "nt":  # there it would end the process at once
        send = partial(_thread.interrupt_main, signal.Signals(number))
    _state.timer = threading.Timer(seconds, send)
    _state.timer.daemon = True
    _state.timer.start()


def _in_worker(number: int) -> None:
    """A loader's process has inherited the handler. Ctrl-C, ``timeout`` and service managers signal
    whole groups: the parent decides, and needs the worker's batch to come to the end of a step."""
    if number == signal.SIGTERM:
        signal.alarm(_WORKER_SECONDS)
