"""What this computer can do at most, and how close the networks come to it."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median

from realtime_nst.bench.case import Case, Figure, Row, Unit
from realtime_nst.bench.cases._common import (
    at_most,
    gmac_of,
    label,
    need_torch,
    picture,
    stylizers,
    usual,
)
from realtime_nst.bench.conditions import precision
from realtime_nst.bench.settings import Settings
from realtime_nst.bench.timer import Timer, around

SIDE = 2048
MIB = 256
_TORCH = "torch"
_ON_CPU = ("cpu", "openvino-f32", "openvino-bf16")
"""The providers that compute on the processor, whose ceiling is measured."""

Rates = Mapping[tuple[str, str], list[float]]
"""Readings by (what, provider), in GMAC/s, or in GB/s for the copy."""


def _measure(settings: Settings, timer: Timer) -> Sequence[Row]:
    need_torch("the ceiling of this computer")
    size = usual(settings)
    ready, image = stylizers(settings, size), picture(size)
    work = {(f"matrix product {name}", _TORCH): SIDE**3 / 1e9 for name in ("f32", "bf16", "int8")}
    work["copy", _TORCH] = 2 * MIB * 2**20 / 1e9
    calls: dict[tuple[str, str], Callable[[], object]] = dict(
        zip(work, (*_products(SIDE), _copy()), strict=True)
    )
    for (style, provider), stylizer in ready.items():
        key = f"{style} {label(size)}", provider
        work[key], calls[key] = (
            gmac_of(style, settings.painter, size, stylizer),
            partial(stylizer, image),
        )
    names = {" on ".join(key): call for key, call in calls.items()}
    seconds = at_most(timer, 30, 30).in_turn(names)
    return _rows({key: [work[key] / s for s in seconds[" on ".join(key)]] for key in calls})


def _products(side: int) -> list[Callable[[], object]]:
    """Square matrix products in f32, bf16 and int8 (int32 sums) on this processor."""
    import torch

    random = torch.Generator().manual_seed(0)
    plain = torch.randn(side, side, generator=random)
    half = plain.bfloat16()
    whole = torch.randint(-127, 128, (side, side), generator=random, dtype=torch.int8)
    return [
        partial(torch.mm, plain, plain),
        partial(torch.mm, half, half),
        partial(torch._int_mm, whole, whole),  # the only int8 product torch has on the CPU
    ]


def _copy() -> Callable[[], object]:
    """torch copies on all cores, numpy on one."""
    import torch

    source = torch.ones(MIB * 2**20 // 4)
    return partial(torch.empty_like(source).copy_, source)


def _rows(rates: Rates) -> list[Row]:
    tops = {
        what.rsplit(" ", 1)[-1]: median(found)
        for (what, provider), found in rates.items()
        if provider == _TORCH
    }
    return [
        _row(what, provider, found, tops.get(precision(provider)) if provider in _ON_CPU else None)
        for (what, provider), found in rates.items()
    ]


def _row(what: str, provider: str, rates: list[float], top: float | None) -> Row:
    unit = "GB/s" if what == "copy" else "GMAC/s"
    figures: dict[str, Figure] = {
        unit: median(rates),
        **around(rates, unit),
        "of the ceiling %": 100 * median(rates) / top if top else None,
    }
    return Row({"what": what, "provider": provider}, figures, {unit: rates})


CASE = Case(
    name="ceiling",
    title="How close the networks come to what this computer can do",
    explains=(
        "The rate of a large square matrix product in each precision, of a copy of 256 MiB on all "
        "cores (bytes read and written), and of each network, in turn. A network's share is its "
        "rate over that of the product in the precision its provider computes in."
    ),
    omits=(
        "Networks also normalise and move data, which are no products: none reaches 100 %. The "
        "ceiling is the processor's; for a network on a GPU none is measured."
    ),
    units=lambda settings: [Unit("rates", _measure)],
)
