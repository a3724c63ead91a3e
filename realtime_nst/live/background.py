"""Work that must not hold up the picture: loading styles, compiling for a size."""

import threading
from collections.abc import Callable


class Background:
    """Does jobs one by one on a thread that lives only while there are any.

    Of several waiting jobs of one kind only the last is done. A job must not raise.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def do(self, kind: str, job: Callable[[], None]) -> None:
        with self._lock:
            self._waiting[kind] = job
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, name="realtime_nst-background", daemon=True
                )
                self._thread.start()

    def join(self) -> None:
        """Drop the waiting jobs, and wait for the one that is being done."""
        with self._lock:
            self._waiting.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                job = self._waiting.pop(next(iter(self._waiting)))
            job()
