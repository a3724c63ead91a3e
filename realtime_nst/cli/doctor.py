"""``realtime-nst doctor``: what this computer can do with the program, found and measured."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from realtime_nst.cli import console, options
from realtime_nst.errors import RealtimeNstError

if TYPE_CHECKING:
    from realtime_nst.runtime.doctor import Timing


def doctor(style: options.Style = options.DEFAULT_STYLE) -> None:
    """Show the execution providers present, how fast each is, and what is missing."""
    from realtime_nst.runtime import doctor as checks

    computer = checks.computer()
    console.say(
        f"{computer.system}\n{computer.processor}, {computer.usable_cores} of {computer.cores} "
        f"cores usable, fast in {', '.join(computer.precisions) or 'unknown precisions'}\n"
    )
    timings, failure = _timings(style)
    headings = ("provider", "640x480", "what it is, or what it needs")
    console.show(console.table(headings, _providers(timings)))
    console.say("")
    if failure is None:
        _say_automatic(style)
    console.show(console.table(("package", "version", ""), _packages()))
    console.say("")
    console.show(console.table(("format", "encoder", ""), _encoders()))
    if failure is not None:
        raise failure


def _say_automatic(style: str) -> None:
    from realtime_nst.runtime import doctor as checks

    try:
        provider, why = checks.automatic(style)
    except RealtimeNstError:
        return  # no provider works here; the table says why
    console.say(f"--provider auto: {provider} for {style}, because {why}\n")


def _timings(style: str) -> "tuple[dict[str, Timing], RealtimeNstError | None]":
    """By provider; none, and the error, if the style cannot be read."""
    from realtime_nst.runtime import doctor as checks

    try:
        with console.err.status("timing each provider on 640x480 frames"):
            return {timing.name: timing for timing in checks.measure(style)}, None
    except RealtimeNstError as error:
        return {}, error


def _providers(timings: "dict[str, Timing]") -> Iterator[tuple[str, str, str]]:
    from realtime_nst.runtime import doctor as checks

    for provider in checks.providers():
        timing = timings.get(provider.name)
        if provider.absence:
            yield provider.name, "absent", f"{provider.absence}; {provider.install}"
        elif timing is None or timing.error:
            yield provider.name, "not timed", timing.error if timing else provider.description
        else:
            speed = f"{timing.milliseconds:.1f} ms = {1000 / timing.milliseconds:.0f} fps"
            yield provider.name, speed, provider.description


def _packages() -> Iterator[tuple[str, str, str]]:
    from realtime_nst.runtime import doctor as checks

    for package in checks.packages():
        yield package.name, package.version or "absent", "" if package.version else package.install


def _encoders() -> Iterator[tuple[str, str, str]]:
    from realtime_nst.runtime import doctor as checks

    for name, found in checks.encoders().items():
        remedy = "" if found else "missing; install PyAV from its wheel: pip install --force av"
        yield name, ", ".join(found) or "absent", remedy
