"""Votes as a file, and the ranking and predictions that they give."""

import json
from importlib.util import find_spec
from statistics import fmean

import cv2
import numpy as np
import pytest
import vote_factory
from vote_factory import SYSTEMS, simulated

from realtime_nst.bench.vote.gallery import Gallery, Question
from realtime_nst.bench.vote.ranking import agreement, ranking
from realtime_nst.bench.vote.votes import VotesFile, read_votes
from realtime_nst.errors import MediaError, UsageError

needs_choix = pytest.mark.skipif(
    not find_spec("choix"),
    reason="needs choix, of the extra 'bench'",
)
TRUE = {"best": 1.2, "good": 0.4, "poor": -0.3, "worst": -1.3}


@pytest.fixture
def folder(tmp_path):
    return vote_factory.pictures(tmp_path)


@pytest.fixture
def gallery(folder):
    return vote_factory.gallery(folder)


def voted(gallery, path, count, voter=""):
    """Votes on the first ``count`` questions, for the left picture."""
    with VotesFile(path, gallery) as votes:
        for question in gallery.questions(voter)[:count]:
            votes.add(question, "left", voter)
    return path


@needs_choix
def test_the_true_order_is_found_and_the_intervals_cover_the_strengths():
    covered, orders = [], []
    for seed in range(5):
        places = ranking(simulated(TRUE, seed=seed, photos=30), list(TRUE))
        orders.append([place.name for place in places])
        covered += [place.low <= TRUE[place.name] <= place.high for place in places]
    assert fmean(covered) > 0.85
    assert sum(order[0] == "best" and order[-1] == "worst" for order in orders) >= 4
    assert sum(order == list(TRUE) for order in orders) >= 3


@needs_choix
def test_more_votes_are_surer_and_equals_are_equal():
    few, many = (ranking(simulated(TRUE, photos=n), list(TRUE)) for n in (6, 60))
    assert all(b.high - b.low < 0.6 * (a.high - a.low) for a, b in zip(few, many, strict=True))
    same = ranking(simulated(dict.fromkeys("ab", 0.0), undecided=1.0), ["a", "b"])
    assert [place.strength for place in same] == pytest.approx([0, 0], abs=1e-6)
    assert [place.won for place in same] == [0.5, 0.5]
    assert same[0].votes == 24


@needs_choix
def test_two_systems_have_the_odds_of_their_votes():
    """9 of 12 votes: a difference of log 3, but for the little that each system is given."""
    votes = simulated({"a": 9.0, "b": -9.0}, photos=9) + simulated({"a": -9.0, "b": 9.0}, photos=3)
    first, second = ranking(votes, ["a", "b"])
    assert first.strength - second.strength == pytest.approx(np.log(3), abs=0.06)
    assert (first.name, first.won, first.votes) == ("a", 0.75, 12)


@needs_choix
def test_a_few_unanimous_votes_are_not_taken_for_certain():
    first, second = ranking(simulated({"a": 99.0, "b": 0.0}, photos=3), ["a", "b"])
    assert first.won == 1
    assert first.low < second.high


@needs_choix
def test_a_measure_that_is_the_voters_own_predicts_them_and_its_opposite_does_not():
    votes = simulated({"a": 9.0, "b": 0.0, "c": -9.0}, photos=10)
    places = ranking(votes, ["a", "b", "c"])
    worth = {(v, vote.photo): -ord(v) for vote in votes for v in (vote.left, vote.right)}
    told = agreement("right", worth, votes, places)
    assert (told.share, told.low, told.high, told.votes) == (1, 1, 1, 30)
    assert told.correlation == pytest.approx(1)
    wrong = agreement("wrong", {key: -value for key, value in worth.items()}, votes, places)
    assert (wrong.share, wrong.correlation) == (0, pytest.approx(-1))
    blind = agreement("blind", dict.fromkeys(worth, 1.0), votes, places)
    assert (blind.share, blind.correlation) == (0.5, None)


