"""The command line, one file a command; each imports its room when it runs."""

import os


def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 asked for the impossible."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # it speaks of damaged pictures by itself
    from realtime_nst.runtime.host import cache_root

    os.environ.setdefault("MPLCONFIGDIR", str(cache_root() / "matplotlib"))  # its list of fonts
    from realtime_nst.cli.app import run

    return run()
