"""Compare the speed of styles on one provider, run in turn.

Usage: python tools/compare_speed.py PROVIDER STYLE STYLE [...]
Prints the median, 5th and 95th percentile of the milliseconds for a 640x480 frame, and the ratio of
the median to that of the first style.
"""

import sys
import time

import numpy as np

from realtime_nst import Stylizer

WARM_UP, ROUNDS = 5, 40


def main(provider: str, styles: list[str]) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    stylizers = [Stylizer(style, provider) for style in styles]
    seconds = np.empty((WARM_UP + ROUNDS, len(styles)))
    for turn in seconds:
        for place, stylizer in enumerate(stylizers):
            began = time.perf_counter()
            stylizer(frame)
            turn[place] = time.perf_counter() - began
    figures = 1000 * np.percentile(seconds[WARM_UP:], (50, 5, 95), axis=0)
    for style, (middle, low, high) in zip(styles, figures.T, strict=True):
        ratio = middle / figures[0, 0]
        print(f"{style}: {middle:.1f} ms ({low:.1f} to {high:.1f}), {ratio:.2f} times the first")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
