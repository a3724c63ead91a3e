"""What the program says, as a whole: rules for the texts of every error, note and help."""

import ast
import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from realtime_nst import RealtimeNstError, UnknownName, UsageError, VideoSink
from realtime_nst.cli import console
from realtime_nst.cli.app import COMMANDS, application
from realtime_nst.cli.train_progress import say_started
from realtime_nst.learning.training.recipe import Recipe

_TOOL = Path(__file__).parent.parent / "tools" / "messages.py"


@pytest.fixture(scope="module")
def messages():
    spec = importlib.util.spec_from_file_location("messages", _TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.messages()


FORBIDDEN = {
    "two spaces": r"\S  \S",
    "a type of Python": r"<(?:bool|int|str|float|path)>|\blist\[|\bNoneType\b|\b(?:True|False)\b",
    "nothing said of what is wrong": r"\bcannot be\b(?! \w)|\bis invalid\b|\bsomething went\b",
    "a turn that no stranger would use": r"(?:\bit|\{\}) is no (?!longer)\w+|\bcannot be[;,.]",
    "an exclamation or apology": r"\w!(?!=)|\b(?:[Ss]orry|[Oo]ops|[Pp]lease)\b",
    "a contraction": r"\b(?:can|don|won|isn|doesn|aren|couldn)'t\b",
    "American spelling": r"(?<![-_])\b(?:[Cc]olors?|[Gg]ray|[Cc]enter(?:ed)?|[Bb]ehavior"
    r"|[Cc]anceled|[Ll]abeled|\w+(?:al|er|il|im|yl|et|an)iz(?:e[ds]?|ing|ation))\b",
    "a word of other programs": r"\b(?:[Ff]ailed to|[Uu]nable to|[Ss]uccessfully|[Ii]llegal"
    r"|[Aa]bort|[Dd]irectory)\b",
}


@pytest.mark.parametrize("fault", FORBIDDEN)
def test_no_message_has(fault, messages):
    found = [str(each) for each in messages if re.search(FORBIDDEN[fault], each.text)]
    assert not found, "\n".join(found)


def test_an_error_is_one_line_that_begins_small_and_has_no_full_stop(messages):
    wrong = [
        str(each)
        for each in messages
        if each.kind == "error"
        and ("\n" in each.text or each.text.endswith((".", "!", ":")) or each.text[0].isspace())
    ]
    assert not wrong, "\n".join(wrong)


def test_help_ends_with_a_full_stop(messages):
    wrong = [
        str(each)
        for each in messages
        if each.kind == "help" and not each.text.rstrip().endswith((".", ")"))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_80_columns_wide_and_shows_no_type_of_python(command):
    shown = CliRunner().invoke(application(), [command, "--help"], env={"COLUMNS": "80"})
    assert shown.exit_code == 0
    said = shown.output
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


# ---- the library speaks of arguments, the command line of options ------------------------------

_COMMAND = re.compile(r"(realtime-nst|pip install) [^;,)]*")
"""What is typed in a shell may hold options."""

_HELP_OF_FIELDS = ("look.py", "recipe.py", "options.py", "settings.py")
"""Files whose other texts than errors are help of the command line."""


def test_outside_the_command_line_messages_name_no_options(messages):
    found = [
        str(each)
        for each in messages
        if "cli" not in each.path.parts
        and (each.kind == "error" or each.path.name not in _HELP_OF_FIELDS)
        and re.search(r"--[a-z{]", _COMMAND.sub("", each.text))
    ]
    assert not found, "\n".join(found)


def test_errors_that_list_choices_have_them(messages):
    found = []
    for path in sorted({each.path for each in messages if each.kind == "error"}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said = ast.unparse(node) if isinstance(node, ast.Raise) else ""
            if re.search(r"\(choices( here| of suffix| in a .*)?: \{", said):
                found += [] if "choices=" in said or path.parent.name == "cli" else [said]
    assert not found, "\n".join(found)


def test_the_choices_of_an_error_are_at_hand():
    with pytest.raises(RealtimeNstError) as caught:
        VideoSink("film.xyz")
    assert ".mkv" in caught.value.choices
    with pytest.raises(RealtimeNstError) as caught:
        VideoSink("film.mov", codec="av1")
    assert caught.value.choices == ("h264", "h265", "prores")
    assert UsageError("no such thing").choices == ()
    assert UnknownName("style", "b", ["c", "a"]).choices == ("a", "c")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("replace it with `overwrite`", "replace it with --overwrite"),
        ("give `mask_model` FILE", "give --mask-model FILE"),
        ("'a `Name`' and ``", "'a `Name`' and ``"),
    ],
)
def test_the_command_line_shows_arguments_as_options(capsys, said, shown):
    console.say_error(said)
    console.say_notice(said)
    console.show(console.table(("what",), [(said,)]))
    captured = capsys.readouterr()
    assert captured.err == f"error: {shown}\nnote: {shown}\n"
    assert shown in captured.out


def test_an_argument_of_the_library_is_an_option_of_a_command(cli):
    code, _, error = cli("video", "none.mp4", "--mask", "a.png", "--mask-model", "b.onnx")
    assert code == 2
    assert "--mask and --mask-model both say where to paint" in error
    assert "`" not in error
