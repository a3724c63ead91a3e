"""The check of a card, rehearsed on the CPU, as on a machine that has torch and onnx alone."""

import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import cv2
import pytest

torch = pytest.importorskip("torch", reason="needs the extra 'train'")
pytest.importorskip("onnx", reason="needs the extra 'train'")

TOOLS = Path(__file__).parent.parent / "tools"
sys.path.insert(0, str(TOOLS))

import gpu_check  # noqa: E402
from gpu_rows import networks, painting, plan, report, roof  # noqa: E402

from realtime_nst.bench.cases import _macs  # noqa: E402
from realtime_nst.runtime.enlarge import enlarged_rgb  # noqa: E402
from realtime_nst.runtime.stylizer import Stylizer  # noqa: E402

_ABSENT = (
    "av aiortc matplotlib onnxruntime openvino pi_heif platformdirs tensorrt torchvision".split()
)
_BARE = """
import pathlib, runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[1].split()))
sys.argv[:3] = [sys.argv[2]]
sys.path.insert(0, str(pathlib.Path(sys.argv[0]).parent))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_torch_and_onnx_are_enough(tmp_path):
    """Without ONNX Runtime, onnx's own reference says what a file paints."""
    arguments = ["--dry", "--rows", "fast 64x48 f16", "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", _BARE, " ".join(_ABSENT), str(TOOLS / "gpu_check.py"), *arguments],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "check.json").read_text())
    assert [row["row"] for row in found["rows"]] == ["fast 64x48 f16", "fast 64x48 f16 compiled"]
    assert {row["status"] for row in found["rows"]} == {"measured"}
    assert all(found["checks"].values())
    assert len(found["checks"]) == 2
    assert "speed.png needs matplotlib" in done.stdout
    assert (tmp_path / "pictures.png").exists()
    assert (tmp_path / "check.csv").read_text().startswith("row,network,")


def test_every_kind_of_row_runs():
    """One of each, where the whole rehearsal has more than sixty."""
    drawn, rows = gpu_check.plan("cpu", dry=True)
    wanted = "roof|eight 64x48 f16|HD way 64x48 f16|Gatys, bundled|training|provider cuda f16, any"
    chosen = [row for row in rows if row.name.startswith(tuple(wanted.split("|")))]
    chosen = [row for row in chosen if "compiled" not in row.name]
    found = {outcome.row: outcome for outcome in plan.run(chosen, 1000)}
    assert {o.status for o in found.values()} <= {plan.MEASURED, plan.LACKS}, found
    assert len(found) == 6
    (reading,) = found["eight 64x48 f16"].readings
    assert reading["of the roof %"] > 0
    assert not painting.out_of_bounds(reading)
    assert drawn.pictures["eight"].shape == (48, 64, 3)


def test_every_network_has_rows_of_every_size_and_precision():
    _, rows = gpu_check.plan("cuda", dry=False)
    names = [row.name for row in rows]
    assert len(names) == len(set(names))
    for network in (*networks.STYLES, networks.HD, networks.JOHNSON):
        for size in gpu_check.SIZES:
            for precision in networks.PRECISIONS:
                row = f"{network} {painting.label(size)} {precision}"
                assert {row, f"{row} compiled"} <= set(names)
    assert names[1] == " ".join(gpu_check.WANTED[:3])


def _row(name, seconds=1.0, raised=None):
    def measure():
        if raised:
            raise raised
        return [{"ms": 1.0}]

    return plan.Row(name, measure, seconds)


def test_what_does_not_fit_into_the_budget_is_cut_and_no_failure_stops_the_rest(tmp_path, capsys):
    """Each look at this clock takes a second."""
    rows = [
        _row("one"),
        _row("long", seconds=50),
        _row("bad", raised=ValueError("a\nb")),
        _row("absent", raised=plan.Lacks("no card")),
        _row("short"),
        _row("late", seconds=5),
    ]
    results = report.Report(tmp_path, {})
    for outcome in plan.run(rows, 15, count().__next__):
        results.add(outcome)
    found = {outcome.row: (outcome.status, outcome.reason) for outcome in results.outcomes}
    assert found["one"] == found["short"] == (plan.MEASURED, "")
    assert found["long"][0] == found["late"][0] == plan.CUT
    assert found["bad"] == (plan.FAILED, "ValueError: a b")
    assert found["absent"] == (plan.LACKS, "no card")
    assert gpu_check.summary(results) == 1
    assert "cut: long; late" in capsys.readouterr().out


def test_a_picture_that_is_off_fails_the_check(tmp_path):
    reading = {"way": "eager", "precision": "f16", "mean off": 0.2, "fps": 9.0}
    for most, held in ((4, True), (5, False)):
        shown = [{**reading, "most off": most}]
        outcomes = [plan.Outcome("fast 1920x1080 f16", plan.MEASURED, readings=shown)]
        results = report.Report(tmp_path, {}, outcomes, gpu_check.checks(outcomes, dry=True))
        assert gpu_check.summary(results) == (0 if held else 1)


@pytest.mark.parametrize(("fps", "held"), [(199.0, False), (201.0, True)])
def test_a_card_is_asked_for_200_frames_a_second(fps, held):
    outcomes = [plan.Outcome("fast 1920x1080 f16 compiled", plan.MEASURED, readings=[{"fps": fps}])]
    assert gpu_check.checks(outcomes, dry=False) == {"200 fps": held}


def test_the_hd_way_on_a_card_paints_what_the_runtime_paints():
    """But for a frame made small by another filter, and bytes in between."""
    height, width = 96, 128
    frame = networks.frame(height, width)[0]
    small = cv2.resize(frame, (84, 64), interpolation=cv2.INTER_AREA)
    painted = Stylizer(networks.WEIGHTS / "great_wave.onnx", "cpu")(small)
    wanted = enlarged_rgb(painted, (width, height))
    mean, _ = networks.apart(networks.subject("HD way").wanted(height, width)[0], wanted)
    assert mean < 4
    plain = cv2.resize(painted, (width, height), interpolation=cv2.INTER_CUBIC)
    assert networks.apart(plain, wanted)[0] > mean


def test_the_arithmetic_counted_is_that_of_the_onnx_file():
    """But for the space-to-depth, which is a convolution in the file."""
    shown = networks.subject("fast")
    half, full = (roof.Needs(shown, precision, (480, 640)) for precision in ("f16", "f32"))
    there = _macs.gmac(shown.file, 640, 480) - 48 * 48 * 480 * 640 / 16 / 1e9
    assert half.operations == full.operations == pytest.approx(2e9 * there, rel=1e-6)
    frames = 2 * 3 * 480 * 640
    assert full.bytes - frames == 2 * (half.bytes - frames)
