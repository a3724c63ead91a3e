"""Pictures that other systems painted, held beside ours: ``NAME=FOLDER``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from realtime_nst.errors import UsageError
from realtime_nst.media.pictures import SUFFIXES


@dataclass(frozen=True)
class Others:
    """``folder`` holds the results of the system ``name``, each named as its photo. Those of
    several styles are in folders of their own there, each named as the style."""

    name: str
    folder: Path

    @classmethod
    def read(cls, text: str, option: str = "`results`") -> Self:
        """Raises UsageError, which names ``option``, if ``text`` is not NAME=FOLDER, or if there
        is no such folder with pictures."""
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"{option} {text!r} has no name; give NAME=FOLDER, as ours=results/")
        path = Path(folder).expanduser()
        if not path.is_dir():
            raise UsageError(f"{option}: there is no folder {folder!r}; give another one")
        if not any(found.suffix.lower() in SUFFIXES for found in path.rglob("*")):
            raise UsageError(
                f"{option} {folder!r} holds no picture ({', '.join(SUFFIXES)}); give another folder"
            )
        return cls(name, path)

    def of(self, style: str, styles: Collection[str]) -> Mapping[str, Path]:
        """The results in ``style``, one of ``styles``, by the stem of their names.

        Raises UsageError if they cannot be told from those in the other styles.
        """
        own = self.folder / Path(style).stem
        if not own.is_dir() and len(styles) > 1:
            raise UsageError(
                f"the results of {self.name!r} are to be held beside {len(styles)} styles, but "
                f"{str(self.folder)!r} has no folder {own.name!r}; make one for each style, or "
                "name one `style`"
            )
        return by_stem(own if own.is_dir() else self.folder)


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures directly in ``folder``, sorted, by their names without the suffix."""
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    return {path.stem: path for path in reversed(found)}


def in_all(photos: Sequence[Path], others: Iterable[Others], styles: Collection[str]) -> list[Path]:
    """The ``photos`` that each system has painted in each style.

    Raises UsageError if there are none.
    """
    painted = [(each, each.of(style, styles)) for each in others for style in styles]
    found = [p for p in photos if all(p.stem in results for _, results in painted)]
    if not found:
        names = ", ".join(dict.fromkeys(repr(each.name) for each, _ in painted))
        raise UsageError(
            f"there is no photo of which {names} has a result in each style; name each result as "
            f"its photo, as {photos[0].stem!r}"
        )
    return found
