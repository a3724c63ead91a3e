"""A web server on this machine, for streams that break off, fall silent, or change."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

PATIENCE = 10


class File:
    """A film of known length."""

    def __init__(self, path):
        self.data = path.read_bytes()

    def answer(self, request, stop):
        request.send_response(200)
        request.send_header("Content-Length", str(len(self.data)))
        request.end_headers()
        request.wfile.write(self.data)


class Ranged:
    """A film that can be read from anywhere on (RFC 9110, 14); ``sent`` counts its bytes.

    At the byte ``breaks_at``, the connection breaks off once; ``then`` the film goes on, is gone,
    or has changed. ``wants`` is the authorization that is asked for. ``size`` is what is said of
    it, and ``shifted`` by how many bytes an answer begins too late.
    """

    def __init__(self, path, *, breaks_at=None, then="goes on", wants=None, size=None, shifted=0):
        self.data, self.sent = path.read_bytes(), 0
        self._breaks_at, self._then, self._wants = breaks_at, then, wants
        self._broken = False
        self._size, self._shifted = size or len(self.data), shifted

    def answer(self, request, stop):
        if self._wants and request.headers.get("Authorization") != self._wants:
            request.send_error(401)
            return
        if self._broken and self._then == "is gone":
            return
        if "Range" not in request.headers:
            File.answer(self, request, stop)
            return
        first, last = request.headers["Range"].removeprefix("bytes=").split("-")
        start, end = int(first), min(int(last) + 1, len(self.data))
        start += self._shifted if start else 0
        changed = self._broken and self._then == "has changed"
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{end - 1}/{self._size}")
        request.send_header("Content-Length", str(end - start))
        request.send_header("ETag", "2" if changed else "1")
        request.end_headers()
        if self._breaks_at is not None and start <= self._breaks_at < end and not self._broken:
            end, self._broken = self._breaks_at, True
        request.wfile.write(self.data[start:end])
        self.sent += end - start


class Silence:
    """An answer that never comes."""

    def answer(self, request, stop):
        stop.wait(PATIENCE)


class Broadcast:
    """The data of a film, without its length; then silence."""

    def __init__(self, path):
        self._data = path.read_bytes()

    def answer(self, request, stop):
        request.send_response(200)
        request.end_headers()
        request.wfile.write(self._data)
        stop.wait(PATIENCE)


class Pictures:
    """A camera on the network (motion JPEG): ``count`` pictures at each visit, then the connection
    is closed, or with ``hangs`` stays open in silence. Visit n shows ``values[n]``."""

    def __init__(self, values, count=10**6, *, hangs=False, size=(48, 64)):
        self.values, self.count, self.hangs, self.size = list(values), count, hangs, size
        self.visits = 0

    def answer(self, request, stop):
        value = self.values[min(self.visits, len(self.values) - 1)]
        self.visits += 1
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=cut")
        request.end_headers()
        for _ in range(self.count):
            request.wfile.write(_part(value, self.size))
            if stop.wait(0.01):
                return
        if self.hangs:
            stop.wait(PATIENCE)


def _part(value, size):
    data = bytes(cv2.imencode(".jpg", np.full((*size, 3), value, np.uint8))[1])
    head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data + b"\r\n"


class Server:
    """Answers at 127.0.0.1; a context manager."""

    def __enter__(self):
        self._answers, self._stop = {}, threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                answer = server._answers.get(self.path)
                if answer is None:
                    self.send_error(404)
                    return
                try:
                    answer.answer(self, server._stop)
                except OSError:
                    self.close_connection = True

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, name, answer):
        """Put ``answer`` there; its address."""
        self._answers[f"/{name}"] = answer
        return f"http://127.0.0.1:{self._server.server_port}/{name}"
