"""The map as tables of text, shared by terminal, Markdown and the report; and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empirics.experiments.one_layer.predict.laws import law
from empirics.judging.table import MAIN
from empirics.regimes.analysis import PREDICTORS, READINGS, SIZES
from empirics.regimes.contours import LEVELS, PREDICTING
from empirics.regimes.document import ContourRow, MapCell, RegimeMap

__all__ = ["Table", "all_tables", "cells_csv", "contours_csv", "markdown"]

_SHORT = {
    "ood-error-normalised": "normalised",
    "ood-error-literal": "literal",
    "covering-some-unseen": "some unseen",
    "covering-none-seen": "none seen",
}


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        name: a short name.
        caption: what it shows.
        header: column headings.
        rows: cells.
    """

    name: str
    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def all_tables(found: RegimeMap) -> list[Table]:
    """Every table that the map allows."""
    tables = [
        _regimes(found),
        _transitions(found),
        _moves(found),
        _exponents(found),
        _held_out(found),
        _predictors(found),
        _by(found, "by-finetuned", "N_f = ", "N_f"),
        _by(found, "by-arm", "arm ", "arm"),
    ]
    return [t for t in tables if t.rows]


def markdown(table: Table) -> str:
    """The table in Markdown, its caption before it."""
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return table.caption + "\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells_csv(found: RegimeMap) -> str:
    """One line per cell; columns are explained in docs/map.md."""
    rows = [
        {
            "variant": c.variant,
            "subjects": c.subjects,
            "templates": c.templates,
            "multiplicity": c.multiplicity,
            "finetuned": c.finetuned,
            "facts_per_template": c.facts_per_template,
            "seeds": len(c.seeds),
            "failed": len(c.failed),
            "in_scope_seeds": len(c.in_scope_seeds),
            "gap_mean_nats": c.gap,
            "error_mean": c.error,
            "error_lower": c.lower,
            "error_upper": c.upper,
            "regime": c.regime,
            **{_column(name): c.laws.get(name) for name in PREDICTING},
            **{f"verdict_{_column(name)}": c.verdicts[name] for name in READINGS},
            **{f"predicted_{name}": c.predicted[name] for name in PREDICTORS},
        }
        for c in found.cells
    ]
    return _csv(rows)


def contours_csv(found: RegimeMap) -> str:
    """One line per pre-trained setting and level."""
    rows = [
        {
            "variant": c.variant,
            "subjects": c.subjects,
            "templates": c.templates,
            "multiplicity": c.multiplicity,
            "level": c.level,
            "measured": c.measured,
            "beyond": c.beyond,
            "lower": c.lower,
            "upper": c.upper,
            **{_column(name): c.predicted[name] for name in PREDICTING},
        }
        for c in found.contours
    ]
    return _csv(rows)


def _column(name: str) -> str:
    return _SHORT[name].replace(" ", "_")


