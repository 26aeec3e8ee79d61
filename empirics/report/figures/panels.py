"""Small multiples over N_f: one column per K, one row per |R|; predicted lines, observed points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from empirics.report.figures.figure import Row, number
from empirics.report.figures.style import OBSERVED, PAGE, SOFT, direct_labels, new_figure
from empirics.verification.results import CellResult
from theory import Claim, DomainError

__all__ = ["OBSERVED_SERIES", "draw_panels", "line_rows", "observed_rows"]

OBSERVED_SERIES: Final = "observed"
_POINTS = 60
_FLOOR = 1e-4  # probabilities below are not resolved by any grid of runs
_LEFT, _RIGHT, _PANEL_HEIGHT = 0.62, 1.12, 1.28


def line_rows(claim: Claim, symbols: Mapping[str, float], most: int) -> list[Row]:
    """A claim's bound for N_f = 1 .. ``most``, the other symbols fixed; none where it is not defined."""
    if claim.log_expression is None:
        return []
    facts = np.unique(np.rint(np.linspace(1, most, _POINTS)).astype(int))
    fixed = {name: symbols[name] for name in claim.symbols if name != "N_f"}
    varying = {"N_f": facts} if "N_f" in claim.symbols else {}
    try:
        values = np.broadcast_to(np.atleast_1d(claim.bound(**fixed, **varying)), facts.shape)
    except DomainError:
        return []
    return [_row(claim.id, symbols["R"], symbols["K"], int(n), float(v)) for n, v in zip(facts, values, strict=True)]


def observed_rows(cells: Sequence[CellResult], observable: str) -> list[Row]:
    """Mean over seeds and limits of an observable, per cell."""
    rows = []
    for cell in cells:
        found = cell.observables.get(observable)
        if found is None or found.mean is None:
            continue
        rows.append(
            _row(
                OBSERVED_SERIES,
                cell.templates,
                cell.multiplicity,
                cell.finetuned,
                found.mean,
                found.lower,
                found.upper,
                seeds=len(cell.seeds),
            )
        )
    return rows


def _row(
    series: str,
    templates: float,
    multiplicity: float,
    finetuned: int,
    value: float,
    lower: float | None = None,
    upper: float | None = None,
    seeds: int | None = None,
) -> Row:
    return {
        "series": series,
        "templates": int(templates),
        "multiplicity": int(multiplicity),
        "finetuned": finetuned,
        "value": value,
        "lower": lower,
        "upper": upper,
        "seeds": seeds,
        "note": None,
    }


def draw_panels(
    rows: Sequence[Row], styles: Mapping[str, Mapping[str, Any]], ylabel: str, *, log: bool, points: str = "observed"
) -> Any:
    """The figure.

    Args:
        rows: those of :func:`line_rows` and :func:`observed_rows`; an observed row's ``note`` marks its panel.
        styles: how each predicted series is drawn, with its ``label``.
        ylabel: the observable.
        points: what the points are called.
        log: logarithmic height, as where the bound is exponential; an observed 0 is drawn below the axis break.
    """
    sizes = sorted({int(number(r, "templates")) for r in rows})
    multiplicities = sorted({int(number(r, "multiplicity")) for r in rows})
    height = _PANEL_HEIGHT * len(sizes) + 0.24 * (len(sizes) - 1) + 0.72
    figure = new_figure(
        PAGE,
        height,
        left=_LEFT + 0.13 * ylabel.count("\n"),
        right=_RIGHT,
        top=0.26,
        bottom=0.44,
        wspace=0.08,
        hspace=0.26,
    )
    grid: Any = figure.subplots(len(sizes), len(multiplicities), sharex=True, sharey=True, squeeze=False)
    floor = _floor(rows) if log else None
    for i, templates in enumerate(sizes):
        for j, multiplicity in enumerate(multiplicities):
            panel = [r for r in rows if (r["templates"], r["multiplicity"]) == (templates, multiplicity)]
            axis = grid[i, j]
            axis.set_title(f"$K={multiplicity}$, $|R|={templates}$", pad=3)
            ends = [_line(axis, panel, name, style, floor) for name, style in styles.items()]
            ends.append(_points(axis, [r for r in panel if r["series"] == OBSERVED_SERIES], floor, points))
            note = next((r["note"] for r in panel if r["note"]), None)
            if note:
                axis.text(0.03, 0.05, note, transform=axis.transAxes, color=SOFT, fontsize=7.5, zorder=4)
            _limits(axis, floor)
            if j == len(multiplicities) - 1:
                axis.margins(x=0.04)
                axis.autoscale_view(scaley=False)
                direct_labels(axis, [end for end in ends if end is not None], spacing=0.125)
    for axis in grid[-1]:
        axis.set_xlabel("$N_f$, facts fine-tuned")
    for axis in grid[:, 0]:
        axis.set_ylabel(ylabel)
    return figure


def _floor(rows: Sequence[Row]) -> float:
    """The power of ten below everything positive that was observed."""
    positive = [number(r, "value") for r in rows if r["series"] == OBSERVED_SERIES and r["value"]]
    return max(_FLOOR, 10.0 ** (math.ceil(math.log10(min([*positive, 0.1]))) - 1))


def _height(value: float, floor: float | None) -> float:
    """Where a value is drawn: with a logarithmic axis, what is below the floor lies on the line of 0."""
    return value if floor is None or value >= floor else floor / 2.2


def _limits(axis: Any, floor: float | None) -> None:
    if floor is None:
        axis.set_ylim(-0.04, 1.06)
        return
    axis.set_yscale("log")
    axis.set_ylim(floor / 3, 1.6)
    decades = range(round(math.log10(floor)), 1)
    ticks = [10.0**d for d in decades]
    axis.set_yticks(
        [floor / 2.2, *ticks],
        ["0", *(f"{t:g}" if t > 0.005 else f"$10^{{{d}}}$" for t, d in zip(ticks, decades, strict=True))],
    )
    axis.minorticks_off()
    axis.axhline(floor / 1.4, color=SOFT, linewidth=0.4, linestyle=(0, (1, 3)))


def _line(
    axis: Any, panel: Sequence[Row], name: str, style: Mapping[str, Any], floor: float | None
) -> tuple[float, str, str] | None:
    points = [(number(r, "finetuned"), number(r, "value")) for r in panel if r["series"] == name]
    if not points:
        return None
    shown = [(x, y) for x, y in points if floor is None or y >= floor] or points[:1]
    axis.plot(*zip(*shown, strict=True), **{k: v for k, v in style.items() if k != "label"})
    return _height(shown[-1][1], floor), str(style["label"]), str(style["color"])


def _points(axis: Any, rows: Sequence[Row], floor: float | None, label: str) -> tuple[float, str, str] | None:
    if not rows:
        return None
    x = [number(r, "finetuned") for r in rows]
    means = np.array([_height(number(r, "value"), floor) for r in rows])
    lower = np.array([_height(number(r, "lower", "value"), floor) for r in rows])
    upper = np.array([_height(number(r, "upper", "value"), floor) for r in rows])
    axis.errorbar(x, means, yerr=[np.maximum(means - lower, 0), np.maximum(upper - means, 0)], **OBSERVED)
    return float(means[-1]), label, str(OBSERVED["color"])
