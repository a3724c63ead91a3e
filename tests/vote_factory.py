"""Pictures to vote on, votes of simulated voters, and a server to vote at."""

import math
import random
import shutil
from contextlib import asynccontextmanager
from itertools import combinations

import cv2
import numpy as np

from realtime_nst.bench.vote.gallery import Gallery
from realtime_nst.bench.vote.votes import Vote

SYSTEMS = ("plain", "dim", "noisy")


def pictures(folder, photos=4, size=(64, 80)):
    """Photos, a painting, and three systems: the photo itself, at half its contrast, with noise.
    They differ in kind and size of their files."""
    for name in ("photos", *SYSTEMS):
        (folder / name).mkdir(parents=True)
    for index in range(photos):
        dice = np.random.default_rng(index)
        coarse = dice.integers(60, 200, (6, 8, 3), dtype=np.uint8)
        image = cv2.resize(coarse, size[::-1])
        stem = f"photo{index}"
        cv2.imwrite(str(folder / "photos" / f"{stem}.png"), image)
        cv2.imwrite(str(folder / "plain" / f"{stem}.png"), image)
        cv2.imwrite(str(folder / "dim" / f"{stem}.jpg"), image // 2)
        noise = dice.integers(0, 60, image.shape, dtype=np.uint8)
        noisy = cv2.resize(image + noise, None, fx=2, fy=2)
        cv2.imwrite(str(folder / "noisy" / f"{stem}.webp"), noisy)
    shutil.copy(folder / "photos" / "photo0.png", folder / "painting.png")
    return folder


def gallery(folder, systems=SYSTEMS):
    return Gallery([str(folder / name) for name in systems], folder / "photos",
                   folder / "painting.png")  # fmt: skip


def simulated(strengths, photos=24, seed=0, undecided=0.0):
    """Votes of a voter who prefers as Bradley and Terry say, on every pair of every photo."""
    dice = random.Random(seed)
    votes = []
    for photo in range(photos):
        for pair in combinations(strengths, 2):
            left, right = dice.sample(pair, 2)
            wins = 1 / (1 + math.exp(strengths[right] - strengths[left]))
            choice = "left" if dice.random() < wins else "right"
            choice = "same" if dice.random() < undecided else choice
            votes.append(Vote(f"photo{photo}", left, right, choice, "", "", ()))
    return votes


@asynccontextmanager
async def voting(votes_file, gallery, voter=""):
    """The server's address and its poll."""
    from realtime_nst.bench.vote.server import Poll, VoteServer
    from realtime_nst.bench.vote.votes import VotesFile

    with VotesFile(votes_file, gallery) as votes:
        poll = Poll(gallery, votes, voter)
        async with VoteServer(poll) as server:
            yield server.url, poll, votes
