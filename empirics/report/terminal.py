"""The closing tables of a verification, and those of a single run."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from empirics.experiments.presentation import Column, Table, Value
from empirics.experiments.protocol import Curve
from empirics.experiments.sampling import ROWS, spread, told
from empirics.report import tables
from empirics.report.plain import plain_table
from empirics.verification.results import Results

_OPEN_SHOWN = 2
_HEADINGS = (40, 20, 16, 12)
_WIDEST = 30
_COLOURS = {"HOLDS": "green", "SUPPORTED": "cyan", "VIOLATED": "bold red", "UNDECIDED": "yellow", "BROKEN": "bold red"}
_REFUTED = {True: "[green]refuted[/green]", False: "[bold red]NOT REFUTED[/bold red]", None: "[dim]not tested[/dim]"}


def print_results(results: Results, out: Console, directory: Path | None, seconds: float | None = None) -> None:
    """The experiment's tables, the claims, the answer, how long it took, and where it is written, if it is."""
    for table in results.shown.tables:
        _print_table(table, out)
    out.print()
    summary = plain_table("claim", "provenance", "kind", "verdict", "all cells together", "cells", title="Claims")
    for c in results.claims:
        found = (_coloured(c.verdict), tables.pooled_share(c), tables.verdict_counts(results, c.id))
        summary.add_row(c.id, c.provenance, c.kind, *found)
    for part in results.broken:
        summary.add_row(escape(part.what), "", "", _coloured("BROKEN"), "", "")
    out.print(summary)
    for line in results.defects:
        out.print(f"BROKEN, {line}", style="bold red", markup=False, soft_wrap=True)
    _print_arms(results, out)
    mutants = [(c.id, m.name, _REFUTED[m.refuted], escape(m.evidence)) for c in results.claims for m in c.mutants]
    if mutants:
        out.print(plain_table("claim", "mutant", "refuted", "evidence", rows=mutants, title="Mutants"))
    _print_open(results, out)
    for line in results.shown.notes:
        out.print(line, style="dim", markup=False)
    for line in tables.failures(results):
        out.print(line, style="yellow", markup=False)
    out.print()
    out.print(tables.answer(results), style="bold", markup=False)
    where = "" if directory is None else f" Written to {directory}: report.html, results.json, cells.csv, plots."
    took = tables.took(results) if seconds is None else f"{seconds:.0f} s"
    written = f"{took}.{where}"
    for line in (tables.confidence(results), tables.plan_line(results), tables.SETTINGS, written):
        out.print(line, markup=False)


def _print_table(table: Table, out: Console) -> None:
    """The table; headings fold as far as it takes to fit, short values do not."""
    shown = plain_table(title=table.title)
    rows = spread(table.rows, ROWS)
    written = [[_written(c, v) for c, v in zip(table.columns, row, strict=True)] for row in rows]
    lengths = [[Text.from_markup(text).cell_len for text in row] for row in written]
    widths = [max((row[index] for row in lengths), default=0) for index in range(len(table.columns))]
    for most in _HEADINGS:
        headings = [textwrap.wrap(c.name, max(w, most)) for c, w in zip(table.columns, widths, strict=True)]
        taken = [max(w, *map(len, lines)) for lines, w in zip(headings, widths, strict=True)]
        if sum(taken) + 2 * len(taken) <= out.width:
            break
    for column, lines, width in zip(table.columns, headings, widths, strict=True):
        justify: Literal["left", "right"] = "left" if column.kind in ("text", "verdict") else "right"
        shown.add_column(escape("\n".join(lines)), justify=justify, no_wrap=width <= _WIDEST)
    for texts in written:
        shown.add_row(*texts)
    out.print(shown)
    if note := f"{table.note}{told(len(rows), len(table.rows), 'rows', 'cells.csv')}".strip():
        out.print(note, style="dim", markup=False)


def _written(column: Column, value: Value) -> str:
    match column.kind, value:
        case "interval", (mean, lower, upper):
            return escape(tables.interval_text(mean, lower, upper))  # type: ignore[arg-type]  # numbers, as the kind says
        case "verdict", (verdict, note):
            return _coloured(str(verdict)) + (f" [dim]({escape(str(note))})[/dim]" if note else "")
        case "number", int() | float() | None:
            return tables.number_text(value)
        case _:
            return "-" if value is None else escape(str(value))


def _print_open(results: Results, out: Console) -> None:
    """The cells that refute a claim; those that are open, also of claims that are supported; and the flat ones."""
    for claim in results.claims:
        flat = tables.flat_cells(results, claim.id)
        told = [f"flat, {claim.id}: {'; '.join(spread(flat, ROWS))}"] if flat else []
        refuting, lines = tables.violated_cells(results, claim.id), tables.open_cells(results, claim.id)
        word = "" if claim.verdict == "VIOLATED" else f"{claim.verdict.lower()}, "
        for heading, some in (f"violated, {claim.id}; refuted by:", refuting), (f"{word}{claim.id}; open:", lines):
            if some:
                told += [heading, *(f"  {line}" for line in some[:_OPEN_SHOWN])]
            if len(some) > _OPEN_SHOWN:
                told.append(f"  and {len(some) - _OPEN_SHOWN} more (report.html)")
        for line in told:
            out.print(line, style="dim", markup=False)


def _print_arms(results: Results, out: Console) -> None:
    """What the claims on other arms measured; for a comparison the share of worlds, and the effect beside it."""
    found = tables.arm_verdicts(results)
    if not found:
        return
    table = plain_table("claim", "arm", title="Arms")
    for heading in map(results.label, results.experiment.axes):
        table.add_column(escape(heading), justify="right")
    for heading in ("worlds", "share or mean [limits]", "bound", "effect [interval]"):
        table.add_column(escape(heading), justify="right", no_wrap=True)
    table.add_column("verdict")
    for cell, verdict in found:
        table.add_row(
            verdict.claim,
            cell.variant,
            *tables.axis_values(results, verdict).values(),
            tables.worlds_text(verdict) or str(len(cell.seeds)),
            escape(tables.limits_text(verdict)) or "-",
            tables.three_digits(verdict.bound) or "-",
            escape(tables.effect_text(verdict)) or "-",
            _coloured(verdict.verdict) + (" (flat)" if verdict.flat else ""),
        )
    out.print(table)
    out.print(tables.WORLDS, style="dim")


def print_run(
    observables: Mapping[str, float | None], units: Mapping[str, str], curves: Mapping[str, Curve], out: Console
) -> None:
    """The observables of one run with their units, and its curves at a few steps."""
    table = plain_table()
    table.add_column("observable")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for name, value in observables.items():
        table.add_row(name, "undefined" if value is None else f"{value:.6g}", units[name])
    out.print(table)
    for name, curve in curves.items():
        points = list(zip(curve.steps, curve.values, strict=True))
        shown = points[:: max(1, len(points) // 8)]
        if shown[-1] != points[-1]:
            shown.append(points[-1])
        out.print(f"{name}: " + "  ".join(f"{step}: {value:.4g}" for step, value in shown), markup=False)


def _coloured(verdict: str) -> str:
    colour = _COLOURS.get(verdict, "dim")
    return f"[{colour}]{verdict}[/{colour}]"
