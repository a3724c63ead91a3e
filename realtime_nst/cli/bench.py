"""``realtime-nst bench``: what this computer does with the program, measured and told."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realtime_nst.cli import console, interrupt, options
from realtime_nst.errors import UsageError

if TYPE_CHECKING:
    from realtime_nst.bench.case import Case, Settings
    from realtime_nst.bench.report import Comparison
    from realtime_nst.bench.result import Conditions, Result
    from realtime_nst.bench.run import Progress as Unit

_SIZES = ("256x256", "512x512", "640x480", "1280x720", "1920x1080")
_QUICK_SIZES = ("256x256", "512x512", "640x480")
_LARGEST_SIDE = 8192


def bench(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="[CASE]...", help="See --list. (default: all)")
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="For results and report.")
    ] = Path("bench-results"),
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Two minutes: one style, one provider, less of all."),
    ] = False,
    style: Annotated[
        list[str] | None,
        typer.Option("--style", "-s", metavar=options.STYLE, help="(default: all installed)"),
    ] = None,
    painter: options.Painter = "",
    provider: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="See: realtime-nst doctor. (default: all present)"),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(metavar="WxH", help=f"May be given again. (default: {', '.join(_SIZES)})"),
    ] = None,
    loss_weights: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Weights of a loss network, for baseline and quality."),
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photos to measure quality on.")
    ] = None,
    paintings: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The paintings of the styles, for quality.")
    ] = None,
    clips: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Video clips to measure stillness on.")
    ] = None,
    raft_weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="RAFT-small, for the clips' flow. (default: DIS)"),
    ] = None,
    sintel: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Scenes of MPI-Sintel: stillness by their true flow."),
    ] = None,
    baseline: Annotated[
        str,
        typer.Option(metavar="NAME|FILE.onnx", help="The style that stillness is compared with."),
    ] = "",
    coherent: Annotated[
        Path | None,
        typer.Option(metavar="FILE.onnx", help="Of train-coherent: its stillness, beside."),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="OLD.json", help="Ratios to an earlier run, with spread.")
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Measure anew what was measured before.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="Say which cases there are.")] = False,
) -> None:
    """Measure speed and quality. Interrupted, it goes on when the same command is given again."""
    from realtime_nst.bench.cases import load_cases
    from realtime_nst.packages import require

    require("the benchmark", "bench")
    chosen = load_cases(cases)
    if list_:
        console.out.print(console.table(("case", "what"), [(c.name, c.title) for c in chosen]))
        return
    stillness = _Stillness(clips, raft_weights, sintel, baseline, coherent)
    conditions = _conditions(
        style, painter, provider, size, loss_weights, photos, paintings, stillness, quick
    )
    old = _old(compare, output / f"{conditions.stem}.json", conditions, restart)
    _check_folder(output)
    result, finished = _measure(chosen, conditions, output, restart)
    if result:
        _tell(result, output, compare, old)
    if not finished:
        raise typer.Exit(130)


@dataclass(frozen=True)
class _Stillness:
    """What the case ``temporal`` is given."""

    clips: Path | None
    raft_weights: Path | None
    sintel: Path | None
    baseline: str
    coherent: Path | None

    def check(self) -> None:
        if self.clips and not self.clips.is_dir():
            raise UsageError(f"--clips {str(self.clips)!r} is no folder; give a folder of videos")
        if self.raft_weights and not self.raft_weights.is_file():
            weights = str(self.raft_weights)
            raise UsageError(f"--raft-weights {weights!r} is no file; give a .safetensors file")
        if self.sintel and not any(self.sintel.rglob("frame_*.flo")):
            raise UsageError(
                f"--sintel {str(self.sintel)!r} holds no true flow (frame_0001.flo and on); give "
                "the folder MPI-Sintel's training data was unpacked to"
            )
        if self.baseline:
            from realtime_nst.runtime.model import read_model
            from realtime_nst.runtime.styles import find

            read_model(find(self.baseline))
        if self.coherent:
            from realtime_nst.bench.coherent import CoherentStylizer

            CoherentStylizer(self.coherent)


def _conditions(
    style: list[str] | None,
    painter: str,
    provider: list[str] | None,
    size: list[str] | None,
    loss_weights: list[Path] | None,
    photos: Path | None,
    paintings: Path | None,
    stillness: _Stillness,
    quick: bool,
) -> "Conditions":
    """Everything asked for, checked and looked up before anything is measured."""
    from realtime_nst.bench.case import Settings
    from realtime_nst.bench.machine import this_machine
    from realtime_nst.bench.provenance import this_code
    from realtime_nst.bench.result import Conditions
    from realtime_nst.pictures import is_picture

    for path in loss_weights or ():
        if not path.is_file():
            raise UsageError(f"--loss-weights {str(path)!r} is no file; give a .safetensors file")
    for option, folder in (("--photos", photos), ("--paintings", paintings)):
        _check_pictures(option, folder)
    own = all(is_picture(Path(name)) for name in style or [""])
    if photos and not (loss_weights and (paintings or own)):
        console.say_notice(
            "--photos without --loss-weights and --paintings: only grids are measured on them, "
            "the losses are those of the styles' cards"
        )
    stillness.check()
    sizes = [_size(text) for text in size or (_QUICK_SIZES if quick else _SIZES)]
    styles = _styles(style, painter, quick)
    providers = _providers(provider, next(iter(styles)), painter, quick)
    settings = Settings(
        styles=tuple(styles),
        providers=tuple(providers),
        sizes=tuple(dict.fromkeys(sizes)),
        loss_weights=tuple(loss_weights or ()),
        photos=photos,
        paintings=paintings,
        clips=stillness.clips,
        raft_weights=stillness.raft_weights,
        sintel=stillness.sintel,
        baseline=stillness.baseline,
        coherent=stillness.coherent,
        painter=painter,
        quick=quick,
    )
    inputs = _inputs(settings)
    return Conditions(this_code(), this_machine(), settings, providers, styles, inputs)


def _check_pictures(option: str, folder: Path | None) -> None:
    from realtime_nst.pictures import SUFFIXES

    if folder is None:
        return
    if not folder.is_dir():
        raise UsageError(f"{option} {str(folder)!r} is no folder; give a folder of pictures")
    if not any(path.suffix.lower() in SUFFIXES for path in folder.rglob("*")):
        raise UsageError(
            f"{option} {str(folder)!r} holds no picture ({', '.join(SUFFIXES)}); give another"
        )


def _inputs(settings: "Settings") -> dict[str, str]:
    """Digests of the loss networks and of the folders' listings, by path."""
    from realtime_nst.bench.provenance import file_digest, listing_digest

    given = (settings.photos, settings.paintings, settings.clips, settings.sintel)
    folders = [folder for folder in given if folder]
    single = filter(None, [settings.raft_weights, settings.coherent])
    files = [*settings.loss_weights, *single]
    if settings.baseline:
        from realtime_nst.runtime.styles import find

        files.append(find(settings.baseline))
    return {str(path): file_digest(path) for path in files} | {
        str(folder): listing_digest(folder) for folder in folders
    }


