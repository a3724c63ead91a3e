"""Votes as a file: a line of JSON each, appended, so that nothing that was said is lost."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self, get_args

from realtime_nst.bench.typed import typed
from realtime_nst.bench.vote.gallery import Gallery, Question
from realtime_nst.errors import UsageError
from realtime_nst.files import LockedFile, require_folder

Choice = Literal["left", "right", "same"]
CHOICES: tuple[Choice, ...] = get_args(Choice)

_OTHER = "give the folders it was begun with, or another file with `output`"


@dataclass(frozen=True)
class Vote:
    """``photo``, ``left`` and ``right`` are names; ``files`` the first digits of the sha256 of
    painting, photo, left and right picture; ``at`` is ISO 8601."""

    photo: str
    left: str
    right: str
    choice: str
    voter: str
    at: str
    files: tuple[str, ...]

    @property
    def question(self) -> Question:
        return Question(self.photo, self.left, self.right)

    @property
    def winner(self) -> str:
        """Empty if there is no difference."""
        return {"left": self.left, "right": self.right}.get(self.choice, "")


class VotesFile:
    """The votes in ``path`` on the pictures of ``gallery``, which is made if it is not there.

    It is locked until it is closed. Undoing appends a line, too. What a crash left of a last line
    is removed. Raises UsageError if the file is in use, damaged, or holds votes on other pictures.
    """

    def __init__(self, path: Path, gallery: Gallery) -> None:
        require_folder(path)
        self._path, self._gallery = path, gallery
        try:
            self._lock = LockedFile(path, create=not path.exists())
        except BlockingIOError as error:
            raise UsageError(
                f"{str(path)!r} is in use by another vote; end that, or give another `output`"
            ) from error
        except OSError as error:
            raise UsageError(
                f"{str(path)!r} cannot be written to ({error.strerror}); give another `output`"
            ) from error
        try:
            self.votes, whole = _read(path)
            check_votes(self.votes, gallery, path)
            os.truncate(path, whole)
        except BaseException:
            self._lock.release()
            raise

    def add(self, question: Question, choice: Choice, voter: str) -> None:
        vote = Vote(
            question.photo,
            question.left,
            question.right,
            choice,
            voter,
            datetime.now().astimezone().isoformat(timespec="seconds"),
            _files(question, self._gallery),
        )
        self._append(asdict(vote))
        self.votes.append(vote)

    def undo(self, voter: str) -> Vote | None:
        """Take back the last vote of ``voter``; None if there is none."""
        last = next((vote for vote in reversed(self.votes) if vote.voter == voter), None)
        if last:
            self._append({"undo": last.question.key, "voter": voter})
            self.votes = _without(self.votes, last)
        return last

    def _append(self, line: dict[str, Any]) -> None:
        """In one write, and on the disk when this returns."""
        with self._path.open("ab") as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """A file into which nothing was ever voted does not stay."""
        if self._path.stat().st_size == 0:
            self._path.unlink()
        self._lock.release()


def read_votes(path: Path, gallery: Gallery) -> list[Vote]:
    """Raises UsageError if there is no such file, or it is damaged or on other pictures."""
    if not path.is_file():
        raise UsageError(f"there are no votes in {str(path)!r}; vote first, or name their `output`")
    votes = _read(path)[0]
    check_votes(votes, gallery, path)
    return votes


def check_votes(votes: Sequence[Vote], gallery: Gallery, path: Path) -> None:
    """Raises UsageError for votes on other pictures than those of ``gallery``."""
    for vote in votes:
        for name in (vote.left, vote.right):
            if name not in gallery.systems:
                raise UsageError(
                    f"{str(path)!r} holds votes on {name!r}, which is none of the folders; {_OTHER}"
                )
        if vote.photo not in gallery.photos:
            raise UsageError(
                f"{str(path)!r} holds a vote on the photo {vote.photo!r}, which is missing now; "
                f"{_OTHER}"
            )
        if vote.files != _files(vote.question, gallery):
            raise UsageError(
                f"the pictures of {vote.photo!r} by {vote.left!r} and {vote.right!r}, the photo or "
                f"the painting have changed since the vote in {str(path)!r}; {_OTHER}"
            )


def _files(question: Question, gallery: Gallery) -> tuple[str, ...]:
    systems = (gallery.systems[name] for name in (question.left, question.right))
    paths = (
        gallery.painting,
        gallery.photos[question.photo],
        *(s[question.photo] for s in systems),
    )
    return tuple(gallery.digests[path] for path in paths)


def _read(path: Path) -> tuple[list[Vote], int]:
    """The votes, without those taken back, and how many bytes of the file are whole lines."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    votes: list[Vote] = []
    for number, line in enumerate(data[:whole].splitlines(), 1):
        try:
            told = json.loads(line)
            if isinstance(told, dict) and "undo" in told:
                votes = _taken_back(votes, told)
                continue
            vote = typed(told, Vote, "vote")
            if vote.choice not in CHOICES:
                raise ValueError(f"choice is {vote.choice!r}")
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"line {number} of {str(path)!r} is not a vote; mend or remove that line, or give "
                "another file with `output`"
            ) from error
        votes.append(vote)
    return votes, whole


def _taken_back(votes: list[Vote], told: dict[str, Any]) -> list[Vote]:
    for vote in reversed(votes):
        if (vote.question.key, vote.voter) == (told["undo"], told.get("voter")):
            return _without(votes, vote)
    raise ValueError("it takes back no vote")


def _without(votes: Sequence[Vote], taken: Vote) -> list[Vote]:
    return [vote for vote in votes if vote is not taken]
