"""Files of every kind with some bytes changed, painted, and compared to what FFmpeg decodes.

Everything follows from a seed and a number, so that each case can be repeated.
"""

import random
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from kinds import KINDS
from making import kept
from PIL import Image
from stills import ANIMATIONS, STILLS, Still, pil, told

from realtime_nst.media.container import every_packet, main_video

Run = Callable[..., tuple[int, str]]
"""Runs the command line with these arguments; gives the exit code and all that was said."""


def _of_still(still: Still) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        still.make(folder / still.name)
        return folder / still.name

    return make


def _jpeg_xl(path: Path) -> None:
    import_module("pillow_jxl")
    pil(lossless=True)(path)


_MORE = [Still(f"told{suffix}", told) for suffix in (".jpg", ".png", ".tif", ".webp")]
if find_spec("pillow_jxl"):
    _MORE.append(Still("new.jxl", _jpeg_xl, ".png"))

SEEDS = {
    **{kind.name: ("video", kind.make, kind.to) for kind in KINDS},
    "still.heic": ("image", kept("still.heic"), ".png"),
    **{
        still.name: ("image", _of_still(still), Path(still.painted).suffix)
        for still in [*STILLS, *ANIMATIONS, *_MORE]
    },
}
"""The command, the maker and the result's suffix of each kind."""

_NUMBERS = [b"\0", b"\xff", *(struct.pack(">I", n) for n in (0, 1, 2**31 - 1, 2**31, 2**32 - 1))]


@dataclass(frozen=True)
class Case:
    number: int
    kind: str
    command: str
    path: Path
    result: Path


@dataclass(frozen=True)
class Verdict:
    """``fault`` is what must not be; empty if there is none. ``outcome`` is what came out."""

    outcome: str
    fault: str = ""
    said: str = ""


def case(number: int, seed: int, folder: Path) -> Case:
    """Writes the damaged file of a case into ``folder``. Each kind has its turn; what happens to it
    does not depend on the others."""
    kinds = sorted(SEEDS, key=lambda kind: random.Random(f"{seed} {kind}").random())
    turn, place = divmod(number, len(kinds))
    kind = kinds[place]
    command, make, suffix = SEEDS[kind]
    chance = random.Random(f"{seed} {kind} {turn}")
    whole = folder / "whole" / kind
    if not whole.is_dir():
        whole.mkdir(parents=True)
        (whole / "made").symlink_to(make(whole))
    path = folder / f"{number}{(whole / 'made').readlink().suffix}"
    path.write_bytes(damaged((whole / "made").read_bytes(), chance))
    suffix = chance.choice((suffix, suffix, *((".mkv",) if command == "video" else _PICTURES)))
    return Case(number, kind, command, path, folder / f"result-{number}{suffix}")


_PICTURES = (".jpg", ".png", ".tif", ".webp")


def damaged(data: bytes, chance: random.Random) -> bytes:
    """``data`` with a few pieces flipped, left out, repeated, put in, overwritten, swapped, or with
    its end cut off."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 1, 2, 4, 10))):
        size = len(changed)
        if not size:
            break
        start = chance.randrange(min(size, chance.choice((64, 1000, size, size, size))))
        piece = bytes(changed[start : start + chance.choice((1, 1, 4, 30, 400))])
        other = chance.randrange(size)
        noise, number = chance.randbytes(len(piece)), chance.choice(_NUMBERS)
        new = {
            "flipped": bytes([piece[0] ^ 1 << chance.randrange(8)]) + piece[1:],
            "left out": b"",
            "repeated": 2 * piece,
            "put in": noise + piece,
            "overwritten": noise,
            "number": number + piece[len(number) :],
            "swapped": bytes(changed[other : other + len(piece)]),
            "cut off": b"",
        }
        how = chance.choice(list(new))
        changed[start : start + len(piece)] = new[how]
        if how == "swapped":
            changed[other : other + len(piece)] = piece
        elif how == "cut off":
            del changed[start:]
    return bytes(changed)


def judged(case: Case, run: Run, *options: str) -> Verdict:
    """Paints the file of ``case`` and judges what comes out."""
    code, said = run(case.command, case.path, "-o", case.result, *options)
    count = _good_frames if case.command == "video" else _good_pictures
    good, made = count(case.path), count(case.result) if case.result.exists() else 0
    errors = [line for line in said.splitlines() if line.startswith("error: ")]
    due = 0 if code else 1
    if not any(limit in said for limit in _LIMITS):
        due = max(due, good)
    if code == 0:
        outcome = "whole"
        fault = "silent loss" if made < due else ""
    else:
        outcome = "part" if made else "refused"
        fault = "good frames lost" if made < due else ""
        if len(errors) != 1 or "Traceback" in said:
            fault = "no error of one line"
    return Verdict(outcome, fault and f"{fault}: {made} of {good}, exit code {code}", said)


_LIMITS = ("is the first of", "cannot hold a picture of", "does not take pictures of")
"""What is said of results that are not as large as the file."""


def _good_frames(path: Path) -> int:
    """How many undamaged frames FFmpeg decodes, with one thread.

    Not those that come when their time has gone: they have no place in a film. AVI has no
    times.
    """
    count, latest = 0, None
    with (
        suppress(av.FFmpegError, ValueError, IndexError),
        av.open(f"file:{path}", metadata_errors="replace") as container,
    ):
        stream = main_video(container)
        stream.thread_type = "NONE"
        for frame in _decoded(container, stream):
            in_time = latest is None or frame.pts is None or frame.pts > latest
            if in_time or container.format.name == "avi":
                count += not frame.is_corrupt
                latest = frame.pts
    return count


def _decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    for packet in every_packet(container, stream):
        with suppress(av.FFmpegError):
            yield from packet.decode() if packet is not None else []


def _good_pictures(path: Path) -> int:
    """How many pictures of a file Pillow reads without an error; 0 if it cannot open it.

    Those like the one before are not counted: formats write them as one that lasts longer.
    """
    shown: list[bytes] = []
    with suppress(Exception), Image.open(path) as picture:
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            pixels = picture.convert("RGBA").tobytes()
            shown += [pixels] if shown[-1:] != [pixels] else []
    return len(shown)