def _csv(rows: Sequence[Mapping[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _regimes(found: RegimeMap) -> Table:
    rows = []
    cells = [c for c in found.of(MAIN) if c.seeds]
    for k in sorted({c.multiplicity for c in cells}):
        mine = [c for c in cells if c.multiplicity == k]
        regimes = Counter(c.regime for c in mine)
        counts = [str(regimes[name]) for name in ("succeeds", "transition", "fails", "undecided")]
        rows.append([str(k), *counts, *(_verdict_counts(mine, reading) for reading in READINGS)])
    caption = (
        f"Cells of the main grid by regime (mean OOD error surely at most {found.success:g}, surely at least "
        f"{found.failure:g}, surely between, undecided) and by verdict on each reading of the bound."
    )
    header = ["K", "succeeds", "between", "fails", "undecided", *(_SHORT[r] for r in READINGS)]
    return Table("regimes", caption, header, rows)


def _verdict_counts(cells: Sequence[MapCell], reading: str) -> str:
    counts = Counter(c.verdicts[reading] for c in cells)
    return ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())


def _transitions(found: RegimeMap) -> Table:
    at = {(c.level, c.multiplicity, c.templates): c for c in found.contours if c.variant == MAIN}
    rows = []
    for _, k, r in sorted(key for key in at if key[0] == LEVELS[0]):
        crossings = [at[level, k, r] for level in LEVELS]
        asked = [crossings[0].predicted[name] for name in PREDICTING]
        rows.append(
            [
                str(k),
                str(r),
                f"{crossings[0].subjects * k / r:.1f}",
                *(_crossing(c) for c in crossings),
                *("–" if n is None else str(n) for n in asked),
            ]
        )
    caption = (
        "N_f at which the OOD error falls to a level in the main grid: measured (interpolated, with 95 % limits over "
        f"resampled seeds), and the least N_f that both readings of the bound and the exact covering laws ask for at "
        f"{LEVELS[0]:g}."
    )
    header = ["K", "R", "S K / R", *(f"error {level:g}" for level in LEVELS), *(_SHORT[name] for name in PREDICTING)]
    return Table("transitions", caption, header, rows)


def _crossing(c: ContourRow) -> str:
    if c.beyond == "below":
        return f"< {c.lower:g}"
    if c.beyond == "above":
        return f"> {c.upper:g}"
    return f"{c.measured:.1f} [{c.lower:.1f}, {c.upper:.1f}]"


def _moves(found: RegimeMap) -> Table:
    pairs = sorted({(c.templates, c.multiplicity) for c in found.contours if c.variant != MAIN})
    variants = list(dict.fromkeys(c.variant for c in found.contours))
    by_key = {(c.variant, c.templates, c.multiplicity): c for c in found.contours if c.level == LEVELS[0]}
    rows = []
    for variant in variants if len(variants) > 1 else []:
        crossings = [by_key.get((variant, *pair)) for pair in pairs]
        gaps = [c.gap for c in found.of(variant) if c.gap is not None and (c.templates, c.multiplicity) in pairs]
        gap = f"{max(gaps):.3f}" if gaps else "–"
        rows.append([variant, gap, *("–" if c is None else _crossing(c) for c in crossings)])
    caption = (
        f"N_f at which the OOD error falls to {LEVELS[0]:g}, one thing varied at a time, and the largest mean "
        "pre-training gap among these settings, in nats."
    )
    return Table("moves", caption, ["", "gap", *(f"R={r}, K={k}" for r, k in pairs)], rows)


def _exponents(found: RegimeMap) -> Table:
    rows = [
        [
            law(e.law).title,
            e.name,
            f"{e.estimate:.2f}" + ("" if e.lower is None else f" [{e.lower:.2f}, {e.upper:.2f}]"),
            *("–" if v is None else f"{v:.2f}" for v in (e.source, e.some_unseen, e.none_seen)),
        ]
        for e in found.law.exponents
    ]
    correlation = found.law.collinearity
    note = "" if correlation is None else f" log R and log log R correlate by {correlation:.4f} over these cells."
    caption = (
        f"Exponents fitted to {found.law.cells} transition cells of the main grid, with S to those of all sizes (95 % "
        "limits over resampled seeds), the headline bound's, and those that the same fit gives on the exact covering "
        f"laws.{note}"
    )
    return Table("exponents", caption, ["law", "of", "fitted", "bound", "some unseen", "none seen"], rows)


def _held_out(found: RegimeMap) -> Table:
    splits = list(dict.fromkeys(row.split for row in found.law.held_out))
    scores = {(row.law, row.split): row for row in found.law.held_out}
    names = list(dict.fromkeys(row.law for row in found.law.held_out))
    rows = []
    for name in names:
        parts = [scores.get((name, split)) for split in splits]
        rows.append(
            [
                law(name).title,
                str(len(law(name).coefficients)),
                *(
                    "–"
                    if row is None
                    else f"{row.deviation:.3f}" + ("" if row.lower is None else f" [{row.lower:.3f}, {row.upper:.3f}]")
                    for row in parts
                ),
            ]
        )
    caption = (
        "Mean absolute deviation of predicted from observed error on transition cells held out together (95 % limits "
        f"over resampled seeds), best first. Other S: each of {SIZES.removesuffix('=')} varied, the laws fitted to the "
        "main grid and the remaining sizes."
    )
    return Table("held-out", caption, ["law", "coefficients", *(f"held out: {s}" for s in splits)], rows)


def _predictors(found: RegimeMap) -> Table:
    rows = [
        [
            row.part,
            row.predictor,
            str(row.cells),
            "–"
            if row.auc is None
            else f"{row.auc:.3f}" + ("" if row.auc_lower is None else f" [{row.auc_lower:.3f}, {row.auc_upper:.3f}]"),
            "–" if row.auc_within is None else f"{row.auc_within:.3f}",
            f"{row.agreement:.3f}",
            f"{row.deviation:.3f}",
            f"{row.bias:+.3f}",
            "–" if row.deviation_probability is None else f"{row.deviation_probability:.3f}",
            "–" if row.brier is None else f"{row.brier:.3f} ({row.brier_share:.3f})",
        ]
        for part in dict.fromkeys(r.part for r in found.prediction)
        if part.startswith(("transition", "every"))
        for row in found.prediction
        if row.part == part
    ]
    caption = (
        "Predictors of single facts. AUC over all held-out facts (95 % limits over resampled seeds) and within single "
        "runs; agreement of the untuned rule with the outcome; mean absolute deviation and bias of its predicted from "
        "the observed error over cells; deviation and Brier score of the probability, fitted on other worlds (in "
        "brackets: Brier score of a constant)."
    )
    header = ["cells", "predictor", "n", "AUC", "within", "agreement", "deviation", "bias", "dev. (prob.)", "Brier"]
    return Table("predictors", caption, header, rows)


def _by(found: RegimeMap, name: str, prefix: str, heading: str) -> Table:
    mine = [row for row in found.prediction if row.part.startswith(prefix)]
    predictors = list(dict.fromkeys(row.predictor for row in mine))
    rows = []
    for part in dict.fromkeys(row.part for row in mine):
        scores = {row.predictor: row for row in mine if row.part == part}
        first = next(iter(scores.values()))
        shown = [scores.get(predictor) for predictor in predictors]
        texts = ["–" if s is None or s.auc is None else f"{s.auc:.3f} / {s.deviation:.3f}" for s in shown]
        rows.append([part.removeprefix(prefix), str(first.cells), *texts])
    caption = f"AUC and mean absolute deviation of the predicted error in the transition cells, by {heading}."
    return Table(name, caption, [heading, "cells", *predictors], rows)
