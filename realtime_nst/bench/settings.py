"""What a run is asked to measure. Every input of a case is an option of ``realtime-nst bench``."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from realtime_nst.errors import UsageError
from realtime_nst.files import digest

# The command line reads this module for its help, so the checks import what they need themselves.

SIZES = ("256x256", "512x512", "640x480", "1280x720", "1920x1080")
"""Measured by default; a quick run takes the first three."""


def _weights(option: str, path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"{option} {str(path)!r} is not a file; give a .safetensors file")
    return path


def _folder(option: str, folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{option} {str(folder)!r} is not a folder; give one of networks")
    return folder


def _videos(option: str, folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"{option} {str(folder)!r} is not a folder; give a folder of videos")
    return folder


def _pictures(option: str, folder: Path) -> Path:
    from realtime_nst.media.pictures import SUFFIXES

    if not folder.is_dir():
        raise UsageError(f"{option} {str(folder)!r} is not a folder; give a folder of pictures")
    if not any(path.suffix.lower() in SUFFIXES for path in folder.rglob("*")):
        raise UsageError(
            f"{option} {str(folder)!r} holds no picture ({', '.join(SUFFIXES)}); give another"
        )
    return folder


def _results(option: str, text: str) -> Path:
    from realtime_nst.bench.others import Others

    return Others.read(text, option).folder


def _sintel(option: str, folder: Path) -> Path:
    if not any(folder.rglob("frame_*.flo")):
        raise UsageError(
            f"{option} {str(folder)!r} holds no true flow (frame_0001.flo and on); give the folder "
            "that MPI-Sintel's training data was unpacked to"
        )
    return folder


def _style(_option: str, name: str) -> Path:
    from realtime_nst.runtime.model import read_model
    from realtime_nst.runtime.styles import find

    path = find(name)
    read_model(path)
    return path


def _coherent(_option: str, path: Path) -> Path:
    from realtime_nst.bench.coherent import CoherentStylizer

    CoherentStylizer(path)
    return path


def _input(check: Callable[[str, Any], Path], metavar: str, text: str) -> Mapping[str, Any]:
    """What a field says of itself if single cases need it. ``check`` gets the option's name and a
    value; it returns the file or folder, or raises UsageError or ModelError."""
    return {"check": check, "metavar": metavar, "help": text}


@dataclass(frozen=True)
class Settings:
    """``sizes`` are (width, height) in pixels; ``painter`` is the network that plays paintings,
    empty for the installed one; a ``quick`` run takes two to three minutes.

    The fields after them are inputs of single cases. A case that needs one that was not given is
    left out, or its rows say what it did without.
    """

    styles: tuple[str, ...]
    providers: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]
    painter: str = ""
    quick: bool = False
    loss_weights: tuple[Path, ...] = field(
        default=(),
        metadata=_input(_weights, "FILE", "Weights of a loss network, for baseline and quality."),
    )
    photos: Path | None = field(
        default=None, metadata=_input(_pictures, "DIR", "Photos to measure quality on.")
    )
    paintings: Path | None = field(
        default=None, metadata=_input(_pictures, "DIR", "The styles' paintings, for quality.")
    )
    results: tuple[str, ...] = field(
        default=(),
        metadata=_input(
            _results,
            "NAME=FOLDER",
            "Pictures that another system painted of --photos, named as the photos, for quality; "
            "of several styles, in a folder for each.",
        ),
    )
    atlas: Path | None = field(
        default=None,
        metadata=_input(
            _folder,
            "DIR",
            "For atlas: the families' networks, each named as its family, NAME.onnx, or a folder "
            "NAME of its pictures. The same command measures those that were added; --restart "
            "also those that were replaced.",
        ),
    )
    squeezenet_weights: Path | None = field(
        default=None,
        metadata=_input(
            _weights,
            "FILE",
            "SqueezeNet 1.1, for LPIPS of --photos: torchvision's squeezenet1_1-b8a52dc0.pth.",
        ),
    )
    clips: Path | None = field(
        default=None, metadata=_input(_videos, "DIR", "Videos to measure stillness on.")
    )
    raft_weights: Path | None = field(
        default=None,
        metadata=_input(
            _weights, "FILE", "RAFT-small, for the optical flow of --clips. (default: DIS)"
        ),
    )
    sintel: Path | None = field(
        default=None,
        metadata=_input(_sintel, "DIR", "MPI-Sintel, to measure stillness with its true flow."),
    )
    baseline: str = field(
        default="",
        metadata=_input(
            _style, "NAME|FILE.onnx", "The style whose stillness the others' is compared with."
        ),
    )
    coherent: Path | None = field(
        default=None,
        metadata=_input(
            _coherent, "FILE.onnx", "A network of train-coherent, to measure its stillness."
        ),
    )

    def digests(self) -> dict[str, str]:
        """By path, the digest of each input's file, or of its folder's listing. The folder of the
        atlas has none: a family that is added leaves the others as they were measured.

        Raises UsageError or ModelError for an input that cannot be used.
        """
        if self.results and not self.photos:
            raise UsageError("`results` need the photos they were painted of; give `photos`")
        if len({text.partition("=")[0] for text in self.results}) < len(self.results):
            raise UsageError("two of `results` have the same name; give each its own: NAME=FOLDER")
        paths = [each.metadata["check"](f"`{each.name}`", value) for each, value in self._given()]
        return {
            str(path): _listing_digest(path) if path.is_dir() else digest(path)[:12]
            for path in paths
            if path != self.atlas
        }

    def _given(self) -> Iterator[tuple[Field[Any], Any]]:
        for each in fields(self):
            if "check" in each.metadata:
                value = getattr(self, each.name)
                values = value if isinstance(value, tuple) else (value,) if value else ()
                yield from ((each, single) for single in values)

    @property
    def notice(self) -> str:
        """What the person may not expect of these settings; empty if there is nothing."""
        from realtime_nst.media.pictures import is_picture

        paintings = self.paintings or all(is_picture(Path(name)) for name in self.styles)
        notices = []
        if self.photos and not (self.loss_weights and paintings):
            notices.append(
                "`photos` without `loss_weights` and `paintings`: the losses are those of the "
                "styles' cards, not measured on them"
            )
        if self.photos and not self.squeezenet_weights:
            notices.append(
                "LPIPS is left out; for it download squeezenet1_1-b8a52dc0.pth (5 MB) from "
                "https://download.pytorch.org/models/ and give it as `squeezenet_weights`"
            )
        return "; ".join(notices)


def _listing_digest(folder: Path) -> str:
    """The digest of the names and sizes of all files below ``folder``."""
    listing = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        listing.update(f"{path.relative_to(folder)} {path.stat().st_size}\n".encode())
    return listing.hexdigest()[:12]
