"""What a Session keeps between calls, with a fake engine that counts compilations."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from model_factory import card

from realtime_nst.errors import ProviderError
from realtime_nst.runtime.model import Model
from realtime_nst.runtime.session import Runner, Session


class _Engine:
    """Returns pictures unchanged, and lists the sizes it compiled for."""

    def __init__(self) -> None:
        self.compiled: list[tuple[int, int]] = []

    def __call__(self, height: int, width: int) -> Runner:
        self.compiled.append((height, width))
        return lambda image, code: image


@pytest.fixture
def engine() -> _Engine:
    return _Engine()


def _session(engine: _Engine, **sizes: int) -> Session:
    return Session("cpu", Model(Path("a.onnx"), card(**sizes), "0"), engine)


def _picture(height: int, width: int) -> np.ndarray:
    return np.arange(height * width * 3, dtype=np.uint8).reshape(height, width, 3)


def test_one_size_compiles_once(engine: _Engine) -> None:
    session = _session(engine)
    for _ in range(3):
        session(_picture(6, 5))
    assert engine.compiled == [(6, 5)]


def test_a_size_prepared_is_compiled_before_the_first_call_and_padded_as_there(
    engine: _Engine,
) -> None:
    session = _session(engine, size_multiple=4)
    session.prepare(5, 6)
    session.prepare(5, 6)
    assert engine.compiled == [(8, 8)]
    session(_picture(6, 5))
    assert engine.compiled == [(8, 8)]


def test_preparing_does_not_wait_for_the_call_that_runs(engine: _Engine) -> None:
    session = _session(engine)
    with session._lock:
        preparing = threading.Thread(target=session.prepare, args=(5, 6))
        preparing.start()
        until = time.monotonic() + 10
        while not engine.compiled and time.monotonic() < until:
            time.sleep(0.001)
        assert engine.compiled == [(6, 5)]
    preparing.join()


def test_an_engine_that_fails_to_prepare_is_named() -> None:
    def broken(height: int, width: int) -> Runner:
        raise MemoryError("out of memory")

    session = Session("cpu", Model(Path("a.onnx"), card(), "0"), broken)
    with pytest.raises(ProviderError, match=r"cpu failed on a picture of 5x6.*out of memory"):
        session.prepare(5, 6)


def test_an_engine_that_fails_is_quoted_without_the_places_in_its_source() -> None:
    def broken(height: int, width: int) -> Runner:
        raise RuntimeError(
            "Exception from src/inference/src/cpp/core.cpp:117:\n"
            "Check 'size < limit' failed at src/core/src/allocator.cpp:79:\nno room for 9 bytes\n"
        )

    session = Session("cpu", Model(Path("a.onnx"), card(), "0"), broken)
    with pytest.raises(ProviderError, match="of 5x6: no room for 9 bytes; try a smaller"):
        session(_picture(6, 5))


def test_the_four_sizes_used_last_are_kept(engine: _Engine) -> None:
    session = _session(engine)
    for width in (1, 2, 3, 4, 1, 5, 1, 2):
        session(_picture(6, width))
    assert [width for _, width in engine.compiled] == [1, 2, 3, 4, 5, 2]


def test_large_sizes_are_not_kept_beside_each_other(engine: _Engine) -> None:
    session = _session(engine)
    for height in (2000, 2001, 2000):
        session(_picture(height, 2500))
    assert [height for height, _ in engine.compiled] == [2000, 2001, 2000]


@pytest.mark.parametrize(
    ("multiple", "minimum", "size", "padded"),
    [
        (1, 1, (5, 7), (5, 7)),
        (4, 1, (5, 8), (8, 8)),
        (1, 41, (5, 50), (41, 50)),
        (8, 41, (1, 49), (48, 56)),
    ],
)
def test_pictures_are_padded_to_what_the_card_says(
    engine: _Engine, multiple: int, minimum: int, size: tuple[int, int], padded: tuple[int, int]
) -> None:
    session = _session(engine, size_multiple=multiple, size_minimum=minimum)
    image = _picture(*size)
    assert (session(image) == image).all()
    assert engine.compiled == [padded]


def test_padding_reflects() -> None:
    seen = []
    model = Model(Path("a.onnx"), card(size_minimum=6), "0")
    session = Session("cpu", model, lambda _h, _w: lambda image, code: seen.append(image) or image)
    image = _picture(2, 4)
    session(image)
    assert (seen[0] == np.pad(image, ((0, 4), (0, 2), (0, 0)), mode="reflect")).all()


def test_a_failing_engine_is_one_line_that_names_the_remedy() -> None:
    def fail(height: int, width: int) -> Runner:
        raise RuntimeError("out of\n  memory " + "x" * 500)

    with pytest.raises(
        ProviderError, match=r"picture of 8x9: out of memory x+; try a smaller `size`"
    ):
        Session("cpu", Model(Path("a.onnx"), card(), "0"), fail)(_picture(9, 8))
