"""How well losses measured with the bundled loss network agree with those of VGG-19.

Usage: python tools/loss_network_agreement.py --photos DIR --paintings DIR --teacher FILE [FILE ...]
                                              [--loss-network FILE] [--count N] [--out FILE.csv]
Networks are the installed styles at several strengths and the photo itself; each is held against
each painting of theirs found below --paintings. Photos are of those that training holds out.
"""

import argparse
import csv
from pathlib import Path

from realtime_nst.learning.agreement import agreement, figures, networks_of, paintings_of
from realtime_nst.learning.data import find_photos, hold_out, measurable
from realtime_nst.learning.device import best_device
from realtime_nst.learning.loss_network import bundled
from realtime_nst.learning.losses.perception import Perception, load_loss_network
from realtime_nst.runtime.styles import installed

STRENGTHS = (0.5, 0.75, 1.0)
OUT = Path(__file__).parent.parent / "benchmarks/results/loss_network_agreement.csv"
COLUMNS = ("loss", "painting", "networks", "photos", "rank correlation", "median ratio")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--paintings", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, nargs="+", required=True)
    parser.add_argument("--loss-network", type=Path, nargs="*")
    parser.add_argument("--count", type=int, default=8, help="of photos")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    photos = measurable(hold_out(find_photos(asked.photos), 24)[1])[: asked.count]
    styles = installed()
    networks = networks_of(styles, STRENGTHS)
    found_for = paintings_of(styles, find_photos(asked.paintings))
    paintings = {path.stem: path for path in found_for.values()}
    found, true = (
        figures(perception(files), paintings, networks, photos, best_device().name)
        for files in (asked.loss_network or [bundled()], asked.teacher)
    )
    with asked.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for loss, painting, correlation, ratio in agreement(found, true):
            row = (loss, painting, len(networks), len(photos), f"{correlation:.3f}", f"{ratio:.3f}")
            writer.writerow(row)
            print(*row)


def perception(files: list[Path]) -> Perception:
    device = best_device()
    return Perception([load_loss_network(path, device.dtype, device.name) for path in files])


if __name__ == "__main__":
    main()
