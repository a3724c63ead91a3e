"""How the report's plots look. They are SVG inside the page and use the page's colours."""

import io
import re
from contextlib import AbstractContextManager
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK, FAINT = "#010203", "#010204"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
SERIES = tuple(f"#0102{16 + i:02x}" for i in range(8))
"""Placeholders that :func:`svg` replaces by the page's colours: ink, lines, and series in turn."""

_COLOURS = {INK: "var(--ink)", FAINT: "var(--line)"} | {
    placeholder: f"var(--series-{i + 1})" for i, placeholder in enumerate(SERIES)
}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "realtime_nst",
    "font.family": "sans-serif",
    "font.size": 9,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
WIDTH = 4.6
"""Inches; narrow enough for a phone to show the text at its size."""


def styled() -> AbstractContextManager[None]:
    """Within this context plots look like the report."""
    return rc_context(_STYLE)


def canvas(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.add_subplot()


def legend(axes: Axes) -> None:
    """Above the plot; a single series is named, too."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2,
                    handlelength=1.2, columnspacing=1.2)  # fmt: skip


def logarithmic(axis: Axis, steps: tuple[float, ...]) -> None:
    """Put grid lines and numbers at ``steps`` of every decade."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axis.set_minor_formatter(NullFormatter())
    axis.grid(visible=True)


def svg(figure: Figure, name: str) -> str:
    """Markup for use inside a page: no declarations or metadata, and ids that begin with
    ``name``, so that several plots fit one page."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(drawn, format="svg", metadata=nothing)
    text = drawn.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:xlink)?="[^"]*"', "", text)
    text = re.sub(r'<svg [^>]*?(viewBox="[^"]*")[^>]*>', r"<svg \1>", text, count=1)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    for placeholder, colour in _COLOURS.items():
        text = text.replace(placeholder, colour)
    return text
