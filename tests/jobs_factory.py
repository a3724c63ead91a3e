"""Films painted in segments."""

from contextlib import contextmanager
from pathlib import Path

import media_factory
import model_factory
import pytest

from realtime_nst.jobs import plan
from realtime_nst.jobs.engines.here import Here
from realtime_nst.jobs.film import film_of
from realtime_nst.jobs.job import form_of, job_of
from realtime_nst.jobs.painter import Painter
from realtime_nst.jobs.plan import Lengths
from realtime_nst.jobs.run import Run
from realtime_nst.look import Look
from realtime_nst.media.span import WHOLE
from realtime_nst.paint import Paint
from realtime_nst.runtime.networks import Networks


@contextmanager
def short_segments(shortest=20, longest=40, most=4):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "LENGTHS", Lengths(shortest, longest, most))
        yield


def film_and_whole(folder, frames):
    """A film, a style, and what one process paints it to: film.mp4, tiny.onnx, whole.mp4."""
    media_factory.clip(folder / "film.mp4", count=frames, sound="aac", group=6)
    model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
    with short_segments(30, 50):
        Work(folder / "film.mp4", folder / "whole.mp4", Look(str(folder / "tiny.onnx"))).paint()


class Work:
    """A job that is ready: ``job``, ``run``, and ``paint``, which gives what is said."""

    def __init__(
        self, source, target, look, *, span=WHOLE, overwrite=False, rate=None,
        deinterlace=False, painting=None, networks="cpu", **coding,
    ):  # fmt: skip
        self.film = film_of(Path(source), rate)
        self.painting = painting or Paint(look, Networks(networks, 1))
        self.form = form_of(self.film, Path(target), span, coding, threads=1)
        self.job = job_of(self.film, self.form, self.painting, coding, deinterlace=deinterlace)
        self.run = Run(self.form, overwrite=overwrite)

    def paint(self, stop=None, engine=None, each=lambda: None):
        """Everything that is said. ``stop``: Ctrl-C after so many frames of this run. ``engine``
        makes one of the job and its folder (default: this process), ``each`` is called now and
        then."""

        def told(report):
            each()
            if report.frames == stop:
                raise KeyboardInterrupt

        with self.run as run:
            self.before = run.begin(self.job)
            paints = engine(self.job, run.folder) if engine else self._here(run.folder)
            self.report = run.paint(paints, told)
        return [*run.notices, *filter(None, [run.faults.message])]

    def _here(self, folder):
        painter = Painter(self.job, self.film, self.form, self.painting)
        painter.prepare()
        return Here(painter, folder)
