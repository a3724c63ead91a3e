"""Fixtures every test lives with."""

import gc
import sys
import threading
import time
from pathlib import Path

import pytest

import realtime_nst  # noqa: F401  Before any test imports an engine: telemetry is off from here on.

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """No test reads or writes the cache or the state of the person who runs it."""
    monkeypatch.setenv("REALTIME_NST_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("REALTIME_NST_STATE", str(tmp_path_factory.mktemp("state")))


@pytest.fixture(autouse=True)
def no_leaked_threads():
    """Fails a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    while leaked := set(threading.enumerate()) - before:
        gc.collect()  # a stabiliser in a reference cycle keeps its second thread until then
        if time.monotonic() > deadline:
            pytest.fail(f"threads left running: {[thread.name for thread in leaked]}")
        time.sleep(0.01)


@pytest.fixture
def cli(capsys, monkeypatch):
    """Runs the command line; (exit code, standard output, standard error)."""
    from realtime_nst.cli import main

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["realtime-nst", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code or 0
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return code, said.out, said.err

    return run
