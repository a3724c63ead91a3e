"""Reading a style's ONNX file: its card, and the ways in which a file is not a style."""

import hashlib
import json
from pathlib import Path

import onnx
import pytest
from model_factory import card, write_graph, write_style
from onnx import TensorProto

from realtime_nst.errors import ModelError, RealtimeNstError, UsageError
from realtime_nst.runtime.card import METADATA_KEY
from realtime_nst.runtime.model import read_model
from realtime_nst.runtime.providers import available
from realtime_nst.runtime.stylizer import Stylizer

_ANY = "0" * 64
"""A digest. With one in ``quantised_from`` a style counts as int8, and every provider runs it."""


def test_card_and_digest_come_from_the_file(tmp_path: Path) -> None:
    written = card("wave", title="Große Welle", quality={"content": 0.5})
    path = write_style(tmp_path / "wave.onnx", card=written)

    model = read_model(path)

    assert model.card == written
    assert model.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_other_metadata_does_not_disturb(tmp_path: Path) -> None:
    path = write_style(tmp_path / "wave.onnx", card=card("wave"))
    proto = onnx.load(path)
    for key in ("a", "z"):
        proto.metadata_props.add(key=key, value="x" * 300)
    onnx.save(proto, path)

    assert read_model(path).card.name == "wave"


def _text(path: Path) -> None:
    path.write_text("This is a letter, not a network.\n" * 20)


def _empty(path: Path) -> None:
    path.touch()


def _truncated(path: Path) -> None:
    data = write_style(path, card=card()).read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _picture(path: Path) -> None:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)))


def _without_card(path: Path) -> None:
    write_style(path)


def _impossible_multiple(path: Path) -> None:
    write_style(path, card=card(size_multiple=0))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_text, "not an ONNX file"),
        (_empty, "not an ONNX file"),
        (_truncated, "not an ONNX file, or is damaged"),
        (_picture, "not an ONNX file"),
        (_without_card, "without a realtime_nst card"),
        (_impossible_multiple, "sizes of 0"),
    ],
)
def test_a_file_that_is_no_style(tmp_path: Path, make, says: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "bad.onnx"
    make(path)
    with pytest.raises(ModelError, match=says) as caught:
        read_model(path)
    _is_one_helpful_line(caught.value, path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no file") as caught:
        read_model(tmp_path / "absent.onnx")
    _is_one_helpful_line(caught.value, tmp_path / "absent.onnx")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder") as caught:
        read_model(tmp_path)
    _is_one_helpful_line(caught.value, tmp_path)


_BROKEN = {
    "input called x": {"inputs": ["x"]},
    "output called y": {"output": "y"},
    "two inputs": {"inputs": ["frame", "code"]},
    "float": {"dtype": TensorProto.FLOAT},
    "planes first": {"shape": [1, 3, "height", "width"]},
    "fixed size": {"shape": [1, 48, 64, 3]},
}


@pytest.mark.parametrize("fault", _BROKEN)
@pytest.mark.parametrize("provider", [row.name for row in available()])
def test_ports_against_the_contract(tmp_path: Path, provider: str, fault: str) -> None:
    path = write_graph(tmp_path / "bad.onnx", card(quantised_from=_ANY), **_BROKEN[fault])  # type: ignore[arg-type]
    with pytest.raises(
        ModelError, match=r"a style takes \(frame uint8 \[1, \?, \?, 3\]\)"
    ) as caught:
        Stylizer(path, provider)
    _is_one_helpful_line(caught.value, path)


@pytest.mark.parametrize("provider", [row.name for row in available()])
def test_a_graph_that_no_engine_can_read(tmp_path: Path, provider: str) -> None:
    path = write_style(tmp_path / "bad.onnx", card=card(quantised_from=_ANY))
    proto = onnx.load(path)
    proto.graph.node[0].op_type = "NoSuchOperator"
    onnx.save(proto, path)
    with pytest.raises(ModelError, match="damaged") as caught:
        Stylizer(path, provider)
    _is_one_helpful_line(caught.value, path)


def _is_one_helpful_line(error: RealtimeNstError, path: Path) -> None:
    assert "\n" not in str(error)
    assert str(path) in str(error)


_WRONG_FIELDS = {
    "title": None,
    "name": 3,
    "size_multiple": "4",
    "size_minimum": True,
    "recipe": [],
    "styles": [1, 2],
}


@pytest.mark.parametrize("field", _WRONG_FIELDS)
def test_a_field_of_another_type_is_named(tmp_path: Path, field: str) -> None:
    path = write_style(tmp_path / "bad.onnx", card=card(**{"name": "bad", field: None}))
    _replace_card(path, json.loads(card().to_json()) | {field: _WRONG_FIELDS[field]})
    with pytest.raises(ModelError, match=f"'{field}' is .*, not a") as caught:
        read_model(path)
    _is_one_helpful_line(caught.value, path)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    path = write_style(tmp_path / "bad.onnx", card=card())
    _replace_card(path, {"name": "bad", "title": "Bad"})
    with pytest.raises(ModelError, match="'artist' is missing"):
        read_model(path)


def test_a_kind_of_a_later_version(tmp_path: Path) -> None:
    path = write_style(tmp_path / "bad.onnx", card=card(kind="quantum"))
    with pytest.raises(ModelError, match=r"unknown kind 'quantum' \(choices: single-style, .*up"):
        read_model(path)


def test_a_card_nested_too_deep(tmp_path: Path) -> None:
    path = write_style(tmp_path / "bad.onnx", card=card())
    _replace_card(path, "[" * 100_000)
    with pytest.raises(ModelError, match="damaged") as caught:
        read_model(path)
    _is_one_helpful_line(caught.value, path)


def test_names_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    about = card("wa\x1b]0;owned\x07ve", title="Wa\x1b[31mve\r\n", styles=("a\u202eb", "Große Ω"))
    found = read_model(write_style(tmp_path / "bad.onnx", card=about)).card
    assert (found.name, found.title) == ("wa]0;ownedve", "Wa[31mve")
    assert found.styles == ("ab", "Große Ω")


def _replace_card(path: Path, values: object) -> None:
    proto = onnx.load(path)
    text = values if isinstance(values, str) else json.dumps(values)
    onnx.helper.set_model_props(proto, {METADATA_KEY: text})
    onnx.save(proto, path)