@needs_choix
def test_a_measure_is_not_judged_where_nobody_saw_a_difference():
    votes = simulated({"a": 1.0, "b": 0.0}, undecided=1.0)
    worth = {(v, vote.photo): 0.0 for vote in votes for v in "ab"}
    told = agreement("any", worth, votes, ranking(votes, ["a", "b"]))
    assert (told.share, told.votes) == (None, 0)


def test_votes_are_kept_and_gone_on_with(gallery, tmp_path):
    path = voted(gallery, tmp_path / "votes.jsonl", 3)
    assert len(path.read_text().splitlines()) == 3
    voted(gallery, path, 1, voter="another")
    assert [vote.voter for vote in read_votes(path, gallery)] == ["", "", "", "another"]


def test_undoing_takes_back_the_voters_own_last_vote_and_loses_no_line(gallery, tmp_path):
    path = voted(gallery, voted(gallery, tmp_path / "v", 2), 1, voter="another")
    with VotesFile(path, gallery) as votes:
        assert votes.undo("").question == gallery.questions("")[1]
        assert [vote.voter for vote in votes.votes] == ["", "another"]
        assert votes.undo("nobody") is None
        assert votes.undo("") is not None
        assert votes.undo("") is None
    assert len(path.read_text().splitlines()) == 5
    assert [vote.voter for vote in read_votes(path, gallery)] == ["another"]


def test_half_a_line_of_a_crash_is_dropped(gallery, tmp_path):
    path = voted(gallery, tmp_path / "votes.jsonl", 2)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:40])
    assert len(read_votes(path, gallery)) == 2
    voted(gallery, path, 1, voter="another")
    assert len(read_votes(path, gallery)) == 3


def test_a_file_is_voted_into_once_at_a_time(gallery, tmp_path):
    path = tmp_path / "votes.jsonl"
    with VotesFile(path, gallery), pytest.raises(UsageError, match="in use by another vote"):
        VotesFile(path, gallery)


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "[]",
        '{"photo": "photo0"}',
        '{"undo": "none", "voter": ""}',
        "\x00\xff",
        "[" * 5000,
    ],
)
def test_a_damaged_line_is_named_and_nothing_is_changed(gallery, tmp_path, line):
    path = voted(gallery, tmp_path / "votes.jsonl", 1)
    path.write_text(path.read_text() + line + "\n")
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"line 2 of '.*votes\.jsonl' is not a vote"):
        VotesFile(path, gallery)
    assert path.read_bytes() == before


def test_an_unknown_choice_is_not_a_vote(gallery, tmp_path):
    path = voted(gallery, tmp_path / "votes.jsonl", 1)
    told = json.loads(path.read_text()) | {"choice": "both"}
    path.write_text(json.dumps(told) + "\n")
    with pytest.raises(UsageError, match="line 1"):
        read_votes(path, gallery)


def test_votes_on_other_folders_or_pictures_are_refused(folder, gallery, tmp_path):
    path = voted(gallery, tmp_path / "votes.jsonl", len(gallery.questions("")))
    with pytest.raises(UsageError, match=r"votes on 'noisy'.*none of the folders.*`output`"):
        read_votes(path, vote_factory.gallery(folder, ["plain", "dim"]))
    (folder / "dim" / "photo1.jpg").rename(folder / "dim" / "other.jpg")
    with pytest.raises(UsageError, match=r"photo 'photo1', which is missing"):
        read_votes(path, vote_factory.gallery(folder))
    (folder / "dim" / "other.jpg").rename(folder / "dim" / "photo1.jpg")
    cv2.imwrite(str(folder / "plain" / "photo2.png"), np.zeros((64, 80, 3), np.uint8))
    with pytest.raises(UsageError, match=r"pictures of 'photo2'.*changed since the vote"):
        read_votes(path, vote_factory.gallery(folder))


def test_another_system_may_join(folder, tmp_path):
    two = vote_factory.gallery(folder, ["plain", "dim"])
    path = voted(two, tmp_path / "votes.jsonl", 2)
    assert len(read_votes(path, vote_factory.gallery(folder))) == 2


