"""A Ray cluster of two nodes on this machine paints the same film as one process."""

import json
import os
import re
import shlex
import signal
import tempfile
from importlib import resources

import jobs_factory as jobs
import media_factory
import psutil
import pytest

from realtime_nst.errors import MediaError, UsageError
from realtime_nst.jobs.engines import ray as engine
from realtime_nst.jobs.engines import shipping
from realtime_nst.jobs.engines.ray import OnRay
from realtime_nst.look import Look

ray = pytest.importorskip("ray")

FRAMES = 96
STORE = 100 * 2**20
HOST = "127.0.0.2"
"""Ray takes 127.0.0.1 for the address that others see."""


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    os.environ.setdefault("RAY_worker_niceness", "0")  # 15 waits for all other tests
    node = {
        "num_cpus": 1, "object_store_memory": STORE, "node_ip_address": HOST,
        "include_log_monitor": False,
    }  # fmt: skip
    try:
        head = {**node, "include_dashboard": False, "no_monitor": True}
        cluster = Cluster(initialize_head=True, head_node_args=head)
    except Exception as error:  # Ray has no other class for it
        pytest.skip(f"no cluster starts here in time: {error}")
    try:
        cluster.add_node(**node)
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture(scope="module")
def connected(cluster):
    """For several tests, so that a node starts one worker for all of them."""
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    yield cluster
    ray.shutdown()


@pytest.fixture(scope="module")
def made(once):
    return once("jobs-of-engines", lambda folder: jobs.film_and_whole(folder, FRAMES))


@pytest.fixture(autouse=True)
def short():
    with jobs.short_segments(30, 50):
        yield


def job_script():
    """That of the page on jobs, as one line."""
    page = resources.files("realtime_nst.jobs").joinpath("README.md").read_text(encoding="utf-8")
    (script,) = re.findall("^realtime-nst (video .* --engine ray .*)$", page, re.MULTILINE)
    return script


def test_the_job_script_of_the_page(cluster, made, tmp_path, cli):
    named = {
        "/shared/film.mp4": made / "film.mp4",
        "/shared/painted.mp4": tmp_path / "out.mp4",
        "HEAD:6379": cluster.address,
    }
    words = [named.get(word, word) for word in shlex.split(job_script())]
    before = signal.getsignal(signal.SIGTERM)
    how = ("--style", made / "tiny.onnx", "--provider", "cpu")
    alone = ("-o", tmp_path / "alone.mp4", "--threads", "1")
    assert cli("video", made / "film.mp4", *alone, *how)[0] == 0
    code, _, err = cli(*words, *how)
    assert code == 0, err
    assert f"waiting for the Ray cluster at {cluster.address}" in err
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "alone.mp4").read_bytes()
    assert signal.getsignal(signal.SIGTERM) is before
    assert not ray.is_initialized()


def test_nodes_that_see_no_file_get_them_sent(connected, made, tmp_path, monkeypatch):
    paint, shipments = engine._paint, []

    def shipped(*given):
        shipments.append(shipping.Shipment(*given))
        return shipments[-1]

    monkeypatch.setattr(engine, "_paint", lambda told, _, *more: paint(told, "/unseen", *more))
    monkeypatch.setattr(engine, "Shipment", shipped)
    monkeypatch.setattr(shipping, "_PIECE", 10_000)  # of what is sent from here
    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    assert work.paint(engine=OnRay) == []
    assert len(shipments) == 1
    assert (tmp_path / "out.mp4").read_bytes() == (made / "whole.mp4").read_bytes()
    assert os.listdir(tmp_path) == ["out.mp4"]
    assert not shipping._place(work.job.digest).exists()


def test_what_dies_is_painted_again(connected, made, tmp_path):
    """A worker first, then a node. The tasks are called after film and segment."""
    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    killed, lost = [], []

    def kill():
        painting = [p for p in psutil.process_iter(["cmdline"]) if is_painting(p)]
        if not killed and painting:
            killed.append(painting[0])
            killed[0].kill()
        elif not lost and work.run.folder.results:
            lost.append(next(node for node in connected.list_all_nodes() if not node.head))
            connected.remove_node(lost[0], allow_graceful=False)

    assert work.paint(engine=OnRay, each=kill) == []
    assert killed
    assert lost
    assert (tmp_path / "out.mp4").read_bytes() == (made / "whole.mp4").read_bytes()
    assert os.listdir(tmp_path) == ["out.mp4"]


def is_painting(process):
    """Ray calls a worker's process after its task."""
    command = process.info["cmdline"] or [""]
    return command[0].startswith("ray::film.mp4 segment")


def test_an_error_on_a_node_is_one_line(made, tmp_path):
    film = media_factory.clip(tmp_path / "film.mp4", count=FRAMES, group=6)
    work = jobs.Work(film, tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    film.write_bytes((made / "film.mp4").read_bytes())
    with work.run as run:
        run.begin(work.job)
        kind, said = engine._paint(json.dumps(work.job.to_json()), str(run.folder.path), 0, None)
    assert kind == "UsageError"
    assert "has another source; install the same" in said


def test_a_node_that_sees_nothing_says_so(made, tmp_path):
    job = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx"))).job
    assert engine._paint(json.dumps(job.to_json()), str(tmp_path), 0, None) == engine._UNSEEN


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs users")
def test_files_are_not_taken_from_a_place_of_somebody_else(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    place = shipping._own_place("digest")
    assert place.stat().st_mode & 0o077 == 0
    assert shipping._own_place("digest") == place
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
        with pytest.raises(UsageError, match="is somebody else's"):
            shipping._own_place("digest")
    place.rename(tmp_path / "other")
    place.symlink_to(tmp_path / "other")
    with pytest.raises(UsageError, match="is somebody else's"):
        shipping._own_place("digest")


def test_where_there_is_no_cluster_one_line_says_so(monkeypatch, made, tmp_path):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refused(**_):
        raise ConnectionError("nobody there\nat all")

    monkeypatch.setattr(ray, "init", refused)
    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    with pytest.raises(MediaError, match=r"no Ray cluster at 1\.2\.3\.4:5 \(nobody there\); start"):
        work.paint(engine=lambda job, folder: OnRay(job, folder, address="1.2.3.4:5"))
