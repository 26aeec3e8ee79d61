"""A claim's verdicts side by side: one line per verdict, the measured value with its limits beside the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from empirics.report.figures.figure import Row, number, with_bars
from empirics.report.figures.style import INK, OBSERVED, PAGE, SOFT, new_figure, note_beside

__all__ = ["draw_forest"]

_LINE = 0.155


def draw_forest(rows: Sequence[Row], *, xlabel: str) -> Any:
    """Rows have ``where``, ``estimate``, ``lower``, ``upper``, ``threshold``, ``verdict``; there is at least one.

    Open points are undecided or flat, crosses violated, the black bars the threshold.
    """
    figure = new_figure(PAGE, _LINE * len(rows) + 0.62, left=2.15, right=0.95, top=0.1, bottom=0.46)
    axis: Any = figure.subplots()
    for position, row in enumerate(rows):
        estimate, bars = with_bars([row], "estimate")
        verdict = str(row["verdict"])
        face = "white" if verdict in ("UNDECIDED", "flat") else OBSERVED["color"]
        look = OBSERVED | {"fmt": "X" if verdict == "VIOLATED" else "o", "markerfacecolor": face}
        axis.errorbar(estimate, [position], xerr=bars, **look)
        if row["threshold"] is not None:
            threshold = number(row, "threshold")
            axis.plot([threshold, threshold], [position - 0.5, position + 0.5], color=INK, linewidth=1.4, zorder=2)
        colour = SOFT if verdict != "VIOLATED" else OBSERVED["color"]
        note_beside(axis, verdict.lower(), (1.0, position), (5, 0), va="center", color=colour)
    axis.set_yticks(range(len(rows)), [str(row["where"]) for row in rows], fontsize=7)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.grid(axis="y", visible=False)
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel(xlabel)
    return figure
