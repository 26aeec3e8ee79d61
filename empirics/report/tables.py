"""Results as tables of plain values, shared by terminal, HTML and CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

from empirics.judging.table import MAIN
from empirics.verification.results import CellResult, Results
from theory import DomainError, all_claims, claim

__all__ = [
    "answer",
    "arm_rows",
    "cells_csv",
    "claim_rows",
    "confidence",
    "failures",
    "ood_rows",
    "run_summary",
    "undecided",
    "verdict_counts",
]

READINGS = ("ood-error-literal", "ood-error-normalised")


def ood_rows(results: Results) -> list[dict[str, Any]]:
    """Per cell of the main arm: observed error with interval, both bounds, the covering law, both verdicts."""
    rows = []
    for index, cell in enumerate(results.cells):
        if cell.variant != MAIN:
            continue
        error = cell.observables.get("ood_error")
        verdicts = {reading: results.verdict_of(reading, index) for reading in READINGS}
        rows.append(
            {
                "variant": cell.variant,
                "templates": cell.templates,
                "multiplicity": cell.multiplicity,
                "finetuned": cell.finetuned,
                "seeds": len(cell.seeds),
                "failed": len(cell.failed),
                "mean": None if error is None else error.mean,
                "lower": None if error is None else error.lower,
                "upper": None if error is None else error.upper,
                "covering": bound_at("covering-some-unseen", cell),
                **{f"{reading}": bound_at(reading, cell) for reading in READINGS},
                **{f"{r} verdict": v.verdict if v else "NOT TESTED" for r, v in verdicts.items()},
                **{f"{r} reason": v.reason if v else "" for r, v in verdicts.items()},
                **{f"{r} sharpness": v.sharpness if v else None for r, v in verdicts.items()},
            }
        )
    return rows


def arm_rows(results: Results) -> list[dict[str, Any]]:
    """Per verdict on another arm: claim, arm, cell, what was measured, the verdict and its reason."""
    rows = []
    for verdict in results.verdicts:
        cell = results.cells[verdict.cells[0]] if verdict.cells else None
        if cell is None or cell.variant == MAIN:
            continue
        rows.append(
            {
                "claim": verdict.claim,
                "variant": cell.variant,
                "overlay": cell.overlay,
                "templates": cell.templates,
                "multiplicity": cell.multiplicity,
                "finetuned": cell.finetuned,
                "seeds": len(cell.seeds),
                "mean": verdict.estimate,
                "lower": verdict.lower,
                "upper": verdict.upper,
                "bound": verdict.bound,
                "verdict": verdict.verdict,
                "reason": verdict.reason,
            }
        )
    return rows


def bound_at(identifier: str, cell: CellResult) -> float | None:
    """A claim's bound at a cell, or None where it is not defined."""
    try:
        return float(claim(identifier).bound(N_f=cell.finetuned, K=cell.multiplicity, R=cell.templates))
    except DomainError:
        return None


def verdict_counts(results: Results, identifier: str) -> str:
    """How the cells of a claim came out, as in ``12 HOLDS, 3 UNDECIDED``."""
    counts = Counter(v.verdict for v in results.verdicts if v.claim == identifier)
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def claim_rows(results: Results) -> list[dict[str, Any]]:
    """Per claim: identity, provenance, verdict, counts."""
    titles = {c.id: c for c in all_claims()}
    return [
        {
            "id": c.id,
            "title": c.title,
            "kind": c.kind,
            "provenance": c.provenance,
            "required": c.required,
            "verdict": c.verdict,
            "counts": verdict_counts(results, c.id),
            "formula": c.formula,
            "mutants": c.mutants,
            "statement": titles[c.id].statement if c.id in titles else c.formula,
        }
        for c in results.claims
    ]


def answer(results: Results) -> str:
    """The answer in a sentence or two: what is violated, then the headline bound in both readings, then the rest."""
    violated = [c.id if c.required else f"{c.id} (not required)" for c in results.claims if c.verdict == "VIOLATED"]
    parts = [f"VIOLATED: {', '.join(violated)}." if violated else "No claim is violated."]
    readings = [text for reading in READINGS if (text := _reading(results, reading))]
    if readings:
        parts.append(f"Headline bound on the OOD error: {'; '.join(readings)}.")
    holding = sum(c.verdict == "HOLDS" for c in results.claims)
    undecided = sum(c.verdict == "UNDECIDED" for c in results.claims)
    parts.append(
        f"{holding} of {len(results.claims)} claims hold in every cell in scope, {undecided} are undecided in some."
    )
    if not results.complete:
        parts.append("The run was interrupted: only what was finished is shown.")
    return " ".join(parts)


def _reading(results: Results, identifier: str) -> str:
    """``literal reading holds in 6 of 8 cells in scope, 2 undecided``; empty where it was not judged."""
    counts = Counter(v.verdict for v in results.verdicts if v.claim == identifier)
    name = f"{identifier.removeprefix('ood-error-')} reading"
    scope = sum(counts[v] for v in ("HOLDS", "UNDECIDED", "VIOLATED"))
    if not counts:
        return ""
    if not scope:
        return f"{name} has no cell in scope"
    text = f"{name} holds in {counts['HOLDS']} of {scope} cells in scope"
    rest = [f"{counts[v]} {v.lower()}" for v in ("UNDECIDED", "VIOLATED") if counts[v]]
    return text + (f", {' and '.join(rest)}" if rest else "")


