"""The map as tables of text, shared by terminal, Markdown and the report; and as CSV."""

from __future__ import annotations

from collections import Counter

from empirics.experiments.wording import words
from empirics.regimes.accuracy import part_at
from empirics.regimes.document import ContourRow, FactorEnd, RegimeMap
from empirics.report.figures.figure import csv_text
from empirics.report.sections import SectionTable
from theory.plural import counted


class Table(SectionTable):
    """A table of text, with a short name."""

    name: str


def all_tables(found: RegimeMap) -> list[Table]:
    """Every table that the map allows."""
    axis = found.design.axis
    tables = [
        *(
            make(found)
            for make in (_regimes, _transitions, _moves, _factor, _holds_from, _exponents, _held_out, _predictors)
        ),
        _by(found, f"by-{found.axis_column}", f"{axis} = ", axis),
        _by(found, "by-arm", "arm ", "arm"),
        *(_by_arm_and_axis(found, name) for name in (found.design.items.predictors[-2:] if found.design.items else ())),
    ]
    return [t for t in tables if t.rows]


def markdown(table: Table) -> str:
    """The table in Markdown, its caption before it."""
    lines = [table.columns, ["---"] * len(table.columns), *table.rows]
    return table.caption + "\n\n" + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def cells_csv(found: RegimeMap) -> str:
    """One line per cell; columns are explained in docs/map.md."""
    design = found.design
    short = {claim.id: claim.short.replace(" ", "_") for claim in design.claims}
    return csv_text(
        [
            {
                "variant": c.variant,
                **found.place(c),
                **({design.quantity.column: c.at(design.quantity.column)} if design.quantity else {}),
                "seeds": len(c.seeds),
                "failed": len(c.failed),
                "in_scope_seeds": len(c.in_scope_seeds),
                **({f"gap_mean_{design.premise.unit}": c.gap} if design.premise else {}),
                "error_mean": c.error,
                "error_lower": c.lower,
                "error_upper": c.upper,
                "regime": c.regime,
                **{column: c.laws.get(claim) for claim, column in short.items()},
                **{f"verdict_{short[name]}": c.verdicts[name] for name in design.readings},
                **{f"predicted_{name}": value for name, value in c.predicted.items()},
            }
            for c in found.cells
        ]
    )


def contours_csv(found: RegimeMap) -> str:
    """One line per contour: what is fixed, and the level."""
    return csv_text(
        [
            {
                "variant": c.variant,
                **found.place(c),
                **c.model_dump(include={"level", "measured", "beyond", "lower", "upper"}),
                **{claim.short.replace(" ", "_"): c.predicted[claim.id] for claim in found.design.claims},
            }
            for c in found.contours
        ]
    )


def _text(value: float | None, form: str = ".3f", lower: float | None = None, upper: float | None = None) -> str:
    """A number, with its limits if it has any; a dash where it is undefined."""
    if value is None:
        return "–"
    return f"{value:{form}}" + ("" if lower is None else f" [{lower:{form}}, {upper:{form}}]")


def _regimes(found: RegimeMap) -> Table:
    design = found.design
    short = {claim.id: claim.short for claim in design.claims}
    cells = [c for c in found.of(found.leading) if c.seeds]
    rows = []
    for panel in sorted({found.others(c)[1:] for c in cells}):
        mine = [c for c in cells if found.others(c)[1:] == panel]
        regimes = Counter(c.regime for c in mine)
        counts = [str(regimes[name]) for name in ("succeeds", "transition", "fails", "undecided")]
        verdicts = (Counter(c.verdicts[reading] for c in mine).most_common() for reading in design.readings)
        rows.append([*map(str, panel), *counts, *(", ".join(f"{n} {v}" for v, n in told) for told in verdicts)])
    caption = (
        f"Cells of the main grid by regime{' and by verdict on each reading of the bound' if design.readings else ''}. "
        f"Succeeds: the upper limit of the mean {words(design.observable)} is at most {found.success:g}. Fails: the "
        f"lower limit is at least {found.failure:g}. Between: the interval lies between. Undecided: otherwise."
    )
    header = [*design.others[1:], "succeeds", "between", "fails", "undecided", *map(short.__getitem__, design.readings)]
    return Table(name="regimes", caption=caption, columns=header, rows=rows)


