"""What live mode remembers."""

import pytest

from realtime_nst.live import state
from realtime_nst.live.state import State
from realtime_nst.look import Look, View

KEPT = State(Look(strength=0.5, keep_colour="matched"), View(mirror=True), "320x240")


def test_what_is_saved_is_there_again():
    assert state.load() == (State(), [])
    assert state.save(KEPT) == ""
    assert state.load() == (KEPT, [])
    assert [path.name for path in state.path().parent.iterdir()] == ["live.json"]


@pytest.mark.parametrize(
    "text",
    [
        '{"version": 1, "look": {}, "view": {}, "camera_size": "0x7"}',
        '{"version": 1, "look": {}, "view": {}, "camera_size": 3}',
        '{"version": 1, "look": {"style": ""}, "view": {}, "camera_size": ""}',
        '{"version": 1, "look": {"stile": "wave"}, "view": {}, "camera_size": ""}',
        '{"version": 1, "look": {"strength": "1"}, "view": {}, "camera_size": ""}',
        '{"version": 1, "look": [], "view": {}, "camera_size": ""}',
        '{"style": "wave", "size": null, "painter": null}',
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        "\0",
    ],
)
def test_a_damaged_file_is_ignored_with_a_note(text):
    state.path().parent.mkdir(parents=True)
    state.path().write_text(text)
    kept, notes = state.load()
    assert kept == State()
    assert notes
    assert all("\n" not in note for note in notes)
    assert state.save(KEPT) == ""
    assert state.load()[0] == KEPT


def test_a_folder_that_cannot_be_written_is_a_note(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv(state.ENVIRONMENT, str(tmp_path / "file" / "deep"))
    assert "not remembered" in state.save(KEPT)


def test_what_can_be_used_is_kept_where_something_else_is_gone(tmp_path):
    (tmp_path / "painting.jpg").write_bytes(b"a painting")
    look = Look(str(tmp_path / "painting.jpg"), strength=0.5, stabilise="light")
    assert state.save(State(look, View(mirror=True), "96x64")) == ""
    (tmp_path / "painting.jpg").unlink()
    kept, notes = state.load()
    assert kept == State(Look(strength=0.5, stabilise="light"), View(mirror=True), "96x64")
    assert len(notes) == 1
    assert "painting.jpg" in notes[0]