def _styles(names: list[str] | None, painter: str, quick: bool) -> dict[str, str]:
    """By name, digests of the network and of the paintings it is to paint like; by default of all
    installed, or of the first of them for a quick run."""
    from realtime_nst.runtime.player import digests, find_player
    from realtime_nst.runtime.styles import installed

    wanted = names or [entry.name for entry in installed()][: 1 if quick else None]
    if not wanted:
        raise UsageError("no styles are installed; give one: --style FILE.onnx")
    found = {name: digests(find_player(name, painter)) for name in wanted}
    return {name: "+".join(digest[:12] for digest in each) for name, each in found.items()}


def _providers(names: list[str] | None, style: str, painter: str, quick: bool) -> dict[str, str]:
    """The provider in use by the one asked for; by default each that suits it once, or the
    first of them for a quick run."""
    from realtime_nst.runtime.model import read_model
    from realtime_nst.runtime.player import find_player
    from realtime_nst.runtime.providers import choose, suitable
    from realtime_nst.runtime.stylizer import Stylizer

    present = [row.name for row in suitable(read_model(find_player(style, painter).network))]
    wanted = names or ([choose().name] if quick else present)
    used = {
        name: Stylizer(style, name, painter=painter).provider for name in wanted or [choose().name]
    }
    if names:
        return used
    first = {in_use: name for name, in_use in reversed(used.items())}
    return {name: in_use for name, in_use in used.items() if first[in_use] == name}


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    width, height = map(int, match.groups()) if match else (0, 0)
    if not (1 <= width <= _LARGEST_SIDE and 1 <= height <= _LARGEST_SIDE):
        raise UsageError(
            f"--size {text!r} is no size; give width x height up to {_LARGEST_SIDE}, as 640x480"
        )
    return width, height


