"""A network's ONNX file, read without an engine: its card, its digest, and what is wrong with it.

ONNX Runtime shows metadata only of a network it has loaded, in 50 to 90 ms a file where this takes
1 ms, and trusts what it loads.
"""

import errno
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from realtime_nst.errors import ModelError, UsageError
from realtime_nst.runtime import graph_limits
from realtime_nst.runtime.card import METADATA_KEY, ModelCard
from realtime_nst.runtime.kinds import KINDS, Kind
from realtime_nst.runtime.wire import fields

_GRAPH, _METADATA = 7, 14
"""Field numbers of ONNX's ModelProto; in a metadata entry, 1 is the key and 2 the value."""

_LARGEST = 2**31
"""Bytes; a protocol buffer cannot be larger."""


@dataclass(frozen=True)
class Model:
    """An ONNX file that carries a card. ``digest`` is the sha256 of the file, in hexadecimal."""

    path: Path
    card: ModelCard
    digest: str

    @property
    def kind(self) -> Kind:
        return KINDS[self.card.kind]


def read_model(path: Path) -> Model:
    """The file's card and digest; a file that has not changed is read once in a process.

    Raises :class:`UsageError` if there is no such file, :class:`ModelError` if it is not an ONNX
    file, is damaged, is refused by :mod:`~realtime_nst.runtime.graph_limits`, or carries no card
    that this version understands.
    """
    contents = _graph_at(path)
    if contents.operators > graph_limits.MOST_OPERATORS:
        raise _refusal(path, graph_limits.too_many(graph_limits.MOST_OPERATORS))
    text = contents.metadata.get(METADATA_KEY)
    if text is None:
        raise ModelError(
            f"{str(path)!r} is an ONNX file without a realtime_nst card, so it is not a style; "
            "make one with: realtime-nst export CHECKPOINT -o style.onnx"
        )
    return Model(path, _card(path, text), contents.digest)


def check_network(path: Path) -> str:
    """The sha256 of an ONNX file that need not carry a card.

    Raises the errors of :func:`read_model`, and :class:`UsageError` if it does carry one.
    """
    contents = _graph_at(path)
    if METADATA_KEY in contents.metadata:
        raise UsageError(
            f"{str(path)!r} is a style, which finds no subject; give a segmentation network, or "
            "paint in that style with `style`"
        )
    return contents.digest


def digest_of(path: Path) -> str:
    """The sha256 of any file; a file that has not changed is read once in a process.

    Raises OSError if it cannot be read.
    """
    return _contents(path).digest


def _graph_at(path: Path) -> "_Contents":
    contents = _opened(path)
    if contents.fault:
        raise ModelError(
            f"{str(path)!r} is not an ONNX file, or is damaged ({contents.fault}); "
            "copy or export it again"
        )
    if contents.refused:
        raise _refusal(path, contents.refused)
    return contents


def _refusal(path: Path, reason: str) -> ModelError:
    return ModelError(f"{str(path)!r} is refused: {reason}")


def _card(path: Path, text: str) -> ModelCard:
    try:
        card = ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{str(path)!r}: {error}; export it again") from error
    if card.kind not in KINDS:
        raise ModelError(
            f"{str(path)!r} is of the unknown kind {card.kind!r} (choices: {', '.join(KINDS)}); "
            "update realtime_nst, or export it again",
            choices=KINDS,
        )
    return card


@dataclass(frozen=True)
class _Contents:
    """``fault`` says why ``metadata`` cannot be read, ``refused`` why no engine may read it."""

    digest: str
    metadata: Mapping[str, str]
    fault: str = ""
    operators: int = 0
    refused: str = ""


def _opened(path: Path) -> _Contents:
    remedy = "give a style's name, an .onnx file or a picture"
    try:
        return _contents(path)
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {str(path)!r}; {remedy}") from error
    except IsADirectoryError as error:
        raise UsageError(f"{str(path)!r} is a folder; {remedy}") from error
    except OSError as error:
        raise ModelError(f"{str(path)!r} cannot be read: {error.strerror}; {remedy}") from error


def _contents(path: Path) -> _Contents:
    stat = path.stat()
    if not S_ISREG(stat.st_mode) and not path.is_dir():  # a pipe or device may never end
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    if stat.st_size > _LARGEST:
        raise OSError(errno.EFBIG, "it is larger than 2 GiB", str(path))
    version = stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
    return _read(path.absolute(), version)


@lru_cache(maxsize=256)
def _read(path: Path, version: tuple[int, ...]) -> _Contents:
    """``version`` is not used here: it makes the cache forget a file that has changed."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    try:
        model = list(fields(memoryview(data)))
        found = graph_limits.examine(model)
        return _Contents(digest, _metadata(model), "", found.operators, found.refused)
    except (ValueError, IndexError) as error:
        return _Contents(digest, {}, str(error))


def _metadata(model: list[tuple[int, int, memoryview]]) -> dict[str, str]:
    """Raises ValueError or IndexError if ``model`` is not an ONNX model."""
    if all(field != _GRAPH for field, _, _ in model):
        raise ValueError("it holds no graph")
    entries = [
        {key: value for key, _, value in fields(content)}
        for field, _, content in model
        if field == _METADATA
    ]
    return {str(e[1], "utf-8"): str(e[2], "utf-8") for e in entries if {1, 2} <= e.keys()}
