"""Paintings, and a set of installed styles with every kind of network."""

import importlib.util
import threading
from pathlib import Path

import cv2
import model_factory
import numpy as np

from realtime_nst.runtime import styles

COLOURS = {"red": (50, 0, 0), "blue": (0, 10, 80)}
"""The styles of the multi-style network, and the colour that each adds to a picture."""

_TOOL = Path(__file__).parent.parent / "tools" / "install_style.py"


def painting(path, colour, size=(60, 40)):
    """A picture of one colour (RGB), ``size`` (width, height)."""
    width, height = size
    cv2.imwrite(str(path), np.full((height, width, 3), colour[::-1], np.uint8))
    return path


def install(folder, monkeypatch):
    """Install two styles, "wave" and "dots", the painter "any" and the multi-style network
    "several" of COLOURS in ``folder``, and make it the only installed set."""
    folder.mkdir()
    made = folder.parent / "made"
    made.mkdir()
    for name, shift in (("wave", 0), ("dots", 30)):
        card = model_factory.card(name, title=name.title(), artist="Somebody")
        install_file(model_factory.write_style(made / f"{name}.onnx", shift=shift, card=card),
                     folder, monkeypatch)  # fmt: skip
    install_file(model_factory.write_painter(made / "x.onnx"), folder, monkeypatch)
    several = model_factory.write_several(made / "y.onnx", COLOURS)
    install_file(several, folder, monkeypatch)
    monkeypatch.setattr(styles, "folder", lambda: folder)
    return folder


def install_file(path, folder, monkeypatch):
    """Install ``path`` with ``tools/install_style.py``."""
    spec = importlib.util.spec_from_file_location("install_style", _TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    monkeypatch.setattr(tool, "WEIGHTS", folder)
    monkeypatch.setattr(tool, "PICTURE_SIZE", (64, 48))
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
                pass
    finally:
        done.set()
        thread.join()
    assert not failures
    return results
