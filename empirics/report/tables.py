"""Results as sentences and tables of plain values, shared by terminal, HTML and CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from empirics.experiments.document import CellResult, VerdictResult
from empirics.experiments.presentation import Scalar
from empirics.verification.results import Results

__all__ = [
    "answer",
    "arm_verdicts",
    "axis_values",
    "cells_csv",
    "confidence",
    "failures",
    "interval_text",
    "number_text",
    "plan_line",
    "run_summary",
    "three_digits",
    "undecided",
    "verdict_counts",
]


def answer(results: Results) -> str:
    """The answer in a sentence or two: what is violated, then the experiment's headline, then the rest."""
    violated = [c.id if c.required else f"{c.id} (not required)" for c in results.claims if c.verdict == "VIOLATED"]
    parts = [f"VIOLATED: {', '.join(violated)}." if violated else "No claim is violated."]
    if results.shown.headline:
        parts.append(results.shown.headline)
    holding = sum(c.verdict == "HOLDS" for c in results.claims)
    open_ones = sum(c.verdict == "UNDECIDED" for c in results.claims)
    parts.append(
        f"{holding} of {len(results.claims)} claims hold in every cell in scope, {open_ones} are undecided in some."
    )
    if not results.complete:
        parts.append("The run was interrupted: only what was finished is shown.")
    return " ".join(parts)


def run_summary(results: Results) -> str:
    """What was run, where and how long."""
    cells = results.cells
    runs = {(c.variant, _at(c, results.experiment.run_axes), seed) for c in cells for seed in c.seeds}
    common = f"{len(runs)} runs of {results.experiment.title}, {len(cells)} cells"
    return f"{results.shown.summary or common}; {results.environment.cpu}, {results.wall_seconds:.0f} s."


def plan_line(results: Results) -> str:
    """Whether the plan was declared before the data."""
    word = "declared before the data" if results.plan.declared else "exploratory"
    return f"Plan {results.plan.hash[:12]}: {word}; {results.plan.reason}."


def confidence(results: Results) -> str:
    """What the confidence of each verdict, and of all together, is."""
    alpha = results.config["verdict"]["alpha"]
    family = len({v.claim for v in results.verdicts if v.by_sampling})
    if not family:
        return "No verdict rests on sampling."
    each = f"Each claim's verdict is wrong with probability at most {alpha:g} over all its cells (alpha divided evenly)"
    if family == 1:
        return f"{each}."
    wrong = min(1.0, family * alpha)
    every = f"over all {family} claims judged by sampling, some verdict is wrong with probability at most {wrong:.2f}"
    return f"{each}; {every}."


def verdict_counts(results: Results, identifier: str) -> str:
    """How the cells of a claim came out, as in ``12 HOLDS, 3 UNDECIDED``."""
    counts = Counter(v.verdict for v in results.verdicts if v.claim == identifier)
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def undecided(results: Results, identifier: str) -> list[str]:
    """For each undecided verdict of a claim, where and what it would take."""
    found = [v for v in results.verdicts if v.claim == identifier and v.verdict == "UNDECIDED"]
    return [f"{results.where(verdict)}: {verdict.reason}" for verdict in found]


def failures(results: Results) -> list[str]:
    """Each reason for which runs failed, with how many runs and where it was met first."""
    met: dict[str, list[str]] = {}
    for cell in results.cells:
        for seed, reason in cell.failures.items():
            met.setdefault(reason, []).append(f"{_run(results, cell)}, seed {seed}")
    lines = []
    for reason, places in met.items():
        count = len(set(places))
        runs, others = ("runs", " and others") if count > 1 else ("run", "")
        lines.append(f"{count} failed {runs} ({places[0]}{others}): {reason}")
    return lines


def _run(results: Results, cell: CellResult) -> str:
    """The run that serves a cell, in words."""
    symbols = {symbol: cell.symbols[symbol] for symbol in results.experiment.run_axes}
    return results.place([cell.model_copy(update={"symbols": symbols})])


def _at(cell: CellResult, symbols: list[str]) -> tuple[float, ...]:
    return tuple(cell.symbols[symbol] for symbol in symbols)


def arm_verdicts(results: Results) -> list[tuple[CellResult, VerdictResult]]:
    """The verdicts on other arms than the leading one, each with its first cell."""
    found = [(results.cells[v.cells[0]], v) for v in results.verdicts if v.cells]
    return [(cell, verdict) for cell, verdict in found if cell.variant != results.experiment.leading]


def axis_values(results: Results, verdict: VerdictResult) -> dict[str, str]:
    """By the label of each axis, the values in the cells of a verdict."""
    cells = [results.cells[i] for i in verdict.cells]
    return {
        results.label(symbol): ", ".join(dict.fromkeys(f"{c.symbols[symbol]:g}" for c in cells if symbol in c.symbols))
        for symbol in results.experiment.axes
    }


def cells_csv(results: Results) -> str:
    """cells.csv: one line per cell, for each observable its mean and limits; columns are documented in docs."""
    names = list(dict.fromkeys(name for cell in results.cells for name in cell.observables))
    axes = results.experiment.axes
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    header = ["variant", *axes.values(), "seeds", "failed", "in_scope_seeds"]
    header += [f"{name}_{part}" for name in names for part in ("mean", "lower", "upper")]
    writer.writerow([*header, *results.shown.columns])
    for index, cell in enumerate(results.cells):
        row: list[Any] = [cell.variant, *_at(cell, list(axes))]
        row += [len(cell.seeds), len(cell.failed), len(cell.in_scope_seeds)]
        for name in names:
            summary = cell.observables.get(name)
            row += [None] * 3 if summary is None else [summary.mean, summary.lower, summary.upper]
        row += [values[index] for values in results.shown.columns.values()]
        writer.writerow(["" if value is None else value for value in row])
    return stream.getvalue()


def interval_text(mean: float | None, lower: float | None, upper: float | None) -> str:
    """``0.123 [0.05, 0.30]``; three significant digits where numbers are not of the size of a share."""
    if mean is None:
        return "-"
    known = [x for x in (mean, lower, upper) if x is not None]
    shares = not any(known) or 0.005 <= max(map(abs, known)) < 10
    one, two = (".3f", ".2f") if shares else (".3g", ".3g")
    if lower is None or upper is None:
        return f"{mean:{one}}"
    return f"{mean:{one}} [{lower or 0.0:{two}}, {upper:{two}}]"


def number_text(value: float | None) -> str:
    """Three decimals, or as many digits as tell a tiny or a large number from 0 and from its neighbours."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    if 0.0005 <= abs(value) < 1000:
        return f"{value:.3f}"
    return f"{value:.1e}" if abs(value) < 1 else f"{value:.4g}"


def three_digits(value: Scalar) -> str:
    """Three significant digits; empty where undefined."""
    return "" if value is None else f"{value:.3g}" if isinstance(value, int | float) else value
