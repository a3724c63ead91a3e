"""Fuzz `video` and `image` with damaged files of every kind of the tests' corpus.

    nice python tools/fuzz_media.py --cases 2000 --seed 0
    python tools/fuzz_media.py --seed 0 --only 17

Every case runs in a worker process with limits of time and memory. At fault are tracebacks, hangs,
crashes, and results with fewer good frames than FFmpeg itself decodes of the file. Prints each case
at fault, whose file is kept, and a table. The exit code is 1 if there is one.
"""

import argparse
import faulthandler
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
SECONDS, GIBIBYTES = 60, 8


def main() -> int:
    options = _options()
    numbers = [options.only] if options.only is not None else range(options.cases)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    begun, table, faults = time.monotonic(), Counter(), 0
    worker = Worker(folder, options.seed)
    for number in numbers:
        command, kind, outcome, fault, said = worker.judge(number)
        table[command, outcome] += 1
        if fault or options.only is not None:
            name = f"--seed {options.seed} --only {number}  {kind}"
            print(f"{name}: {fault or outcome}\n{said}", flush=True)
        faults += bool(fault)
        if not fault and options.only is None:
            _forget(folder, number)
    worker.close()
    for (command, outcome), count in sorted(table.items()):
        print(f"{command:8}{outcome:10}{count:6}")
    print(f"{len(numbers)} cases in {time.monotonic() - begun:.0f} s, {faults} at fault")
    if faults or options.only is not None:
        print(f"the files are in {folder}")
    else:
        shutil.rmtree(folder)
    return int(faults > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="N", help="repeat this case and tell all")
    return parser.parse_args()


def _forget(folder: Path, number: int) -> None:
    for path in folder.glob(f"*{number}.*"):
        if path.stem in (str(number), f"result-{number}"):
            path.unlink()


class Worker:
    """A process for many cases, and a new one after each that ended it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._stack = folder / "stack.txt"
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=_work, args=(other, self._folder, self._seed))
        self._process.start()
        other.close()

    def judge(self, number: int) -> tuple[str, str, str, str, str]:
        """Command, kind, outcome, fault, and what was said."""
        self._pipe.send(number)
        command, kind = self._pipe.recv()
        try:
            if self._pipe.poll(SECONDS):
                return command, kind, *self._pipe.recv()
            os.kill(self._process.pid, signal.SIGABRT)
            fault = f"no end after {SECONDS} s"
        except (EOFError, ConnectionError):
            fault = ""
        self._process.join()
        died = signal.Signals(-self._process.exitcode).name if self._process.exitcode < 0 else ""
        stack = self._stack.read_text()
        self._start()
        return command, kind, "crash", fault or f"the process died of {died}", stack

    def close(self) -> None:
        self._pipe.close()
        self._process.join()


def _work(pipe: Connection, folder: Path, seed: int) -> None:
    sys.path[:0] = [str(TESTS), str(TESTS / "corpus")]
    os.environ.update(REALTIME_NST_CACHE=str(folder), REALTIME_NST_STATE=str(folder))
    os.environ.update(OPENCV_LOG_LEVEL="SILENT", COLUMNS="200")
    import fuzzing
    import model_factory

    stack = (folder / "stack.txt").open("w")
    faulthandler.enable(stack)
    resource.setrlimit(resource.RLIMIT_AS, (GIBIBYTES << 30, GIBIBYTES << 30))
    style = model_factory.write_style(folder / "tiny.onnx", card=model_factory.card())

    def run(*arguments: object) -> tuple[int, str]:
        with heard(folder / "said.txt") as speech:
            code = _command(*arguments, "--style", style, "--strength", "0")
        return code, speech.read_text(errors="replace")

    while True:
        try:
            case = fuzzing.case(pipe.recv(), seed, folder)
        except EOFError:
            return
        pipe.send((case.command, case.kind))
        verdict = fuzzing.judged(case, run)
        pipe.send((verdict.outcome, verdict.fault, verdict.said))


@contextmanager
def heard(path: Path) -> Iterator[Path]:
    """All that this process says, native libraries included, goes to the file at ``path``."""
    own = [os.dup(1), os.dup(2)]
    with path.open("w") as speech:
        os.dup2(speech.fileno(), 1)
        os.dup2(speech.fileno(), 2)
    try:
        yield path
    finally:
        for number, before in enumerate(own, 1):
            os.dup2(before, number)
            os.close(before)


def _command(*arguments: object) -> int:
    from realtime_nst.cli import main as realtime_nst

    sys.argv = ["realtime-nst", *map(str, arguments)]
    try:
        return realtime_nst()
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
        return -1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
