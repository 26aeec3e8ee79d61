"""The looks of every kind of figure, on data that have each case: compared with texts that were read by a person."""

import math

import numpy as np
import pytest
from looks import agrees, looks

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures import style
from empirics.report.figures.figure import Figure, csv_text, number, numbers, with_bars
from empirics.report.figures.panels import draw_panels
from empirics.report.figures.plots import draw, draw_forest
from empirics.report.figures.proof_figures import frontier_figure, rate_figure
from empirics.report.figures.small_multiples import draw_arms, draw_curves


def drawn(kind, rows, **options):
    return looks(draw(FigureData.of("x", "X", "X.", kind, rows, **options)))


def panel_rows(observed):
    """Two panels across and two lanes; one lacks its points, one has a note, one line leaves the picture."""
    rows = []
    for r, k in ((6, 1), (6, 2), (8, 1), (8, 2)):
        place = {"R": r, "K": k, "note": "out of scope" if (r, k) == (6, 1) else None}
        for n in (2, 8):
            limits = {"value": observed / n / k, "lower": observed / n / k / 2, "upper": 1.5 * observed / n / k}
            rows += [{"series": "observed", "n": n, **place, **limits}] if (r, k) != (8, 2) else []
            for series, value in (("sharp", 0.5 / n), ("loose", 0.9), ("steep", 10.0 ** (-n))):
                rows.append({"series": series, "n": n, **place, "value": value, "lower": None, "upper": None})
    return rows


PANELS = {"x": "n", "ylabel": "error", "across": ["K"], "down": ["R"], "names": {"R": "|R|"}}
PANELS |= {"lines": {"sharp": "sharp bound", "loose": "loose bound", "steep": "steep"}}


def test_panels():
    assert agrees("panels", drawn("panels", panel_rows(0.8), xlabel="facts", points="seen", **PANELS))
    alone = [r for r in panel_rows(0.8) if (r["R"], r["K"]) == (6, 2)]
    assert agrees("panels-one", drawn("panels", alone, x="n", xlabel="facts", ylabel="error"))


def test_panels_over_a_logarithmic_axis_with_a_long_name():
    long = {"xlabel": "fine-tuned facts, out of all those of the world, of each relation", "log": True}
    assert agrees("panels-log", drawn("panels", panel_rows(0.008), **long, **PANELS | {"ylabel": "error\nof all"}))
    seen = [row | {"value": 0.0} if row["series"] == "observed" else row for row in panel_rows(1)]
    assert agrees("panels-zero", drawn("panels", seen, xlabel="n", log=True, **PANELS))


def test_curves():
    """Points that are not positive are left out; a fifth panel stands in a second lane; the rest stays empty."""
    rows = [
        {"K": k, "R": r, "step": t, "gap": 0.0 if (k, t) == (2, 1) else 0.5 / (t + 1) / k + r / 100}
        for k in (1, 2, 3, 4, 5)
        for r in (4, 6)
        for t in (0, 1, 10, 100)
        if (k, r) != (3, 6)
    ]
    options = {"x": "step", "y": "gap", "xlabel": "steps", "ylabel": "gap", "panels": ["K"], "lines": ["R"]}
    named = {"names": {"R": "|R|"}, "limit": 0.02, "limit_label": "premise"}
    assert agrees("curves", drawn("curves", rows, **options, **named))
    few = [r for r in rows if r["K"] == 1]
    assert agrees("curves-plain", drawn("curves", few, **options))


def test_arms():
    """Arms stand apart, an arm that a panel lacks leaves its place; a comparison is told once."""
    rows = [
        {"K": k, "R": 4, "n": n, "variant": arm, "mean": v, "lower": v - 0.1, "upper": v + 0.2, "comparison": c}
        for k in (1, 2, 3, 4, 5)
        for i, arm in enumerate(("main", "low-rank", "frozen"))
        for n, c in ((8, 0.5), (2, None if k == 2 else 0.25))
        for v in [0.1 * k + 0.01 * i + n / 100]
        if (k, arm) != (3, "low-rank")
    ]
    options = {"x": "n", "y": "mean", "xlabel": "n", "ylabel": "error", "comparison_label": "bound"}
    assert agrees("arms", drawn("arms", rows, panels=["K", "R"], names={"K": "k"}, **options))


def test_a_forest():
    rows = [
        {"where": f"K={i}", "estimate": 0.1 * i, "lower": 0.05 * i, "upper": 0.2 * i, "threshold": t, "verdict": v}
        for i, (t, v) in enumerate(
            ((0.5, "HOLDS"), (None, "UNDECIDED"), (0.25, "VIOLATED"), (0.5, "flat"), (None, "OUT OF SCOPE"))
        )
    ]
    assert agrees("forest", drawn("forest", rows, xlabel="share of worlds"))


def test_the_frontier(tmp_path):
    """Which K, R never dominates is red, with the first such R marked; without any, there is no red."""
    table = tmp_path / "frontier.csv"
    lines = ["templates,multiplicity,frontier_normalised,frontier_literal"]
    for r in range(1, 7):
        lines += [f"{r},{k},{10 * r + k},{'none' if r > 3 and k < 3 else 2 * r + k}" for k in range(1, r + 1)]
    table.write_text("\n".join(lines) + "\n", "utf-8")
    figure = frontier_figure(table)
    assert figure.rows[6] == {"templates": 4, "multiplicity": 1, "frontier_normalised": 41, "frontier_literal": "none"}
    assert agrees("frontier", looks(figure))


