"""The usual full-width style network, compared with ours."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from statistics import median
from typing import Any

from realtime_nst.bench.case import Case, Figure, Headline, Row, Unit
from realtime_nst.bench.cases._common import (
    Sides,
    at_most,
    label,
    need_torch,
    of_one_style,
    picture,
    stylizers,
    usual,
)
from realtime_nst.bench.compare import ratio
from realtime_nst.bench.conditions import precision
from realtime_nst.bench.rows import best, number, preferred
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, spread
from realtime_nst.runtime.stylizer import Stylizer
from realtime_nst.stream import Image

NETWORK = "johnson-transposed"
_OURS = "ours"
_FASTER = "ours is x times faster"


def _measure(size: Sides, settings: Settings, timer: Timer) -> Sequence[Row]:
    need_torch("the reference network")
    image = picture(size)
    calls = dict(_in_torch(image)) | _in_engines(settings, size, image)
    for (_, provider), stylizer in stylizers(of_one_style(settings), size).items():
        calls[f"{_OURS}, {provider}"] = partial(stylizer, image)
    seconds = at_most(timer, 15, 45).in_turn(calls)
    return _rows(size, seconds)


def _rows(size: Sides, seconds: Mapping[str, list[float]]) -> list[Row]:
    best = min((e for e in seconds if e.startswith(_OURS)), key=lambda e: median(seconds[e]))
    return [
        Row(
            {"engine": engine, "size": label(size)},
            {
                **spread(found),
                **_faster(found, None if engine.startswith(_OURS) else seconds[best]),
            },
            {"median ms": [1000 * reading for reading in found]},
        )
        for engine, found in seconds.items()
    ]


def _faster(theirs: list[float], ours: list[float] | None) -> dict[str, Figure]:
    """How many times faster ours is, with the 95 % interval."""
    found = ratio(theirs, ours) if ours else None
    names = dict.fromkeys((_FASTER, "x low", "x high"))
    values = (found.value, found.low, found.high) if found else names.values()
    return dict(zip(names, values, strict=True))


def _in_torch(image: Image) -> Mapping[str, Callable[[], object]]:
    """Plain torch on its best device, and with autocast if that is faster there."""
    import torch

    from realtime_nst.learning.device import Device, best_device

    device = best_device()
    graph = _graph().to(device.name)
    frame = torch.from_numpy(image)[None]

    def run(dtype: torch.dtype) -> object:
        with torch.inference_mode(), Device(device.name, dtype).autocast():
            return graph(frame.to(device.name)).cpu()

    where = "" if device.name == "cpu" else f" ({device.name})"
    names = {torch.float32: "f32", torch.bfloat16: "bf16"}
    dtypes = dict.fromkeys((torch.float32, device.dtype))
    return {f"torch {names[dtype]}{where}": partial(run, dtype) for dtype in dtypes}


def _in_engines(settings: Settings, size: Sides, image: Image) -> dict[str, Callable[[], object]]:
    """ONNX Runtime on the CPU, the usual engine, and the providers asked for."""
    calls: dict[str, Callable[[], object]] = {}
    for provider in dict.fromkeys(("cpu", *settings.providers)):
        stylizer = Stylizer(_file(), provider)
        stylizer.warm_up(*size)
        calls[_engine(stylizer.provider)] = partial(stylizer, image)
    return calls


def _engine(provider: str) -> str:
    if provider == "cpu":
        return "ONNX Runtime"
    engine = "OpenVINO" if provider.startswith("openvino") else provider
    return f"{engine} {precision(provider)}"


@cache
def _graph() -> Any:
    from realtime_nst.learning.export.single import FrameGraph
    from realtime_nst.learning.training.checkpoint import trained_network, untrained
    from realtime_nst.learning.training.recipe import Recipe

    return FrameGraph(trained_network(untrained(Recipe(network=NETWORK)))).eval()


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    """Cached, so that it is not deleted before the program ends."""
    return tempfile.TemporaryDirectory()


@cache
def _file() -> Path:
    from realtime_nst.learning.export import export
    from realtime_nst.learning.training.checkpoint import untrained
    from realtime_nst.learning.training.recipe import Recipe

    path = Path(_folder().name, f"{NETWORK}.onnx")
    export(untrained(Recipe(network=NETWORK)), path)
    return path


def _units(settings: Settings) -> list[Unit]:
    sizes = [usual(settings)] if settings.quick else settings.sizes
    return [Unit(label(size), partial(_measure, size)) for size in sizes]


def _headlines(rows: Sequence[Row]) -> Iterator[Headline]:
    rows = preferred(rows, "size", "640x480")
    in_torch = [row for row in rows if row.key.get("engine", "").startswith("torch")]
    for row in best(in_torch, _FASTER, min):
        size = row.key["size"]
        ours = [r for r in rows if r.key["engine"].startswith(_OURS) and r.key["size"] == size]
        for fastest in best(ours, "median ms", min):
            provider = fastest.key["engine"].removeprefix(f"{_OURS}, ")
            text = (
                f"faster on {provider} than the usual Johnson network (random weights) in "
                f"{row.key['engine']}, {size}"
            )
            yield Headline(f"{number(row.figures[_FASTER])} ×", text)


CASE = Case(
    name="reference",
    title="The usual network compared with ours",
    explains=(
        "The network of Johnson et al. (2016) at full width with random weights, in plain torch, "
        "in ONNX Runtime and on the same providers as ours, RGB bytes in and out, all in turn. x "
        "is its median over that of our fastest, with the 95 % interval of that ratio. ONNX "
        "Runtime's threads sleep between frames instead of spinning, as in the program."
    ),
    omits="How good the pictures are (see quality). What a program does besides its network.",
    units=_units,
    headlines=_headlines,
)
