"""Compiled networks in the cache folder: a damaged one is thrown away, never used."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from model_factory import card, expected, write_style

from realtime_nst.files import digest
from realtime_nst.runtime import host
from realtime_nst.runtime.openvino_session import absence
from realtime_nst.runtime.stylizer import Stylizer

pytestmark = pytest.mark.skipif(bool(absence("CPU")), reason="needs OpenVINO")

IMAGE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)


def painted(style: Path) -> np.ndarray:
    return Stylizer(style, "openvino-f32")(IMAGE)


@pytest.fixture
def style(tmp_path: Path) -> Path:
    return write_style(tmp_path / "style.onnx", shift=20, card=card())


def compiled() -> Iterator[Path]:
    return host.cache_root().rglob("*.blob")


def test_a_compiled_network_is_used_again(style: Path) -> None:
    painted(style)
    (kept,) = compiled()
    written = kept.stat().st_mtime_ns
    assert np.array_equal(painted(style), expected(IMAGE, 20))
    (again,) = compiled()
    assert (again, again.stat().st_mtime_ns) == (kept, written)


@pytest.mark.parametrize("record", ["damaged", "gone"])
def test_a_damaged_one_is_thrown_away(style: Path, record: str) -> None:
    painted(style)
    (kept,) = compiled()
    good = kept.read_bytes()
    kept.chmod(0o600)
    if record == "gone":  # killed while it was written
        kept.with_suffix(".sha256").unlink()
        kept.write_bytes(good[: len(good) // 2])
    else:
        damaged = good.replace(np.float32(20).tobytes(), np.float32(99).tobytes())
        assert damaged != good
        kept.write_bytes(damaged)
    assert np.array_equal(painted(style), expected(IMAGE, 20))
    (again,) = compiled()
    assert again.with_suffix(".sha256").read_text() == digest(again)
