"""A Ray cluster of two nodes on this machine paints the same film as one process."""

import os
import signal

import jobs_factory as jobs
import media_factory
import model_factory
import psutil
import pytest

from realtime_nst.errors import MediaError, UsageError
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

    node = {"num_cpus": 1, "object_store_memory": STORE, "node_ip_address": HOST}
    try:
        head = {**node, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=head)
    except Exception as error:  # Ray has no other class for it
        pytest.skip(f"no cluster starts here in time: {error}")
    try:
        cluster.add_node(**node)
        ray.init(cluster.address, _node_ip_address=HOST, log_to_driver=False, logging_level="ERROR")
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture(scope="module")
def made(once):
    def make(folder):
        media_factory.clip(folder / "film.mp4", count=FRAMES, sound="aac", group=6)
        model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
        with jobs.short_segments(30, 50):
            look = Look(str(folder / "tiny.onnx"))
            jobs.Work(folder / "film.mp4", folder / "whole.mp4", look).paint()

    return once("jobs-on-ray", make)


@pytest.fixture(autouse=True)
def short():
    with jobs.short_segments(30, 50):
        yield


def test_a_cluster_gives_the_same_bytes(cluster, made, tmp_path):
    """Also when a worker is killed in the middle. The tasks are called after film and segment."""

    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    killed = []

    def kill():
        painting = [p for p in psutil.process_iter(["cmdline"]) if is_painting(p)]
        if not killed and painting and hasattr(signal, "SIGKILL"):
            killed.append(painting[0].pid)
            os.kill(killed[0], signal.SIGKILL)

    assert work.paint(engine=OnRay, each=kill) == []
    assert (tmp_path / "out.mp4").read_bytes() == (made / "whole.mp4").read_bytes()
    assert killed or not hasattr(signal, "SIGKILL")
    assert os.listdir(tmp_path) == ["out.mp4"]


def is_painting(process):
    """Ray calls a worker's process after its task."""
    command = process.info["cmdline"] or [""]
    return command[0].startswith("ray::film.mp4 segment")


def test_what_a_lost_node_had_not_finished_is_painted_again(cluster, made, tmp_path):
    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    lost = []

    def lose():
        if not lost and work.run.folder.results:
            lost.append(next(node for node in cluster.list_all_nodes() if not node.head))
            cluster.remove_node(lost[0], allow_graceful=False)

    work.paint(engine=OnRay, each=lose)
    assert lost
    assert (tmp_path / "out.mp4").read_bytes() == (made / "whole.mp4").read_bytes()


def test_an_error_on_a_node_is_one_line(cluster, made, tmp_path):
    film = media_factory.clip(tmp_path / "film.mp4", count=FRAMES, group=6)
    work = jobs.Work(film, tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    film.write_bytes((made / "film.mp4").read_bytes())
    with pytest.raises(UsageError, match="has another source; install the same"):
        work.paint(engine=OnRay)


def test_where_there_is_no_cluster_one_line_says_so(monkeypatch, made, tmp_path):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refused(**_):
        raise ConnectionError("nobody there\nat all")

    monkeypatch.setattr(ray, "init", refused)
    work = jobs.Work(made / "film.mp4", tmp_path / "out.mp4", Look(str(made / "tiny.onnx")))
    with pytest.raises(MediaError, match=r"no Ray cluster at 1\.2\.3\.4:5 \(nobody there\); start"):
        work.paint(engine=lambda job, folder: OnRay(job, folder, address="1.2.3.4:5"))
