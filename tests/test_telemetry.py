"""No engine and no command sends anything, or writes anything but what it was asked for."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import model_factory
import pytest

import realtime_nst
from realtime_nst.runtime.providers import available
from realtime_nst.telemetry import OPT_OUTS

CALLS = (
    "connect bind sendto sendmsg sendmmsg open openat creat mkdir mkdirat mknod rename renameat "
    "renameat2 link linkat symlink symlinkat truncate"
)
STRACE = [
    "strace",
    "-f",
    "--seccomp-bpf",
    "-qq",
    "-e",
    "trace=" + ",".join(f"?{each}" for each in CALLS.split()),
]


@pytest.fixture
def home(tmp_path):
    """A folder for all that a program keeps of its user, which nobody has used yet."""
    folder = tmp_path / "home"
    (folder / "tmp").mkdir(parents=True)
    return folder


def run(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Python in an environment that says nothing of tests or of switched-off telemetry."""
    keys = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    keys += ("OMP_NUM_THREADS", "TORCH_FAKE_TENSOR_DISPATCH_CACHE")  # quick: see conftest.py
    environment = {key: os.environ[key] for key in keys if key in os.environ}
    folders = {key: str(home) for key in ("HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA")}
    places = {"PYTHONPATH": str(Path(realtime_nst.__file__).parent.parent)}
    python = {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*map(str, arguments)],
        env={**environment, **folders, **places, **python, "TMPDIR": str(home / "tmp")},
        cwd=home.parent,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


PROGRAM = """
import json, os, signal, sys, threading, time, urllib.request

commands, port, seen = json.loads(sys.argv[1]), sys.argv[2], []
SENDING = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg")

def watch(event, given):
    if event in SENDING and isinstance(given[1], tuple):
        seen.append(given[1][0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        seen.append(given[0] or "localhost")

def stop(command):
    if command == "serve":
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/styles").read()
                break
            except OSError:
                time.sleep(0.05)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(watch)
from realtime_nst.cli import main

for command in commands:
    if command[0] in ("live", "serve"):
        threading.Thread(target=stop, args=command[:1]).start()
    sys.argv = ["realtime-nst", *command]
    print(command[0], "ended with", main(), flush=True)
print("seen", json.dumps(seen))
"""
"""Runs the commands of its first argument, and ends with a list of all addresses it had to do with.
Those that run until they are stopped are stopped, the server after a request."""


def commands(folder: Path, port: int) -> list[list[object]]:
    """One of each command, as small as it can be."""
    learning_factory = pytest.importorskip("learning_factory", reason="needs the extra 'train'")
    out = folder / "out"
    out.mkdir(parents=True)
    media = learning_factory.write_media(folder)
    clip = learning_factory.write_clip(folder / "clip") / "clip.mp4"
    tiny = model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())
    form = model_factory.write_style(
        folder / "form.onnx", card=model_factory.card(quantised_from="0" * 64), int8=True
    )
    forms = {row.name: form if row.name.endswith("int8") else tiny for row in available()}
    painting, content = media["painting"], ["--content", media["content"]]
    style, judged = ["--style", tiny], ["--loss-weights", *media["loss_weights"]]
    network = "--network fast:width=8,blocks=1 --style-scales 1.0 --held-out 2 --workers 0".split()
    small = "--steps 1 --batch 2 --crop 48 --style-size 64".split()
    scene = "live --camera synthetic --camera-size 64x48 --no-window --record".split()
    new = out / "new.onnx"
    return [
        ["styles"],
        ["bench", "--list"],
        ["doctor", *style],
        *(
            ["image", painting, "-o", out / f"{name}.png", "--provider", name, "--style", file]
            for name, file in forms.items()
        ),
        ["video", clip, "-o", out / "video.mp4", *style],
        [*scene, out / "live.mp4", *style],
        ["demo", "-o", out / "demo.mp4", "--size", "32x24", *style],
        *([["serve", "--port", port, *style]] if _has_serve() else []),
        ["optimise", painting, "--style", painting, "-o", out / "o.png", "--steps", 1, *judged],
        ["train", "--style", painting, *content, "-o", new, *judged, *network, *small],
        ["export", out / "new.train" / "checkpoint.pt", "-o", out / "exported.onnx"],
        ["quantise", new, painting, *content, *judged, "-o", out / "new.int8.onnx"],
    ]


