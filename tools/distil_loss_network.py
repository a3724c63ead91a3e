"""Train the loss network that comes with the program, and write its card beside it.

Usage: python tools/distil_loss_network.py OUT.safetensors --photos DIR --paintings DIR [DIR ...]
                --teacher FILE [FILE ...] [--steps N] [--hardening-steps N] [--begin-with FILE]
Teachers are weights of VGG-19 or its students; the first that has a layer teaches it. Stages:
1. distillation on photos and paintings (not when begun with weights already distilled);
2. distillation on what style networks paint while they are trained to please the student;
3. gains that bring losses to the size they have in VGG-19, on pictures by the installed styles,
   whose paintings must be among those given.
Photos that training holds out take no part.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path

from safetensors.torch import save_file

from realtime_nst.learning.agreement import networks_of, paintings_of
from realtime_nst.learning.calibrate import Example, amplify, find_gains
from realtime_nst.learning.data import find_photos, hold_out, read_image
from realtime_nst.learning.device import best_device
from realtime_nst.learning.distil import Distillation, distil, survey
from realtime_nst.learning.harden import Hardening, harden
from realtime_nst.learning.losses.bundled import BundledNetwork
from realtime_nst.learning.losses.perception import Perception, load_loss_network
from realtime_nst.learning.start import read_start
from realtime_nst.runtime.styles import find, installed

TOLD_EVERY = 25
HELD_OUT = 24
CALIBRATED_ON, SIZE, BLOCK = 4, 256, 16
STRENGTHS = (0.6, 1.0)


def main() -> None:
    asked = arguments()
    device = best_device()
    teacher = Perception([load_loss_network(p, device.dtype, device.name) for p in asked.teacher])
    photos = hold_out(find_photos(asked.photos), HELD_OUT)[0]
    paintings = [path for folder in asked.paintings for path in find_photos(folder)]
    pictures, first = [*photos, *paintings], Distillation(steps=asked.steps)
    bases = survey(teacher, pictures, first)
    if asked.begin_with:
        student = begun(asked.begin_with)
    else:
        student = distil(teacher, bases, pictures, first, teller("distilling"))
    starts = [read_start(find(s.name)).weights for s in installed() if s.network == "fast"]
    then = Hardening(steps=asked.hardening_steps)
    harden(student, teacher, bases, photos, paintings, starts, then, teller("hardening"))
    student.to("cpu")
    full = Perception([load_loss_network(path) for path in asked.teacher])
    gains = find_gains(student, full, examples(photos, asked.paintings))
    amplify(student, gains)
    write(asked.out, student, {
        "what": "VGG-19's features along their principal directions, by a small network",
        "licence": "MIT",
        "trained_on": f"{len(photos)} photos, {len(paintings)} paintings ({asked.trained_on})",
        "teachers": [path.name for path in asked.teacher],
        "distillation": asdict(first),
        "hardening": asdict(then),
        "gains": gains,
    })  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, nargs="+", required=True)
    parser.add_argument("--teacher", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=Distillation.steps)
    parser.add_argument("--hardening-steps", type=int, default=Hardening.steps)
    parser.add_argument("--begin-with", type=Path)
    parser.add_argument("--trained-on", default="unspecified", help="their source, for the card")
    return parser.parse_args()


def begun(path: Path) -> BundledNetwork:
    network = load_loss_network(path)
    if not isinstance(network, BundledNetwork):
        sys.exit(f"--begin-with {path}: not the weights of a bundled loss network")
    return network.requires_grad_(True)


def examples(photos: list[Path], paintings: list[Path]) -> Iterator[Example]:
    styles = installed()
    painted = [read_image(p, 2 * SIZE) for p in paintings_of(styles, paintings).values()]
    networks, turn = networks_of(styles, STRENGTHS), count()
    for path in photos[:: len(photos) // CALIBRATED_ON][:CALIBRATED_ON]:
        photo = read_image(path, shorter=SIZE)
        photo = photo[..., : photo.shape[-2] // BLOCK * BLOCK, : photo.shape[-1] // BLOCK * BLOCK]
        for name, network in networks.items():
            if name != "photo":
                yield Example(photo, network(photo), painted[next(turn) % len(painted)])


def write(path: Path, student: BundledNetwork, card: dict[str, object]) -> None:
    weights = {name: value.half().contiguous() for name, value in student.state_dict().items()}
    save_file(weights, path)
    data = path.read_bytes()
    identity = {"file": path.name, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    path.with_suffix(".json").write_text(json.dumps({**identity, **card}, indent=1) + "\n")


def teller(stage: str) -> Callable[[int, dict[str, float]], None]:
    def tell(step: int, errors: dict[str, float]) -> None:
        if step % TOLD_EVERY == 0:
            print(stage, step, *(f"{k} {v:.3f}" for k, v in errors.items()), flush=True)

    return tell


if __name__ == "__main__":
    main()
