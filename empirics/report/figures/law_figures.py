"""Figures of the law of the error and of the predictions: collapse, predicted against observed, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from empirics.experiments.wording import words
from empirics.regimes.document import RegimeMap
from empirics.report.figures.figure import Figure, Row, numbers, panel_title, panels_of, rows_at
from empirics.report.figures.regime_figures import column_latex
from empirics.report.figures.style import INK, LAW, MARKERS, PAGE, SEEN, STYLES, subplots


def law_figure(found: RegimeMap) -> Figure | None:
    """-log(error) of the transition cells against what laws say it is: on one curve if the law is right."""
    titles = {law.name: law.title for law in found.design.laws}
    rows: list[Row] = [
        {
            "law": titles[c.law],
            "variant": c.variant,
            **found.place(c),
            **c.model_dump(include={"predicted_rate", "observed_rate", "lower", "upper"}),
        }
        for c in found.law.collapse
    ]
    if not rows:
        return None
    shape = f"shape: {', '.join(found.design.others[1:])}, " if found.design.others[1:] else ""
    free = [law.title for law in found.design.laws if law.coefficients and law.title in {r["law"] for r in rows}]
    return Figure(
        "law",
        "The law of the error",
        f"Observed -log(error) of the transition cells against -log of the error that a law predicts. Points: means "
        f"over seeds; {shape}open: other sizes. {'Fitted to the main grid: ' + ', '.join(free) + '. ' if free else ''}"
        "On the diagonal, the law is right. If all points lie on one curve, the law has the right variables.",
        rows,
        partial(_draw_law, found=found),
    )


def prediction_figure(found: RegimeMap) -> Figure | None:
    """Predicted against observed error of every cell, one panel per predictor."""
    items = found.design.items
    rows: list[Row] = [
        {
            "predictor": name,
            "variant": c.variant,
            **{column: c.at(column) for column in found.experiment.axes.values()},
            "predicted_error": c.predicted[name],
            "observed_error": c.error,
        }
        for name in (items.predictors if items else ())
        for c in found.cells
        if c.error is not None and c.predicted[name] is not None
    ]
    if not rows or items is None:
        return None
    return Figure(
        "prediction",
        f"Predicted against observed {words(found.design.observable)}",
        f"Every cell of the map, mean over seeds. Predictions use only {items.basis}; no parameter was tuned. "
        "Filled: main grid; open: variations.",
        rows,
        partial(_draw_prediction, leading=found.leading),
    )


def reliability_figure(found: RegimeMap) -> Figure | None:
    """Of items predicted to succeed with some probability, how many do."""
    rows: list[Row] = [
        {"predictor": row.predictor, "facts": b.facts, "predicted": b.predicted, "observed": b.observed}
        for row in found.prediction
        if row.part == "transition cells"
        for b in row.bins
    ]
    items = found.design.items
    if not rows or items is None:
        return None
    return Figure(
        "reliability",
        "Reliability of the probabilities",
        f"Every {items.item} of the transition cells, binned by its predicted probability of {found.design.subject}. "
        f"The two constants of the probability were fitted on cells of another {' or '.join(items.folds)}. "
        "On the diagonal, the probabilities are calibrated.",
        rows,
        partial(_draw_reliability, subject=found.design.subject),
    )


def _draw_law(rows: Sequence[Row], found: RegimeMap) -> Any:
    apart, latex = found.other_columns[1:], column_latex(found)
    groups = panels_of(rows, apart)
    laws = list(dict.fromkeys(str(r["law"]) for r in rows))
    figure, axes = subplots(2, 2, PAGE, 5.6)
    for axis in axes.flat[len(laws) :]:
        axis.set_axis_off()
    for axis, law in zip(axes.flat, laws, strict=False):
        for j, group in enumerate(groups):
            mine = rows_at(rows, {**group, "law": law})
            look = {"marker": MARKERS[j % len(MARKERS)], "color": str(0.6 * j / max(len(groups) - 1, 1))}
            for main in (True, False):
                at = [r for r in mine if (r["variant"] == found.leading) is main]
                if at:
                    label = panel_title(group, latex) if main else None
                    _points(axis, at, "predicted_rate", "observed_rate", main, markersize=4, label=label, **look)
        axis.set(xscale="log", yscale="log", ylim=(0.01, 6), title=law, xlabel="$-\\log$ predicted error")
        axis.plot([1e-3, 10.0], [1e-3, 10.0], color=SEEN, linewidth=1.0)
    for axis in axes[:, 0]:
        axis.set_ylabel("$-\\log$ observed error")
    if apart:
        axes[0, 0].legend(loc="lower right")
    return figure


def _draw_prediction(rows: Sequence[Row], leading: str) -> Any:
    names = list(dict.fromkeys(str(r["predictor"]) for r in rows))
    figure, axes = subplots(1, len(names), min(PAGE, PAGE / 4 * len(names)), 2.1, sharex=True, sharey=True)
    for axis, name in zip(axes[0], names, strict=True):
        for main in (False, True):
            at = [r for r in rows if r["predictor"] == name and (r["variant"] == leading) is main]
            look = {"marker": "o", "markersize": 2.6, "color": INK if main else LAW, "markeredgewidth": 0.6}
            _points(axis, at, "predicted_error", "observed_error", main, **look)
        axis.plot([0, 1], [0, 1], color=SEEN, linewidth=0.9)
        axis.set(title=name, xlabel="predicted error")
    axes[0, 0].set_ylabel("observed error")
    return figure


def _points(axis: Any, rows: Sequence[Row], x: str, y: str, filled: bool, **look: Any) -> None:
    face = None if filled else "none"
    axis.plot(numbers(rows, x), numbers(rows, y), linestyle="", markerfacecolor=face, **look)


def _draw_reliability(rows: Sequence[Row], subject: str) -> Any:
    figure, axes = subplots(1, 1, 3.6, 3.3)
    axis = axes[0, 0]
    axis.plot([0, 1], [0, 1], color=SEEN, linewidth=0.9)
    for i, name in enumerate(dict.fromkeys(str(r["predictor"]) for r in rows)):
        at = [r for r in rows if r["predictor"] == name]
        look = {"marker": MARKERS[i % len(MARKERS)], "linestyle": STYLES[i % len(STYLES)], "color": str(0.2 * i)}
        axis.plot(numbers(at, "predicted"), numbers(at, "observed"), markersize=4, linewidth=1.0, label=name, **look)
    axis.set(xlabel=f"predicted probability of {subject}", ylabel="fraction observed")
    axis.legend()
    return figure
