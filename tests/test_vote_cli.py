"""The command ``bench vote``."""

import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest
import typer
import vote_factory

from realtime_nst.bench.vote.votes import VotesFile
from realtime_nst.cli import settings
from realtime_nst.cli.app import application

pytestmark = pytest.mark.skipif(not find_spec("choix"), reason="needs choix, of the extra 'bench'")


@pytest.fixture
def folder(tmp_path):
    return vote_factory.pictures(tmp_path / "pictures", photos=3)


def arguments(folder, votes):
    systems = [str(folder / name) for name in vote_factory.SYSTEMS]
    given = ["--photos", folder / "photos", "--painting", folder / "painting.png", "-o", votes]
    return ["bench", "vote", *systems, *map(str, given)]


def vote_for(folder, votes, order):
    """A voter who always prefers what is earlier in ``order``."""
    gallery = vote_factory.gallery(folder)
    with VotesFile(votes, gallery) as file:
        for question in gallery.questions(""):
            left_wins = order.index(question.left) < order.index(question.right)
            file.add(question, "left" if left_wins else "right", "")


@pytest.mark.skipif(not find_spec("skimage"), reason="needs scikit-image, of the extra 'bench'")
def test_the_ranking_and_the_measures_that_predict_it_are_told(cli, folder, tmp_path):
    pytest.importorskip("torch", exc_type=ImportError)
    vote_for(folder, tmp_path / "votes", ["plain", "dim", "noisy"])
    code, said, _ = cli(*arguments(folder, tmp_path / "votes"), "--rank")
    assert code == 0
    ranked, measured = said.split("\n\n")
    assert [line.split()[0] for line in ranked.splitlines()[1:]] == ["plain", "dim", "noisy"]
    assert "100 %" in ranked.splitlines()[1]
    assert measured.splitlines()[0].split("  ")[0] == "measure"
    lines = {line.split("  ")[0]: line for line in measured.splitlines()[1:]}
    assert {"SSIM", "grid/4", "CFSD (low rank)", "deep style loss (student of low rank)"} <= set(
        lines
    )
    assert "+" in lines["content loss (low rank)"], "noise and contrast lose content"


def test_without_votes_there_is_no_ranking(cli, folder, tmp_path):
    code, _, said = cli(*arguments(folder, tmp_path / "votes"), "--rank")
    assert code == 2
    assert "there are no votes" in said
    assert "--output" in said


def test_one_folder_is_not_enough(cli, folder, tmp_path):
    given = arguments(folder, tmp_path / "votes")
    code, _, said = cli(*given[:3], *given[5:])
    assert code == 2
    assert "two folders or more" in said


def test_a_case_may_still_be_named_after_bench(cli):
    code, said, _ = cli("bench", "--list")
    assert code == 0
    assert "quality" in said
    code, _, said = cli("bench", "votes")
    assert code == 2
    assert "unknown case 'votes'" in said


def test_its_options_have_variables_of_their_own():
    app = typer.main.get_command(application())
    command = app.commands["bench vote"]
    voter = next(param for param in command.params if param.name == "voter")
    assert settings.variables_of(command, voter) == ["REALTIME_NST_BENCH_VOTE_VOTER"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_it_with_the_ranking_and_leaves_no_empty_file(folder, tmp_path):
    pytest.importorskip("aiohttp", reason="needs the extra serve")
    votes = tmp_path / "votes"

    def run():
        command = [sys.executable, "-m", "realtime_nst", *arguments(folder, votes)]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
            assert process.stdout.readline().startswith("open http://127.0.0.1:")
            process.send_signal(signal.SIGINT)
            return *process.communicate(timeout=60), process.returncode

    said, noticed, code = run()
    assert (said, code) == ("", 0)
    assert "no votes, so nothing was written" in noticed
    assert not votes.exists()
    vote_for(folder, votes, ["noisy", "plain", "dim"])
    said, _, code = run()
    assert code == 0
    assert said.splitlines()[1].split()[0] == "noisy"
