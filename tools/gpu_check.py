"""What an NVIDIA card makes of the networks, in one command and within a budget of minutes.

    python tools/gpu_check.py [--budget 8] [--out FOLDER] [--rows TEXT]
    python tools/gpu_check.py --dry

Rows run in the order of their value: torch first, which needs torch, onnx and this checkout alone,
then our runtime on CUDA and TensorRT where the extra gpu is installed. What no longer fits into the
budget is cut and named. FOLDER gets check.json, check.csv, speed.png and pictures.png. The exit
code is 1 if a row failed, or a picture is not what its ONNX file paints. ``--dry`` rehearses every
row on the CPU, with small pictures.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from gpu_rows import report
from gpu_rows.learning import Learning
from gpu_rows.painting import Painting, out_of_bounds
from gpu_rows.plan import CUT, FAILED, MEASURED, Outcome, Row, run
from gpu_rows.providers import Providers
from gpu_rows.roof import Roof
from gpu_rows.timing import Clock

SIZES = (1080, 1920), (720, 1280), (480, 640), (2160, 3840)
DRY_SIZES = (48, 64), (72, 96)
WANTED = "fast", "1920x1080", "f16", 200.0
"""What a card is expected to reach: network, size, precision, frames a second."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dry", action="store_true", help="rehearse on the CPU")
    parser.add_argument("--budget", type=float, default=8.0, help="minutes, default 8")
    parser.add_argument("--out", type=Path, default=Path("gpu-check"), help="folder of results")
    parser.add_argument("--rows", default="", help="only rows whose name begins so")
    wanted = parser.parse_args()
    device = "cpu" if wanted.dry else "cuda"
    if not wanted.dry and not torch.cuda.is_available():
        parser.error("torch finds no CUDA card; rehearse on the CPU with --dry")
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = False  # f32 is to be float32
    wanted.out.mkdir(parents=True, exist_ok=True)
    results = report.Report(wanted.out, report.about(device, wanted.dry))
    painting, rows = plan(device, wanted.dry)
    for outcome in run((r for r in rows if r.name.startswith(wanted.rows)), 60 * wanted.budget):
        results.add(outcome)
        say(outcome)
    results.checks = checks(results.outcomes, wanted.dry)
    results.write()
    for what in results.draw(painting.pictures):
        print(f"not drawn: {what}")
    return summary(results)


def plan(device: str, dry: bool) -> tuple[Painting, Iterator[Row]]:
    clock = Clock(device, 0.01 if dry else 0.5)
    roof = Roof(clock, side=256 if dry else 8192, mebibytes=1 if dry else 1024)
    sizes = DRY_SIZES if dry else SIZES
    painting = Painting(clock, roof, sizes)
    small = Learning(clock, side=64, steps=3, crop=64, batch=1, trained=3)
    large = Learning(clock, side=512, steps=500, crop=256, batch=4, trained=60)
    providers = Providers(clock, sizes, dry)

    def rows() -> Iterator[Row]:
        first, *others = painting.rows()
        yield Row("roof", roof.measure, 15)
        yield first
        yield from others[:7]
        yield from (small if dry else large).rows()
        yield from providers.rows()
        yield from others[7:]
        yield from painting.compiled_rows()

    return painting, rows()


def say(outcome: Outcome) -> None:
    if outcome.status != MEASURED:
        print(f"{outcome.row}: {outcome.status}: {outcome.reason}", flush=True)
    for reading in outcome.readings:
        about = ", ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in reading.items()
            if key not in ("network", "size", "precision")
        )
        print(f"{outcome.row}: {about}", flush=True)


def checks(outcomes: Sequence[Outcome], dry: bool) -> dict[str, bool]:
    """What was asked for, and whether it held."""
    found = [(o.row, reading) for o in outcomes for reading in o.readings]
    held = {
        f"{row}, {reading.get('way', reading.get('on'))}: as its ONNX file paints": not (
            out_of_bounds(reading)
        )
        for row, reading in found
        if "most off" in reading
    }
    network, size, precision, fps = WANTED
    best = [r["fps"] for row, r in found if row.startswith(f"{network} {size} {precision}")]
    return held if dry or not best else {**held, f"{fps:g} fps": max(best) >= fps}


def summary(results: report.Report) -> int:
    counts = {s: [o.row for o in results.outcomes if o.status == s] for s in (FAILED, CUT)}
    broken = [name for name, held in results.checks.items() if not held]
    measured = sum(outcome.status == MEASURED for outcome in results.outcomes)
    print(f"\n{measured} of {len(results.outcomes)} rows measured; results in {results.folder}")
    for status, rows in counts.items():
        if rows:
            print(f"{status}: {'; '.join(rows)}")
    held = len(results.checks) - len(broken)
    print(f"{held} of {len(results.checks)} checks held" + "".join(f"\nnot: {b}" for b in broken))
    return 1 if counts[FAILED] or broken else 0


if __name__ == "__main__":
    sys.exit(main())
