"""What live mode remembers."""

import pytest

from realtime_nst.live import state
from realtime_nst.live.state import State


def test_what_is_saved_is_there_again():
    assert state.load() == (State(), "")
    assert state.save(State("wave", "320x240", "several")) == ""
    assert state.load() == (State("wave", "320x240", "several"), "")
    assert [path.name for path in state.path().parent.iterdir()] == ["live.json"]


def test_what_was_saved_before_painters_were_is_still_read():
    state.path().parent.mkdir(parents=True, exist_ok=True)
    state.path().write_text('{"style": "wave", "size": null}')
    assert state.load() == (State("wave"), "")


@pytest.mark.parametrize(
    "text",
    [
        '{"style": "wave", "size": "0x7"}',
        '{"style": "", "size": null}',
        "",
        "{",
        "[]",
        "null",
        '{"style": "wave"}',
        '{"style": 3, "size": null}',
        '{"style": "wave", "size": null, "painter": 3}',
        "\0",
    ],
)
def test_a_damaged_file_is_ignored_with_a_note(text):
    state.path().write_text(text)
    kept, note = state.load()
    assert kept == State()
    assert "live.json" in note
    assert "ignored" in note
    assert state.save(State("wave")) == ""
    assert state.load()[0] == State("wave")


def test_a_folder_that_cannot_be_written_is_a_note(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(state.ENVIRONMENT, str(tmp_path / "file" / "deep"))
    assert "not remembered" in state.save(State("wave"))
