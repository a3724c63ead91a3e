"""One folder of results: JSON and CSV after every row, plots and pictures at the end."""

import csv
import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gpu_rows.plan import MEASURED, Outcome
from realtime_nst import __version__
from realtime_nst.files import write_whole

_SHOWN = 640
"""Pixels that a picture of the sheet is wide."""


@dataclass
class Report:
    """``checks``: what was asked for, and whether it held."""

    folder: Path
    about: Mapping[str, object]
    outcomes: list[Outcome] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.write()

    def write(self) -> None:
        """What is known so far; whoever ends the program loses nothing."""
        whole = {
            "about": self.about,
            "checks": self.checks,
            "rows": [asdict(outcome) for outcome in self.outcomes],
        }
        _text(self.folder / "check.json", json.dumps(whole, indent=1))
        _text(self.folder / "check.csv", self._table())

    def readings(self) -> list[dict[str, object]]:
        return [
            {"row": outcome.row, **reading}
            for outcome in self.outcomes
            for reading in outcome.readings
        ]

    def _table(self) -> str:
        rows = self.readings() + [
            {"row": outcome.row, "not measured": f"{outcome.status}: {outcome.reason}"}
            for outcome in self.outcomes
            if outcome.status != MEASURED
        ]
        written = StringIO()
        table = csv.DictWriter(written, list(dict.fromkeys(key for row in rows for key in row)))
        table.writeheader()
        table.writerows({key: _short(value) for key, value in row.items()} for row in rows)
        return written.getvalue()

    def draw(self, pictures: Mapping[str, np.ndarray]) -> list[str]:
        """Pictures and plots; returns what could not be drawn."""
        if pictures:
            with write_whole(self.folder / "pictures.png") as part:
                _sheet(list(pictures.values())).save(part, "PNG")
        try:
            from matplotlib.figure import Figure
        except ImportError:
            return ["speed.png needs matplotlib"]
        figure = Figure(figsize=(10, 4.5), layout="constrained")
        _plot(figure, [r for r in self.readings() if "fps" in r and "way" in r])
        with write_whole(self.folder / "speed.png") as part:
            figure.savefig(part, format="png", dpi=120)
        return []


def about(device: str, dry: bool) -> dict[str, object]:
    """What the figures were measured with."""
    found: dict[str, object] = {
        "realtime_nst": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "device": platform.processor() or platform.machine(),
        "rehearsal": dry,
    }
    if device != "cuda":
        return found
    card = torch.cuda.get_device_properties(0)
    return found | {
        "device": card.name,
        "GiB": round(card.total_memory / 2**30, 1),
        "multiprocessors": card.multi_processor_count,
        "driver": _driver(),
        "CUDA": torch.version.cuda,
        "cuDNN": torch.backends.cudnn.version(),
    }


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"


def _plot(figure: object, readings: Sequence[Mapping[str, object]]) -> None:
    """Frames a second by size, each network in its fastest way, one panel a precision."""
    panels = figure.subplots(1, 2, sharey=True)
    for panel, precision in zip(panels, ("f16", "f32"), strict=True):
        shown = [reading for reading in readings if reading["precision"] == precision]
        labels = {_pixels(reading): str(reading["size"]) for reading in shown}
        for network in dict.fromkeys(reading["network"] for reading in shown):
            fps: dict[int, float] = {}
            for reading in shown:
                if reading["network"] == network:
                    pixels = _pixels(reading)
                    fps[pixels] = max(fps.get(pixels, 0), reading["fps"])
            panel.loglog(*zip(*sorted(fps.items()), strict=True), "o-", label=network)
        panel.set(title=precision, xlabel="size of a frame")
        panel.set_xticks(list(labels), list(labels.values()), minor=False)
        panel.set_xticks([], minor=True)
        panel.yaxis.set_major_formatter("{x:g}")
        panel.yaxis.set_minor_formatter("{x:g}")
        panel.grid(alpha=0.3, which="both")
    panels[0].set_ylabel("frames a second, fastest way")
    figure.legend(handles=panels[0].get_lines(), loc="outside right center")


def _pixels(reading: Mapping[str, object]) -> int:
    width, _, height = str(reading["size"]).partition("x")
    return int(width) * int(height)


def _sheet(pictures: Sequence[np.ndarray]) -> Image.Image:
    shown = [Image.fromarray(picture) for picture in pictures]
    for picture in shown:
        picture.thumbnail((_SHOWN, _SHOWN))
    width, height = shown[0].size
    sheet = Image.new("RGB", (3 * width, -(-len(shown) // 3) * height), "white")
    for number, picture in enumerate(shown):
        sheet.paste(picture, (number % 3 * width, number // 3 * height))
    return sheet


def _short(value: object) -> object:
    return f"{value:.4g}" if isinstance(value, float) else value


def _text(path: Path, text: str) -> None:
    with write_whole(path) as part:
        part.write_text(text, encoding="utf-8")
