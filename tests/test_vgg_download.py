"""Fetching the loss network, from a server on this machine."""

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from realtime_nst.errors import TrainingError
from realtime_nst.learning.loss_networks.download import download

CONTENT = b"weights" * 500_000


@pytest.fixture
def url(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    served = tmp_path / "served"
    served.mkdir()
    (served / "vgg19.pth").write_bytes(CONTENT)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/vgg19.pth"
    server.shutdown()
    server.server_close()
    thread.join()


def test_arrives_whole_and_only_once(url, tmp_path):
    seen = []
    prefix = hashlib.sha256(CONTENT).hexdigest()[:8]
    fetch = partial(download, tmp_path / "cache", url, prefix)
    path = fetch(on_bytes=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(on_bytes=lambda *_: pytest.fail("fetched again")) == path


def test_a_damaged_file_is_said_and_not_kept(url, tmp_path):
    with pytest.raises(TrainingError, match="arrived damaged"):
        download(tmp_path / "cache", url, "00000000")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("tail", ["", "nothing-here"])
def test_no_network_names_the_remedy(url, tmp_path, tail):
    broken = "http://127.0.0.1:9/vgg19.pth" if not tail else url + tail
    with pytest.raises(TrainingError, match="`loss_weights`") as caught:
        download(tmp_path / "cache", broken, "00000000")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []
