"""A comparison as terminal tables, Markdown and compare.html: a summary, then a part for each kind of difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.markup import escape

from empirics.report.html import filled
from empirics.report.plain import plain_table
from empirics.verification.baseline import Level
from empirics.verification.compare import Change, Comparison, VerdictChange
from empirics.verification.paired import Estimate, Three
from theory.plural import counted

LINES: Final = 12
"""Rows of a part that the terminal shows unless all are asked for."""

_WIDEST: Final = 60  # characters of a value
_HASH: Final = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_LEVELS: Final = {Level.FAILURE: "worse", Level.WARNING: "weaker", Level.NOTE: "other"}


class Shown(NamedTuple):
    """A part: its title, a sentence on it, and a table."""

    title: str
    about: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]


def summary(found: Comparison) -> list[str]:
    """What differs, in a few sentences; the first says the most."""
    common, *alone = found.cells
    lines = []
    if found.identical:
        lines.append(
            f"Identical bit for bit: every value of every seed in {counted(common, 'cell')}, and every verdict."
        )
    elif found.identical_runs:
        lines.append(f"The runs are identical bit for bit ({counted(common, 'cell')}); claims or verdicts differ.")
    elif found.estimates or found.comparisons:
        lines.append(_estimates_line(found))
    lines.append(_verdicts_line(found))
    if found.alpha is not None:
        lines.append(_rest_line(found))
    only = [f"{number} in the {side} alone" for number, side in zip(alone, ("first", "second"), strict=True) if number]
    what = "cell" if found.alpha is not None else "cell of a claim"
    there = counted(common, what, "" if found.alpha is not None else "cells of claims")
    lines.append(f"{there} in common{''.join(f', {part}' for part in only)}.")
    return lines


def _estimates_line(found: Comparison) -> str:
    sampled = [e for e in found.estimates if e.basis in ("betting", "student-t")]
    computed = sum(e.basis == "exact" for e in found.estimates)
    unpaired = [e for e in found.estimates if e.basis == "unpaired"]
    parts = []
    if found.comparisons:
        moved = sum(e.differs for e in sampled)
        parts.append(
            f"{counted(found.comparisons, 'mean')} compared seed by seed, alpha = {found.alpha:g} over all of them: "
            f"{moved} shown to differ, {len(sampled) - moved} not shown to, {found.equal} equal bit for bit"
        )
    if computed:
        parts.append(f"{counted(computed, 'computed value')} differ")
    if unpaired:
        apart = sum(e.differs for e in unpaired)
        parts.append(
            f"{counted(len(unpaired), 'pair')} of limits without common seeds differ, {apart} of them disjoint"
        )
    return "; ".join(parts) + "."


def _rest_line(found: Comparison) -> str:
    """What differs besides runs and verdicts."""
    nouns = (
        (found.configuration, "setting", ""),
        (found.environment, "property of the environment", "properties of the environment"),
        (found.plan, "part of the plan", "parts of the plan"),
        (found.claims, "statement of a claim", "statements of claims"),
    )
    told = [counted(len(changes), one, several) for changes, one, several in nouns if changes]
    return f"Different: {', '.join(told)}." if told else "Configuration, environment, plan and claims are the same."


def _verdicts_line(found: Comparison) -> str:
    """How many verdicts changed, with the claims that became worse."""
    changed = list({(v.claim, v.where): v for v in found.verdicts if v.before != v.after}.values())
    if not changed:
        return "No verdict changed." if not found.verdicts else "No verdict changed; formulas or limits did."
    claims = [v for v in changed if not v.where]
    cells = len(changed) - len(claims)
    told = [f"{v.claim} ({_arrow(v)})" for v in claims[:5]] + (
        [f"and {len(claims) - 5} more"] if len(claims) > 5 else []
    )
    named = f": {', '.join(told)}" if told else ""
    return f"Verdicts that changed: {counted(len(claims), 'claim')}{named}; {counted(cells, 'cell')}."


def _arrow(change: VerdictChange) -> str:
    return f"{change.before or 'not judged'} to {change.after or 'not judged'}"


def parts(found: Comparison) -> list[Shown]:
    """The parts in which something differs."""
    shown = [
        Shown("Configuration", "Key by key.", ("key", "first", "second"), _rows(found.configuration)),
        Shown("Environment", "Versions, machine and sources.", ("what", "first", "second"), _rows(found.environment)),
        Shown("Plan", "What was declared.", ("part", "first", "second"), _rows(found.plan)),
        Shown(
            "Claims", "Formula, certificate, provenance and evidence.", ("what", "first", "second"), _rows(found.claims)
        ),
        Shown(
            "Verdicts",
            "As 'factbound check' grades them: worse, weaker (its limits overlap the earlier ones), other.",
            ("", "claim", "cell", "first", "second", "what"),
            list(_verdict_rows(found.verdicts)),
        ),
        Shown("Estimates", _about_estimates(found), _ESTIMATES, [_estimate_row(e) for e in _ordered(found.estimates)]),
    ]
    return [part for part in shown if part.rows]


def _about_estimates(found: Comparison) -> str:
    if found.alpha is None:
        return "Limits of verdicts, as a baseline has them."
    if not found.comparisons:
        return "No seeds in common: the limits of both sides, each as it was verified."
    text = f"Second minus first, mean [limits]; each interval has level 1 - {found.alpha:g} / {found.comparisons}."
    approximate = any(e.basis == "student-t" for e in found.estimates)
    return text + (" (t): by Student's t, approximate." if approximate else "")


_ESTIMATES: Final = ("cell", "observable", "first", "second", "difference", "seeds", "result")
"""Means alone where their difference has limits of its own; both limits where it has none."""


def _rows(changes: Sequence[Change]) -> list[tuple[str, ...]]:
    return [(c.what, _value(c.before), _value(c.after)) for c in changes]


def _value(value: Any) -> str:
    if isinstance(value, str) and _HASH.fullmatch(value):
        return value[:12]
    text = "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _verdict_rows(changes: Sequence[VerdictChange]) -> Iterator[tuple[str, ...]]:
    for c in changes:
        what = "" if c.what == f"{c.before} became {c.after}" else c.what
        yield _LEVELS[c.level], c.claim, c.where or "(all)", c.before or "-", c.after or "-", what


def _ordered(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Those that differ first, the largest difference first among them."""
    return sorted(estimates, key=lambda e: (not e.differs, -abs(e.difference[0] or 0.0)))


def _estimate_row(e: Estimate) -> tuple[str, ...]:
    if e.basis == "unpaired":
        result = "limits disjoint" if e.differs else "limits overlap"
        return (
            e.where,
            e.observable,
            _limits(*e.before),
            _limits(*e.after),
            _limits(*e.difference),
            "none paired",
            result,
        )
    seeds = f"{e.seeds}, {e.unpaired} left out" if e.unpaired else str(e.seeds)
    result = "differs" if e.differs else "not shown"
    result += {"student-t": " (t)", "exact": " (computed)", "betting": ""}[e.basis]
    return e.where, e.observable, _mean(e.before), _mean(e.after), _limits(*e.difference), seeds, result


def _mean(limits: Three) -> str:
    return "-" if limits[0] is None else f"{limits[0]:.3g}"


def _limits(mean: float | None, lower: float | None, upper: float | None) -> str:
    told = [] if mean is None else [f"{mean:.3g}"]
    if lower is not None and upper is not None:
        told.append(f"[{lower:.3g}, {upper:.3g}]")
    return " ".join(told) or "-"


def print_comparison(found: Comparison, out: Console, *, all_rows: bool) -> None:
    """The summary, then each part, of long ones the first rows."""
    for number, line in enumerate(summary(found)):
        out.print(escape(line), style="bold" if number == 0 else None)
    for part in parts(found):
        rows = part.rows if all_rows else part.rows[:LINES]
        cells = [tuple(map(escape, row)) for row in rows]
        out.print()
        out.print(escape(f"{part.title}. {part.about}"), style="dim")
        out.print(plain_table(*part.headings, rows=cells))
        if len(rows) < len(part.rows):
            out.print(f"and {len(part.rows) - len(rows)} more (--all)", style="dim")
    for note in found.notes:
        out.print()
        out.print(escape(note), style="dim")


def comparison_markdown(found: Comparison) -> str:
    """The same for a pull request or an issue, complete."""
    lines = [f"## {found.first} against {found.second}", "", *(f"{line}\n" for line in summary(found))]
    for part in parts(found):
        lines += [f"### {part.title}", "", part.about, ""]
        lines += [
            _markdown_row(part.headings),
            _markdown_row(["---"] * len(part.headings)),
            *map(_markdown_row, part.rows),
        ]
        lines.append("")
    lines += [f"{note}\n" for note in found.notes]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_row(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def comparison_html(found: Comparison) -> str:
    """One self-contained page in the report's style, complete."""
    return filled("compare.html.j2", found=found, summary=summary(found), parts=parts(found))
