"""The command line, one file a command; each imports its room when it runs."""


def main() -> int:
    """Run the command line; returns the exit code: 0 done, 1 failed, 2 asked for the impossible."""
    from realtime_nst.cli.app import run

    return run()