def _transitions(found: RegimeMap) -> Table:
    design = found.design
    levels, quantity = design.levels, design.quantity
    at = {(c.level, found.others(c)[::-1]): c for c in found.contours if c.variant == found.leading}
    rows = []
    for place in sorted(place for level, place in at if level == levels[0]):
        first = at[levels[0], place]
        begin = [*map(str, place), *([f"{first.at(quantity.column):.1f}"] if quantity else [])]
        predicted = (_text(first.predicted[claim.id], "d") for claim in design.claims)
        rows.append([*begin, *(_crossing(at[level, place]) for level in levels), *predicted])
    asking = f" Beside it: the least {design.axis} at which each bound and exact law is at most {levels[0]:g}."
    caption = (
        f"{design.axis} at which the {words(design.observable)} falls to a level in the main grid, interpolated, with "
        f"95 % limits over resampled seeds.{asking if design.claims else ''}"
    )
    begin = [*design.others[::-1], *([quantity.label] if quantity else [])]
    header = [*begin, *(f"error {level:g}" for level in levels), *(claim.short for claim in design.claims)]
    return Table(name="transitions", caption=caption, columns=header, rows=rows)


def _crossing(c: ContourRow | None) -> str:
    if c is not None and c.beyond is not None:
        return f"< {c.lower:g}" if c.beyond == "below" else f"> {c.upper:g}"
    return "–" if c is None else _text(c.measured, ".1f", c.lower, c.upper)


def _moves(found: RegimeMap) -> Table:
    design = found.design
    pairs = sorted({found.others(c) for c in found.contours if c.variant != found.leading})
    variants = list(dict.fromkeys(c.variant for c in found.contours))
    by_key = {(c.variant, found.others(c)): c for c in found.contours if c.level == design.levels[0]}
    rows = []
    for variant in variants if len(variants) > 1 else []:
        gaps = [c.gap for c in found.of(variant) if c.gap is not None and found.others(c) in pairs]
        gap = [_text(max(gaps, default=None))] if design.premise else []
        rows.append([variant, *gap, *(_crossing(by_key.get((variant, pair))) for pair in pairs)])
    level = f"the {words(design.observable)} falls to {design.levels[0]:g}"
    caption = f"{design.axis} at which {level}, with one setting varied at a time"
    if design.premise:
        name = words(design.premise.observable)
        caption += f". Gap: the largest mean {name} among these settings, in {design.premise.unit}"
    places = [", ".join(f"{s}={value}" for s, value in zip(design.others, pair, strict=True)) for pair in pairs]
    header = ["", *(["gap"] if design.premise else []), *places]
    return Table(name="moves", caption=caption + ".", columns=header, rows=rows)


def _factor(found: RegimeMap) -> Table:
    design, part = found.design, found.factor
    short = {claim.id: claim.short for claim in design.claims}
    rows: list[list[str]] = []
    shown: dict[tuple[str, str], tuple[str, ...]] = {}
    for row in part.brackets:
        cells = ("all arms" if row.variant is None else row.variant) + (", confirmable" if row.confirmable else "")
        upper = "∞" if row.refuted is None else f"{row.refuted.factor:.3g}"
        ends = [_end(found, row.confirmed, "upper"), _end(found, row.refuted, "lower")]
        bracket = f"[{row.confirmed.factor:.3g}, {upper}]"
        deciding = tuple(end.partition(":")[0] for end in ends)
        if shown.get((row.reading, cells)) != deciding:
            shown[row.reading, cells] = deciding
            rows.append([short.get(row.reading, row.reading), cells, str(row.start), str(row.cells), bracket, *ends])
    level = f"{100 * (1 - part.alpha):g} %"
    caption = (
        "The factor on the exponent of each reading. Bracket: up to its lower end the bound is confirmed in every "
        f"cell in scope from {design.axis} on; beyond its upper end it is refuted in some. In each row both ends of "
        f"all readings hold together at level {level}. Beside them: the cell that decides, and its mean error "
        f"with the limit used. Confirmable: only cells that {counted(found.config['seeds']['looks'][0], 'seed')} "
        "without error would confirm at factor 1. A row is left out where the same cells decide as in the one above it."
    )
    header = [
        "reading",
        "cells",
        f"{design.axis} from",
        "n",
        "bracket",
        "confirmed is decided by",
        "refuted is decided by",
    ]
    return Table(name="factor", caption=caption, columns=header, rows=rows)


