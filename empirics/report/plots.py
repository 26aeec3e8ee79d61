"""Figures from results; each is drawn from the rows that are stored beside it as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from empirics.report.style import LINES, OBSERVED, figure_style
from empirics.results import CellResult, Results
from theory import DomainError, claim

__all__ = ["Figure", "all_figures", "gap_figure", "ood_error_figure"]

Row = Mapping[str, float | int | str | None]


@dataclass(frozen=True)
class Figure:
    """A figure as SVG text, with the data it shows.

    Attributes:
        name: file name without ending.
        caption: one sentence.
        svg: the picture.
        rows: its data, one mapping per CSV line.
    """

    name: str
    caption: str
    svg: str
    rows: Sequence[Row]

    @property
    def csv(self) -> str:
        """The data as CSV text."""
        stream = io.StringIO()
        writer = csv.DictWriter(stream, fieldnames=list(self.rows[0]) if self.rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return stream.getvalue()


def all_figures(results: Results) -> list[Figure]:
    """Every figure that the results allow."""
    return [f for f in (ood_error_figure(results), gap_figure(results)) if f is not None]


def ood_error_figure(results: Results) -> Figure | None:
    """Predicted against observed OOD error over N_f: one column per K, one row per |R|."""
    cells = [c for c in results.cells if c.variant == "main" and "ood_error" in c.observables]
    if not cells:
        return None
    sizes = sorted({c.templates for c in cells})
    multiplicities = sorted({c.multiplicity for c in cells})
    rows: list[Row] = []
    import matplotlib.pyplot as plt

    with figure_style():
        figure, axes = plt.subplots(
            len(sizes),
            len(multiplicities),
            figsize=(2.35 * len(multiplicities) + 0.6, 2.0 * len(sizes) + 0.7),
            sharex=True,
            sharey=True,
            squeeze=False,
        )
        for i, templates in enumerate(sizes):
            for j, multiplicity in enumerate(multiplicities):
                panel = [c for c in cells if (c.templates, c.multiplicity) == (templates, multiplicity)]
                axis = axes[i, j]
                axis.set_title(f"$K={multiplicity}$, $|R|={templates}$")
                if not panel:
                    axis.set_axis_off()
                    continue
                _draw_bounds(axis, panel, rows)
                _draw_observed(axis, panel, rows)
                if all(_out_of_scope(results, c) for c in panel):
                    axis.text(
                        0.03, 0.03, "out of scope", transform=axis.transAxes, ha="left", va="bottom", color="#777777"
                    )
        axes[0, 0].set_ylim(-0.03, 1.05)
        for axis in axes[-1]:
            axis.set_xlabel("$N_f$, facts fine-tuned")
        for axis in axes[:, 0]:
            axis.set_ylabel("OOD error")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        svg = _svg(figure)
    caption = (
        "Out-of-distribution error against the number of fine-tuned facts. Points: mean over seeds with its "
        "time-uniform interval. Lines: the two readings of the headline bound and the exact probability that a "
        "held-out fact has an own template unseen."
    )
    return Figure("ood-error", caption, svg, rows)


def gap_figure(results: Results) -> Figure | None:
    """The pre-training gap along training, logarithmic axes, one line per K and |R|."""
    curves = [c for c in results.curves if c.observable == "pretraining_gap" and c.variant == "main"]
    if not curves:
        return None
    import matplotlib.pyplot as plt

    rows: list[Row] = []
    sizes = sorted({c.templates for c in curves})
    multiplicities = sorted({c.multiplicity for c in curves})
    styles = ["-", "--", "-.", ":"]
    shades = np.linspace(0.0, 0.65, max(len(multiplicities), 1))
    with figure_style():
        figure, axis = plt.subplots(figsize=(5.2, 3.2))
        for curve in curves:
            steps, mean = np.array(curve.steps), np.array(curve.mean, dtype=float)
            shown = (steps >= 1) & (mean > 0)
            shade = shades[multiplicities.index(curve.multiplicity)]
            axis.plot(
                steps[shown],
                mean[shown],
                linestyle=styles[sizes.index(curve.templates) % len(styles)],
                color=str(shade),
                label=f"$K={curve.multiplicity}$, $|R|={curve.templates}$",
            )
            rows += [
                {
                    "templates": curve.templates,
                    "multiplicity": curve.multiplicity,
                    "step": step,
                    "gap_mean_nats": value,
                    "gap_lower_nats": low,
                    "gap_upper_nats": high,
                }
                for step, value, low, high in zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True)
            ]
        limit = results.config["verdict"]["premise_gap"]
        axis.axhline(limit, color="#b3341f", linewidth=0.8)
        axis.annotate(
            f"premise: gap $\\leq$ {limit:g}", (1, limit), textcoords="offset points", xytext=(2, -10), color="#b3341f"
        )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xlabel("gradient steps")
        axis.set_ylabel("pre-training gap, nats")
        axis.legend(fontsize=7.5, loc="upper right")
        svg = _svg(figure)
    return Figure(
        "pretraining-gap",
        "How far the pre-training loss is above its floor log K, mean over seeds, along gradient descent.",
        svg,
        rows,
    )


def _draw_bounds(axis: Any, panel: Sequence[Any], rows: list[Row]) -> None:
    templates, multiplicity = panel[0].templates, panel[0].multiplicity
    most = max(c.finetuned for c in panel)
    grid = np.unique(np.rint(np.linspace(1, most, 60)).astype(int))
    for identifier, style in LINES.items():
        try:
            values = np.atleast_1d(claim(identifier).bound(N_f=grid, K=multiplicity, R=templates))
        except DomainError:
            continue
        axis.plot(grid, values, **style)
        rows += [
            {
                "series": identifier,
                "templates": templates,
                "multiplicity": multiplicity,
                "finetuned": int(n),
                "value": float(v),
                "lower": None,
                "upper": None,
            }
            for n, v in zip(grid, values, strict=True)
        ]


def _draw_observed(axis: Any, panel: Sequence[Any], rows: list[Row]) -> None:
    points = [(c.finetuned, c.observables["ood_error"]) for c in panel if c.observables["ood_error"].mean is not None]
    if not points:
        return
    mean = np.array([o.mean for _, o in points])
    below = mean - np.array([o.lower for _, o in points])
    above = np.array([o.upper for _, o in points]) - mean
    errors = [np.maximum(below, 0), np.maximum(above, 0)]
    axis.errorbar([n for n, _ in points], mean, yerr=errors, label="observed, mean over seeds", **OBSERVED)
    rows += [
        {
            "series": "observed",
            "templates": panel[0].templates,
            "multiplicity": panel[0].multiplicity,
            "finetuned": n,
            "value": o.mean,
            "lower": o.lower,
            "upper": o.upper,
        }
        for n, o in points
    ]


def _out_of_scope(results: Results, cell: CellResult) -> bool:
    verdict = results.verdict_of("ood-error-literal", results.cells.index(cell))
    return verdict is not None and verdict.verdict == "OUT OF SCOPE"


def _svg(figure: Any) -> str:
    import matplotlib.pyplot as plt

    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    plt.close(figure)
    text = stream.getvalue()
    return text[text.index("<svg") :]
