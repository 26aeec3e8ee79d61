"""One look for every figure: predicted in black lines, observed in points, told apart without colour.

Widths are those of a two-column paper, in inches. Sizes of text are those of the printed figure. Pictures that follow
:data:`LOOKS` take their sizes from matplotlib's settings and :func:`scaled`; the others are laid out for a paper.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any, Final

from empirics.errors import UsageError
from theory.spelling import meant

COLUMN: Final = 3.35
PAGE: Final = 6.9

LOOKS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"paper": (1.0, COLUMN), "slides": (2.25, 10.0), "poster": (4.0, 16.0)}
)
"""By style: how many times the size of a paper text, lines and marks have, and the usual width in inches."""
_INCHES: Final = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72}
_WIDTHS: Final = (1.5, 100.0)
_SIZES: Final = (
    *("axes.labelpad", "axes.titlepad", "lines.markersize", "patch.linewidth"),
    *(f"{axis}tick.{kind}.{what}" for axis in "xy" for kind in ("major", "minor") for what in ("size", "width", "pad")),
)

INK: Final = "#000000"
SOFT: Final = "#6b6b6b"
GRID: Final = "#dddddd"
LAW: Final = "#3a5f95"
SEEN: Final = "#b3341f"

OBSERVED: Final = {"fmt": "o", "color": SEEN, "markersize": 3.8, "capsize": 2.0, "elinewidth": 0.9, "zorder": 3}
_PREDICTED: Final = ((INK, "-"), (INK, "--"), (LAW, ":"), (LAW, "-."))
PREDICTED: Final = tuple({"color": colour, "linestyle": style} for colour, style in _PREDICTED)
"""How predicted series look, in their order."""

MARKERS: Final = "osD^vPX"
SHADES: Final = (INK, "#4d4d4d", "#7a7a7a", "#9c9c9c")
_LEADER: Final = {"arrowstyle": "-", "linewidth": 0.4, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)}
STYLES: Final = ("-", "--", "-.", ":")


def shade_and_style(first: int, second: int = 0) -> dict[str, str]:
    """A black or grey line for the ``first``-th and ``second``-th of two properties: line style, then shade."""
    return {"linestyle": STYLES[first % len(STYLES)], "color": SHADES[second % len(SHADES)]}


def figure_style(look: str = "paper") -> AbstractContextManager[None]:
    """Matplotlib settings for figures: vector text, no frame on top and right, reproducible SVG.

    ``look`` is one of :data:`LOOKS` (UsageError: it is none).
    """
    if look not in LOOKS:
        raise UsageError(f"style={look} is unknown; {meant(look, LOOKS)}")
    library, (times, _) = _matplotlib(), LOOKS[look]
    settings: AbstractContextManager[None] = library.rc_context(
        {
            **{name: times * library.rcParams[name] for name in _SIZES},
            "font.size": 8 * times,
            "axes.titlesize": 8 * times,
            "axes.labelsize": 8 * times,
            "xtick.labelsize": 7.5 * times,
            "ytick.labelsize": 7.5 * times,
            "axes.linewidth": 0.7 * times,
            "lines.linewidth": 1.3 * times,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": GRID,
            "grid.linewidth": 0.5 * times,
            "legend.frameon": False,
            "legend.fontsize": 7.5 * times,
            "svg.fonttype": "none",
            "svg.hashsalt": "factbound",
            "pdf.fonttype": 42,
        }
    )
    return settings


def scaled(size: float) -> float:
    """A size on paper in the style in force, as points or inches."""
    return float(size * _matplotlib().rcParams["font.size"] / 8)


def shades(number: int) -> list[str]:
    """Colours from dark to light, told apart without colour vision and in grey."""
    from matplotlib.colors import to_hex

    colours = _matplotlib().colormaps["viridis"]
    return [to_hex(colours(0.8 * place / max(number - 1, 1))) for place in range(number)]


def inches(width: str, look: str = "paper") -> float:
    """A width such as ``3.25in``, ``8cm``, ``85mm`` or ``240pt`` in inches (UsageError: it is none).

    The least is that in which text of the size of ``look``, one of :data:`LOOKS`, can be read.
    """
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+) *(in|cm|mm|pt)", width.strip())
    size = float(found[1]) * _INCHES[found[2]] if found else 0.0
    least, most = _WIDTHS[0] * LOOKS.get(look, LOOKS["paper"])[0], _WIDTHS[1]
    if not least <= size <= most:
        allowed = f"a number with {', '.join(_INCHES)}, as in 3.25in, from {least:g} to {most:g} inches"
        raise UsageError(f"width={width} is refused: allowed is {allowed}{'' if look == 'paper' else f' for {look}'}")
    return size


def _matplotlib() -> Any:
    """Matplotlib; without a word where it keeps its fonts in a temporary folder (UsageError: it finds no folder)."""
    log = logging.getLogger("matplotlib")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        import matplotlib
    except OSError:
        raise UsageError(
            "cannot draw figures: matplotlib finds no writable folder; set MPLCONFIGDIR or TMPDIR to one"
        ) from None
    finally:
        log.setLevel(before)
    return matplotlib


def new_figure(width: float, height: float, **margins: float) -> Any:
    """An empty figure with margins in inches on paper: left, right, top, bottom, wspace and hspace between panels."""
    from matplotlib.figure import Figure

    usual = {"left": 0.5, "right": 0.1, "top": 0.25, "bottom": 0.42, "wspace": 0.12, "hspace": 0.32}
    *inches, wspace, hspace = (usual | margins).values()
    left, right, top, bottom = map(scaled, inches)
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, wspace, hspace)
    return figure


def subplots(down: int, across: int, width: float, height: float, **shared: bool) -> tuple[Any, Any]:
    """An empty figure, sizes in inches, and its panels; shape [down, across]."""
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(down, across, squeeze=False, **shared)


def note_beside(axis: Any, text: str, place: tuple[float, float], points: tuple[float, float], **look: Any) -> None:
    """Small text at a share of the axis across and a value up, moved by some points."""
    axis.annotate(
        text, place, xycoords=("axes fraction", "data"), xytext=points, textcoords="offset points", fontsize=7, **look
    )


def direct_labels(axis: Any, ends: Sequence[tuple[float, str, str]], *, spacing: float = 0.1) -> None:
    """Labels right of an axis whose limits are final, moved apart to ``spacing``, a share of the axis.

    ``ends`` gives for each line the height of its end (data), the label, and its colour.
    """
    to_share = axis.transData + axis.transAxes.inverted()
    x = axis.get_xlim()[1]
    beside = 1 + min(0.035, 0.06 / (axis.get_position().width * axis.figure.get_figwidth()))
    shares = (float(to_share.transform((x, y))[1]) for y, _, _ in ends)
    placed = sorted((min(1.0, max(0.0, share)), *end[1:]) for share, end in zip(shares, ends, strict=True))
    heights = _apart([share for share, _, _ in placed], spacing)
    for height, (share, text, colour) in zip(heights, placed, strict=True):
        axis.annotate(
            text,
            (1.0, share),
            xytext=(beside, height),
            xycoords="axes fraction",
            textcoords="axes fraction",
            fontsize=7.5,
            color=colour,
            va="center",
            annotation_clip=False,
            arrowprops=_LEADER | {"color": colour},
        )


def _apart(wanted: Sequence[float], spacing: float) -> list[float]:
    """Heights at least ``spacing`` apart and as near as possible to those wanted, which rise (isotonic regression)."""
    blocks: list[tuple[float, int]] = []
    for position, share in enumerate(wanted):
        blocks.append((share - position * spacing, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (upper, n), (lower, k) = blocks.pop(), blocks.pop()
            blocks.append(((upper * n + lower * k) / (n + k), n + k))
    least = [mean for mean, count in blocks for _ in range(count)]
    return [min(max(base, 0.0), 1 - (len(wanted) - 1) * spacing) + i * spacing for i, base in enumerate(least)]
