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
