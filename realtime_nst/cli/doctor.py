"""``realtime-nst doctor``: what this computer can do with the program, found and measured."""

from rich.table import Table

from realtime_nst.cli import console, options


def doctor(style: options.Style = options.DEFAULT_STYLE) -> None:
    """Say which execution providers are here, how fast each is, and what is missing."""
    from realtime_nst.runtime import doctor as checks

    computer = checks.computer()
    console.say(
        f"{computer.system}\n{computer.processor}, {computer.usable_cores} of {computer.cores} "
        f"cores usable, fast in {', '.join(computer.precisions) or 'unknown precisions'}\n"
    )
    _say_providers(style)
    _say_packages()
    _say_encoders()


def _say_providers(style: str) -> None:
    from realtime_nst.errors import RealtimeNstError
    from realtime_nst.runtime import doctor as checks

    try:
        with console.err.status("timing each provider on 640x480 frames"):
            timings = {t.name: t for t in checks.measure(style)}
    except RealtimeNstError as error:
        console.say_error(str(error))
        timings = {}
    table = _table("provider", "640x480", "what it is, or what it takes")
    for provider in checks.providers():
        timing = timings.get(provider.name)
        if provider.absence:
            table.add_row(provider.name, "absent", f"{provider.absence}; {provider.install}")
        elif timing is None or timing.error:
            table.add_row(provider.name, "fails", timing.error if timing else "")
        else:
            speed = f"{timing.milliseconds:.1f} ms = {1000 / timing.milliseconds:.0f} fps"
            table.add_row(provider.name, speed, provider.description)
    console.out.print(table, "")


def _say_packages() -> None:
    from realtime_nst.runtime import doctor as checks

    table = _table("package", "version", "")
    for package in checks.packages():
        table.add_row(package.name, package.version or "absent",
                      "" if package.version else package.install)  # fmt: skip
    console.out.print(table, "")


def _say_encoders() -> None:
    from realtime_nst.runtime import doctor as checks

    table = _table("format", "encoder", "")
    for name, found in checks.encoders().items():
        remedy = "" if found else "missing; install PyAV from its wheel: pip install --force av"
        table.add_row(name, ", ".join(found) or "absent", remedy)
    console.out.print(table)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading)
    return table
