"""Viewers and library runs that begin and end again and again, few of them."""

import os
import subprocess
import sys
from pathlib import Path

import model_factory
import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

from aioice.ice import get_host_addresses

TOOL = Path(__file__).parent.parent / "tools" / "soak_starts.py"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux' /proc")
def test_threads_and_descriptors_stay(tmp_path):
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    sessions = 4 if get_host_addresses(True, True) else 0
    numbers = ["--sessions", str(sessions), "--runs", "40"]
    done = subprocess.run(
        [sys.executable, TOOL, *numbers, "--style", style],
        env={**os.environ, "PYTHONPATH": str(TOOL.parent.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 runs" in done.stdout