def test_without_votes_there_is_nothing_to_read(gallery, tmp_path):
    with pytest.raises(UsageError, match=r"no votes in.*vote first"):
        read_votes(tmp_path / "votes.jsonl", gallery)
    with pytest.raises(UsageError, match="no folder"):
        VotesFile(tmp_path / "missing" / "votes.jsonl", gallery)
    with pytest.raises(UsageError, match=r"cannot be written to.*`output`"):
        VotesFile(tmp_path, gallery)


def test_every_pair_of_every_photo_is_asked_once_in_random_order_and_sides(gallery):
    asked = gallery.questions("")
    assert len({each.key for each in asked}) == len(asked) == 3 * 4
    assert asked == gallery.questions("")
    assert asked != gallery.questions("another")
    assert {frozenset((q.left, q.right)) for q in asked[:3]} == {
        frozenset(pair) for pair in (("plain", "dim"), ("plain", "noisy"), ("dim", "noisy"))
    }
    assert 0 < sum(each.left < each.right for each in asked) < len(asked)


def test_neither_size_nor_kind_nor_name_tells_who_painted(gallery):
    question = Question("photo1", "dim", "noisy")
    shown = [gallery.shown(question, side) for side in ("left", "right", "photo")]
    images = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in shown]
    assert {image.shape for image in images} == {(64, 80, 3)}
    assert {data[:8] for data in shown} == {b"\x89PNG\r\n\x1a\n"}
    assert not any(name in question.key for name in SYSTEMS)
    assert question.key == Question("photo1", "noisy", "dim").key


def test_what_not_every_folder_has_is_left_out_and_said(folder):
    (folder / "dim" / "photo3.jpg").unlink()
    (folder / "photos" / "photo2.png").unlink()
    found = vote_factory.gallery(folder)
    assert list(found.photos) == ["photo0", "photo1"]
    (notice,) = found.notices
    assert notice.startswith("2 of the pictures' names are left out")


def broken(folder, what):
    """The arguments of a gallery with one thing wrong."""
    given = [[str(folder / name) for name in SYSTEMS], folder / "photos", folder / "painting.png"]
    if what == "one folder":
        given[0] = given[0][:1]
    elif what == "twice":
        given[0] *= 2
    elif what == "no folder":
        given[0][0] += "s"
    elif what == "no painting":
        given[2] = folder / "gone.png"
    elif what == "no photos":
        given[1] = folder / "gone"
    elif what == "other photos":
        given[1] = folder / "others"
        given[1].mkdir()
        (folder / "photos" / "photo0.png").rename(given[1] / "sunset.png")
    elif what == "nothing in common":
        for path in (folder / "dim").iterdir():
            path.rename(path.with_stem(f"dim-{path.stem}"))
    else:
        (folder / "noisy" / "photo1.webp").write_bytes(b"RIFF....WEBP damaged")
    return given


@pytest.mark.parametrize(
    ("what", "said"),
    {
        "one folder": r"two folders or more",
        "twice": r"two folders are called 'plain'.*NAME=FOLDER",
        "no folder": r"there is no folder",
        "no painting": r"`painting` '.*gone\.png' is not a file",
        "no photos": r"`photos` '.*gone' is not a folder",
        "other photos": r"the photo of none of the pictures, as 'photo0'.*`photos`",
        "nothing in common": r"'plain' and 'dim' and 'noisy' have no picture in common",
        "damaged": r"photo1\.webp",
    }.items(),
)
def test_what_cannot_be_voted_on_is_refused_before_the_page_opens(folder, what, said):
    with pytest.raises((UsageError, MediaError), match=said):
        Gallery(*broken(folder, what))


def test_a_folder_may_have_another_name_than_its_own(folder):
    given = [f"ours={folder / 'plain'}", str(folder / "dim")]
    found = Gallery(given, folder / "photos", folder / "painting.png")
    assert list(found.systems) == ["ours", "dim"]