def _end(found: RegimeMap, end: FactorEnd | None, side: str) -> str:
    """The cell that decides, as in ``R=8, K=3, N_f=2: 0.90, upper limit 0.97``."""
    if end is None:
        return "–"
    arm = "" if end.variant == found.leading else f"{end.variant}, "
    where = ", ".join(f"{s}={end.at(found.design.columns[s])}" for s in (*found.design.others, found.design.axis))
    return f"{arm}{where}: {end.error:.3f}, {side} limit {end.limit:.3f}"


def _holds_from(found: RegimeMap) -> Table:
    design, part = found.design, found.factor
    short = {claim.id: claim.short for claim in design.claims}
    others = [design.columns[symbol] for symbol in design.others]
    rows = [
        [
            *(str(row.at(column)) for column in others),
            short.get(row.reading, row.reading),
            *("none" if v is None else str(v) for v in (row.every, row.confirmable, row.last_confirmable, row.proved)),
        ]
        for row in sorted(part.holds_from, key=lambda row: tuple(map(row.at, others)))
    ]
    seeds, level = counted(found.config["seeds"]["looks"][0], "seed"), f"{100 * (1 - part.alpha):g} %"
    caption = (
        f"Least {design.axis} of the main grid from which every cell confirms the reading; the same among the cells "
        f"that {seeds} without error would confirm; and the greatest {design.axis} of these. All rows hold together at "
        f"level {level}. Proved: the {design.axis} from which the reading exceeds the exact law of coverage for good."
    )
    header = [*design.others, "reading", "every cell", "confirmable cells", "confirmable up to", "proved"]
    return Table(name="holds-from", caption=caption, columns=header, rows=rows)


def _exponents(found: RegimeMap) -> Table:
    titles, rivals = {law.name: law.title for law in found.design.laws}, found.design.rivals
    rows = []
    for e in found.law.exponents:
        beside = (_text(v, ".2f") for v in (e.source, *map(e.rival, rivals)))
        rows.append([titles[e.law], e.name, _text(e.estimate, ".2f", e.lower, e.upper), *beside])
    sizes = [s for s in found.design.columns if s not in found.experiment.axes]
    caption = (
        f"Exponents fitted to {counted(found.law.cells, 'transition cell')} of the main grid, with 95 % limits over "
        "resampled seeds."
        + (f" Those of {' and '.join(sizes)} are fitted to the cells of all sizes." if sizes else "")
        + " Beside them: the exponents of the bound, and of the same fit to the exact laws."
    )
    correlation, pair = found.law.collinearity, found.design.collinear
    if correlation is not None and pair is not None:
        caption += f" The logarithms of {pair[0]} and of {pair[1]} correlate by {correlation:.4f} over these cells."
    header = ["law", "of", "fitted", "bound", *rivals.values()]
    return Table(name="exponents", caption=caption, columns=header, rows=rows)


