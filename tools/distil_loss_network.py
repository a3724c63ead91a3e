"""Train the loss network that comes with the program.

Usage: python tools/distil_loss_network.py OUT.safetensors --pictures DIR [DIR ...]
                                           --teacher FILE [FILE ...] [--steps N]
Teachers are weights of VGG-19 or its students; the first that has a layer teaches it. Photos and
paintings both belong among the pictures: a loss network looks at each.
"""

import argparse
from pathlib import Path

from safetensors.torch import save_file

from realtime_nst.learning.data import find_photos
from realtime_nst.learning.device import best_device
from realtime_nst.learning.distil import Distillation, distil
from realtime_nst.learning.losses.perception import Perception, load_loss_network

TOLD_EVERY = 25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pictures", type=Path, nargs="+", required=True)
    parser.add_argument("--teacher", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=Distillation.steps)
    asked = parser.parse_args()
    device = best_device()
    teacher = Perception([load_loss_network(p, device.dtype, device.name) for p in asked.teacher])
    pictures = [picture for folder in asked.pictures for picture in find_photos(folder)]
    student = distil(teacher, pictures, Distillation(steps=asked.steps), tell)
    weights = {name: value.half().contiguous() for name, value in student.state_dict().items()}
    save_file(weights, asked.out)


def tell(step: int, errors: dict[str, float]) -> None:
    if step % TOLD_EVERY == 0:
        print(step, *(f"{layer} {error:.3f}" for layer, error in errors.items()), flush=True)


if __name__ == "__main__":
    main()
