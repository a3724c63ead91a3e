"""The virtual camera on a driver that stands in for v4l2loopback or OBS."""

import sys
import time
from fractions import Fraction

import numpy as np
import pytest
from virtual_camera_factory import PATIENCE, virtual_camera

from realtime_nst.errors import MediaError, MissingPackage, UsageError
from realtime_nst.sinks import open_sink
from realtime_nst.stream import Frame


@pytest.fixture
def driver(monkeypatch):
    return virtual_camera(monkeypatch)


def _frame(value=0, width=64, height=48):
    image = np.full((height, width, 3), value, np.uint8)
    image[0, 0] = 200, 30, 20
    return Frame(image, value, Fraction(value, 30), time.monotonic())


def _open(**options):
    return open_sink("virtualcam:", **{"size": (64, 48), "rate": 100, **options})


def _write_on(sink):
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        sink.write(_frame())
        time.sleep(0.005)


def test_frames_arrive_as_they_are_in_rgb(driver):
    with _open() as sink:
        assert sink.name == "Fake Camera"
        sink.write(_frame(7))
        driver.wait_for(lambda sent: sent)
    np.testing.assert_array_equal(driver.sent[0], _frame(7).image)
    assert (driver.options["width"], driver.options["height"], driver.options["fps"]) == (
        64,
        48,
        100,
    )
    assert driver.closed == 1


def test_the_last_frame_is_repeated_while_the_producer_is_slow(driver):
    with _open() as sink:
        sink.write(_frame(7))
        driver.wait_for(lambda sent: len(sent) >= 5)
        sink.write(_frame(8))
        driver.wait_for(lambda sent: sent[-1][1, 1, 0] == 8)
    values = [int(image[1, 1, 0]) for image in driver.sent]
    assert values == sorted(values)
    assert values.count(7) >= 5


def test_nothing_is_sent_before_the_first_frame(driver):
    with _open(rate=1000):
        time.sleep(0.02)
    assert driver.sent == []


def test_a_device_is_asked_for_by_name(driver):
    with open_sink("virtualcam:/dev/video9", size=(64, 48)) as sink:
        assert sink.name == "/dev/video9"
    assert driver.options["device"] == "/dev/video9"


def test_an_odd_row_or_column_is_left_out(driver):
    with _open(size=(65, 49)) as sink:
        sink.write(_frame(7, 65, 49))
        driver.wait_for(lambda sent: sent)
    assert driver.sent[0].shape == (48, 64, 3)


def test_a_frame_of_another_size_is_refused(driver):
    with _open() as sink, pytest.raises(MediaError, match=r"32x24.*64x48"):
        sink.write(_frame(1, 32, 24))


def test_a_driver_that_fails_is_an_error_of_the_next_write(driver):
    driver.fails = "unloaded"
    with _open() as sink, pytest.raises(MediaError, match="Fake Camera failed: unloaded"):
        _write_on(sink)
    assert driver.closed == 1


@pytest.mark.parametrize(
    ("system", "remedy"),
    [("linux", "v4l2loopback"), ("darwin", "OBS"), ("win32", "OBS"), ("beos", "work on Linux")],
)
def test_without_a_driver_the_error_says_what_to_install_on_this_system(
    driver, monkeypatch, system, remedy
):
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(MediaError, match=f"device taken is busy.*{remedy}") as caught:
        open_sink("virtualcam:taken", size=(64, 48)).__enter__()
    assert "\n" not in str(caught.value)


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(MissingPackage, match=r"pip install .*\[live\]"), _open():
        pass


@pytest.mark.parametrize("options", [{"size": (1, 48)}, {"rate": 0}])
def test_what_no_camera_can_be_is_refused_before_any_work(options):
    with pytest.raises(UsageError, match="virtual camera"):
        _open(**options)
