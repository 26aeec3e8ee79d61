"""All cells on one curve: measured errors against what predicts them, as margins in standard deviations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from scipy.special import ndtri

from empirics.report.figures.figure import Figure, Row, number, numbers
from empirics.report.figures.style import INK, LAW, PAGE, SEEN, subplots

_EDGE: Final = 1e-3
_LOOKS: Final = (
    {"marker": "o", "color": INK, "markerfacecolor": "none", "markersize": 2.4},
    {"marker": "s", "color": SEEN, "markersize": 2.6},
    {"marker": "^", "color": LAW, "markersize": 3.2},
)


def collapse_figure(rows: Sequence[Row], predictions: Mapping[str, str], parts: Sequence[str], caption: str) -> Figure:
    """One panel for each prediction (a column of ``rows``, and its title); a kind of mark for each of the ``parts``.

    Each row has ``part``, ``error`` and ``standard_error``. The margin of a prediction q is Phi^-1(1 - q); where
    predictions are right, all cells lie on the curve Phi(-margin). Predictions are kept off 0 and 1 by 0.001.
    """
    margins: list[Row] = [
        {**row, **{f"margin_{name}": _margin(number(row, name)) for name in predictions}} for row in rows
    ]

    def drawn(rows: Sequence[Row]) -> Any:
        return _draw(rows, predictions, parts)

    return Figure("law", "Measured error against its predictions", caption, margins, drawn)


def _margin(error: float) -> float:
    return float(-ndtri(min(max(error, _EDGE), 1 - _EDGE)))


def _draw(rows: Sequence[Row], predictions: Mapping[str, str], parts: Sequence[str]) -> Any:
    import numpy as np
    from scipy.special import ndtr

    figure, axes = subplots(1, len(predictions), PAGE, 2.6, sharex=True, sharey=True)
    curve = np.linspace(-3.2, 3.2, 100)
    for axis, (name, title) in zip(axes[0], predictions.items(), strict=True):
        axis.plot(curve, ndtr(-curve), color=SEEN, linewidth=0.9)
        for part, look in zip(parts, _LOOKS, strict=False):
            mine = [row for row in rows if row["part"] == part]
            spread = [2 * value for value in numbers(mine, "standard_error")]
            x, y = numbers(mine, f"margin_{name}"), numbers(mine, "error")
            axis.errorbar(x, y, yerr=spread, linestyle="", elinewidth=0.5, markeredgewidth=0.6, label=part, **look)
        axis.set(title=title, xlabel="predicted margin")
    axes[0, 0].set_ylabel("measured error")
    axes[0, 0].legend(loc="upper right")
    return figure