def _old(path: Path | None, own: Path, conditions: "Conditions", restart: bool) -> "Result | None":
    from realtime_nst.bench.result import read
    from realtime_nst.bench.resume import kept

    if path is None:
        return None
    old = read(path)
    going_on = None if restart else kept(conditions, own)
    if going_on and path.samefile(going_on):
        raise UsageError(
            f"--compare {str(path)!r} is the file this run would go on with; "
            "give another, or measure anew with --restart"
        )
    return old


def _check_folder(folder: Path) -> None:
    from realtime_nst.bench.result import write_whole

    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / ".writable", "")
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write to folder {str(folder)!r}: {error.strerror}; choose another with -o"
        ) from error


def _measure(
    cases: "Sequence[Case]", conditions: "Conditions", folder: Path, restart: bool
) -> "tuple[Result | None, bool]":
    """What was measured, None for nothing, and whether it was gone over to the end."""
    from realtime_nst.bench.result import write
    from realtime_nst.bench.resume import begin
    from realtime_nst.bench.run import run, timer_for

    result, notice = begin(conditions, folder, [case.name for case in cases], restart)
    if notice:
        console.say_notice(notice)

    def save(so_far: "Result") -> None:
        nonlocal result
        result = so_far
        write(so_far, folder)

    try:
        with _progress() as on_unit:
            return run(cases, result, save, timer_for(conditions.settings), on_unit), True
    except KeyboardInterrupt:
        if not any(unit.rows for unit in result.units):
            console.say_notice("stopped before anything was measured")
            return None, False
        again = "; leave out --restart to go on" if restart else "; the same command goes on"
        console.say_notice(f"stopped; what is measured is kept{again}")
        save(replace(result, finished=False))
        return result, False


@contextmanager
def _progress() -> "Iterator[Callable[[Unit], None]]":
    """A bar on a terminal, a line a unit elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Elapsed(),
        TextColumn("time left"),
        Remaining(elapsed_when_finished=True),
    )
    terminal = console.err.is_terminal
    with Progress(*columns, console=console.err, transient=True, disable=not terminal) as progress:
        task = progress.add_task("", total=None, unit="")

        def show(unit: "Unit") -> None:
            interrupt.check()
            name = f"{unit.case}: {unit.unit}"
            progress.update(task, completed=unit.done, total=unit.total, unit=name)
            if unit.measured and unit.measured.left_out:
                console.say_notice(f"{name} left out: {unit.measured.left_out}")
            elif unit.measured and not terminal:
                console.say_notice(
                    f"{name}: {unit.measured.seconds:.1f} s ({unit.done} of {unit.total})"
                )

        yield show


def _tell(result: "Result", folder: Path, compared: Path | None, old: "Result | None") -> None:
    from realtime_nst.bench.headline import headlines
    from realtime_nst.bench.report import report
    from realtime_nst.bench.result import write_whole

    path = folder / f"{result.conditions.stem}.html"
    comparison = _compare(compared, old, result) if compared and old else None
    write_whole(path, report(result, comparison))
    if comparison:
        _say_comparison(comparison)
    console.out.print(console.table(("", ""), [(h.value, h.text) for h in headlines(result)]))
    for written in (path, path.with_suffix(".json"), path.with_suffix(".csv")):
        console.say(str(written))
    defects = [unit for unit in result.left_out if unit.defect]
    if defects:
        console.say_error(
            f"{console.counted(len(defects), 'unit')} failed by a defect, see the report; "
            "the same command tries them again"
        )
        raise typer.Exit(1)


def _compare(path: Path, old: "Result", new: "Result") -> "Comparison":
    from realtime_nst.bench.compare import compare, differences
    from realtime_nst.bench.report import Comparison

    return Comparison(path.name, compare(old, new), differences(old, new))


def _say_comparison(comparison: "Comparison") -> None:
    for line in comparison.differences:
        console.say_notice(line)
    headings = ("case", "measured", "figure", "old", "new", "ratio", "95 %", "verdict")
    rows = [
        (
            change.case,
            ", ".join(change.key.values()),
            change.figure,
            f"{change.old:.4g}",
            f"{change.new:.4g}",
            f"{change.ratio.value:.3f}",
            f"{change.ratio.low:.3f} to {change.ratio.high:.3f}",
            change.verdict,
        )
        for change in comparison.changes
    ]
    console.out.print(console.table(headings, rows), "")