def _has_serve() -> bool:
    try:
        import aiortc  # noqa: F401
    except ImportError:
        return False
    return True


def can_trace(log: Path) -> bool:
    if shutil.which("strace") is None:
        return False
    return subprocess.run([*STRACE, "-o", log, "true"], capture_output=True).returncode == 0


def addresses(trace: str) -> set[str]:
    """Where anything was sent to or expected from; a question to a name server is "53"."""
    found = set(re.findall(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', trace))
    return {one or other for one, other in found} | set(re.findall(r"htons\((53)\)", trace))


def changed(trace: str) -> set[str]:
    """Paths that were opened for writing, made, renamed or linked."""
    reading = re.compile(r'open(at)?\(.*"[^"]*", O_RDONLY(?!.*O_CREAT)')
    calls = re.compile(r"\d+ +(open|creat|mk|rename|link|symlink|truncate)")
    return {
        path
        for line in trace.splitlines()
        if calls.match(line) and not reading.search(line) and " = -1 " not in line
        for path in re.findall(r'"([^"]*)"', line)
    }


def test_no_command_sends_anything_or_writes_elsewhere(tmp_path, home):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = commands(tmp_path / "given", port)
    trace = tmp_path / "trace"
    tracing = [*STRACE, "-o", trace] if can_trace(trace) else []
    text = json.dumps(given, default=str)
    done = run(home, *tracing, sys.executable, "-c", PROGRAM, text, port)
    ends = re.findall("^([a-z]+) ended with ([0-9]+)$", done.stdout, re.MULTILINE)
    assert [name for name, _ in ends] == [each[0] for each in given]
    expected = {"live": {"130"}, "quantise": {"0", "1"}}  # an untrained network may become worse
    assert all(code in expected.get(name, {"0"}) for name, code in ends), done.stderr
    local = {"127.0.0.1", "::1", "localhost"}
    assert set(json.loads(done.stdout.rpartition("seen ")[2])) <= local
    written = [path for path in home.rglob("*") if path.is_file()]
    assert [path for path in written if "realtime_nst" not in path.parts] == []
    if tracing:
        calls = trace.read_text(errors="replace")
        assert addresses(calls) <= local
        own = home / ".cache" / "realtime_nst", home / ".local" / "state" / "realtime_nst"
        allowed = tuple(map(str, (*own, home / "tmp", tmp_path / "given" / "out", "/dev/")))
        above = {str(each) for folder in own for each in folder.parents}
        elsewhere = {path for path in changed(calls) if not path.startswith(allowed)}
        assert elsewhere - above == set()


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_an_engine_that_was_imported_before_is_warned_of_once(home, engine):
    pytest.importorskip(engine)
    program = f"import sys, types; sys.modules[{engine!r}] = types.ModuleType({engine!r})\n"
    if engine == "openvino":
        program += "sys.modules['openvino_telemetry'] = sys.modules['openvino']\n"
    said = run(home, sys.executable, "-c", program + "import realtime_nst, realtime_nst.pipeline")
    assert said.stderr.count(f"{engine} was imported before realtime_nst") == 1


def test_nothing_is_warned_of_when_it_is_imported_first(home):
    program = "import realtime_nst, os; print(*(os.environ[v] for v, _ in realtime_nst.telemetry"
    said = run(home, sys.executable, "-c", program + ".OPT_OUTS.values()))")
    assert said.stdout.split() == [value for _, value in OPT_OUTS.values()]
    assert said.stderr == ""
