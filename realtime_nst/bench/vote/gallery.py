"""What is voted on: pictures that several systems painted of the same photos."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import cv2

from realtime_nst.bench.others import Others, by_stem
from realtime_nst.errors import UsageError
from realtime_nst.files import digest
from realtime_nst.media.pictures import read_picture
from realtime_nst.stream import Image

_LONGEST = 1600
"""Pixels of the longer side as shown."""


@dataclass(frozen=True)
class Question:
    """Which of two systems' pictures of ``photo`` is better; all three by name."""

    photo: str
    left: str
    right: str

    @property
    def key(self) -> str:
        """Tells it from other questions, whichever side is left. Says nothing of the systems."""
        names = "\0".join((self.photo, *sorted((self.left, self.right))))
        return hashlib.sha256(names.encode()).hexdigest()[:16]


class Gallery:
    """``folders`` are FOLDER or NAME=FOLDER; a folder without a name has its own. ``photos`` is the
    folder of the photos, ``painting`` the picture whose style is imitated.

    ``notices`` say what is left out. Raises UsageError if there are fewer than two systems, if two
    have one name, or if they have no photo in common, and MediaError for a picture that cannot be
    read.
    """

    def __init__(self, folders: Sequence[str], photos: Path, painting: Path) -> None:
        others = [_named(text) for text in folders]
        self.painting, self.notices = painting, list[str]()
        self.systems: Mapping[str, Mapping[str, Path]] = {
            each.name: by_stem(each.folder) for each in others
        }
        _check(others, photos, painting)
        self.photos = self._in_common(by_stem(photos), photos)
        self.digests = {path: digest(path)[:16] for path in self._paths()}
        for path in self._paths():
            read_picture(path)

    def _in_common(self, photos: Mapping[str, Path], folder: Path) -> dict[str, Path]:
        """The photos that all systems have painted, by their stems."""
        painted = [stems.keys() for stems in self.systems.values()]
        common = set[str].intersection(*map(set, painted))
        if not common:
            raise UsageError(
                f"{' and '.join(map(repr, self.systems))} have no picture in common; name each "
                "picture as its photo, the same in all folders"
            )
        found = {stem: photos[stem] for stem in sorted(common & photos.keys())}
        if not found:
            raise UsageError(
                f"{str(folder)!r} has the photo of none of the pictures, as {min(common)!r}; give "
                "the folder that they were painted from as `photos`"
            )
        lost = len(set[str].union(*map(set, painted))) - len(found)
        if lost:
            self.notices.append(
                f"{lost} of the pictures' names are left out: not every folder has them, or "
                f"{str(folder)!r} lacks the photo"
            )
        return found

    def _paths(self) -> Iterator[Path]:
        yield self.painting
        yield from self.photos.values()
        for pictures in self.systems.values():
            yield from (pictures[stem] for stem in self.photos)

    def questions(self, voter: str) -> list[Question]:
        """Every pair of systems on every photo, in an order and with sides that are random, and the
        same each time for one ``voter``. Each pair comes once before any comes again."""
        dice = random.Random(f"{voter}\0{sorted(self.digests.values())}")
        pairs = list(combinations(sorted(self.systems), 2))
        photos = {pair: dice.sample(list(self.photos), len(self.photos)) for pair in pairs}
        found = []
        for number in range(len(self.photos)):
            for pair in dice.sample(pairs, len(pairs)):
                left, right = dice.sample(pair, 2)
                found.append(Question(photos[pair][number], left, right))
        return found

    def shown(self, question: Question, what: str) -> bytes:
        """The "photo", the "painting", or the picture on the "left" or "right", as a PNG file.

        Both pictures have the photo's size: neither size, kind nor tags tell who painted one.
        """
        if what == "painting":
            return _png(_at_most(read_picture(self.painting)))
        photo = _at_most(read_picture(self.photos[question.photo]))
        if what == "photo":
            return _png(photo)
        path = self.systems[getattr(question, what)][question.photo]
        return _png(_resized(read_picture(path), photo.shape[1], photo.shape[0]))


def _named(text: str) -> Others:
    named = "=" in text and not Path(text).is_dir()
    own = Path(text).expanduser().resolve().name
    return Others.read(text if named else f"{own}={text}", "folder")


def _check(others: Sequence[Others], photos: Path, painting: Path) -> None:
    if len(others) < 2:
        raise UsageError("a vote needs two folders or more, one of each system's pictures")
    names = [each.name for each in others]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two folders are called {name!r}; give each a name: NAME=FOLDER")
    if not photos.is_dir():
        raise UsageError(f"`photos` {str(photos)!r} is not a folder; give the pictures' photos")
    if not painting.is_file():
        raise UsageError(f"`painting` {str(painting)!r} is not a file; give the style's picture")


def _at_most(image: Image) -> Image:
    scale = min(1.0, _LONGEST / max(image.shape[:2]))
    return _resized(image, round(image.shape[1] * scale), round(image.shape[0] * scale))


def _resized(image: Image, width: int, height: int) -> Image:
    if image.shape[:2] == (height, width):
        return image
    smaller = width * height < image.shape[0] * image.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    return cv2.resize(image, (max(1, width), max(1, height)), interpolation=how)  # type: ignore[return-value]


def _png(image: Image) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes()
