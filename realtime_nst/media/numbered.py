"""Files whose names count: ``frame_0001.png``, ``frame_0002.png``, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_NUMBER = re.compile(r"%(0(\d{1,2}))?d")
_NAMED = 5
"""Gaps that are named."""


def is_pattern(path: Path) -> bool:
    """Whether ``path`` is the name of pictures that holds one number, as ``%d`` or ``%04d``, and is
    no file's own."""
    if len(_NUMBER.findall(path.name)) != 1 or path.exists():
        return False
    from realtime_nst.media.pictures import SUFFIXES  # imported where pictures are

    return path.suffix.lower() in SUFFIXES


@dataclass(frozen=True)
class Pattern:
    """A path whose name holds one number: ``%d``, or ``%04d`` for at least four digits."""

    path: Path

    @property
    def stem(self) -> str:
        """The name without the number and the suffix; empty if it has nothing else."""
        return self._name("").removesuffix(self.path.suffix).strip("_-. ")

    def numbered(self, number: int) -> Path:
        width = int(self._match[2] or 0)
        return self.path.with_name(self._name(f"{number:0{width}d}"))

    def existing(self) -> dict[int, Path]:
        """By number, in order."""
        if not self.path.parent.is_dir():
            return {}
        before, after = (re.escape(part) for part in self._around)
        match = re.compile(rf"{before}(\d+){after}").fullmatch
        found = (
            (int(hit[1]), file) for file in self.path.parent.iterdir() if (hit := match(file.name))
        )
        return {n: file for n, file in sorted(found) if self.numbered(n).name == file.name}

    def _name(self, number: str) -> str:
        return number.join(self._around)

    @property
    def _around(self) -> tuple[str, str]:
        at = self._match.span()
        return self.path.name[: at[0]], self.path.name[at[1] :]

    @property
    def _match(self) -> re.Match[str]:
        match = _NUMBER.search(self.path.name)
        assert match is not None
        return match


def missing(numbers: Sequence[int]) -> str:
    """``"3, 7 to 9"``: what is not among ``numbers``, which go up; empty if nothing is."""
    gaps = [_gap(before + 1, after - 1) for before, after in _neighbours(numbers)]
    more = f" and {len(gaps) - _NAMED} more gaps" if len(gaps) > _NAMED else ""
    return ", ".join(gaps[:_NAMED]) + more


def _neighbours(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    before = None
    for number in numbers:
        if before is not None and number > before + 1:
            yield before, number
        before = number


def _gap(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def numbers_of(files: Sequence[Path]) -> list[int]:
    """The last number in each name; none if the names differ in more than this."""
    parts = [re.fullmatch(r"(.*?)(\d+)(\D*)", file.name) for file in files]
    around = {(part[1], part[3]) for part in parts if part}
    if len(around) != 1 or not all(parts):
        return []
    return [int(part[2]) for part in parts if part]
