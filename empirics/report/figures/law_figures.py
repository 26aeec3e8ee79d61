"""Figures of the law of the error and of the predictions: collapse, predicted against observed, reliability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from empirics.experiments.one_layer.predict.laws import LAWS, Point
from empirics.judging.table import MAIN
from empirics.regimes.analysis import PREDICTORS, SIZES
from empirics.regimes.document import RegimeMap
from empirics.regimes.fit import NoFit
from empirics.regimes.sample import TRANSITION
from empirics.report.figures.figure import Figure, Row
from empirics.report.figures.style import INK, LAW, PAGE, SEEN

__all__ = ["law_figure", "prediction_figure", "reliability_figure"]

_COLLAPSED: Final = ("bound-literal", "some-unseen", "none-seen", "power")
_MARKERS: Final = "osD^vPX"


def law_figure(found: RegimeMap) -> Figure | None:
    """-log(error) of the transition cells against what four laws say it is: on one curve if the law is right."""
    cells = [
        c
        for c in found.cells
        if (c.variant == MAIN or c.variant.startswith(SIZES))
        and c.multiplicity >= 2
        and c.error is not None
        and TRANSITION[0] < c.error < TRANSITION[1]
        and c.in_scope_seeds
    ]
    points = [Point(c.subjects, c.templates, c.multiplicity, c.finetuned) for c in cells]
    errors = np.array([c.error for c in cells], dtype=np.float64)
    rows: list[Row] = []
    for item in LAWS:
        if item.name not in _COLLAPSED or not cells:
            continue
        inside = [i for i, p in enumerate(points) if p.subjects == found.config["world"]["subjects"]]
        try:
            fit = item.fitted([points[i] for i in inside], errors[inside])
        except NoFit:
            continue
        for cell, rate in zip(cells, -np.log(np.maximum(item.predicted(fit, points), 1e-300)), strict=True):
            rows.append(
                {
                    "law": item.title,
                    "subjects": cell.subjects,
                    "templates": cell.templates,
                    "multiplicity": cell.multiplicity,
                    "finetuned": cell.finetuned,
                    "predicted_rate": float(rate),
                    "observed_rate": float(-np.log(cell.error or 1.0)),
                    "lower": None if cell.upper is None else float(-np.log(cell.upper)),
                    "upper": None if not cell.lower else float(-np.log(cell.lower)),
                }
            )
    if not rows:
        return None
    return Figure(
        "law",
        "The law of the error",
        "Observed -log(error) of the transition cells (mean over seeds; shape: K, open: other sizes) against "
        "-log of what a law says; the power law is fitted to the main grid, the others have no free coefficient. "
        "On the diagonal the law is right, on any one curve it has the right variables.",
        rows,
        _draw_law,
    )


def prediction_figure(found: RegimeMap) -> Figure | None:
    """Predicted against observed error of every cell, one panel per predictor."""
    rows: list[Row] = [
        {
            "predictor": name,
            "variant": c.variant,
            "templates": c.templates,
            "multiplicity": c.multiplicity,
            "finetuned": c.finetuned,
            "predicted_error": c.predicted[name],
            "observed_error": c.error,
        }
        for name in PREDICTORS
        for c in found.cells
        if c.error is not None and c.predicted[name] is not None
    ]
    if not rows:
        return None
    return Figure(
        "prediction",
        "Predicted against observed OOD error",
        "Every cell of the map, mean over seeds; predicted from pre-trained weights and the fine-tuning set alone, "
        "with nothing tuned. Filled: main grid; open: variations.",
        rows,
        _draw_prediction,
    )


def reliability_figure(found: RegimeMap) -> Figure | None:
    """Of facts said to be extracted with some probability, how many are."""
    rows: list[Row] = [
        {"predictor": row.predictor, "facts": b.facts, "predicted": b.predicted, "observed": b.observed}
        for row in found.prediction
        if row.part == "transition cells"
        for b in row.bins
    ]
    if not rows:
        return None
    return Figure(
        "reliability",
        "Reliability of the probabilities",
        "Held-out facts of the transition cells in bins of the predicted probability of extraction; its two constants "
        "were fitted on worlds of other sizes or other R; on the diagonal the probabilities are right.",
        rows,
        _draw_reliability,
    )


def _draw_law(rows: Sequence[Row]) -> Any:
    from matplotlib.figure import Figure as Canvas

    laws = list(dict.fromkeys(str(r["law"]) for r in rows))
    ks = sorted({int(r["multiplicity"] or 0) for r in rows})
    sizes = [int(r["subjects"] or 0) for r in rows]
    usual = max(set(sizes), key=sizes.count)
    figure = Canvas(figsize=(PAGE, 5.6), layout="constrained")
    axes: Any = figure.subplots(2, 2, squeeze=False)
    for axis, law in zip(axes.flat, laws, strict=False):
        mine = [r for r in rows if r["law"] == law]
        for j, k in enumerate(ks):
            for main in (True, False):
                at = [r for r in mine if r["multiplicity"] == k and (r["subjects"] == usual) is main]
                if not at:
                    continue
                axis.plot(
                    [float(r["predicted_rate"] or math.nan) for r in at],
                    [float(r["observed_rate"] or math.nan) for r in at],
                    linestyle="",
                    marker=_MARKERS[j % len(_MARKERS)],
                    markersize=4,
                    color=str(0.6 * j / max(len(ks) - 1, 1)),
                    markerfacecolor=None if main else "none",
                    label=f"$K={k}$" if main else None,
                )
        axis.set_xscale("log")
        axis.set_yscale("log")
        ends = np.array([1e-3, 10.0])
        axis.plot(ends, ends, color=SEEN, linewidth=1.0)
        axis.set_ylim(0.01, 6)
        axis.set_title(law)
        axis.set_xlabel("$-\\log$ predicted error")
    for axis in axes[:, 0]:
        axis.set_ylabel("$-\\log$ observed error")
    axes[0, 0].legend(loc="lower right")
    return figure


def _draw_prediction(rows: Sequence[Row]) -> Any:
    from matplotlib.figure import Figure as Canvas

    names = list(dict.fromkeys(str(r["predictor"]) for r in rows))
    figure = Canvas(figsize=(PAGE / 4 * len(names), 2.1), layout="constrained")
    axes: Any = figure.subplots(1, len(names), sharex=True, sharey=True, squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for main in (False, True):
            at = [r for r in rows if r["predictor"] == name and (r["variant"] == MAIN) is main]
            axis.plot(
                [float(r["predicted_error"] or 0.0) for r in at],
                [float(r["observed_error"] or 0.0) for r in at],
                linestyle="",
                marker="o",
                markersize=2.6,
                color=INK if main else LAW,
                markerfacecolor=None if main else "none",
                markeredgewidth=0.6,
            )
        axis.plot([0, 1], [0, 1], color=SEEN, linewidth=0.9)
        axis.set_title(name)
        axis.set_xlabel("predicted error")
    axes[0, 0].set_ylabel("observed error")
    return figure


def _draw_reliability(rows: Sequence[Row]) -> Any:
    from matplotlib.figure import Figure as Canvas

    figure = Canvas(figsize=(3.6, 3.3), layout="constrained")
    axis: Any = figure.subplots()
    axis.plot([0, 1], [0, 1], color=SEEN, linewidth=0.9)
    for i, name in enumerate(dict.fromkeys(str(r["predictor"]) for r in rows)):
        at = [r for r in rows if r["predictor"] == name]
        axis.plot(
            [float(r["predicted"] or 0.0) for r in at],
            [float(r["observed"] or 0.0) for r in at],
            marker=_MARKERS[i],
            linestyle=("-", "--", "-.", ":")[i % 4],
            color=str(0.2 * i),
            markersize=4,
            linewidth=1.0,
            label=name,
        )
    axis.set_xlabel("predicted probability of extraction")
    axis.set_ylabel("share extracted")
    axis.legend()
    return figure
