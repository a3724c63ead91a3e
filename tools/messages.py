"""Print every message of the program, to be read as a whole: ``python tools/messages.py [WORD]``.

A message is any text of several words in the package's code that is no docstring: of errors,
notes, help and overlays. Values that are filled in are written as {}. With WORD, only the messages
that hold it.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "realtime_nst"

_WORDS = 4
"""Fewer are names, labels and units."""

_LIST_OF_NAMES = re.compile(r"(?:[A-Z]\w+ ?)+")

_SILENT = ("bench/cases/", "sources/_scenery.py", "sources/_girl.py")
"""Where texts are data."""


@dataclass(frozen=True)
class Message:
    """``kind`` is "help", "error" (it is raised, or made as an error) or "text"."""

    path: Path
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.path.relative_to(PACKAGE.parent)}:{self.line}: {self.kind}: {self.text}"


def messages() -> list[Message]:
    """All messages, by file and line; first of all the errors."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if not any(part in path.as_posix() for part in _SILENT):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found += [Message(path, *rest) for rest in _found(tree)]
    return found


def _found(tree: ast.Module) -> Iterator[tuple[int, str, str]]:
    kinds = dict(_kinds(tree))
    skipped = set(_not_messages(tree))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        text = _text(node)
        if len(text.split()) >= _WORDS and not _LIST_OF_NAMES.fullmatch(text):
            yield node.lineno, kinds.get(id(node), "text"), text  # type: ignore[attr-defined]


def _kinds(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "help":
            yield from ((id(each), "help") for each in ast.walk(node.value))
        if isinstance(node, ast.Call) and _name(node.func).endswith(("Error", "Usage", "Exists")):
            yield from ((id(each), "error") for each in ast.walk(node))


def _not_messages(tree: ast.Module) -> Iterator[int]:
    """Docstrings, also of variables, types in quotes, and the pieces of texts with values filled
    in."""
    for node in ast.walk(tree):
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            yield from (id(each) for each in ast.walk(annotation or ast.Pass()))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)
        if isinstance(node, ast.JoinedStr):
            yield from (id(each) for each in node.values)


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(value) or "{}" for value in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


if __name__ == "__main__":
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for message in messages():
        if wanted in message.text:
            print(message)
