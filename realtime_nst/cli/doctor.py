"""``realtime-nst doctor``: what this computer can do with the program, found and measured."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from realtime_nst.cli import console, options, settings
from realtime_nst.cli.console import sides
from realtime_nst.errors import RealtimeNstError

if TYPE_CHECKING:
    from realtime_nst.jobs.rates import Rate
    from realtime_nst.runtime.doctor import Timing


def doctor(context: typer.Context, style: options.Style = options.DEFAULT_STYLE) -> None:
    """Show the execution providers present, how fast each is, what is set, what is missing."""
    from realtime_nst.runtime import doctor as checks

    computer = checks.computer()
    group: Any = context.parent and context.parent.command
    chosen = settings.found(group.commands)
    if not console.manner.json:
        console.say(
            f"{computer.system}\n{computer.processor}, {computer.usable_cores} of {computer.cores} "
            f"cores usable, fast in {', '.join(computer.precisions) or 'unknown precisions'}"
            + (f"\n{computer.card}\n" if computer.card else "\n")
        )
    timings, failure = _timings(style)
    automatic = None if failure else _automatic(style)
    rates = _rates(style) if automatic else []
    if console.manner.json:
        _say_event(style, timings, automatic, rates, chosen)
    else:
        _say_tables(style, timings, automatic, rates, chosen)
    if failure is not None:
        raise failure


def _say_event(
    style: str,
    timings: "dict[str, Timing]",
    automatic: tuple[str, str] | None,
    rates: "list[Rate]",
    chosen: list[settings.Setting],
) -> None:
    from realtime_nst.runtime import doctor as checks

    timed = {name: asdict(timing) for name, timing in timings.items()}
    providers = [
        asdict(status) | {"timing": timed.get(status.name)} for status in checks.providers()
    ]
    console.say_result(
        "",
        computer=asdict(checks.computer()),
        style=style,
        providers=providers,
        automatic=dict(zip(("provider", "reason"), automatic, strict=True)) if automatic else None,
        workers=[asdict(rate) for rate in rates],
        painted_at={sides(film): sides(painted) for film, painted in checks.painted_at().items()},
        packages=[{"name": p.name, "version": p.version or None} for p in checks.packages()],
        encoders=checks.encoders(),
        hardware_encoders=dict(_hardware()),
        folders=dict(_folders()),
        settings=[asdict(setting) for setting in chosen],
    )


def _say_tables(
    style: str,
    timings: "dict[str, Timing]",
    automatic: tuple[str, str] | None,
    rates: "list[Rate]",
    chosen: list[settings.Setting],
) -> None:
    from realtime_nst.runtime import doctor as checks

    headings = ("provider", "640x480", "what it is, or what it needs")
    console.show(console.table(headings, _providers(timings)))
    console.say("")
    if automatic:
        provider, why = automatic
        console.say(f"--provider auto: {provider} for {style}, because {why}\n")
    if rates:
        console.say(f"--workers: {_fastest(rates)}\n")
    films = (f"{sides(film)} at {sides(size)}" for film, size in checks.painted_at().items())
    console.say(f"--brush auto: paints films of {', '.join(films)}\n")
    console.show(console.table(("package", "version", ""), _packages()))
    console.say("")
    console.show(console.table(("format", "encoder", ""), _encoders()))
    console.say("")
    console.show(console.table(("--encoder", "encodes here", ""), _encoding_hardware()))
    console.say("")
    console.show(console.table(("folder or file", "where"), _folders()))
    if chosen:
        rows = [(setting.option, setting.value, setting.where) for setting in chosen]
        console.say("")
        console.show(console.table(("option", "set to", "by"), rows))


def _automatic(style: str) -> tuple[str, str] | None:
    """What ``--provider auto`` is, and why; None if no provider works: the table says why."""
    from realtime_nst.runtime import doctor as checks

    try:
        return checks.automatic(style)
    except RealtimeNstError:
        return None


def _rates(style: str) -> "list[Rate]":
    from realtime_nst.jobs.rates import measure

    with console.err.status("timing workers on a film of 640x480"):
        return measure(style)


def _fastest(rates: "list[Rate]") -> str:
    """What to choose, and against what."""

    def by(rate: "Rate") -> str:
        threads = console.counted(rate.threads, "thread")
        return f"{rate.fps:.0f} fps by {rate.workers} of {threads}"

    best = rates[0]
    others = "".join(f" against {by(rate)}" for rate in rates[1:])
    choice = f"--workers {best.workers} --threads {best.threads}"
    return f"{by(best)}{others}, on a film of 640x480: {choice}"


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


def _hardware() -> Iterator[tuple[str, list[str]]]:
    """What each engine of ``--encoder`` encodes on this computer."""
    from realtime_nst.sinks.hardware import ENGINES, working

    for name in ENGINES:
        yield name, working(name)


def _encoding_hardware() -> Iterator[tuple[str, str, str]]:
    from realtime_nst.sinks.hardware import ENGINES

    for name, codecs in _hardware():
        engine = ENGINES[name]
        yield name, ", ".join(codecs) or "nothing", "" if codecs else engine.absence("h264")


def _folders() -> Iterator[tuple[str, str]]:
    from realtime_nst.live import state
    from realtime_nst.runtime.host import cache_root
    from realtime_nst.runtime.style_folders import library_folder

    yield "settings", str(settings.path())
    yield "last look of live", str(state.path())
    yield "your styles", str(library_folder())
    yield "cache", str(cache_root())
