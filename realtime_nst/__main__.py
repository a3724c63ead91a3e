"""``python -m realtime_nst``: the same as ``realtime-nst``."""

from realtime_nst.cli import program

if __name__ == "__main__":
    program()