def run_summary(results: Results) -> str:
    """What was run: models, cells, seeds, steps, where and how long."""
    from empirics.experiments.language_models.report import is_language_models, lm_summary

    if is_language_models(results):
        return lm_summary(results)
    runs = {(c.variant, c.templates, c.multiplicity, seed) for c in results.cells for seed in c.seeds}
    world, seeds = results.config["world"], sorted({len(c.seeds) for c in results.cells})
    arms = len({c.variant for c in results.cells})
    span = f"{seeds[0]}" if seeds[0] == seeds[-1] else f"{seeds[0]} to {seeds[-1]}"
    return (
        f"{len(runs)} one-layer transformers pre-trained for {results.config['pretraining']['steps']} steps, "
        f"{len(results.cells)} cells in {arms} arm{'s' if arms > 1 else ''}, {span} seeds a cell; "
        f"S = {world['subjects']}, |R| in {world['templates']}, K in {world['multiplicity']}, "
        f"N_f in {world['finetuned']}; {results.environment.cpu}, {results.wall_seconds:.0f} s."
    )


def confidence(results: Results) -> str:
    """The global figure: what the confidence of all verdicts together is."""
    alpha = results.config["verdict"]["alpha"]
    sampled = {v.claim for v in results.verdicts if v.by_sampling}
    family = len(sampled)
    if not family:
        return "No verdict rests on sampling."
    return (
        f"Each claim errs with probability at most {alpha:g} over all its cells (alpha divided evenly); all verdicts "
        f"of the {family} claims judged by sampling are right together with probability at least "
        f"{max(0.0, 1 - family * alpha):.2f}."
    )


def undecided(results: Results, identifier: str) -> list[str]:
    """For each undecided verdict of a claim, where and what it would take."""
    lines = []
    for verdict in results.verdicts:
        if verdict.claim == identifier and verdict.verdict == "UNDECIDED":
            cell = results.cells[verdict.cells[0]]
            where = "" if cell.variant == MAIN else f"{cell.variant}: "
            where += f"|R|={cell.templates}, K={cell.multiplicity}, N_f={cell.finetuned}"
            lines.append(f"{where}: {verdict.reason}")
    return lines


def failures(results: Results) -> list[str]:
    """Each reason for which runs failed, with how many runs and where it was met first."""
    met: dict[str, list[str]] = {}
    for cell in results.cells:
        for seed, reason in cell.failures.items():
            run = f"{'' if cell.variant == MAIN else cell.variant + ': '}|R|={cell.templates}, K={cell.multiplicity}"
            met.setdefault(reason, []).append(f"{run}, seed {seed}")
    lines = []
    for reason, places in met.items():
        count = len(set(places))
        runs, others = ("runs", " and others") if count > 1 else ("run", "")
        lines.append(f"{count} failed {runs} ({places[0]}{others}): {reason}")
    return lines


def cells_csv(results: Results) -> str:
    """cells.csv: one line per cell, for each observable its mean and limits; columns are documented in docs."""
    names = list(dict.fromkeys(name for cell in results.cells for name in cell.observables))
    stream = io.StringIO()
    header = ["variant", "templates", "multiplicity", "finetuned", "seeds", "failed", "in_scope_seeds"]
    header += [f"{name}_{part}" for name in names for part in ("mean", "lower", "upper")]
    header += [f"bound_{r.removeprefix('ood-error-')}" for r in READINGS] + ["covering_law"]
    header += [f"verdict_{r.removeprefix('ood-error-')}" for r in READINGS]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    for index, cell in enumerate(results.cells):
        row: list[Any] = [cell.variant, cell.templates, cell.multiplicity, cell.finetuned]
        row += [len(cell.seeds), len(cell.failed), len(cell.in_scope_seeds)]
        for name in names:
            summary = cell.observables.get(name)
            row += (
                ["", "", ""] if summary is None else [_blank(x) for x in (summary.mean, summary.lower, summary.upper)]
            )
        row += [_blank(bound_at(r, cell)) for r in READINGS] + [_blank(bound_at("covering-some-unseen", cell))]
        verdicts = [results.verdict_of(r, index) for r in READINGS]
        row += ["" if v is None else v.verdict for v in verdicts]
        writer.writerow(row)
    return stream.getvalue()


def interval_text(mean: float | None, lower: float | None, upper: float | None) -> str:
    """``0.123 [0.05, 0.30]``."""
    if mean is None:
        return "-"
    if lower is None or upper is None:
        return f"{mean:.3f}"
    return f"{mean:.3f} [{max(lower, 0):.2f}, {upper:.2f}]"


def number_text(value: float | None) -> str:
    """Three significant digits, without a misleading 0 for a tiny bound."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    return f"{value:.3f}" if value >= 0.0005 else f"{value:.1e}"


def _blank(value: float | None) -> float | str:
    return "" if value is None else value


def columns(rows: Sequence[dict[str, Any]], *names: str) -> list[list[Any]]:
    """The named columns of rows."""
    return [[row[name] for name in names] for row in rows]
