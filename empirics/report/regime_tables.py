"""The map as tables of text, shared by terminal, Markdown and the report; and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empirics.experiments.wording import words
from empirics.regimes.document import ContourRow, MapCell, RegimeMap

__all__ = ["Table", "all_tables", "cells_csv", "contours_csv", "markdown"]


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
        _by(found, f"by-{found.column(found.design.axis)}", f"{found.design.axis} = ", found.design.axis),
        _by(found, "by-arm", "arm ", "arm"),
    ]
    return [t for t in tables if t.rows]


def markdown(table: Table) -> str:
    """The table in Markdown, its caption before it."""
    lines = [table.header, ["---"] * len(table.header), *table.rows]
    return table.caption + "\n\n" + "\n".join("| " + " | ".join(line) + " |" for line in lines)


def cells_csv(found: RegimeMap) -> str:
    """One line per cell; columns are explained in docs/map.md."""
    design = found.design
    premise = design.premise
    rows = [
        {
            "variant": c.variant,
            **found.place(c),
            **({design.quantity.column: c.at(design.quantity.column)} if design.quantity else {}),
            "seeds": len(c.seeds),
            "failed": len(c.failed),
            "in_scope_seeds": len(c.in_scope_seeds),
            **({f"gap_mean_{premise.unit}": c.gap} if premise else {}),
            "error_mean": c.error,
            "error_lower": c.lower,
            "error_upper": c.upper,
            "regime": c.regime,
            **{_column(found, claim.id): c.laws.get(claim.id) for claim in design.claims},
            **{f"verdict_{_column(found, name)}": c.verdicts[name] for name in design.readings},
            **{f"predicted_{name}": value for name, value in c.predicted.items()},
        }
        for c in found.cells
    ]
    return _csv(rows)


def contours_csv(found: RegimeMap) -> str:
    """One line per contour: what is fixed, and the level."""
    rows = [
        {
            "variant": c.variant,
            **found.place(c),
            "level": c.level,
            "measured": c.measured,
            "beyond": c.beyond,
            "lower": c.lower,
            "upper": c.upper,
            **{_column(found, claim.id): c.predicted[claim.id] for claim in found.design.claims},
        }
        for c in found.contours
    ]
    return _csv(rows)


def _short(found: RegimeMap, claim: str) -> str:
    return next(c.short for c in found.design.claims if c.id == claim)


def _column(found: RegimeMap, claim: str) -> str:
    return _short(found, claim).replace(" ", "_")


def _csv(rows: Sequence[Mapping[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _regimes(found: RegimeMap) -> Table:
    design = found.design
    panels = design.others[1:]
    cells = [c for c in found.of(found.leading) if c.seeds]
    rows = []
    for panel in sorted({found.others(c)[1:] for c in cells}):
        mine = [c for c in cells if found.others(c)[1:] == panel]
        regimes = Counter(c.regime for c in mine)
        counts = [str(regimes[name]) for name in ("succeeds", "transition", "fails", "undecided")]
        rows.append([*map(str, panel), *counts, *(_verdict_counts(mine, reading) for reading in design.readings)])
    caption = (
        f"Cells of the main grid by regime (mean {words(design.observable)} surely at most {found.success:g}, surely "
        f"at least {found.failure:g}, surely between, undecided)"
        + (" and by verdict on each reading of the bound." if design.readings else ".")
    )
    header = [*panels, "succeeds", "between", "fails", "undecided", *(_short(found, r) for r in design.readings)]
    return Table("regimes", caption, header, rows)


def _verdict_counts(cells: Sequence[MapCell], reading: str) -> str:
    counts = Counter(c.verdicts[reading] for c in cells)
    return ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())


def _transitions(found: RegimeMap) -> Table:
    design = found.design
    levels, quantity = design.levels, design.quantity
    at = {(c.level, found.others(c)[::-1]): c for c in found.contours if c.variant == found.leading}
    rows = []
    for place in sorted(place for level, place in at if level == levels[0]):
        crossings = [at[level, place] for level in levels]
        asked = [crossings[0].predicted[claim.id] for claim in design.claims]
        rows.append(
            [
                *map(str, place),
                *([f"{crossings[0].at(quantity.column):.1f}"] if quantity else []),
                *(_crossing(c) for c in crossings),
                *("–" if n is None else str(n) for n in asked),
            ]
        )
    asking = f", and the least {design.axis} at which each bound and exact law is at most {levels[0]:g}"
    caption = (
        f"{design.axis} at which the {words(design.observable)} falls to a level in the main grid: measured "
        f"(interpolated, with 95 % limits over resampled seeds){asking if design.claims else ''}."
    )
    header = [
        *design.others[::-1],
        *([quantity.label] if quantity else []),
        *(f"error {level:g}" for level in levels),
        *(claim.short for claim in design.claims),
    ]
    return Table("transitions", caption, header, rows)


def _crossing(c: ContourRow) -> str:
    if c.beyond == "below":
        return f"< {c.lower:g}"
    if c.beyond == "above":
        return f"> {c.upper:g}"
    return f"{c.measured:.1f} [{c.lower:.1f}, {c.upper:.1f}]"


def _moves(found: RegimeMap) -> Table:
    design = found.design
    pairs = sorted({found.others(c) for c in found.contours if c.variant != found.leading})
    variants = list(dict.fromkeys(c.variant for c in found.contours))
    by_key = {(c.variant, found.others(c)): c for c in found.contours if c.level == design.levels[0]}
    rows = []
    for variant in variants if len(variants) > 1 else []:
        crossings = [by_key.get((variant, pair)) for pair in pairs]
        gaps = [c.gap for c in found.of(variant) if c.gap is not None and found.others(c) in pairs]
        gap = [f"{max(gaps):.3f}" if gaps else "–"] if design.premise else []
        rows.append([variant, *gap, *("–" if c is None else _crossing(c) for c in crossings)])
    level = f"the {words(design.observable)} falls to {design.levels[0]:g}"
    caption = f"{design.axis} at which {level}, one thing varied at a time"
    if design.premise:
        name = words(design.premise.observable)
        caption += f", and the largest mean {name} among these settings, in {design.premise.unit}"
    header = ["", *(["gap"] if design.premise else []), *(_place(design.others, pair) for pair in pairs)]
    return Table("moves", caption + ".", header, rows)


def _place(symbols: Sequence[str], values: Sequence[int | float]) -> str:
    return ", ".join(f"{symbol}={value}" for symbol, value in zip(symbols, values, strict=True))


def _exponents(found: RegimeMap) -> Table:
    titles, rivals = {law.name: law.title for law in found.design.laws}, found.design.rivals
    rows = [
        [
            titles[e.law],
            e.name,
            f"{e.estimate:.2f}" + ("" if e.lower is None else f" [{e.lower:.2f}, {e.upper:.2f}]"),
            *("–" if v is None else f"{v:.2f}" for v in (e.source, *map(e.rival, rivals))),
        ]
        for e in found.law.exponents
    ]
    correlation, pair = found.law.collinearity, found.design.collinear
    note = (
        ""
        if correlation is None or pair is None
        else f" The logarithms of {pair[0]} and of {pair[1]} correlate by {correlation:.4f} over these cells."
    )
    sizes = [s for s in found.design.columns if s not in found.experiment.axes]
    caption = (
        f"Exponents fitted to {found.law.cells} transition cells of the main grid"
        + (f", with {' and '.join(sizes)} to those of all sizes" if sizes else "")
        + " (95 % limits over resampled seeds), the bound's, and those that the same fit gives on exact laws."
        + note
    )
    return Table("exponents", caption, ["law", "of", "fitted", "bound", *rivals.values()], rows)


def _held_out(found: RegimeMap) -> Table:
    splits = list(dict.fromkeys(row.split for row in found.law.held_out))
    scores = {(row.law, row.split): row for row in found.law.held_out}
    names = list(dict.fromkeys(row.law for row in found.law.held_out))
    laws = {law.name: law for law in found.design.laws}
    rows = []
    for name in names:
        parts = [scores.get((name, split)) for split in splits]
        rows.append(
            [
                laws[name].title,
                str(laws[name].coefficients),
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
        "over resampled seeds), best first. Other sizes: each size by itself, the laws fitted to the main grid and the "
        "remaining sizes."
    )
    return Table("held-out", caption, ["law", "coefficients", *(f"held out: {s}" for s in splits)], rows)


def _predictors(found: RegimeMap) -> Table:
    items = found.design.items
    if items is None:
        return Table("predictors", "", [], [])
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
        f"Predictors of single {items.item}s. AUC over all {items.item}s (95 % limits over resampled seeds) and within "
        "single runs; agreement of the untuned rule with the outcome; mean absolute deviation and bias of its "
        "predicted from the observed error over cells; deviation and Brier score of the probability, fitted on cells "
        f"of another {' or '.join(items.folds)} (in brackets: Brier score of a constant)."
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
