"""Check that OUT keeps everything of IN but the pictures: every packet and every time.

Usage: python tools/compare_media.py IN OUT
Prints one line a stream. The exit code is 1 if anything differs.
"""

import sys
from fractions import Fraction

import av


def packets(path: str, index: int) -> list[tuple[Fraction | None, bytes]]:
    with av.open(path) as container:
        stream = container.streams[index]
        return [
            (None if p.pts is None else p.pts * p.time_base, bytes(p))
            for p in container.demux(stream)
            if p.size
        ]


def kinds(path: str) -> list[str]:
    with av.open(path) as container:
        return [stream.type for stream in container.streams]


def main(before: str, after: str) -> int:
    if kinds(before) != kinds(after):
        print(f"streams differ: {kinds(before)} and {kinds(after)}")
        return 1
    whole = True
    for index, kind in enumerate(kinds(before)):
        old, new = packets(before, index), packets(after, index)
        times = sorted(t for t, _ in old) == sorted(t for t, _ in new)
        data = "stylised" if kind == "video" else [d for _, d in old] == [d for _, d in new]
        print(
            f"{kind}: {len(old)} and {len(new)} packets, times equal: {times}, bytes equal: {data}"
        )
        whole &= times and bool(data)
    return 0 if whole else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
