"""A film that a viewer has brought, from its first byte to the painted file."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from realtime_nst.errors import UsageError
from realtime_nst.serve.child import run_child

LONGEST = 20 * 60
"""Seconds of a film."""

LARGEST_PICTURE = 3840 * 2160
"""Pixels."""

_EXAMINING, _PREVIEWING, _PAINTING = 300.0, 900.0, 4 * 3600.0
"""Seconds that each may take; live pictures may leave it few of them."""

_LARGER = 4
"""Times as many bytes as a film may have, its painting may have."""

_PREVIEW_SIZE = "480"

_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
"""With which MP4 and QuickTime begin, behind a length of four bytes."""

_SIGNS = (
    b"\x1a\x45\xdf\xa3",  # Matroska, WebM
    b"RIFF",  # AVI
    b"\0\0\x01",  # MPEG
    b"\x30\x26\xb2\x75",  # ASF
    b"FLV",
    b"OggS",
)

_PACKETS = ((0, 188), (4, 192))
"""Of an MPEG transport stream, and of one from a camera: where the first is, and how long all
are."""

HEAD = 256
"""Bytes that tell the kind of a file."""

State = Literal["arriving", "waiting", "painting", "done", "failed"]


@dataclass
class Film:
    """``name`` is what the viewer calls it, ``result_name`` what its painting is to be called.

    Everything of it lies in ``folder``, with the look as a preset. It has ``size`` bytes of the
    ``largest`` that films may have. ``expires`` is when it is removed; ``provider`` is what it is
    painted on. ``message`` says what went wrong, or what of it could not be kept.
    """

    id: str
    name: str
    result_name: str
    client: str
    folder: Path
    size: int
    largest: int
    expires: float
    provider: str
    state: State = "arriving"
    message: str = ""
    done: int = 0
    total: int | None = None
    seconds_left: float | None = None
    has_preview: bool = False
    asked_at: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed")

    @property
    def source(self) -> Path:
        return self.folder / "film"

    @property
    def look(self) -> Path:
        return self.folder / "look.json"

    @property
    def preview(self) -> Path:
        return self.folder / "preview_1.jpg"

    @property
    def result(self) -> Path:
        return self.folder / "painted.mp4"

    async def look_at(self) -> None:
        """Find out what it is, and paint one picture of it. Raises :class:`UsageError` for what is
        too large, too long or no film."""
        facts: dict[str, Any] = {}
        await self._run(
            "realtime_nst.serve.examine", self.source, told=facts.update, limit=_EXAMINING
        )
        if "width" not in facts:
            raise UsageError(self._plain(facts.get("message", "it cannot be read")))
        if facts["width"] * facts["height"] > LARGEST_PICTURE:
            raise UsageError(
                "its pictures of {width}x{height} are too large; 3840x2160 is the most".format(
                    **facts
                )
            )
        if facts["seconds"] > LONGEST:
            raise UsageError(
                f"it is {facts['seconds'] / 60:.0f} minutes long; {LONGEST // 60} are the most"
            )
        self.total = facts["frames"] or None
        rate = facts["frames"] / facts["seconds"] if facts["seconds"] else 25.0
        part = ("--preview", f"{1.5 / max(rate, 1):.4f}", "--size", _PREVIEW_SIZE)
        target = self.folder / "preview_%d.jpg"
        with suppress(UsageError):  # it can be painted without
            await self._video(target, *part, told=lambda _: None, limit=_PREVIEWING)
        self.has_preview = self._keep_one_preview()

    async def paint(self) -> None:
        """Raises :class:`UsageError` with what went wrong."""
        errors: list[str] = []

        def told(event: Mapping[str, Any]) -> None:
            if event.get("event") == "progress" and event.get("unit") == "frame":
                self.done, self.total = event["done"], event["total"] or self.total
                self.seconds_left = event["seconds_left"]
            elif event.get("event") == "error":
                errors.append(self._plain(event["message"]))

        part = ("--end", str(LONGEST))  # not every file says how long it is
        code = await self._video(self.result, *part, told=told, limit=_PAINTING)
        if not self.result.exists():
            reason = errors[-1] if errors else "painting it ended early, as for want of memory"
            raise UsageError(reason)
        self.message = errors[-1] if code and errors else ""
        self.source.unlink(missing_ok=True)

    async def _video(self, target: Path, *options: str, told: Any, limit: float) -> int:
        command = ("realtime_nst", "video", self.source, "-o", target, "--look", self.look)
        usual = ("--provider", self.provider, "--json", "--quiet")
        return await self._run(*command, *usual, *options, told=told, limit=limit)

    async def _run(self, *arguments: str | Path, told: Any, limit: float) -> int:
        try:
            return await run_child(
                ("-m", *arguments), told, seconds=limit, largest=_LARGER * self.largest
            )
        except TimeoutError:
            raise UsageError(f"it took longer than {limit / 60:.0f} minutes") from None

    def _keep_one_preview(self) -> bool:
        there = sorted(self.folder.glob("preview_*.jpg"))
        for path in there[:1]:
            path.replace(self.preview)
        return bool(there)

    def _plain(self, message: str) -> str:
        """Without paths, which are none of the viewer's business."""
        return message.replace(str(self.source), self.name).replace(f"{self.folder}/", "")


def is_film(head: bytes) -> bool:
    """Whether a file that begins so is one of the kinds that are opened: no playlist, which is a
    text that names other files."""
    packets = any(head[at : at + 1] == head[at + n : at + n + 1] == b"G" for at, n in _PACKETS)
    return head[4:8] in _BOXES or head.startswith(_SIGNS) or packets
