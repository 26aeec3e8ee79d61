"""A claim's bound and a user's measurements, in one figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from empirics.judging.confidence import interval
from empirics.judging.table import CellTable
from empirics.measurements import Judged
from empirics.registered import observables
from empirics.report.style import OBSERVED, figure_style
from theory import DomainError
from theory.notation import NOTATION

__all__ = ["draw_judged"]

_MARKERS = "osD^vP"


def draw_judged(judged: Judged, alpha: float) -> Any:
    """Observed means with intervals, and the bound where the claim has one, over the symbol that varies most.

    Args:
        judged: the verdicts.
        alpha: level of the intervals, each cell by itself.

    Returns:
        The matplotlib figure.
    """
    import matplotlib.pyplot as plt

    axis_symbol = _axis(judged.cells)
    groups: dict[tuple[tuple[str, float], ...], list[CellTable]] = {}
    for cell in judged.cells:
        fixed = tuple((n, v) for n, v in cell.symbols.items() if n != axis_symbol and _varies(judged.cells, n))
        groups.setdefault(fixed, []).append(cell)
    with figure_style():
        figure, axis = plt.subplots(figsize=(6.4, 3.2))
        shades = np.linspace(0.0, 0.6, len(groups))
        for number, (fixed, cells) in enumerate(groups.items()):
            label = ", ".join(f"{n}={v:g}" for n, v in fixed)
            look = {"color": str(shades[number]), "fmt": _MARKERS[number % len(_MARKERS)]}
            ordered = sorted(cells, key=lambda c: c.symbols[axis_symbol])
            _draw_series(axis, judged, ordered, axis_symbol, look, label, alpha)
        axis.set_xlabel(f"{axis_symbol}, {NOTATION[axis_symbol].meaning}")
        axis.set_ylabel(judged.claim.observable)
        axis.set_title(f"{judged.claim.id}: {judged.verdict}")
        figure.legend(loc="outside right upper", fontsize=7.5)
    return figure


def _draw_series(
    axis: Any, judged: Judged, cells: list[CellTable], symbol: str, look: dict[str, str], label: str, alpha: float
) -> None:
    observable = observables().get(judged.claim.observable)
    x, mean, below, above, bounds = [], [], [], [], []
    for cell in cells:
        values = [v for v in cell.observables[judged.claim.observable] if v is not None]
        if not values:
            continue
        low, high = (observable.lower, observable.upper) if observable and observable.bounded else (None, None)
        found = interval(values, alpha, low, high) if low is not None and high is not None else None
        x.append(cell.symbols[symbol])
        mean.append(float(np.mean(values)))
        below.append(mean[-1] - found.lower if found else 0.0)
        above.append(found.upper - mean[-1] if found else 0.0)
        bounds.append(_bound(judged, cell))
    style = OBSERVED | look
    axis.errorbar(x, mean, yerr=[below, above], label=f"observed {label}".strip(), **style)
    known = [(a, b) for a, b in zip(x, bounds, strict=True) if b is not None]
    if known:
        axis.plot(*zip(*known, strict=True), color=look["color"], linestyle="--", label=f"bound {label}".strip())


def _bound(judged: Judged, cell: CellTable) -> float | None:
    if judged.claim.log_expression is None:
        return None
    try:
        return float(judged.claim.bound(**{n: cell.symbols[n] for n in judged.claim.symbols}))
    except DomainError:
        return None


def _axis(cells: tuple[CellTable, ...]) -> str:
    """The symbol with the most values; N_f first among equals."""
    names = sorted(cells[0].symbols, key=lambda n: n != "N_f")
    return max(names, key=lambda n: len({c.symbols[n] for c in cells}))


def _varies(cells: tuple[CellTable, ...], name: str) -> bool:
    return len({c.symbols[name] for c in cells}) > 1
