"""Fixtures shared by all tests, and what lets the suite run on several cores at once."""

import gc
import itertools
import os
import re
import signal
import sys
import threading
import time

import pytest
from filelock import FileLock

os.environ.setdefault("OMP_NUM_THREADS", "1")
"""The workers share the cores, and the networks of tests are too small for several threads: these
spin, and one training test took 96 s of processor time with two threads, 11 s with one."""

os.environ.setdefault("TORCH_FAKE_TENSOR_DISPATCH_CACHE", "0")
"""Filling torch's cache of traced operators takes longer than tracing a network of tests without
it: exporting one took 5.1 s in place of 7.9."""

from realtime_nst.runtime import host  # noqa: E402  Before an engine: telemetry is off now.

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So it is for jobs that a shell script starts in the background. Tests press Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_TESTS = itertools.count()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Two more than cores: a third of the time tests wait, for servers, browsers and windows."""
    return host.usable_cores() + 2


def pytest_collection_finish():
    """What imports have made stays: collecting garbage would look at it each time, for 0.3 s."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes cache, state, settings or styles of the person who runs it."""
    folder = tmp_path_factory.getbasetemp() / "own" / str(next(_TESTS))
    monkeypatch.setenv("REALTIME_NST_CACHE", str(folder / "cache"))
    monkeypatch.setenv("REALTIME_NST_STATE", str(folder / "state"))
    monkeypatch.setenv("REALTIME_NST_STYLES", str(folder / "styles"))
    monkeypatch.setenv("REALTIME_NST_CONFIG", os.devnull)


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Fails a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 20.0  # on a busy machine
    while leaked := set(threading.enumerate()) - before:
        if time.monotonic() > deadline:
            pytest.fail(f"threads left running: {[thread.name for thread in leaked]}")
        gc.collect()  # a stabiliser in a reference cycle keeps its second thread until then
        time.sleep(0.01)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """``once(name, make)``: the folder that ``make(folder)`` filled, once for all workers."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent

    def shared(name, make):
        name = re.sub(r"\W+", "-", name)
        folder, unfinished = root / name, root / f"{name}.unfinished"
        with FileLock(root / f"{name}.lock"):
            if not folder.exists():
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder

    return shared


@pytest.fixture
def no_plots(monkeypatch):
    """Training draws no losses.png: that takes longer than its steps, and test_training looks at
    one."""
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda *_, **__: None)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The folder of :func:`painter_factory.install`."""
    import painter_factory

    return painter_factory.install(tmp_path / "weights", monkeypatch)


@pytest.fixture
def dark(tmp_path):
    """A painting of one colour, as a look names it."""
    import painter_factory

    return str(painter_factory.painting(tmp_path / "dark.png", painter_factory.DARK))


@pytest.fixture
def light(tmp_path):
    """A painting of another colour."""
    import painter_factory

    return str(painter_factory.painting(tmp_path / "light.png", painter_factory.LIGHT))


@pytest.fixture
def cli(capsys, monkeypatch):
    """Runs the command line; gives (exit code, standard output, standard error)."""
    from realtime_nst.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["realtime-nst", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run


@pytest.fixture
def stop_at(monkeypatch):
    """``stop_at(count, number)``: the process gets the signal while frame ``count`` is painted."""
    from realtime_nst.runtime.stages import Stylise

    stylise = Stylise.__call__

    def stop(count, number=signal.SIGTERM):
        frames = itertools.count(1)

        def signalled(self, frame):
            if next(frames) == count:
                os.kill(os.getpid(), number)
            return stylise(self, frame)

        monkeypatch.setattr(Stylise, "__call__", signalled)

    return stop


@pytest.fixture
def style(tmp_path):
    """The file of a tiny style network."""
    import model_factory

    return model_factory.write_style(tmp_path / "tiny.onnx", card=model_factory.card())


@pytest.fixture
def clip(tmp_path):
    """A short video with sound."""
    import media_factory

    return media_factory.clip(tmp_path / "clip.mp4", sound="aac")
