"""The pictures of the certificates: the validity frontier, and the forms of C2 beside the gap.

Each is drawn from a table that is stored beside it, as CSV. Matplotlib is loaded on use.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from theory.certify.frontier import LARGEST_UNIVERSE, Reading, frontier, table
from theory.certify.sharp_rate import bound_forms

__all__ = ["figure", "frontier_table", "rate_figure"]

_METADATA = {"Date": None, "Creator": "factbound"}
_TITLES = {Reading.NORMALISED: "normalised reading", Reading.LITERAL: "literal reading"}


def figure(destination: Path | str) -> Path:
    """Draw the frontier of both readings over (|R|, K) and write its table beside it.

    Args:
        destination: an SVG, PNG or PDF file; the table goes to the same name with ``.csv``.

    Returns:
        The file drawn.
    """
    import numpy as np
    from matplotlib import colors
    from matplotlib.figure import Figure

    destination = Path(destination)
    _write_csv(
        destination.with_suffix(".csv"),
        ("templates", "multiplicity", "frontier_normalised", "frontier_literal"),
        (
            (e.R, e.K, frontier(e.R, e.K, Reading.NORMALISED).least, "none" if e.least is None else e.least)
            for e in table(Reading.LITERAL)
        ),
    )
    drawing = Figure(figsize=(11, 4.6), layout="constrained")
    axes: Any = drawing.subplots(1, 2, sharey=True)
    norm = colors.LogNorm(1, 1e5)
    for ax, reading in zip(axes, Reading, strict=True):
        values = np.full((LARGEST_UNIVERSE + 1, LARGEST_UNIVERSE + 1), np.nan)
        none = np.full_like(values, np.nan)
        for entry in table(reading):
            if entry.least is None:
                none[entry.K, entry.R] = 1.0
            else:
                values[entry.K, entry.R] = entry.least
        image = ax.pcolormesh(values, norm=norm, cmap="viridis", rasterized=True)
        ax.pcolormesh(none, cmap=colors.ListedColormap(["crimson"]), rasterized=True)
        ax.set(title=_TITLES[reading], xlabel="templates |R|", xlim=(1, LARGEST_UNIVERSE + 1))
        if reading is Reading.LITERAL:
            ax.axvline(136, color="black", linewidth=0.8, linestyle="--")
            ax.annotate("|R| = 136", (134, 12), ha="right", color="white", fontsize=9)
            ax.annotate("never", (178, 136), ha="center", color="white", fontsize=11)
    axes[0].set_ylabel("multiplicity K")
    drawing.colorbar(image, ax=axes, label="least $N_f$ from which the bound dominates\nthe covering failure for good")
    return _save(drawing, destination)


def rate_figure(destination: Path | str, multiplicities: Sequence[int] = (1, 3)) -> Path:
    """Draw every form of C2's bound and the gap itself along t; S = A = 30, |R| = 8, eta = 1/beta.

    Args:
        destination: an SVG, PNG or PDF file; the values go to the same name with ``.csv``.
        multiplicities: one panel for each K.

    Returns:
        The file drawn.
    """
    from matplotlib.figure import Figure

    destination = Path(destination)
    found = [bound_forms(K) for K in multiplicities]
    _write_csv(
        destination.with_suffix(".csv"),
        ("multiplicity", "step", "form", "value_nats"),
        (
            (forms.multiplicity, t, name, f"{value:.9e}")
            for forms in found
            for name, values in {"gap": forms.gap, **forms.forms}.items()
            for t, value in zip(forms.steps, values, strict=True)
            if math.isfinite(value)
        ),
    )
    drawing = Figure(figsize=(11, 4.4), layout="constrained")
    axes: Any = drawing.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for ax, forms in zip(axes, found, strict=True):
        for style, (name, values) in zip(("-", "-", "-.", "-", "--", ":"), forms.forms.items(), strict=True):
            ax.loglog(
                forms.steps,
                values,
                style,
                linewidth=1.3,
                label=f"{name} (bound/gap {values[-1] / forms.gap[-1]:.3g} at the end)",
            )
        ax.loglog(forms.steps, forms.gap, "ko", markersize=4, label="gap")
        ax.set(title=f"K = {forms.multiplicity}", xlabel="gradient steps t")
        ax.set_ylim(2e-5, 6)
        ax.legend(fontsize=8, loc="lower left")
    axes[0].set_ylabel("$L_{PT} - \\log K$ (nats)")
    return _save(drawing, destination)


def frontier_table(universes: Iterable[int] = (20, 60, 100, 135, 136, 138, 160, 200)) -> str:
    """A Markdown table: for some |R|, the largest finite frontiers of both readings and the K without one."""
    lines = [
        "| templates | largest normalised frontier (K) | largest finite literal frontier (K) | literal: none for K |",
        "|---|---|---|---|",
    ]
    for R in universes:
        cells = []
        for reading in Reading:
            entries = [frontier(R, K, reading) for K in range(1, R + 1)]
            least, K = max((e.least, -e.K) for e in entries if e.least is not None)
            cells.append(f"{least} ({-K})")
        none = [K for K in range(1, R + 1) if frontier(R, K, Reading.LITERAL).least is None]
        lines.append(f"| {R} | {cells[0]} | {cells[1]} | {f'{none[0]} to {none[-1]}' if none else 'no K'} |")
    return "\n".join(lines)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _save(drawing: Any, destination: Path) -> Path:
    import matplotlib as mpl

    metadata = _METADATA if destination.suffix == ".svg" else {}
    with mpl.rc_context({"svg.hashsalt": "factbound", "svg.fonttype": "none"}):
        drawing.savefig(destination, dpi=150, metadata=metadata)
    return destination
