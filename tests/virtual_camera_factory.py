"""A driver that stands in for v4l2loopback or OBS, registered with pyvirtualcam."""

import threading

import numpy as np
import pytest

PATIENCE = 10


class Driver:
    """What programs that open the virtual camera would see."""

    def __init__(self):
        self.sent, self.options, self.closed, self.fails = [], {}, 0, ""
        self.changed = threading.Condition()

    def wait_for(self, condition):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.sent), PATIENCE)

    def backend(self):
        driver = self

        class Backend:
            def __init__(self, **options):
                if options["device"] == "taken":
                    raise RuntimeError("device taken\nis busy")
                driver.options = options

            def close(self):
                driver.closed += 1

            def send(self, frame):
                if driver.fails:
                    raise RuntimeError(driver.fails)
                shape = driver.options["height"], driver.options["width"], 3
                with driver.changed:
                    driver.sent.append(np.array(frame).reshape(shape))
                    driver.changed.notify_all()

            def device(self):
                return driver.options["device"] or "Fake Camera"

            def native_fourcc(self):
                return None

        return Backend


def virtual_camera(monkeypatch):
    """Makes a fake driver the only one there is."""
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    driver = Driver()
    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    pyvirtualcam.register_backend("fake", driver.backend())
    return driver
