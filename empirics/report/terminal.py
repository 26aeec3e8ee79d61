"""The closing tables of a verification, and of a single run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from empirics.experiments.language_models.report import is_language_models, print_lm_errors
from empirics.experiments.protocol import Curve
from empirics.observables.shared import OBSERVABLES
from empirics.report.tables import (
    READINGS,
    answer,
    arm_rows,
    claim_rows,
    confidence,
    failures,
    interval_text,
    number_text,
    ood_rows,
    undecided,
)
from empirics.verification.results import Results

__all__ = ["print_results", "print_run"]

_UNDECIDED_SHOWN = 2
_COLOURS = {"HOLDS": "green", "VIOLATED": "bold red", "UNDECIDED": "yellow"}


def print_results(results: Results, out: Console, directory: Path) -> None:
    """Predicted against observed per cell, then the claims, then the answer."""
    if is_language_models(results):
        print_lm_errors(results, out)
    else:
        _print_ood_errors(results, out)
    out.print()
    summary = Table(box=None, pad_edge=False, header_style="bold", title="Claims", title_justify="left")
    for heading in ("claim", "provenance", "kind", "verdict", "cells"):
        summary.add_column(heading, overflow="fold")
    for claim in claim_rows(results):
        summary.add_row(claim["id"], claim["provenance"], claim["kind"], _coloured(claim["verdict"]), claim["counts"])
    out.print(summary)
    _print_arms(results, out)
    _print_mutants(results, out)
    _print_undecided(results, out)
    reasons = {v.reason for v in results.verdicts if v.claim in READINGS and v.verdict == "OUT OF SCOPE"}
    for reason in sorted(reasons):
        out.print(f"out of scope: {reason}", style="dim", markup=False)
    for line in failures(results):
        out.print(line, style="yellow", markup=False)
    out.print()
    out.print(answer(results), style="bold", markup=False)
    out.print(confidence(results), markup=False)
    out.print(
        f"{results.wall_seconds:.0f} s. Written to {directory}: report.html, results.json, cells.csv, plots.",
        markup=False,
    )


def _print_ood_errors(results: Results, out: Console) -> None:
    rows = ood_rows(results)
    table = Table(
        box=None, pad_edge=False, header_style="bold", title="Out-of-distribution error", title_justify="left"
    )
    for heading in ("|R|", "K", "N_f", "seeds"):
        table.add_column(heading, justify="right")
    for heading in (r"observed \[interval]", "literal", "normalised", "some unseen"):
        table.add_column(heading, justify="right")
    for reading in READINGS:
        table.add_column(f"verdict, {reading.removeprefix('ood-error-')}")
    previous: tuple[int, int] | None = None
    for row in rows:
        unit = (row["templates"], row["multiplicity"])
        if previous is not None and unit != previous:
            table.add_section()
        previous = unit
        seeds = f"{row['seeds']}" + (f" ({row['failed']} failed)" if row["failed"] else "")
        table.add_row(
            *(str(row[name]) for name in ("templates", "multiplicity", "finetuned")),
            seeds,
            interval_text(row["mean"], row["lower"], row["upper"]),
            *(number_text(row[reading]) for reading in READINGS),
            number_text(row["covering"]),
            *(_coloured(row[f"{reading} verdict"]) + _sharpness(row[f"{reading} sharpness"]) for reading in READINGS),
        )
    out.print(table)
    alpha = results.config["verdict"]["alpha"]
    out.print(
        f"observed: mean over seeds, time-uniform interval at level {1 - alpha:g} (betting; each cell by itself). "
        "literal, normalised: the bound in its two readings. some unseen: exact P[some own template unseen].\n"
        "Verdicts divide alpha over all cells of the claim. (x12): refuted with 12 times the exponent.",
        style="dim",
        markup=False,
    )


def _print_undecided(results: Results, out: Console) -> None:
    for claim in results.claims:
        lines = undecided(results, claim.id)
        if not lines:
            continue
        out.print(f"undecided, {claim.id}:", style="dim", markup=False)
        for line in lines[:_UNDECIDED_SHOWN]:
            out.print(f"  {line}", style="dim", markup=False)
        if len(lines) > _UNDECIDED_SHOWN:
            out.print(f"  and {len(lines) - _UNDECIDED_SHOWN} more (report.html)", style="dim", markup=False)


def _print_arms(results: Results, out: Console) -> None:
    """What the claims on other arms measured; for a comparison the paired difference from the reference arm."""
    rows = arm_rows(results)
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title="Arms", title_justify="left")
    for heading in ("claim", "arm"):
        table.add_column(heading, overflow="fold")
    for heading in ("|R|", "K", "N_f", "seeds", r"measured \[limits]", "threshold"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for row in rows:
        limits = "-" if row["mean"] is None else f"{row['mean']:.3g} [{row['lower']:.3g}, {row['upper']:.3g}]"
        table.add_row(
            row["claim"],
            row["variant"],
            *(str(row[name]) for name in ("templates", "multiplicity", "finetuned", "seeds")),
            limits,
            "-" if row["bound"] is None else f"{row['bound']:.3g}",
            _coloured(row["verdict"]),
        )
    out.print(table)


def _print_mutants(results: Results, out: Console) -> None:
    rows = [(claim.id, mutant) for claim in results.claims for mutant in claim.mutants]
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", title="Mutants", title_justify="left")
    for heading in ("claim", "mutant", "refuted", "evidence"):
        table.add_column(heading, overflow="fold")
    for identifier, mutant in rows:
        state = {
            True: "[green]refuted[/green]",
            False: "[bold red]NOT REFUTED[/bold red]",
            None: "[dim]not tested[/dim]",
        }
        table.add_row(identifier, mutant.name, state[mutant.refuted], mutant.evidence)
    out.print(table)


def print_run(observables: Mapping[str, float | None], curves: Mapping[str, Curve], out: Console) -> None:
    """The observables of one run and its curves at a few steps."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("observable")
    table.add_column("value", justify="right")
    table.add_column("unit")
    for name, value in observables.items():
        table.add_row(name, "undefined" if value is None else f"{value:.6g}", OBSERVABLES[name].unit)
    out.print(table)
    for name, curve in curves.items():
        points = list(zip(curve.steps, curve.values, strict=True))
        shown = points[:: max(1, len(points) // 8)]
        if shown[-1] != points[-1]:
            shown.append(points[-1])
        out.print(f"{name}: " + "  ".join(f"{step}: {value:.4g}" for step, value in shown), markup=False)


def _sharpness(factor: float | None) -> str:
    return "" if factor is None else f" [dim](x{factor:.2g})[/dim]"


def _coloured(verdict: str) -> str:
    colour = _COLOURS.get(verdict, "dim")
    return f"[{colour}]{verdict}[/{colour}]"
