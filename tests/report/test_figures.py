"""Figures show the rows that are stored beside them: every point, limit, title and threshold, read from the drawing."""

import itertools

import numpy as np
import pytest

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures.plots import all_figures, draw
from empirics.report.figures.style import _apart, figure_style


def axes_of(figure):
    """The panels of a figure that show something, by title."""
    with figure_style():
        drawn = figure.draw(figure.rows)
    return {axis.get_title(): axis for axis in drawn.axes if axis.axison}


def bars(axis):
    """Error bars of an axis: the two ends of each, in the order in which they were drawn."""
    return [segment for bar in axis.containers for line in bar.lines[2] for segment in line.get_segments()]


def of(results, name):
    return next(f for f in results.shown.figures if f.name == name)


def test_panels_show_the_rows_of_their_title(toy):
    data = of(toy, "toy-panels")
    axes = axes_of(draw(data))
    assert set(axes) == {f"$c={c}$, $|D|={d}$" for d, c in itertools.product((10, 20), (1, 2, 3))}
    for d, c in itertools.product((10, 20), (1, 2, 3)):
        axis = axes[f"$c={c}$, $|D|={d}$"]
        rows = [r for r in data.mappings() if (r["dimension"], r["colour"]) == (d, c)]
        line = next(x for x in axis.get_lines() if len(x.get_xdata()) == 2 and x.get_marker() == "None")
        assert list(line.get_ydata()) == [r["value"] for r in rows if r["series"] == "line"]
        points = axis.containers[0].lines[0]
        assert list(points.get_xdata()) == [5, 7]
        assert list(points.get_ydata()) == [r["value"] for r in rows if r["series"] == "observed"]
        for segment, x in zip(bars(axis), (5, 7), strict=True):
            assert segment == pytest.approx(np.array([[x, 0.0], [x, 1.0]]))


def test_a_shared_height_is_final_before_labels_are_placed(toy):
    rows = [{**r, "value": 50.0 if r["series"] == "line" and r["dimension"] == 20 else r["value"]}
            for r in of(toy, "toy-panels").mappings()]  # fmt: skip
    data = FigureData.of("x", "x", "x", "panels", rows, **of(toy, "toy-panels").options)
    axes = axes_of(draw(data))
    label = next(t for t in axes["$c=3$, $|D|=20$"].texts if t.get_text() == "a bound")
    assert label.xyann[1] > 0.8


@pytest.mark.parametrize(
    ("wanted", "placed"),
    [([0.2, 0.8], [0.2, 0.8]), ([0.5, 0.5, 0.5], [0.4, 0.5, 0.6]), ([0.0, 0.0, 0.9], [0.0, 0.1, 0.9])],
)
def test_labels_stand_apart_and_as_near_as_possible(wanted, placed):
    assert _apart(wanted, 0.1) == pytest.approx(placed)


def test_a_logarithmic_panel_shows_0_below_the_break(toy):
    rows = [{**r, "value": 0.0 if r["series"] == "observed" else 0.5} for r in of(toy, "toy-panels").mappings()]
    options = of(toy, "toy-panels").options | {"log": True}
    axis = axes_of(draw(FigureData.of("x", "x", "x", "panels", rows, **options)))["$c=1$, $|D|=10$"]
    assert axis.get_yscale() == "log"
    zero = dict(zip([t.get_text() for t in axis.get_yticklabels()], axis.get_yticks(), strict=True))["0"]
    assert list(axis.containers[0].lines[0].get_ydata()) == [zero, zero]


def test_curves_are_told_apart_by_label_and_panel(toy):
    data = of(toy, "toy-curves")
    axes = axes_of(draw(data))
    assert set(axes) == {"$|D|=10$", "$|D|=20$"}
    for d in (10, 20):
        drawn = [tuple(line.get_ydata()) for line in axes[f"$|D|={d}$"].get_lines() if len(line.get_xdata()) == 2]
        for c in (1, 2, 3):
            assert tuple(
                r["gap"] for r in data.mappings() if (r["dimension"], r["colour"]) == (d, c)
            ) in drawn  # fmt: skip
        labels = {t.get_text() for t in axes[f"$|D|={d}$"].texts}
        assert {"$c=1$", "$c=2$", "$c=3$", "limit"} <= labels


def test_arms_stand_beside_each_other_with_their_limits(toy):
    data = of(toy, "toy-arms")
    axes = axes_of(draw(data))
    axis = axes["$|D|=20$, $c=3$"]
    rows = [r for r in data.mappings() if (r["dimension"], r["colour"]) == (20, 3)]
    assert [bar.get_label() for bar in axis.containers] == ["plain", "noisy"]
    for bar, arm in zip(axis.containers, ("plain", "noisy"), strict=True):
        mine = [r for r in rows if r["variant"] == arm]
        assert list(bar.lines[0].get_ydata()) == [r["mean"] for r in mine]
        ends = [tuple(segment[:, 1]) for line in bar.lines[2] for segment in line.get_segments()]
        assert ends == [pytest.approx((r["lower"], r["upper"])) for r in mine]


def forest():
    rows = [
        {"where": "one", "estimate": 0.4, "lower": 0.3, "upper": 0.8, "threshold": 0.9, "verdict": "HOLDS"},
        {"where": "two", "estimate": 0.2, "lower": -0.1, "upper": 0.25, "threshold": 0.5, "verdict": "VIOLATED"},
    ]
    return draw(FigureData.of("f", "F", "F.", "forest", rows, xlabel="error"))


def test_a_forest_shows_limits_and_thresholds():
    (axis,) = axes_of(forest()).values()
    segments = [tuple(segment[:, 0]) for segment in bars(axis)]
    assert segments == [pytest.approx((0.3, 0.8)), pytest.approx((-0.1, 0.25))]
    marks = [line.get_xdata()[0] for line in axis.get_lines() if line.get_linewidth() == 1.4]
    assert marks == [0.9, 0.5]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["one", "two"]
    assert [t.get_text() for t in axis.texts] == ["holds", "violated"]


def test_the_figures_of_a_document_and_a_choice_of_them(toy):
    assert [f.name for f in all_figures(toy)] == ["toy-panels", "toy-curves", "toy-arms"]
    assert [f.name for f in all_figures(toy, "toy-arms, toy-panels")] == ["toy-panels", "toy-arms"]
    with pytest.raises(UsageError, match="--only=other is unknown; known are toy-panels"):
        all_figures(toy, "other")


def test_a_figure_that_cannot_be_drawn_is_refused_by_name(toy):
    data = of(toy, "toy-panels")
    with pytest.raises(UsageError, match="toy-panels is of the kind pie; known are panels, forest, curves, arms"):
        draw(data.model_copy(update={"kind": "pie"}))
    with pytest.raises(UsageError, match=r"toy-panels of the kind panels: .*'xlable'"):
        draw(data.model_copy(update={"options": data.options | {"xlable": "n"}}))
