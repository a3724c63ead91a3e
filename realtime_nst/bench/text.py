"""Figures as a person reads them."""

from realtime_nst.bench.case import Figure


def number(value: Figure) -> str:
    """Three significant digits, thousands with a comma; a dash for what was not measured."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    size = abs(value)
    if isinstance(value, int) or size == 0 or size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:#.3g}"
