"""Paintings, and a set of installed styles with every kind of network."""

import atexit
import importlib.util
import shutil
import tempfile
import threading
import time
from functools import cache
from pathlib import Path

import cv2
import model_factory
import numpy as np
import pytest

from realtime_nst import library
from realtime_nst.runtime import styles

COLOURS = {"red": (50, 0, 0), "blue": (0, 10, 80)}
"""The styles of the multi-style network, and the colour that each adds to a picture."""

DARK, LIGHT = (10, 10, 10), (60, 70, 80)
"""The colours of those fixtures; the network for any painting adds them to a picture."""

_TOOL = Path(__file__).parent.parent / "tools" / "install_style.py"


def painting(path, colour, size=(60, 40)):
    """A picture of one colour (RGB), ``size`` (width, height)."""
    width, height = size
    cv2.imwrite(str(path), np.full((height, width, 3), colour[::-1], np.uint8))
    return path


def install(folder, monkeypatch):
    """Make two styles, "wave" and "dots", a painter "any" and one of COLOURS, "several", the
    installed set in ``folder``."""
    shutil.copytree(_installed(), folder)
    monkeypatch.setattr(styles, "_FOLDERS", (folder,))
    return folder


@cache
def _installed():
    """That set, made once in each process: half a second that some 200 tests would spend."""
    root = Path(tempfile.mkdtemp(prefix="realtime_nst-installed-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    made, folder = root / "made", root / "weights"
    made.mkdir()
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        for name, shift in (("wave", 0), ("dots", 30)):
            card = model_factory.card(name, title=name.title(), artist="Somebody")
            path = model_factory.write_style(made / f"{name}.onnx", shift=shift, card=card)
            install_file(path, folder, patched)
        install_file(model_factory.write_painter(made / "x.onnx"), folder, patched)
        install_file(model_factory.write_several(made / "y.onnx", COLOURS), folder, patched)
    return folder


def install_file(path, folder, monkeypatch):
    """Install ``path`` with ``tools/install_style.py``."""
    spec = importlib.util.spec_from_file_location("install_style", _TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "WEIGHTS", folder)
    monkeypatch.setattr(library, "SCENE", (64, 48))
    tool.install(path)


def frames_meanwhile(stylizer, image, specs):
    """The results of another thread that stylises ``image`` while this one sets each of ``specs``
    for at least two frames."""
    results, failures, done = [], [], threading.Event()

    def work():
        try:
            while not done.is_set():
                results.append(stylizer(image))
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for spec in specs:
            seen = len(results)
            stylizer.set_style(spec)
            while len(results) < seen + 2 and not failures:
                time.sleep(0.001)
    finally:
        done.set()
        thread.join()
    assert not failures
    return results
