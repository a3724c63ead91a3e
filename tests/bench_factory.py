"""Made-up benchmark results, and a clock that only moves when told."""

import math
import random
from dataclasses import dataclass, replace

from realtime_nst.bench.case import Row
from realtime_nst.bench.conditions import Code, Conditions, Machine
from realtime_nst.bench.result import CaseText, Measured, Result
from realtime_nst.bench.settings import SIZES, Settings
from realtime_nst.bench.timer import spread

SPREAD = {"median ms", "p5 ms", "p95 ms"}
COLUMNS = {
    "network": (
        {"network", "style", "provider", "size"},
        SPREAD | {"fps", "GMAC", "GMAC/s", "precision"},
    ),
    "stages": ({"size", "stage"}, SPREAD | {"share %", "how"}),
    "end-to-end": (
        {"mode", "size", "provider"},
        {"fps", "lowest fps", "highest fps", "dropped %", "CPU s/frame", "peak MiB"}
        | {"latency p50 ms", "latency p95 ms", "latency p99 ms", "growth MiB/1000 frames"},
    ),
    "hd": (
        {"what", "size", "brush", "provider"},
        {"fps", "lowest fps", "highest fps", "dropped %", "latency p95 ms", "CPU ms", "median ms"},
    ),
    "start-up": (
        {"state", "provider"},
        {"seconds to first frame", "p5 seconds", "p95 seconds"},
    ),
    "reference": ({"engine", "size"}, SPREAD | {"ours is x times faster", "x low", "x high"}),
    "quality": (
        {"style", "network"},
        SPREAD
        | {"content loss (card)", "style loss (card)"}
        | {"deep style loss (card)", "deep content loss (card)"}
        | {"grid/2", "grid/4", "grid/8", "measured on"},
    ),
    "strokes": ({"style", "size", "brush"}, SPREAD | {"stroke %", "painted at"}),
    "temporal": (
        {"style", "clip", "way"},
        {"e_stab", "E_warp", "e_stab 5", "e_stab 10", "flicker", "sharpness"}
        | {"style loss", "content loss", "style loss ratio", "content loss ratio"}
        | {"e_stab ratio", "flicker ratio", "sharpness ratio"}
        | {"stage ms", "flow"},
    ),
}
"""The columns of the keys and of the figures, for the cases whose rows all have the same ones; of
times with five readings or more."""

_OURS = "ours, openvino-bf16"

YARDSTICK = (0.0100, 0.0101, 0.0099, 0.0102, 0.0100, 0.0098, 0.0100, 0.0101)
"""Seconds of the reference work on a quiet machine."""

PROVIDERS = {"openvino": "openvino-bf16", "cpu": "cpu", "openvino-f32": "openvino-f32"}
STYLES = ("great_wave", "starry_night", "udnie")