def _held_out(found: RegimeMap) -> Table:
    splits = list(dict.fromkeys(row.split for row in found.law.held_out))
    laws = {law.name: law for law in found.design.laws}
    scores: dict[str, dict[str, str]] = {}
    for row in found.law.held_out:
        scores.setdefault(row.law, {})[row.split] = _text(row.deviation, ".3f", row.lower, row.upper)
    rows = [
        [laws[name].title, str(laws[name].coefficients), *(mine.get(split, "–") for split in splits)]
        for name, mine in scores.items()
    ]
    caption = (
        "Mean absolute deviation of predicted from observed error on held-out transition cells, with 95 % limits over "
        "resampled seeds, best first. Cells of one group are held out together. Other sizes: each size is held out by "
        "itself, and the laws are fitted to the main grid and the remaining sizes."
    )
    header = ["law", "coefficients", *(f"held out: {s}" for s in splits)]
    return Table(name="held-out", caption=caption, columns=header, rows=rows)


def _predictors(found: RegimeMap) -> Table:
    items = found.design.items
    if items is None:
        return Table(name="predictors", caption="", columns=(), rows=())
    shown = [row for row in found.prediction if row.part.startswith(("transition", "every"))]
    parts = list(dict.fromkeys(row.part for row in shown))
    rows = [
        [
            row.part,
            row.predictor,
            str(row.cells),
            _text(row.auc, ".3f", row.auc_lower, row.auc_upper),
            _text(row.auc_within),
            _text(row.agreement),
            _text(row.deviation),
            _text(row.bias, "+.3f"),
            _text(row.deviation_probability),
            "–" if row.brier is None else f"{row.brier:.3f} ({row.brier_share:.3f})",
        ]
        for row in sorted(shown, key=lambda row: parts.index(row.part))
    ]
    caption = (
        f"Predictors of single {items.item}s. AUC: over all {items.item}s, with 95 % limits over resampled seeds. "
        "Within: AUC within single runs. Agreement: fraction for which the untuned rule predicts the outcome. "
        "Deviation and bias: of the error that the rule predicts from the observed error, over cells (mean absolute, "
        "mean). Dev. (prob.) and Brier: of the probability, fitted on cells of another "
        f"{' or '.join(items.folds)}; in brackets, the Brier score of a constant."
    )
    header = ["cells", "predictor", "n", "AUC", "within", "agreement", "deviation", "bias", "dev. (prob.)", "Brier"]
    return Table(name="predictors", caption=caption, columns=header, rows=rows)


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
    return Table(name=name, caption=caption, columns=[heading, "cells", *predictors], rows=rows)


def _by_arm_and_axis(found: RegimeMap, predictor: str) -> Table:
    """One of the finest predictors in every place: a row for each arm, a column for each value of the axis."""
    axis = found.design.axis
    scores = {row.part: row for row in found.prediction if row.predictor == predictor}
    values = sorted({c.at(found.axis_column) for c in found.cells})
    at = {(arm.name, n): scores.get(part_at(arm.name, axis, n)) for arm in found.arms for n in values}
    rows = [
        [
            arm.name,
            *(
                "–" if s is None else f"{_text(s.auc, '.4f')} / {s.bias:+.3f}"
                for s in (at[arm.name, n] for n in values)
            ),
        ]
        for arm in found.arms
        if any(at[arm.name, n] for n in values)
    ]
    known = [(place, s) for place, s in at.items() if s is not None]
    aucs = [(s.auc, place) for place, s in known if s.auc is not None]
    worst = []
    if aucs:
        least, (arm, n) = min(aucs)
        worst.append(f"AUC {least:.4f} ({arm}, {axis} = {n})")
    if known:
        (arm, n), far = max(known, key=lambda one: abs(one[1].bias))
        worst.append(f"mean difference {far.bias:+.3f} ({arm}, {axis} = {n})")
    caption = (
        f"Predictor {predictor}: AUC, and mean over cells of predicted minus observed error, in the transition cells "
        f"of each arm at each {axis}; a dash where there is none. Worst: {', '.join(worst)}."
    )
    header = ["arm", *(f"{axis} = {n}" for n in values)]
    return Table(name=f"by-arm-and-{found.axis_column}-{predictor}", caption=caption, columns=header, rows=rows)
