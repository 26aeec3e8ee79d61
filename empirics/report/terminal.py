"""The closing tables of a verification, and those of a single run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
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
_WORDS = (0, 22, 16, 12)  # characters to which a column of words may fold, at most as far as its longest part; 0: not
_WIDE = 100  # characters of a terminal from which provenance and kind of a claim are told
_COLOURS = {"HOLDS": "green", "SUPPORTED": "cyan", "VIOLATED": "bold red", "UNDECIDED": "yellow", "BROKEN": "bold red"}
_REFUTED = {True: "[green]refuted[/green]", False: "[bold red]NOT REFUTED[/bold red]", None: "[dim]not tested[/dim]"}


def print_results(results: Results, out: Console, directory: Path | None, seconds: float | None = None) -> None:
    """The experiment's tables, the claims, the answer, how long it took, and where it is written, if it is."""
    for table in results.shown.tables:
        _print_table(table, out)
    out.print()
    stated = ("provenance", "kind") if out.width >= _WIDE else ()
    summary = plain_table(title="Claims")
    for heading in ("claim", *stated, "verdict"):
        summary.add_column(heading, no_wrap=True)
    for heading in ("all cells together", "cells"):
        summary.add_column(heading)
    for c in results.claims:
        found = (_coloured(c.verdict), tables.pooled_share(c), tables.verdict_counts(results, c.id))
        summary.add_row(c.id, *((c.provenance, c.kind) if stated else ()), *found)
    for part in results.broken:
        summary.add_row(escape(part.what), *("" for _ in stated), _coloured("BROKEN"), "", "")
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
    """The table; as far as it takes to fit headings fold, then words; then numbers are left out from the right."""
    shown = plain_table(title=table.title)
    rows = spread(table.rows, ROWS)
    columns = [
        _Laid(column, [_written(column, row[index]) for row in rows]) for index, column in enumerate(table.columns)
    ]
    left_out: list[str] = []
    while not _fitted(columns, out.width) and (numbers := [c for c in columns if c.column.kind == "number"]):
        columns.remove(numbers[-1])
        left_out.insert(0, numbers[-1].column.name)
    for laid in columns:
        heading = escape("\n".join(laid.heading))
        shown.add_column(heading, justify=laid.justify, no_wrap=not laid.folds, overflow="fold")
    for texts in zip(*(laid.cells() for laid in columns), strict=True):
        shown.add_row(*texts)
    out.print(shown)
    if left_out:
        word = "columns do" if len(left_out) > 1 else "column does"
        out.print(f"Too narrow here: the {word} not fit ({', '.join(left_out)}); see report.html.", markup=False)
    if note := f"{table.note}{told(len(rows), len(table.rows), 'rows', 'cells.csv')}".strip():
        out.print(note, style="dim", markup=False)


class _Laid:
    """A column, its texts, and how it is laid out."""

    def __init__(self, column: Column, texts: list[str]) -> None:
        self.column, self.texts = column, texts
        self.justify: Literal["left", "right"] = "left" if column.kind in ("text", "verdict") else "right"
        plain = [Text.from_markup(text) for text in texts]
        self.whole = max((text.cell_len for text in plain), default=0)
        parts = (part for text in plain for part in re.split(r"(?<=\w-)(?=\w)| ", text.plain))
        self.word = max(map(len, parts), default=0)
        self.folds = self.whole > _WIDEST
        self.heading: list[str] = []
        self.width = 0

    def cells(self) -> list[str]:
        """The texts; names that fold do so at their dashes."""
        if not self.folds or self.column.kind != "text":
            return self.texts
        return ["\n".join(textwrap.wrap(text, max(1, self.width))) or text for text in self.texts]

    def laid(self, most: int, words: int) -> int:
        """Fold the heading to so many characters, and words if to any; the width that it takes."""
        self.folds = self.whole > _WIDEST or (words > 0 and self.column.kind in ("text", "verdict", "count"))
        self.width = width = min(self.whole, max(self.word, words)) if self.folds else self.whole
        self.heading = textwrap.wrap(self.column.name, max(width, most))
        return max(width, *map(len, self.heading))


def _fitted(columns: Sequence[_Laid], width: int) -> bool:
    """Lay the columns out in the widest way that fits, else in the narrowest; whether they fit."""
    for words in _WORDS:
        for most in _HEADINGS:
            taken = [laid.laid(most, words) for laid in columns]
            if sum(taken) + 2 * len(taken) - 2 <= width:
                return True
    return False


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
        refuting = tables.violated_cells(results, claim.id, _OPEN_SHOWN)
        lines = tables.open_cells(results, claim.id, _OPEN_SHOWN)
        word = "" if claim.verdict == "VIOLATED" else f"{claim.verdict.lower()}, "
        for heading, some in (f"violated, {claim.id}; refuted by:", refuting), (f"{word}{claim.id}; open:", lines):
            if some:
                told += [heading, *(f"  {line}" for line in some)]
        for line in told:
            out.print(line, style="dim", markup=False)


def _print_arms(results: Results, out: Console) -> None:
    """What the claims on other arms measured; for a comparison the share of worlds, and the effect beside it."""
    found = tables.arm_verdicts(results)
    if not found:
        return
    columns = (
        *(Column(name=name) for name in ("claim", "arm")),
        *(Column(name=name, kind="count") for name in map(results.label, results.experiment.axes)),
        Column(name="worlds", kind="number"),
        Column(name="share or mean [limits]", kind="interval"),
        *(Column(name=name, kind="number") for name in ("bound", "effect [interval]")),
        Column(name="verdict", kind="verdict"),
    )
    rows = [
        (
            verdict.claim,
            cell.variant,
            *tables.axis_values(results, verdict).values(),
            tables.worlds_text(verdict) or str(len(cell.seeds)),
            tables.limits_text(verdict) or "-",
            tables.three_digits(verdict.bound) or "-",
            tables.effect_text(verdict) or "-",
            (verdict.verdict, "flat" if verdict.flat else ""),
        )
        for cell, verdict in found
    ]
    _print_table(Table(id="arms", title="Arms", columns=columns, rows=tuple(rows), note=tables.WORLDS), out)


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
