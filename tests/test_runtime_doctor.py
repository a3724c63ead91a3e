"""What the doctor finds and measures."""

import math
import os
from pathlib import Path

import numpy as np
import painter_factory
import pytest
from model_factory import card, write_style

from realtime_nst.errors import UsageError
from realtime_nst.runtime import doctor, host
from realtime_nst.runtime.providers import PROVIDERS, available


def test_every_row_of_the_table_is_reported() -> None:
    found = doctor.providers()
    assert [status.name for status in found] == list(PROVIDERS)
    assert [s.name for s in found if not s.absence] == [row.name for row in available()]
    assert all(status.install and status.description for status in found)


def test_each_provider_present_is_measured(tmp_path: Path) -> None:
    style = write_style(tmp_path / "tiny.onnx", card=card(quantised_from="0" * 64))
    timings = doctor.measure(style, size=(32, 24), repetitions=3)
    assert [timing.name for timing in timings] == [row.name for row in available()]
    for timing in timings:
        assert timing.milliseconds > 0
        assert timing.used in PROVIDERS
        assert not timing.error


def test_a_painting_is_timed_by_the_network_that_plays_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter_factory.install(tmp_path / "installed", monkeypatch)
    red = painter_factory.painting(tmp_path / "red.png", (250, 20, 20))
    (timing,) = doctor.measure(red, ["cpu"], size=(32, 24), repetitions=1)
    assert timing.milliseconds > 0
    assert doctor.automatic(red)[0]


def test_a_provider_that_fails_is_reported_beside_the_others(tmp_path: Path) -> None:
    style = write_style(tmp_path / "tiny.onnx", card=card())
    bad, good = doctor.measure(style, ["no such", "cpu"], size=(32, 24), repetitions=1)
    assert "unknown provider 'no such'" in bad.error
    assert math.isnan(bad.milliseconds)
    assert good.milliseconds > 0


def test_a_style_that_cannot_be_read_is_raised(tmp_path: Path) -> None:
    for absent in ("absent.onnx", "absent.jpg"):
        with pytest.raises(UsageError, match=absent):
            doctor.measure(tmp_path / absent)


def test_computer() -> None:
    computer = doctor.computer()
    assert 1 <= computer.usable_cores <= computer.cores
    assert computer.system
    assert PROVIDERS["openvino"].absence() or "FP32" in computer.precisions


def test_a_processor_that_stands_in_for_another_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert doctor.computer().processor.endswith(", limited to AVX2")


def test_packages_say_their_version_or_how_to_get_them() -> None:
    found = {package.name: package for package in doctor.packages()}
    assert found["numpy"].version == np.__version__
    assert found["openvino"].install == 'pip install "realtime_nst[cpu]"'
    assert found["onnxruntime-gpu"].install == 'pip install "realtime_nst[gpu]"'


def test_encoders_found_are_those_that_encode() -> None:
    import av

    found = doctor.encoders()
    assert {"H.264", "HEVC", "AV1", "VP9", "ProRes", "AAC", "Opus"} == set(found)
    assert all(av.Codec(name, "w").is_encoder for names in found.values() for name in names)
    assert "aac" in found["AAC"]


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1)]
)
def test_a_container_quota_limits_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quota: str, cores: int | None
) -> None:
    monkeypatch.setattr(host, "_QUOTA", tmp_path / "cpu.max")
    unlimited = host.usable_cores()
    (tmp_path / "cpu.max").write_text(quota)
    assert host.usable_cores() == (cores or unlimited)


def test_engines_are_limited_only_when_cores_are(monkeypatch: pytest.MonkeyPatch) -> None:
    usable = host.usable_cores()
    monkeypatch.setattr(os, "cpu_count", lambda: usable)
    assert host.thread_limit() is None
    monkeypatch.setattr(os, "cpu_count", lambda: usable + 1)
    assert host.thread_limit() == usable


def test_the_cache_forgets_what_was_used_longest_ago(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_CACHE_LIMIT", 250)
    folder = host.cache_folder("engine", "old")
    assert folder is not None
    for age, name in enumerate(["newest", "newer", "oldest"]):
        (folder / name).write_bytes(b"x" * 100)
        os.utime(folder / name, (1e9 - age, 1e9 - age))
    assert host.cache_folder("engine", "new") is not None
    assert {path.name for path in folder.iterdir()} == {"newest", "newer"}
