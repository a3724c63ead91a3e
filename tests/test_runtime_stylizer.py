"""The Stylizer: changing styles, several threads, and arrays that are not pictures."""

import threading
from pathlib import Path

import numpy as np
import pytest
from model_factory import card, expected, write_style
from painter_factory import frames_meanwhile

from realtime_nst.errors import ModelError, RealtimeNstError, UnknownName, UsageError
from realtime_nst.runtime import networks
from realtime_nst.runtime.networks import Network, Networks
from realtime_nst.runtime.stylizer import Stylizer


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return write_style(tmp_path / "plain.onnx", card=card("plain"))


@pytest.fixture
def bright(tmp_path: Path) -> Path:
    """Another architecture, so that a mixture of the two styles would fail."""
    return write_style(
        tmp_path / "bright.onnx", block=4, shift=50, card=card("bright", size_multiple=4)
    )


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (33, 47, 3), dtype=np.uint8)


def test_card_is_the_style_in_use(plain: Path, bright: Path) -> None:
    stylizer = Stylizer(plain)
    assert stylizer.card.name == "plain"
    stylizer.set_style(bright)
    assert stylizer.card.name == "bright"


def test_set_style_changes_the_result(plain: Path, bright: Path, image: np.ndarray) -> None:
    stylizer = Stylizer(str(plain), "cpu")
    assert (stylizer(image) == expected(image)).all()
    stylizer.set_style(str(bright))
    assert (stylizer(image) == expected(image, 50)).all()


def test_a_style_that_fails_leaves_the_one_before(
    tmp_path: Path, plain: Path, image: np.ndarray
) -> None:
    (tmp_path / "bad.onnx").write_text("no network")
    stylizer = Stylizer(plain, "cpu")
    with pytest.raises(ModelError):
        stylizer.set_style(tmp_path / "bad.onnx")
    assert stylizer.card.name == "plain"
    assert (stylizer(image) == expected(image)).all()


def test_a_style_that_fails_at_the_size_in_use_leaves_the_one_before(
    tmp_path: Path, plain: Path, image: np.ndarray
) -> None:
    wrong = write_style(tmp_path / "wrong.onnx", block=4, card=card("wrong"))
    stylizer = Stylizer(plain, "cpu")
    stylizer(image)
    with pytest.raises(RealtimeNstError):
        stylizer.set_style(wrong)
    assert (stylizer(image) == expected(image)).all()


@pytest.mark.parametrize("provider", ["auto", "cpu"])
def test_frames_during_set_style_are_wholly_of_one_style(
    plain: Path, bright: Path, image: np.ndarray, provider: str
) -> None:
    stylizer = Stylizer(plain, provider)
    results = frames_meanwhile(stylizer, image, [bright, plain] * 8)
    wanted = [expected(image), expected(image, 50)]
    kinds = {min((0, 1), key=lambda k: _distance(result, wanted[k])) for result in results}
    assert kinds == {0, 1}
    assert all(min(_distance(result, w) for w in wanted) <= 1 for result in results)


def test_calls_from_several_threads_do_not_mix(plain: Path) -> None:
    stylizer = Stylizer(plain)
    wrong: list[int] = []

    def work(seed: int) -> None:
        own = np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
        for _ in range(40):
            if _distance(stylizer(own), expected(own)) > 1:
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def _distance(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        [[[0, 0, 0]]],
    ],
    ids=["float", "grey", "alpha", "batch", "empty", "list"],
)
def test_what_is_no_picture(plain: Path, picture: object) -> None:
    with pytest.raises(UsageError, match="a picture is") as caught:
        Stylizer(plain, "cpu")(picture)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


def test_warm_up_and_reset_change_nothing(plain: Path, image: np.ndarray) -> None:
    stylizer = Stylizer(plain, "cpu")
    stylizer.warm_up(47, 33)
    stylizer.reset()
    assert (stylizer(image) == expected(image)).all()


def test_a_shared_network_is_there_once_until_nobody_uses_it(
    plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    monkeypatch.setattr(networks, "Network", lambda *given: opened.append(given) or Network(*given))
    shared = Networks()
    using = [Stylizer(plain, "cpu", networks=shared) for _ in range(2)]
    assert len(opened) == 1
    using.clear()
    Stylizer(plain, "cpu", networks=shared)
    assert len(opened) == 2


def test_unknown_style() -> None:
    with pytest.raises(UnknownName, match="unknown style 'no such style'"):
        Stylizer("no such style")
