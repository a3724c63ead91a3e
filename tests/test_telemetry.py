"""No engine writes or sends anything about the user, whichever provider paints."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import model_factory
import numpy as np
import pytest

import realtime_nst
from realtime_nst.runtime.providers import available
from realtime_nst.telemetry import OPT_OUTS

STRACE = ["strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o"]


@pytest.fixture
def home(tmp_path):
    """A folder for all that a program keeps of its user, which nobody has used yet."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    return folder


def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Python in an environment that says nothing of tests or of switched-off telemetry."""
    keys = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    environment = {key: os.environ[key] for key in keys if key in os.environ}
    folders = {key: str(home) for key in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")}
    places = {"PYTHONPATH": str(Path(realtime_nst.__file__).parent.parent)}
    done = subprocess.run(
        [*map(str, arguments)],
        env={**environment, **folders, **places, "TMPDIR": str(home / "tmp")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


def can_trace(log: Path) -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, log, "true"], capture_output=True).returncode == 0


@pytest.mark.parametrize("provider", [row.name for row in available()])
def test_painting_writes_nothing_elsewhere_and_sends_nothing(tmp_path, home, provider):
    int8 = provider.endswith("int8")
    card = model_factory.card(**({"quantised_from": "0" * 64} if int8 else {}))
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=card, int8=int8)
    cv2.imwrite(str(tmp_path / "in.png"), np.zeros((48, 64, 3), np.uint8))
    tracing = [*STRACE, tmp_path / "trace"] if can_trace(tmp_path / "trace") else []
    image = ["-m", "realtime_nst", "image", tmp_path / "in.png", "-o", tmp_path / "out.png"]
    run(home, *tracing, sys.executable, *image, "--style", style, "--provider", provider)
    written = [path.relative_to(home) for path in home.rglob("*") if path.is_file()]
    assert [path for path in written if "realtime_nst" not in path.parts] == []
    if tracing:
        calls = (tmp_path / "trace").read_text(errors="replace")
        assert "AF_INET" not in calls


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_an_engine_that_was_imported_before_is_warned_of_once(home, engine):
    pytest.importorskip(engine)
    program = f"import sys, types; sys.modules[{engine!r}] = types.ModuleType({engine!r})\n"
    if engine == "openvino":
        program += "sys.modules['openvino_telemetry'] = sys.modules['openvino']\n"
    said = run(home, sys.executable, "-c", program + "import realtime_nst, realtime_nst.pipeline")
    assert said.stderr.count(f"{engine} was imported before realtime_nst") == 1


def test_nothing_is_warned_of_when_it_is_imported_first(home):
    program = "import realtime_nst, os; print(*(os.environ[v] for v, _ in realtime_nst.telemetry"
    said = run(home, sys.executable, "-c", program + ".OPT_OUTS.values()))")
    assert said.stdout.split() == [value for _, value in OPT_OUTS.values()]
    assert said.stderr == ""
