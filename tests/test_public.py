"""The public surface: sorted, whole, and instant to import."""

import json
import subprocess
import sys

import pytest

import realtime_nst


def test_all_is_sorted_and_every_name_is_there():
    assert realtime_nst.__all__ == sorted(realtime_nst.__all__)
    assert set(realtime_nst.__all__) == set(realtime_nst._HOME)
    for name in realtime_nst.__all__:
        assert getattr(realtime_nst, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Stylist"):
        realtime_nst.Stylist  # noqa: B018


@pytest.mark.parametrize("statement", ["import realtime_nst", "import realtime_nst.cli.app"])
def test_nothing_heavy_is_imported_before_it_is_needed(statement):
    heavy = {"av", "cv2", "matplotlib", "onnxruntime", "openvino", "torch"}
    code = f"import json, sys; {statement}; print(json.dumps([*({heavy} & {{*sys.modules}})]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_video_is_stylised_with_torch_blocked(tmp_path):
    import media_factory
    import model_factory

    clip = media_factory.clip(tmp_path / "in.mp4", count=4)
    style = model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())
    code = f"""
import sys
sys.modules["torch"] = sys.modules["onnx"] = None
from realtime_nst.cli import main
sys.argv = ["realtime-nst", "video", {str(clip)!r}, "-o", {str(tmp_path / "out.mp4")!r},
            "--style", {str(style)!r}]
sys.exit(main())
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert len(media_factory.times(tmp_path / "out.mp4")) == 4
