"""Commands that are told to stop: what is finished is kept, and the advised command goes on."""

import contextlib
import os
import random
import re
import signal
import sys
import threading
from importlib import resources

import cv2
import media_factory
import numpy as np
import pytest

from realtime_nst.cli import interrupt
from realtime_nst.sinks._mux import Muxer
from realtime_nst.sinks._unfinished import UnfinishedFile

FRAMES, PICTURES, STEPS = 120, 5, 6
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


def moments(of, count):
    """Seeded, so that a failure can be seen again."""
    return random.Random(of).sample(range(1, of + 1), count)


@pytest.fixture
def film(tmp_path, style):
    return (
        "video", media_factory.clip(tmp_path / "film.mp4", count=FRAMES, sound="aac"),
        "--style", style, "--stabilise", "off", "-o", tmp_path / "out.mp4",
    )  # fmt: skip


@pytest.fixture
def photos(tmp_path, style):
    folder = tmp_path / "photos"
    folder.mkdir()
    for index in range(PICTURES):
        noise = np.random.default_rng(index).integers(0, 256, (24, 32, 3), np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), noise)
    return "image", folder, "--style", style, "-o", tmp_path / "out"


def told(err):
    """The one line that says how it ended."""
    (line,) = [line for line in err.splitlines() if re.match("note: (stopped|failed)", line)]
    return line


@pytest.mark.parametrize("moment", moments(FRAMES, 3))
def test_a_film_that_was_stopped_goes_on_to_the_same_film(cli, film, tmp_path, stop_at, moment):
    assert cli(*film)[0] == 0
    out, whole = tmp_path / "out.mp4", tmp_path / "whole.mp4"
    out.rename(whole)
    stop_at(moment)
    code, _, err = cli(*film)
    assert code == 143
    kept = tmp_path / "out.partial.mp4"
    assert str(kept) in told(err)
    assert media_factory.times(kept) == media_factory.times(whole)[: len(media_factory.times(kept))]
    assert not out.exists()
    assert cli(*film)[0] == 0
    assert media_factory.times(out) == media_factory.times(whole)
    assert media_factory.packets(out, "audio") == media_factory.packets(whole, "audio")
    assert not kept.exists()


@pytest.mark.parametrize("moment", moments(PICTURES - 1, 2))
def test_pictures_that_were_stopped_go_on_to_the_same_pictures(
    cli, photos, tmp_path, stop_at, moment
):
    def made():
        return {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    assert cli(*photos)[0] == 0
    whole = made()
    (tmp_path / "out").rename(tmp_path / "whole")
    stop_at(moment)
    code, _, err = cli(*photos)
    assert code == 143
    if made():
        assert f"{len(made())} of {PICTURES} pictures finished" in told(err)
        assert "--skip-existing" in told(err)
    else:
        assert "nothing was written" in told(err)
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    code, _, err = cli(*photos, "--skip-existing")
    assert code == 0
    assert made() == whole
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())
    code, said, _ = cli(*photos, "--skip-existing")
    assert (code, "nothing is left to do" in said) == (0, True)
    assert cli(*photos, "--skip-existing", "--overwrite")[0] == 2


@pytest.mark.parametrize("moment", moments(STEPS, 2))
def test_training_that_was_stopped_goes_on_to_the_same_weights(cli, tmp_path, monkeypatch, moment):
    torch = pytest.importorskip("torch", reason="needs the extra 'train'")
    import learning_factory as factory

    from realtime_nst.learning.training import checkpoint, loop

    monkeypatch.setattr("realtime_nst.cli.train.export_checked", lambda *_: None)
    command = (
        "train", "--style", factory.write_painting(tmp_path / "painting.png"),
        "--content", factory.write_photos(tmp_path / "photos"),
        "--loss-weights", factory.write_vgg19(tmp_path / "vgg.safetensors"), "--steps", STEPS,
        "--batch", 1, "--crop", 48, "--held-out", 1, "--workers", 0, "--style-scales", "1",
        "--network", "fast:width=8,blocks=1", "-o",
    )  # fmt: skip
    assert cli(*command, tmp_path / "whole.onnx")[0] == 0
    train_on = loop.TrainingRun._train_on

    def signalled(run, batch):
        if run.step == moment - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return train_on(run, batch)

    with monkeypatch.context() as patch:
        patch.setattr(loop.TrainingRun, "_train_on", signalled)
        code, _, err = cli(*command, tmp_path / "out.onnx")
    assert code == 143
    kept = tmp_path / "out.train" / "checkpoint.pt"
    assert told(err) == f"note: stopped at step {moment}; the same command resumes from {kept}"
    assert checkpoint.load(kept).step == moment
    code, _, err = cli(*command, tmp_path / "out.onnx")
    assert code == 0
    assert f"resuming from step {moment} of {STEPS}" in err
    one, two = checkpoint.load(tmp_path / "whole.train" / "checkpoint.pt"), checkpoint.load(kept)
    assert one.step == two.step == STEPS
    assert one.history == two.history
    assert all(torch.equal(one.averaged[name], two.averaged[name]) for name in one.averaged)


