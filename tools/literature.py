"""Repeats a comparison of the literature and prints its result beside the published one.

Usage: python tools/literature.py [NAME] [--style PAINTING] [--content FOLDER] [--photo FILE]
                                  [--paintings FOLDER] [--share N] [-o FOLDER]

NAME is a file in benchmarks/literature, which holds the project's commands; without it they are
listed. The table has the seconds of each command, the processor minutes of a training, and the
losses that its card holds. --share shortens all runs.
"""

import argparse
import csv
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from realtime_nst.runtime.model import read_model

FOLDER = Path(__file__).parent.parent / "benchmarks" / "literature"
INPUTS = ("style", "content", "photo", "paintings")


def read(name: str) -> Mapping[str, Any]:
    known = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if name not in known:
        raise SystemExit(f"no comparison {name!r}; choices: {', '.join(known)}")
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def commands(
    comparison: Mapping[str, Any], given: Mapping[str, str], share: float, folder: Path
) -> Iterator[tuple[str, list[str], Path]]:
    """The name of each run, the arguments of its command, and the path of what it makes."""
    for run in comparison["runs"]:
        steps = max(1, round(run["steps"] * share))
        out = folder / run["name"].replace(" ", "_").replace(",", "")
        values = {**given, "out": str(out), "steps": steps, "fifth": max(1, steps // 5)}
        words = shlex.split(run["command"])
        missing = [n for n in INPUTS if f"{{{n}}}" in words and not given.get(n)]
        if missing:
            raise SystemExit(f"this comparison needs --{' and --'.join(missing)}")
        arguments = [word.format(**values) for word in words]
        yield run["name"], arguments, Path(arguments[arguments.index("-o") + 1])


def measured(arguments: Sequence[str], made: Path) -> dict[str, float]:
    """A training that the same command has done is not run again. Stops at the result of
    another."""
    found: dict[str, float] = {}
    told, command = made.with_suffix(".command.txt"), shlex.join(arguments)
    if made.suffix == ".onnx" and made.is_file():
        if not told.is_file() or told.read_text(encoding="utf-8") != command:
            raise SystemExit(f"{made} was made by another command; give another folder with -o")
    else:
        began = time.monotonic()
        subprocess.run([sys.executable, "-m", "realtime_nst", *arguments], check=True)
        found["seconds"] = time.monotonic() - began
        told.write_text(command, encoding="utf-8")
    if made.suffix == ".onnx":
        card = read_model(made).card
        if minutes := card.recipe.get("processor_minutes"):
            found["CPU min"] = minutes
        found |= card.quality
    return found


def table(rows: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    yield " | ".join(["run", *columns])
    for name, row in rows.items():
        yield " | ".join([name, *(f"{row[c]:.3g}" if c in row else "" for c in columns)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", nargs="?", default="")
    for name in INPUTS:
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("-o", "--output", type=Path, default=Path("literature-results"))
    asked = parser.parse_args()
    if not asked.name:
        for path in sorted(FOLDER.glob("*.toml")):
            print(f"{path.stem}: {read(path.stem)['title']}")
        return
    comparison, folder = read(asked.name), asked.output / asked.name
    folder.mkdir(parents=True, exist_ok=True)
    given = {name: getattr(asked, name) for name in INPUTS}
    rows = {
        name: measured(arguments, made)
        for name, arguments, made in commands(comparison, given, asked.share, folder)
    }
    for name in ("title", "source", "published", "differs"):
        print(f"{name}: {comparison[name]}")
    print(f"here{f', {asked.share:.3g} of the steps' if asked.share < 1 else ''}:")
    print("\n".join(table(rows)))
    with (folder / "result.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(line.split(" | ") for line in table(rows))


if __name__ == "__main__":
    main()
