"""What came of a segment, as data beside its file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Self

from realtime_nst.files import digest, write_whole
from realtime_nst.jobs.plain import plain, times
from realtime_nst.sinks.segments import Part
from realtime_nst.sources._decoding import Faults


@dataclass(frozen=True)
class Result:
    """A painted segment of the job with the digest ``job``: the file ``name``, of ``bytes`` and
    ``sha256``, whose pictures of ``size`` (width, height) are shown at the ticks ``shown``.

    It may have none, if all its frames are damaged. ``notices`` and ``faults`` are of its source,
    ``found_nothing`` is a notice that holds if it does for all segments; ``skipped`` counts frames
    that were shown no later than the one before. The network ``painted`` at that width and height.
    ``seconds`` it took, of which each part of the pipeline worked ``busy``.
    """

    job: str
    name: str
    bytes: int
    sha256: str
    faults: Faults
    shown: Sequence[int] = ()
    lasting: Fraction | None = None
    size: tuple[int, int] = (0, 0)
    notices: Sequence[str] = ()
    found_nothing: str = ""
    skipped: int = 0
    painted: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    busy: Mapping[str, float] = field(default_factory=dict)

    def part(self, folder: Path) -> Part:
        return Part(folder / self.name, self.shown, self.lasting, self.size)

    def write(self, folder: Path) -> None:
        with write_whole(_beside(folder / self.name)) as path:
            path.write_text(json.dumps(plain(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path, job: str) -> Self | None:
        """What came of the segment at ``path``; None unless it is whole, unchanged, and of the job
        with that digest."""
        try:
            told = json.loads(_beside(path).read_text(encoding="utf-8"))
            faults = times(told.pop("faults"), "reached")
            faults["doubtful"] = set(faults["doubtful"])
            told["size"], told["painted"] = tuple(told["size"]), tuple(told["painted"])
            result = cls(faults=Faults(**faults), **times(told, "lasting"))
            right = (result.job, result.name) == (job, path.name)
            if right and path.stat().st_size == result.bytes and digest(path) == result.sha256:
                return result
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return None


def write_part(part: Part) -> None:
    """Keep ``part`` beside its file."""
    told = {"shown": part.shown, "lasting": part.lasting, "size": part.size}
    _beside(part.path).write_text(json.dumps(plain(told)), encoding="utf-8")


def read_part(path: Path) -> Part | None:
    """What was kept of the part in the file at ``path``."""
    try:
        told = times(json.loads(_beside(path).read_text(encoding="utf-8")), "lasting")
        return Part(path, told["shown"], told["lasting"], tuple(told["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _beside(path: Path) -> Path:
    return path.with_suffix(".json")
