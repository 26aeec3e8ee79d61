"""The figures of a verification: the headline bound, the pre-training gap, and one per claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from empirics.experiments.language_models.report import lm_figure
from empirics.judging.table import MAIN
from empirics.observables.catalogue import observables
from empirics.report.figures.figure import Figure, Row, number
from empirics.report.figures.forest import draw_forest, forest_rows
from empirics.report.figures.panels import OBSERVED_SERIES, draw_panels, line_rows, observed_rows
from empirics.report.figures.style import INK, LINES, PAGE, SEEN, direct_labels, new_figure, shade_and_style, words
from empirics.verification.results import CellResult, ClaimResult, Results
from theory import Claim, Kind, UnknownClaimError, claim

__all__ = ["all_figures", "claim_figure", "gap_figure", "ood_error_figure"]

_INTERVAL = "Points: mean over seeds with its time-uniform interval, each cell by itself."


def all_figures(results: Results) -> list[Figure]:
    """Every figure that the results allow: the main one first, then the gap, then one per measured claim."""
    found = [ood_error_figure(results), gap_figure(results), lm_figure(results)]
    found += [claim_figure(results, c) for c in results.claims]
    return [figure for figure in found if figure is not None]


def ood_error_figure(results: Results) -> Figure | None:
    """Predicted against observed OOD error over N_f: both readings of the headline bound, and the covering law."""
    claims = [claim(identifier) for identifier in LINES]
    rows = _panel_rows(results, claims, "ood_error")
    if rows is None:
        return None
    outside = _outside(results, "ood-error-literal")
    rows = [r if (r["templates"], r["multiplicity"]) not in outside else {**r, "note": "out of scope"} for r in rows]
    return Figure(
        "ood-error",
        "Out-of-distribution error, predicted and observed",
        f"Out-of-distribution error against the number of fine-tuned facts. {_INTERVAL} Lines: the two readings of "
        "the headline bound, and the exact probability that a held-out fact has an own template unseen. Below the "
        "break of the axis: 0.",
        rows,
        partial(draw_panels, styles=LINES, ylabel="OOD error", log=True),
    )


def claim_figure(results: Results, judged: ClaimResult) -> Figure | None:
    """Predicted against observed for one claim, or None where nothing was measured."""
    rows: Sequence[Row] | None = None
    try:
        item = claim(judged.id)
    except UnknownClaimError:
        item = None
    if item is not None and item.log_expression is not None and "N_f" in item.symbols and item.variant == MAIN:
        rows = _panel_rows(results, [item], item.observable)
    if rows is not None and item is not None and any(r["series"] == item.id for r in rows):
        predicted = "formula" if item.kind == Kind.IDENTITY else "bound"
        style = {item.id: {"color": INK, "linestyle": "-", "label": predicted}}
        known = observables().get(item.observable)
        probability = known is not None and (known.lower, known.upper) == (0, 1)
        exact = known is not None and known.sampling == "exact"
        how = "Points: the value of each cell, computed by another route, without sampling." if exact else _INTERVAL
        caption = f"{item.title}: the {predicted} as a line, {item.observable} as points. {how}"
        draw = partial(
            draw_panels,
            styles=style,
            ylabel=_wrapped(words(item.observable)),
            log=probability,
            points="exact value" if exact else "observed",
        )
        return Figure(f"claim-{judged.id}", f"{judged.title}, predicted and observed", caption, rows, draw)
    rows = forest_rows(results, judged.id)
    if not rows:
        return None
    observable = words(item.observable) if item is not None else "measured"
    compared = item is not None and (item.axis is not None or item.reference is not None)
    difference = judged.kind == Kind.TREND or compared
    label = f"{observable}, paired difference" if difference else observable
    caption = (
        f"{judged.title}: the measured value with the limits that the verdict rests on; black bars are the threshold. "
        "Open points are undecided, crosses violated."
    )
    draw = partial(draw_forest, xlabel=label, two_sided=judged.kind == Kind.EQUIVALENCE)
    return Figure(f"claim-{judged.id}", f"{judged.title}, verdict by verdict", caption, rows, draw)


def gap_figure(results: Results) -> Figure | None:
    """The pre-training gap along training, logarithmic axes, one line per K and |R|."""
    curves = [c for c in results.curves if c.observable == "pretraining_gap" and c.variant == MAIN]
    limit = results.config["verdict"]["premise_gap"]
    rows: list[Row] = [
        {
            "templates": curve.templates,
            "multiplicity": curve.multiplicity,
            "step": step,
            "gap_mean_nats": value,
            "gap_lower_nats": low,
            "gap_upper_nats": high,
        }
        for curve in curves
        for step, value, low, high in zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True)
    ]
    if not rows:
        return None
    return Figure(
        "pretraining-gap",
        "Pre-training gap along training",
        "How far the pre-training loss is above its floor log K, mean over seeds, along gradient descent. One panel "
        "for each universe |R|; the thin line is the premise of the headline bound.",
        rows,
        partial(_draw_gap, limit=limit),
    )


def _draw_gap(rows: Sequence[Row], limit: float) -> Any:
    sizes = sorted({int(number(r, "templates")) for r in rows})
    multiplicities = sorted({int(number(r, "multiplicity")) for r in rows})
    columns = min(4, len(sizes))
    lines = -(-len(sizes) // columns)
    figure = new_figure(PAGE, 2.1 * lines + 0.4, left=0.55, right=0.55, top=0.25, wspace=0.28, hspace=0.4)
    grid: Any = figure.subplots(lines, columns, sharey=True, squeeze=False)
    for axis in grid.flat[len(sizes) :]:
        axis.set_axis_off()
    for axis, templates in zip(grid.flat, sizes, strict=False):
        axis.set_xscale("log")
        axis.set_yscale("log")
        ends = []
        for position, multiplicity in enumerate(multiplicities):
            points = [
                (int(number(r, "step")), number(r, "gap_mean_nats"))
                for r in rows
                if (r["templates"], r["multiplicity"]) == (templates, multiplicity) and r["step"] and r["gap_mean_nats"]
            ]
            points = [(x, y) for x, y in points if y > 0]
            if points:
                look = shade_and_style(position, position)
                axis.plot(*zip(*points, strict=True), **look)
                ends.append((points[-1][1], f"$K={multiplicity}$", INK))
        axis.axhline(limit, color=SEEN, linewidth=0.7)
        axis.annotate(
            f"premise: gap $\\leq$ {limit:g}",
            (0.02, limit),
            xycoords=("axes fraction", "data"),
            xytext=(0, -8),
            textcoords="offset points",
            color=SEEN,
            fontsize=7,
        )
        axis.set_title(f"$|R|={templates}$", pad=3)
        axis.set_xlabel("gradient steps")
        axis.margins(x=0.02)
        axis.autoscale_view()
        direct_labels(axis, ends, spacing=0.075)
    for axis in grid[:, 0]:
        axis.set_ylabel("pre-training gap, nats")
    return figure


def _panel_rows(results: Results, claims: Sequence[Claim], observable: str) -> list[Row] | None:
    cells = [c for c in results.cells if c.variant == MAIN and observable in c.observables]
    if not cells:
        return None
    rows: list[Row] = []
    for templates, multiplicity in dict.fromkeys((c.templates, c.multiplicity) for c in cells):
        panel = [c for c in cells if (c.templates, c.multiplicity) == (templates, multiplicity)]
        symbols = _symbols(results, panel[0])
        for item in claims:
            rows += line_rows(item, symbols, max(c.finetuned for c in panel))
        rows += observed_rows(panel, observable)
    return rows if any(r["series"] == OBSERVED_SERIES for r in rows) else None


def _symbols(results: Results, cell: CellResult) -> Mapping[str, float]:
    config = results.config
    return {
        "S": config["world"]["subjects"],
        "A": config["world"]["answers"],
        "R": cell.templates,
        "K": cell.multiplicity,
        "N_f": cell.finetuned,
        "m": config["model"]["width"],
        "eta": config["pretraining"]["learning_rate"],
        "t": config["pretraining"]["steps"],
    }


def _outside(results: Results, identifier: str) -> set[tuple[int, int]]:
    """The units all of whose cells are out of scope of a claim."""
    inside: set[tuple[int, int]] = set()
    outside: set[tuple[int, int]] = set()
    for verdict in results.verdicts:
        if verdict.claim == identifier and verdict.cells:
            cell = results.cells[verdict.cells[0]]
            unit = (cell.templates, cell.multiplicity)
            (outside if verdict.verdict == "OUT OF SCOPE" else inside).add(unit)
    return outside - inside


def _wrapped(label: str, width: int = 22) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(label, width))