@dataclass
class Clock:
    """Seconds since it was made."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def conditions(**settings: object) -> Conditions:
    return Conditions(
        Code("0.1.0", "abc123", "0123456789ab"),
        Machine(
            "Intel(R) Xeon(R) Processor @ 2.80GHz",
            2,
            15.6,
            "Linux 6.1 x86_64",
            "3.12.1",
            ("BF16", "FP32", "INT8"),
            {"numpy": "2.4.6", "openvino": "2026.4.1"},
        ),
        replace(Settings(STYLES, tuple(PROVIDERS), ((640, 480),)), **settings),  # type: ignore[arg-type]
        PROVIDERS,
        dict.fromkeys(STYLES, "fedcba987654"),
    )


def result(*units: Measured, **settings: object) -> Result:
    names = dict.fromkeys(unit.case for unit in units)
    texts = [CaseText(n, f"Case {n}", f"What {n} explains.", f"What {n} omits.") for n in names]
    return Result(conditions(**settings), "2026-01-02T03:04:05+00:00", tuple(texts), units, True)


def full_result(slowness: float = 1.0, how: str = "measured", weights: str = "VGG-19") -> Result:
    """Rows of every case, in the columns that the cases give."""
    dice = random.Random(1)
    made = {
        "network": _network(dice, slowness),
        "stages": _stages(),
        "end-to-end": _end_to_end(dice),
        "start-up": [
            Row({"state": state, "provider": "openvino"},
                {"seconds to first frame": seconds, "p5 seconds": 0.9 * seconds,
                 "p95 seconds": 1.2 * seconds})
            for state, seconds in (("cold", 2.31), ("warm", 1.18))
        ],
        "baseline": _baseline(how, weights),
        "reference": [
            Row(
                {"engine": engine, "size": "640x480"},
                {"median ms": ms, "p5 ms": ms * 0.97, "p95 ms": ms * 1.1,
                 "ours is x times faster": faster, "x low": faster and 0.95 * faster,
                 "x high": faster and 1.05 * faster},
            )
            for engine, ms, faster in (("torch f32", 1830.0, 128.9), ("ONNX Runtime", 1410.0, 99.3),
                                       (_OURS, 14.2, None))
        ],
        "ceiling": [
            Row({"what": "matrix product bf16", "provider": "torch"},
                {"GMAC/s": 1240.0, "p5 GMAC/s": 1100.0, "p95 GMAC/s": 1300.0,
                 "of the ceiling %": None}),
            Row({"what": "copy", "provider": "torch"},
                {"GB/s": 11.2, "p5 GB/s": 10.0, "p95 GB/s": 12.0, "of the ceiling %": None}),
        ],
        "quality": [
            Row({"style": style, "network": network},
                {"median ms": ms, "p5 ms": ms, "p95 ms": ms, "content loss (card)": 0.61 - ms / 60,
                 "style loss (card)": 0.2 + i / 20 - ms / 200, "deep style loss (card)": 0.31,
                 "deep content loss (card)": 0.4, "grid/2": 1.01, "grid/4": 1.04, "grid/8": 1.0,
                 "measured on": "card"})
            for i, style in enumerate(STYLES) for network, ms in (("fast", 14.2), ("tiny", 8.3))
        ],
    }  # fmt: skip
    units = [
        Measured(case, "all", 12.5, tuple(rows), yardstick=YARDSTICK) for case, rows in made.items()
    ]
    absent = Measured("quality", "deep", 0.1, (), "no loss network <here>; give --loss-weights")
    return result(*units, absent)


def _network(dice: random.Random, slowness: float) -> list[Row]:
    rows = []
    for style in STYLES:
        for provider, factor in (("openvino", 1.0), ("cpu", 5.1), ("openvino-f32", 2.4)):
            for size in SIZES:
                ms = 14.2 * _pixels(size) / 307200 * factor * slowness
                samples = [ms * dice.gauss(1.02, 0.03) for _ in range(30)]
                times = spread([reading / 1000 for reading in samples])
                figures = {
                    **times,
                    "fps": 1000 / times["median ms"],
                    "GMAC": 2.1 * _pixels(size) / 307200,
                    "GMAC/s": 2100 / ms,
                    "precision": "bf16" if factor == 1 else "f32",
                }
                key = {"network": "fast", "style": style, "provider": provider, "size": size}
                rows.append(Row(key, figures, {"median ms": samples}))
    return rows


def _stages() -> list[Row]:
    shares = {"decode + colour": 0.22, "network": 0.6, "encode": 0.18, "flow": None}
    rows = []
    for size in SIZES[2:]:
        for stage, share in shares.items():
            ms = 30 * _pixels(size) / 307200 * (share or 0.1)
            figures = {"median ms": ms, "p5 ms": 0.9 * ms, "p95 ms": 1.1 * ms,
                       "share %": share and 100 * share, "how": "H.264"}  # fmt: skip
            rows.append(Row({"size": size, "stage": stage}, figures))
    return rows


def _end_to_end(dice: random.Random) -> list[Row]:
    rows = []
    for mode in ("file to file", "paced 30", "paced 60"):
        for size, ms in (("640x480", 19.0), ("1280x720", 48.0)):
            waits = [ms * math.exp(dice.gauss(0, 0.16)) for _ in range(600)]
            live = mode != "file to file"
            by_wait = sorted(waits)
            figures = {
                "fps": 61.2,
                "lowest fps": 60.8,
                "highest fps": 62.0,
                "dropped %": 0.0 if live else None,
                **{f"latency p{n} ms": by_wait[6 * n] if live else None for n in (50, 95, 99)},
                "CPU s/frame": 0.03,
                "peak MiB": 310.0,
                "growth MiB/1000 frames": None,
            }
            samples = {"fps": [61.2, 60.8, 62.0, 61.2]} | ({"latency ms": waits} if live else {})
            rows.append(Row({"mode": mode, "size": size, "provider": "openvino"}, figures, samples))
    return rows


def _baseline(how: str = "measured", weights: str = "VGG-19") -> list[Row]:
    rows = []
    for size, step, ms in (("256x256", 0.31, 3.1), ("512x512", 1.24, 12.1), ("1024x1024", 5.3, 49)):
        ms_a_step = {"median ms": 1000 * step, "p5 ms": 990 * step, "p95 ms": 1010 * step}
        rows.append(Row({"size": size, "what": "one step"}, {**ms_a_step, "steps timed": 500}))
        rows += [
            Row({"size": size, "steps": str(steps)},
                {"seconds": step * steps, "how": how, "weights": weights})
            for steps in (100, 300, 500)
        ]  # fmt: skip
        for provider, factor in (("openvino", 1.0), ("cpu", 5.1)):
            speeds = {f"x {n} steps": step * n * 1000 / (ms * factor) for n in (100, 300, 500)}
            key = {"size": size, "network": "fast", "provider": provider}
            last = speeds["x 500 steps"]
            figures = {"ms": ms * factor, "p5 ms": ms, "p95 ms": 6 * ms, **speeds,
                       "x 500 low": 0.9 * last, "x 500 high": 1.1 * last, "how": how,
                       "weights": weights}  # fmt: skip
            rows.append(Row(key, figures))
    return rows


def _pixels(size: str) -> int:
    width, height = size.split("x")
    return int(width) * int(height)