@pytest.mark.parametrize(("number", "code"), CODES.items())
def test_the_exit_code_tells_the_signal(cli, photos, stop_at, number, code):
    stop_at(1, number)
    assert cli(*photos)[0] == code


def test_the_exit_codes_are_documented():
    page = resources.files("realtime_nst.cli").joinpath("README.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert listed == {0, 1, 2, 141, *CODES.values()}


def test_the_handlers_of_before_are_there_again(cli):
    before = [signal.getsignal(number) for number in CODES]
    assert cli("--version")[0] == 0
    assert [signal.getsignal(number) for number in CODES] == before


def test_nohup_is_respected(cli, photos, stop_at):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        stop_at(1, signal.SIGHUP)
        assert cli(*photos)[0] == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_again_and_again_keeps_what_is_finished(cli, film, tmp_path, monkeypatch, stop_at):
    """The later ones come long after the first, while the sink saves what there is."""
    salvage = Muxer.salvage

    def signalled(muxer):
        for _ in range(5):
            interrupt._state.last -= 10
            signal.raise_signal(signal.SIGINT)
        salvage(muxer)

    monkeypatch.setattr(Muxer, "salvage", signalled)
    stop_at(60, signal.SIGINT)
    code, _, err = cli(*film)
    assert code == 130
    assert "out.partial.mp4" in told(err)
    assert len(media_factory.times(tmp_path / "out.partial.mp4")) > 50


def test_a_signal_in_the_last_moment_costs_nothing(cli, film, tmp_path, monkeypatch):
    commit = UnfinishedFile.commit

    def signalled(file):
        signal.raise_signal(signal.SIGTERM)
        commit(file)

    monkeypatch.setattr(UnfinishedFile, "commit", signalled)
    assert cli(*film)[0] == 0
    assert len(media_factory.times(tmp_path / "out.mp4")) == FRAMES


def test_no_duration_is_taken_from_the_clock_on_the_wall():
    """It jumps when a laptop wakes up, or when somebody sets it."""
    for path in resources.files("realtime_nst").rglob("*.py"):
        assert not re.search(r"\btime\.time\(|\bfrom time import .*\btime\b", path.read_text())


def test_a_second_signal_ends_what_hangs():
    with interrupt.watched(), interrupt.deferred():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # at once: the same press
        interrupt._state.last -= 10
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_import_is_not_cut_short(tmp_path, monkeypatch):
    """torch's has crashed, and others swallow what is raised in them."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "slow_to_import.py").write_text(
        "import signal\nsignal.raise_signal(signal.SIGTERM)\nwhole = True\n"
    )
    with interrupt.watched():
        import slow_to_import

        assert slow_to_import.whole
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(60)


def test_what_reaches_no_good_moment_is_ended_after_a_while():
    with interrupt.watched(), interrupt.deferred(patience=0.01):
        signal.raise_signal(signal.SIGTERM)
        interrupt._state.last -= 10
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(60)
        assert interrupt.exit_code() == 143


def test_a_worker_may_finish_what_its_parent_waits_for(monkeypatch):
    told = []
    monkeypatch.setattr(signal, "alarm", told.append)
    with interrupt.watched():
        interrupt._state.process = -1
        for number in CODES:
            signal.raise_signal(number)
    assert told == [30]


@pytest.mark.parametrize("where", ["cli.settings.defaults", "runtime.doctor.computer"])
def test_where_there_is_no_work_to_keep_one_line_says_so(cli, style, monkeypatch, where):
    """While the command line is read, and in a command that answers no signal by itself."""

    def signalled(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(f"realtime_nst.{where}", signalled)
    code, _, err = cli("doctor", "--style", style)
    assert code == 143
    assert told(err) == "note: stopped; nothing was changed; run the same command again"


@pytest.fixture
def nobody():
    """A pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    yield stream
    with contextlib.suppress(OSError):
        stream.close()


@pytest.mark.parametrize("asked", ["styles", "--help"])
def test_results_that_nobody_reads_end_quietly(cli, monkeypatch, nobody, asked):
    monkeypatch.setattr(sys, "stdout", nobody)
    assert cli(asked) == (141, "", "")


def test_events_that_nobody_reads_stop_the_work_and_keep_it(cli, film, monkeypatch, nobody):
    from realtime_nst.cli import console

    event = console.event

    def lost(name, /, **fields):
        if fields.get("done", 0) > 60:
            sys.stdout = nobody
        event(name, **fields)

    monkeypatch.setattr(console, "event", lost)
    monkeypatch.setattr("realtime_nst.cli.progress._EVENTS_APART", 0)
    out = sys.stdout
    try:
        code, _, err = cli(*film, "--json")
    finally:
        sys.stdout = out
    assert code == 141
    assert "the same command begins anew" in told(err)


def test_messages_that_nobody_reads_cost_nothing(cli, film, tmp_path, monkeypatch, nobody):
    monkeypatch.setattr(sys, "stderr", nobody)
    monkeypatch.setattr("realtime_nst.cli.progress._APART", 0)
    assert cli(*film)[0] == 0
    assert len(media_factory.times(tmp_path / "out.mp4")) == FRAMES
