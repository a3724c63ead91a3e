"""``python -m realtime_nst``: the same as ``realtime-nst``."""

import sys

from realtime_nst.cli import main

if __name__ == "__main__":
    sys.exit(main())
