"""What the program says, as a whole: rules for the texts of every error, note and help."""

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from realtime_nst.cli.app import app
from realtime_nst.cli.train_progress import say_started
from realtime_nst.learning.training.recipe import Recipe

_TOOL = Path(__file__).parent.parent / "tools" / "messages.py"


def _messages():
    spec = importlib.util.spec_from_file_location("messages", _TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.messages()


MESSAGES = _messages()
COMMANDS = [command.name or command.callback.__name__ for command in app.registered_commands]

FORBIDDEN = {
    "two spaces": r"\S  \S",
    "a type of Python": r"<(?:bool|int|str|float|path)>|\blist\[|\bNoneType\b|\b(?:True|False)\b",
    "nothing said of what is wrong": r"\bcannot be\b(?! \w)|\bis invalid\b|\bsomething went\b",
    "an exclamation or apology": r"\w!(?!=)|\b(?:[Ss]orry|[Oo]ops|[Pp]lease)\b",
    "a contraction": r"\b(?:can|don|won|isn|doesn|aren|couldn)'t\b",
    "American spelling": r"(?<![-_])\b(?:[Cc]olors?|[Gg]ray|[Cc]enter(?:ed)?|[Bb]ehavior"
    r"|[Cc]anceled|[Ll]abeled|\w+(?:al|er|il|im|yl|et|an)iz(?:e[ds]?|ing|ation))\b",
    "a word of other programs": r"\b(?:[Ff]ailed to|[Uu]nable to|[Ss]uccessfully|[Ii]llegal"
    r"|[Aa]bort|[Dd]irectory)\b",
}


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_message_has(fault):
    found = [str(each) for each in MESSAGES if re.search(FORBIDDEN[fault], each.text)]
    assert not found, "\n".join(found)


def test_an_error_is_one_line_that_begins_small_and_has_no_full_stop():
    wrong = [
        str(each)
        for each in MESSAGES
        if each.kind == "error"
        and ("\n" in each.text or each.text.endswith((".", "!", ":")) or each.text[0].isspace())
    ]
    assert not wrong, "\n".join(wrong)


def test_help_ends_with_a_full_stop():
    wrong = [
        str(each)
        for each in MESSAGES
        if each.kind == "help" and not each.text.rstrip().endswith((".", ")"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_80_columns_wide_and_shows_no_type_of_python(cli, monkeypatch, command):
    name = command.replace("_", "-")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    code, said, _ = cli(name, "--help")
    assert code == 0
    assert not re.findall(r"<[a-zA-Z\[\]]+>", said)
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in re.sub(r"\w+,…|IN…", "", said), "a text is cut off"


def test_training_says_when_fewer_photos_are_held_out_than_asked(capsys):
    for asked, said in ((500, "33 photos held out, not 500"), (24, ""), (33, "")):
        photos = SimpleNamespace(training=[None] * 300, held_out=[None] * 33)
        say_started(
            SimpleNamespace(folder="x", recipe=Recipe(held_out=asked), photos=photos, step=0)
        )
        assert ("held out" in capsys.readouterr().err) == bool(said)
