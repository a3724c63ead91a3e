"""The engine that is this process."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from realtime_nst.jobs.engines import Progress
from realtime_nst.jobs.folder import Folder
from realtime_nst.jobs.painter import Painter
from realtime_nst.pipeline import Report


class Here:
    """Lets ``painter`` paint one segment after the other into ``folder``."""

    def __init__(self, painter: Painter, folder: Folder) -> None:
        self._painter, self._folder = painter, folder

    def map(self, numbers: Iterator[int], progress: Progress) -> Generator[int, None, None]:
        began = time.perf_counter()

        def told(report: Report, written: int) -> None:
            progress(written, time.perf_counter() - began)

        for number in numbers:
            self._painter.paint(number, self._folder.file(number), told)
            yield number
