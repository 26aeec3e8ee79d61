"""The figure of a user's own measurements: their means, limits and the bound, in the claim's own symbols."""

import csv

import numpy as np
import pytest

import empirics
from empirics.judging.confidence import interval
from empirics.report.figures.measured import judged_figure
from empirics.report.figures.style import figure_style
from theory import claim


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("measured") / "runs.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["N_f", "K", "R", "seed", "ood_error", "pretraining_gap"])
        writer.writerows([n, 3, 20, s, 0.04 + 0.02 * (s % 2), 0.01] for n in (5, 10, 20) for s in range(8))
    return path


@pytest.fixture(scope="module")
def figure(path):
    return judged_figure(empirics.judge(path, "ood-error-literal"), 0.05)


def test_rows_are_means_limits_that_decide_and_bounds(figure, path):
    outcomes = empirics.judge(path, "ood-error-literal").outcome.outcomes
    assert [row["N_f"] for row in figure.rows] == [5, 10, 20]
    for row, outcome in zip(figure.rows, outcomes, strict=True):
        assert row["mean"] == pytest.approx(0.05)
        assert (row["lower"], row["upper"]) == (outcome.lower, outcome.upper)
        assert row["bound"] == pytest.approx(claim("ood-error-literal").bound(N_f=int(row["N_f"]), K=3, R=20))
    assert figure.caption.endswith("with the limits that decide.")


def test_a_property_is_judged_on_worlds_and_its_means_have_an_interval_of_their_own(path):
    figure = judged_figure(empirics.judge(path, "trend-finetuned"), 0.05)
    limits = interval([0.04 + 0.02 * (s % 2) for s in range(8)], 0.05, 0, 1)
    for row in figure.rows:
        assert (row["mean"], row["lower"], row["upper"]) == pytest.approx((0.05, limits.lower, limits.upper))
        assert row["bound"] is None
    assert figure.caption.endswith("interval (it does not decide).")


def test_a_bound_that_is_judged_run_by_run_shows_what_it_is_judged_on(tmp_path):
    name = claim("failure-regime").judged_on
    rows = [
        {"N_f": n, "K": 1, "R": 20, "A": 60, "seed": s, name: -1.0 + 0.5 * (s % 2), "pretraining_gap": 0.01}
        for n in (5, 10)
        for s in range(8)
    ]
    judged = empirics.judge(rows, "failure-regime")
    assert judged.claim.by_share
    figure = judged_figure(judged, 0.05)
    assert [row["mean"] for row in figure.rows] == [pytest.approx(-0.75)] * 2
    assert {row["bound"] for row in figure.rows} == {None}
    assert figure.caption.startswith(name)


def test_the_picture_shows_them(figure):
    with figure_style():
        (axis,) = figure.draw(figure.rows).axes
    assert axis.get_xlabel().startswith("$N_f$, ")
    segments = [s for bar in axis.containers for line in bar.lines[2] for s in line.get_segments()]
    expected = [[[r["N_f"], r["lower"]], [r["N_f"], r["upper"]]] for r in figure.rows]
    assert np.array(segments) == pytest.approx(np.array(expected))
    line = next(x for x in axis.get_lines() if x.get_linestyle() == "-" and x.get_marker() == "None")
    assert list(line.get_ydata()) == [r["bound"] for r in figure.rows]
    assert {t.get_text() for t in axis.texts} == {"observed", "bound"}
