"""The tables behind the pictures of the proofs: the validity frontier, and the forms of C2 beside the gap.

The pictures are drawn from these tables by ``empirics.report.figures.proof_figures``.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from theory.certify.frontier import Reading, frontier, table
from theory.certify.linear_memory_rate import bound_forms


def write_frontier(destination: Path | str) -> Path:
    """Write the frontier of both readings at every (|R|, K) as CSV; ``none`` where there is none."""
    return _write_csv(
        Path(destination),
        ("templates", "multiplicity", "frontier_normalised", "frontier_literal"),
        (
            (e.R, e.K, frontier(e.R, e.K, Reading.NORMALISED).least, "none" if e.least is None else e.least)
            for e in table(Reading.LITERAL)
        ),
    )


def write_rates(destination: Path | str, multiplicities: Sequence[int] = (1, 3)) -> Path:
    """Write every form of C2's bound and the gap itself along t as CSV, in nats; S = A = 30, |R| = 8, eta = 1/beta."""
    return _write_csv(
        Path(destination),
        ("multiplicity", "step", "form", "value_nats"),
        (
            (forms.multiplicity, t, name, f"{value:.9e}")
            for forms in map(bound_forms, multiplicities)
            for name, values in {"gap": forms.gap, **forms.forms}.items()
            for t, value in zip(forms.steps, values, strict=True)
            if math.isfinite(value)
        ),
    )


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


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path
