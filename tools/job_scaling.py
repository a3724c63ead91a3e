"""How long a film takes on a cluster, simulated with measured times of its parts.

    python tools/job_scaling.py --milliseconds 34 --workers 1 2 10 100 1000

Segments go to whoever is free, in order, as the engines hand them out. Each worker starts once; a
segment takes its frames and those that lead in, times a factor drawn for the moment (lognormal,
mean 1: stragglers); sources are read from a store and results written to it, which all workers
share. Prints, for each number of workers, the time and what it goes to: starting, painting (if all
had as much to do), waiting for the last segments, joining; and core-hours.
"""

import argparse
import heapq
import random

from realtime_nst.jobs.plan import LENGTHS


def simulated(workers: int, segments: list[int], asked: argparse.Namespace) -> tuple[float, ...]:
    """Seconds until the last segment is painted, for joining, and core-seconds of painting."""
    draw = random.Random(asked.seed)
    spread = asked.spread
    free = [asked.start_up] * min(workers, len(segments))
    store = 0.0  # when the shared store is free again
    spent = end = 0.0
    for number, frames in enumerate(segments):
        begin = heapq.heappop(free)
        lead_in = asked.lead_in if number else 0
        work = (frames + lead_in) * asked.milliseconds / 1000
        work *= draw.lognormvariate(-spread * spread / 2, spread)
        moved = frames * asked.kilobytes / 1000 / asked.megabytes
        store = max(store, begin) + moved
        done = max(begin + work, store)
        spent += work
        end = max(end, done)
        heapq.heappush(free, done)
    joined = sum(segments) * asked.kilobytes / 1000 / asked.megabytes
    return end, joined, spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=2.0, help="of film")
    parser.add_argument("--rate", type=float, default=24.0)
    parser.add_argument("--milliseconds", type=float, required=True, help="of a core, a frame")
    parser.add_argument("--lead-in", type=int, default=26)
    parser.add_argument("--start-up", type=float, default=4.0, help="seconds of a worker")
    parser.add_argument("--spread", type=float, default=0.15, help="of the time of segments")
    parser.add_argument("--kilobytes", type=float, default=12.0, help="read and written a frame")
    parser.add_argument("--megabytes", type=float, default=100.0, help="a second, of the store")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 10, 100, 200, 1000])
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    total = round(asked.hours * 3600 * asked.rate)
    count = max(1, total // LENGTHS.shortest)
    segments = [total // count + (number < total % count) for number in range(count)]
    alone = None
    print(f"{total} frames, {count} segments")
    print("workers   hours  speed-up  core-hours | seconds: start    paint     wait     join")
    for workers in asked.workers:
        end, joined, spent = simulated(workers, segments, asked)
        seconds, paint = end + joined, spent / workers
        alone = alone or seconds * workers
        wait = end - asked.start_up - paint
        print(
            f"{workers:7d} {seconds / 3600:7.3f} {alone / seconds:9.1f} {spent / 3600:11.2f} | "
            f"{asked.start_up:14.0f} {paint:8.0f} {wait:8.0f} {joined:8.0f}"
        )


if __name__ == "__main__":
    main()
