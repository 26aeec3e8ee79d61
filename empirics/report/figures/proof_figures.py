"""The pictures of the proofs, drawn from their stored tables: the validity frontier, and the forms of C2's bound."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from empirics.report.figures.figure import Figure, Row, number, rows_at
from empirics.report.figures.style import INK, OBSERVED, PAGE, SEEN, SHADES, direct_labels, new_figure

_READINGS: Final = (("frontier_normalised", "normalised reading"), ("frontier_literal", "literal reading"))
_GAP: Final = "gap"
_STYLES: Final = ("-", (0, (6, 1.5)), "-.", "--", (0, (3, 1, 1, 1, 1, 1)), ":")


def frontier_figure(table: Path) -> Figure:
    """From which N_f each reading dominates for good: from :func:`theory.certify.tables.write_frontier`'s CSV."""
    caption = (
        "The least N_f such that, at this and every larger N_f, the bound dominates the probability that at least one "
        "of a fact's K templates is unseen. Red: no such N_f."
    )
    return Figure("frontier", "Validity frontier of both readings", caption, _read(table), _draw_frontier)


def rate_figure(table: Path) -> Figure:
    """The linear memory's gap and forms of its bound along t: from :func:`theory.certify.tables.write_rates`' CSV."""
    title = "Pre-training gap of the linear memory and its bounds"
    caption = "Lines are forms of the bound; points are the gap. S = A = 30, |R| = 8."
    return Figure("linear-memory-rate", title, caption, _read(table), _draw_rates)


def _read(table: Path) -> list[Row]:
    with table.open(newline="", encoding="utf-8") as stream:
        return [{key: _value(text) for key, text in row.items()} for row in csv.DictReader(stream)]


def _value(text: str) -> float | int | str:
    for kind in (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return text


def _draw_frontier(rows: Sequence[Row]) -> Any:
    import numpy as np
    from matplotlib import colors

    largest = max(int(number(r, "templates")) for r in rows)
    figure = new_figure(PAGE, 3.1, left=0.5, right=0.42, top=0.25, bottom=0.45, wspace=0.1)
    grid: Any = figure.subplots(1, 2, sharey=True)
    for axis, (column, title) in zip(grid, _READINGS, strict=True):
        values = np.full((largest + 1, largest + 1), np.nan)
        never = np.full_like(values, np.nan)
        for r in rows:
            place = (int(number(r, "multiplicity")), int(number(r, "templates")))
            if r[column] == "none":
                never[place] = 1.0
            else:
                values[place] = number(r, column)
        image = axis.pcolormesh(values, norm=colors.LogNorm(1, 1e5), cmap="Greys", rasterized=True)
        axis.set(title=title, xlabel="templates $|R|$", xlim=(1, largest + 1), ylim=(1, largest + 1))
        axis.grid(visible=False)
        if np.isfinite(never).any():
            # A colour of its own and a label: told apart from the greys without colour too.
            axis.pcolormesh(never, cmap=colors.ListedColormap([SEEN]), rasterized=True)
            first = int(min(number(r, "templates") for r in rows if r[column] == "none"))
            axis.axvline(first, color=INK, linewidth=0.7, linestyle="--")
            axis.annotate(f"$|R|={first}$", (first - 3, 8), ha="right", fontsize=7.5)
            top = max(number(r, "multiplicity") for r in rows if r[column] == "none")
            axis.annotate("never", (largest * 0.9, top * 0.83), ha="center", va="center", color="white", fontsize=8)
    grid[0].set_ylabel("multiplicity $K$")
    figure.colorbar(image, ax=list(grid), label="least $N_f$", pad=0.015, fraction=0.05)
    return figure


def _draw_rates(rows: Sequence[Row]) -> Any:
    multiplicities = sorted({int(number(r, "multiplicity")) for r in rows})
    forms = [form for form in dict.fromkeys(str(r["form"]) for r in rows) if form != _GAP]
    figure = new_figure(PAGE, 2.7 * len(multiplicities), left=0.6, right=2.2, top=0.25, bottom=0.45, hspace=0.3)
    grid: Any = figure.subplots(len(multiplicities), 1, squeeze=False)
    for axis, multiplicity in zip(grid[:, 0], multiplicities, strict=True):
        axis.set(xscale="log", yscale="log")
        lines = {}
        for form in (*forms, _GAP):
            mine = rows_at(rows, {"multiplicity": multiplicity, "form": form})
            lines[form] = [(number(r, "step"), number(r, "value_nats")) for r in mine]
        last = lines[_GAP][-1][1]
        ends = [(last, "gap", str(OBSERVED["color"]))]
        axis.plot(*zip(*lines[_GAP], strict=True), "o", color=OBSERVED["color"], markersize=3)
        for position, form in enumerate(forms):
            if lines[form]:
                style, shade = _STYLES[position % len(_STYLES)], SHADES[position % 3]
                axis.plot(*zip(*lines[form], strict=True), linestyle=style, color=shade)
                end = lines[form][-1][1]
                ends.append((end, f"{form} ({end / last:.3g} × gap)", INK))
        axis.margins(x=0.02)
        axis.set_title(f"$K={multiplicity}$", pad=3)
        axis.set(ylim=(2e-5, 6), ylabel=r"$L_{PT} - \log K$, nats")
        axis.autoscale_view()
        direct_labels(axis, ends, spacing=0.07)
    grid[-1, 0].set_xlabel("gradient steps $t$")
    return figure
