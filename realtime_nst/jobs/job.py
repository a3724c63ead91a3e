"""A job: what is painted how, and in which segments, as data that any process understands."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from realtime_nst import __version__
from realtime_nst.jobs.plain import plain, times
from realtime_nst.jobs.plan import Segment, plan
from realtime_nst.look import Look
from realtime_nst.media.span import Span
from realtime_nst.references import fingerprint, located
from realtime_nst.runtime.providers import PROVIDERS
from realtime_nst.sinks.segments import Form

if TYPE_CHECKING:
    from realtime_nst.jobs.film import Film
    from realtime_nst.paint import Paint

KIND = "realtime_nst job"
_VERSION = 1


@dataclass(frozen=True)
class Job:
    """``span`` of the film ``source``, painted as ``look`` says into the video ``target``, on the
    execution provider that was ``asked`` for, which is ``provider`` here.

    ``rate`` is for numbered pictures, ``coding`` has the arguments of a ``VideoSink`` that say how
    pictures become a file, ``begin`` is when a morph begins. ``identity`` has, by name, everything
    that decides the result: jobs with equal ones have equal segments. Paths and whoever paints are
    not among it.
    """

    source: str
    target: str
    look: Look
    asked: str
    provider: str
    segments: tuple[Segment, ...]
    identity: Mapping[str, str]
    span: Span = field(default_factory=Span)
    rate: Fraction | None = None
    coding: Mapping[str, Any] = field(default_factory=dict)
    deinterlace: bool = False
    begin: Fraction | None = None
    threads: int = 0

    @property
    def frames(self) -> int | None:
        """How many are expected; None if nobody knows."""
        counted = [segment.frames for segment in self.segments]
        return None if None in counted else sum(number or 0 for number in counted)

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def digest(self) -> str:
        """Of the identity and the segments."""
        told = {"identity": dict(self.identity), "segments": [plain(s) for s in self.segments]}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def differences(self, other: Self) -> list[str]:
        """The names of what decides the result and is another in ``other``."""
        names = dict.fromkeys([*self.identity, *other.identity])
        return [name for name in names if self.identity.get(name) != other.identity.get(name)]

    def to_json(self) -> dict[str, Any]:
        return {"kind": KIND, "version": _VERSION, "digest": self.digest, **plain(self)}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """Raises ValueError, KeyError or TypeError for what ``to_json`` did not make."""
        if told["kind"] != KIND or told["version"] != _VERSION:
            raise ValueError(f"not a job of version {_VERSION}")
        given = {each.name: told[each.name] for each in fields(cls)}
        given["look"] = Look(**given["look"])
        given["segments"] = tuple(Segment(**times(each)) for each in given["segments"])
        given["span"] = Span(**times(given["span"]))
        job = cls(**{**given, **times(given, "rate", "begin")})
        if job.digest != told["digest"]:
            raise ValueError("damaged")
        return job

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """None if there is no job at ``path``."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def form_of(film: Film, target: Path, span: Span, coding: Mapping[str, Any], threads: int) -> Form:
    """The video ``target`` of ``span`` of ``film``, by an encoder of so many ``threads``.

    ``coding`` has further arguments of ``VideoSink``, and this raises its errors.
    """
    source: dict[str, Any] = {"source": film.video, "rate": film.rate, "held": film.held}
    return Form.of(target, span=span, threads=threads, **source, **coding)


def job_of(
    film: Film, form: Form, painting: Paint, coding: Mapping[str, Any], *, deinterlace: bool = False
) -> Job:
    """The job of painting ``film`` by ``painting`` into a video of ``form``, to which ``coding``
    has led by :func:`form_of`. Raises the errors of
    :func:`~realtime_nst.references.fingerprint`."""
    look, span = located(painting.look), form.span
    index = film.index(span)
    frames = {"frames of the source": index.digest if index else ""}
    tick = form.encoding.traits.time_base
    return Job(
        source=os.path.abspath(str(film.path)),
        target=os.path.abspath(form.path),
        look=look,
        asked=painting.asked,
        provider=painting.provider,
        segments=plan(index, None if deinterlace else painting.lead_in, tick),
        identity={**identity_of(film, form, painting, deinterlace=deinterlace), **frames},
        span=span,
        rate=film.rate,
        coding=dict(coding),
        deinterlace=deinterlace,
        begin=film.beginning(span) if look.morph_to else None,
        threads=form.encoding.threads,
    )


def identity_of(film: Film, form: Form, painting: Paint, *, deinterlace: bool) -> dict[str, str]:
    """All of a job's identity that does not take reading the whole film."""
    span = form.span
    return {
        **form.encoding.settings,
        **film.settings,
        "start or end": repr((span.start, span.end)),
        "deinterlace": str(deinterlace),
        **fingerprint(painting.look),
        "provider": painting.provider,
        "version": _versions(painting.provider),
    }


def _versions(provider: str) -> str:
    engine = PROVIDERS[provider].engine
    with suppress(PackageNotFoundError):
        return f"{__version__}, {engine} {version(engine)}"
    return __version__