def test_the_rates(tmp_path):
    table = tmp_path / "rates.csv"
    lines = ["multiplicity,form,step,value_nats"]
    forms = {"gap": 0.5, "exact": 0.75, "union": 1.5, "first": 2.0, "last": 3.25}
    lines += [
        f"{k},{f},{t},{v / t / k}" for k in (2, 1) for f, v in forms.items() for t in (1, 10) if (k, f) != (2, "union")
    ]
    table.write_text("\n".join(lines) + "\n", "utf-8")
    assert agrees("rates", looks(rate_figure(table)))
    table.write_text("\n".join(line for line in lines if not line.startswith("2")) + "\n", "utf-8")
    assert agrees("rates-one", looks(rate_figure(table)))


def test_settings_of_every_figure():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    with style.figure_style():
        changed = {key: value for key, value in mpl.rcParams.items() if value != before[key]}
    assert dict(mpl.rcParams) == before
    assert changed["svg.fonttype"] == "none", "text stays text"
    assert changed["pdf.fonttype"] == 42, "and can be searched in a PDF"
    assert changed["axes.spines.top"] is changed["axes.spines.right"] is changed["legend.frameon"] is False
    assert changed["axes.grid"] is changed["axes.axisbelow"] is True
    assert changed["axes.titlesize"] == changed["axes.labelsize"] == 8


def test_margins_are_inches():
    with style.figure_style():
        figure = style.new_figure(4.0, 2.0, left=1.0, right=0.5, top=0.25, bottom=0.75)
    box = figure.add_subplot().get_position()
    assert (box.x0, box.x1, box.y0, box.y1) == pytest.approx((0.25, 0.875, 0.375, 0.875))


def test_looks_go_round():
    found = [style.shade_and_style(i, i // 4) for i in range(20)]
    assert {look["linestyle"] for look in found} == set(style.STYLES)
    assert [look["color"] for look in found[::4]] == [*style.SHADES, style.SHADES[0]]


def test_labels_stand_where_their_lines_end():
    """One far above another stays; two at one height move apart; those outside the picture come to its edge."""
    axis = style.new_figure(3, 3).add_subplot()
    axis.set(xlim=(0, 10), ylim=(0, 10))
    ends = [
        (5.0, "b", "#111111"),
        (5.0, "a", "#222222"),
        (9.0, "c", "#333333"),
        (30.0, "top", "#444444"),
        (-4.0, "low", "#555555"),
    ]
    style.direct_labels(axis, ends, spacing=0.1)
    found = {t.get_text(): (t.xy, t.get_position()[1], t.get_color()) for t in axis.texts}
    assert list(found) == ["low", "a", "b", "c", "top"]
    assert [round(xy[1], 6) for xy, _, _ in found.values()] == [0, 0.5, 0.5, 0.9, 1]
    assert [round(height, 6) for _, height, _ in found.values()] == [0, 0.45, 0.55, 0.9, 1]
    assert [colour for _, _, colour in found.values()] == ["#555555", "#222222", "#111111", "#333333", "#444444"]


def test_numbers_of_rows():
    row = {"a": None, "b": 0.5, "c": 2}
    assert (number(row, "a", "b"), number(row, "c", "b"), number(row, "a")) == (0.5, 2.0, 0.0)
    assert [math.isnan(v) for v in numbers([row, {"a": 1.0}], "a")] == [True, False]
    at, bars = with_bars([{"m": 0.5, "lower": 0.25, "upper": 1.0}, {"m": 0.5, "lower": None, "upper": None}], "m")
    assert (list(at), np.array(bars).tolist()) == ([0.5, 0.5], [[0.25, 0.0], [0.5, 0.0]])
    assert csv_text([]) == "\n"
    assert csv_text([{"a": 1, "b": None}, {"a": "x,y", "b": 2.5}]) == 'a,b\n1,\n"x,y",2.5\n'


def test_a_picture_is_the_same_text_each_time():
    rows = [{"where": "K=1", "estimate": 0.5, "lower": 0.4, "upper": 0.6, "threshold": None, "verdict": "HOLDS"}]
    one, two = (Figure("f", "F", "F.", rows, lambda rows: draw_forest(rows, xlabel="error")) for _ in range(2))
    assert one.svg == two.svg
    assert one.svg.startswith("<svg")
    assert one.csv == csv_text(rows)


@pytest.mark.parametrize("function", [draw_panels, draw_arms, draw_curves], ids=lambda f: f.__name__)
def test_columns_that_are_missing_are_refused_by_name(function):
    kind = function.__name__.removeprefix("draw_")
    options = {"x": "n", "xlabel": "n", "ylabel": "e"} | ({} if kind == "panels" else {"y": "mean"})
    with pytest.raises(UsageError, match=f"the figure x of the kind {kind}, columns a, b: KeyError"):
        drawn(kind, [{"a": 1, "b": 2.0}], **options)
