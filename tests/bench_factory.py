"""Made-up benchmark results, and a clock that only moves when told."""

import math
import random
from dataclasses import dataclass, replace

from realtime_nst.bench.case import Row, Settings
from realtime_nst.bench.machine import Machine
from realtime_nst.bench.provenance import Code
from realtime_nst.bench.result import CaseText, Conditions, Measured, Result

SIZES = ("256x256", "512x512", "640x480", "1280x720", "1920x1080")
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


def full_result(slowness: float = 1.0) -> Result:
    """Every case, in the columns the report's plots read."""
    dice = random.Random(1)
    made = {
        "network": _network(dice, slowness),
        "stages": _stages(),
        "end-to-end": _end_to_end(dice),
        "start-up": [
            Row({"state": state, "provider": "openvino"}, {"seconds to first frame": seconds})
            for state, seconds in (("cold", 2.31), ("warm", 1.18))
        ],
        "baseline": _baseline(),
        "reference": [
            Row(
                {"engine": engine, "size": "640x480"},
                {"median ms": ms, "p5 ms": ms * 0.97, "p95 ms": ms * 1.1,
                 "ours is x times faster": faster},
            )
            for engine, ms, faster in (("ours openvino", 14.2, None), ("torch f32", 1830.0, 128.9),
                                       ("ONNX Runtime", 1410.0, 99.3))
        ],
        "ceiling": [
            Row({"what": "matrix product bf16", "provider": "openvino"},
                {"GMAC/s": 1240.0, "of the ceiling %": 100.0}),
            Row({"what": "copy", "provider": ""}, {"GB/s": 11.2}),
        ],
        "quality": [
            Row({"style": style, "network": network},
                {"median ms": ms, "content loss": 0.61 - ms / 60,
                 "style loss": 0.2 + i / 20 - ms / 200,
                 "deep style loss": 0.31, "grid/4": 1.04, "measured on": "24 photos"})
            for i, style in enumerate(STYLES) for network, ms in (("fast", 14.2), ("tiny", 8.3))
        ],
    }  # fmt: skip
    units = [Measured(case, "all", 12.5, tuple(rows)) for case, rows in made.items()]
    absent = Measured("quality", "deep", 0.1, (), "no loss network <here>; give --loss-weights")
    return result(*units, absent)


def _network(dice: random.Random, slowness: float) -> list[Row]:
    rows = []
    for style in STYLES:
        for provider, factor in (("openvino", 1.0), ("cpu", 5.1), ("openvino-f32", 2.4)):
            for size in SIZES:
                ms = 14.2 * _pixels(size) / 307200 * factor * slowness
                samples = sorted(ms * dice.gauss(1.02, 0.03) for _ in range(30))
                figures = {
                    "median ms": samples[15],
                    "p5 ms": samples[1],
                    "p95 ms": samples[28],
                    "fps": 1000 / samples[15],
                    "GMAC": 2.1 * _pixels(size) / 307200,
                    "GMAC/s": 2100 / ms,
                    "precision": "bf16" if factor == 1 else "f32",
                }
                key = {"network": "fast", "style": style, "provider": provider, "size": size}
                rows.append(Row(key, figures, {"median ms": samples}))
    return rows


def _stages() -> list[Row]:
    shares = {"read": 0.22, "flow": 0.18, "network": 0.44, "encode": 0.14, "display": 0.02}
    return [
        Row({"size": size, "stage": stage},
            {"median ms": 30 * _pixels(size) / 307200 * share, "share %": 100 * share})
        for size in SIZES[2:] for stage, share in shares.items()
    ]  # fmt: skip


def _end_to_end(dice: random.Random) -> list[Row]:
    rows = []
    for mode in ("file to file", "paced 30", "paced 60"):
        for size, ms in (("640x480", 19.0), ("1280x720", 48.0)):
            waits = [ms * math.exp(dice.gauss(0, 0.16)) for _ in range(600)]
            figures = {"fps": 61.2, "dropped": 0, "latency p95 ms": sorted(waits)[570]}
            samples = {} if mode == "file to file" else {"latency ms": waits}
            rows.append(Row({"mode": mode, "size": size, "provider": "openvino"}, figures, samples))
    return rows


def _baseline() -> list[Row]:
    rows = []
    for size, step, ms in (("256x256", 0.31, 3.1), ("512x512", 1.24, 12.1), ("1024x1024", 5.3, 49)):
        rows += [
            Row({"size": size, "steps": str(steps)},
                {"seconds": step * steps, "how": "measured", "weights": "VGG-19"})
            for steps in (100, 300, 500)
        ]  # fmt: skip
        for provider, factor in (("openvino", 1.0), ("cpu", 5.1)):
            speeds = {f"x {n} steps": step * n * 1000 / (ms * factor) for n in (100, 300, 500)}
            key = {"size": size, "network": "fast", "provider": provider}
            rows.append(Row(key, {"ms": ms * factor, **speeds}))
    return rows


def _pixels(size: str) -> int:
    width, height = size.split("x")
    return int(width) * int(height)
