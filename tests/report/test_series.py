"""Drawing functions of series, matrices and regimes: each with what a figure may lack."""

import numpy as np
import pytest
from invented_map import invented_map
from looks import agrees, looks

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures import style
from empirics.report.figures.broken_axis import break_axis, floor_of, gap_of, height
from empirics.report.figures.heat_figure import heat_figure
from empirics.report.figures.legend import legend_above
from empirics.report.figures.plots import draw
from empirics.report.figures.regime_figures import contour_figure


def drawn(kind, rows, **options):
    return looks(draw(FigureData.of("x", "X", "X.", kind, rows, **options)))


def curve(name, values, **more):
    return [
        {"series": "observed", "what": name, "t": t, "value": v, "lower": None, "upper": None} | more
        for t, v in enumerate(values)
    ]


def test_curves_with_a_prediction_and_zeros():
    rows = curve("one", [8.0, 4.0, 2.0, 0.0]) + curve("two", [1e-7, 1e-7, 0.0, 0.0])
    rows += curve("one", [9.0, 5.0, 3.0, 1.0], series="rate")
    options = {"x": "t", "xlabel": "steps", "ylabel": "loss, nats", "by": "what", "curves": True}
    assert agrees("series-curves", drawn("series", rows, **options, log="y", lines={"rate": "a rate"}))
    one = [row for row in rows if row["what"] == "one"]
    assert agrees("series-one", drawn("series", one, **options | {"by": None}, lines={"rate": "a rate"}, log="x"))


def test_points_without_limits_are_hollow_where_others_have_them():
    rows = curve("one", [0.1, 0.2, 0.3])
    options = {"x": "t", "xlabel": "x", "ylabel": "y"}

    def faces(rows):
        (axis,) = draw_of(draw(FigureData.of("x", "X", "X.", "series", rows, **options))).axes
        return [(line.get_markerfacecolor(), len(line.get_xdata())) for line in axis.lines if line.get_marker() == "o"]

    assert faces(rows) == [(style.SEEN, 3)]
    assert faces([rows[0] | {"lower": 0.0, "upper": 0.2}, *rows[1:]]) == [(style.SEEN, 3), ("white", 2)]


def test_a_legend_has_the_columns_that_fit():
    for count, letters in ((1, 3), (2, 60), (4, 5), (12, 20), (5, 0)):
        figure, axes = style.subplots(1, 1, 3.35, 2.0)
        (line,) = axes[0, 0].plot([1, 2])
        legend_above(figure, [line] * count, [letters * "n"] * count)
        figure.draw_without_rendering()
        (legend,) = figure.legends
        taken = legend.get_window_extent()
        if letters < 60:
            assert 0 <= taken.x0 < taken.x1 <= figure.bbox.width, "nothing is cut off"
        grown = (figure.get_figheight() - 2) * figure.dpi
        assert taken.height == pytest.approx(grown, rel=0.5), "the panels keep about their size"


def test_a_matrix():
    rows = [
        {"stage": stage, "row": r, "column": c, "cosine": None if (stage, r) == ("before", "b") else i + 0.1 * j}
        for stage in ("before", "after")
        for i, r in enumerate("ab")
        for j, c in enumerate("xyz")
    ]
    options = {"x": "column", "y": "row", "value": "cosine", "label": "cosine", "xlabel": "to", "ylabel": "from"}
    assert agrees("matrix", drawn("matrix", rows, **options, panel="stage", across=2, down=2))
    many = [row | {"column": f"c{i}"} for row in rows for i in range(60)]
    axis = draw(FigureData.of("x", "X", "X.", "matrix", many, **options, panel="stage")).draw(many).axes[0]
    assert 5 < len(axis.get_xticklabels()) <= 40, "names do not touch"


def test_the_map_of_regimes_as_colours():
    found = invented_map()
    figure = heat_figure(found)
    assert figure.rows == [dict(row) for row in contour_figure(found).rows]
    (mesh, *_) = draw_of(figure).axes[0].collections
    cells = [c for c in found.of("main") if c.at("colour") == 1 and c.error is not None]
    assert sorted(mesh.get_array().compressed()) == sorted(c.error for c in cells)
    assert agrees("map-heat", looks(figure))
    assert heat_figure(invented_map(contours=[])) is None


def draw_of(figure):
    with style.figure_style():
        return figure.draw(figure.rows)


def test_a_map_of_one_cell_is_a_picture_too():
    rows = [{"series": "cell", "a": 4, "b": 3, "level": None, "error": 0.5}]
    options = {"x": "a", "y": "b", "xlabel": "a", "ylabel": "b", "label": "error", "level": 0.5, "lines": {}}
    figure = draw(FigureData.of("x", "X", "X.", "heat", rows, **options))
    assert [round(end, 6) for end in draw_of(figure).axes[0].get_xlim()] == [2, 8]


def test_the_line_of_zero_keeps_away_from_a_long_axis():
    assert (floor_of([0.03, 2.0], 1e-4), floor_of([1e-9], 1e-4), floor_of([], 1e-4)) == (0.01, 1e-4, 0.01)
    assert (gap_of(0.01, 1.0), height(0.0, 0.01), height(0.5, 0.01), height(0.5, None)) == (2.2, 0.01 / 2.2, 0.5, 0.5)
    assert gap_of(1e-9, 1.0) > 5
    axis = style.new_figure(3, 3).subplots()
    break_axis(axis, 1e-9, 10.0)
    assert axis.get_yticklabels()[0].get_text() == "0"
    assert 4 <= len(axis.get_yticks()) <= 7


def test_colours_fall_in_grey_too():
    grey = [np.dot(tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)), (0.3, 0.59, 0.11)) for c in style.shades(5)]
    assert grey == sorted(grey)
    assert min(np.diff(grey)) > 20, "of 255"
    assert style.shades(1) == style.shades(3)[:1]


@pytest.mark.parametrize(
    ("text", "size"), [("3.25in", 3.25), ("8 cm", 8 / 2.54), ("85mm", 85 / 25.4), ("240pt", 10 / 3)]
)
def test_widths(text, size):
    assert style.inches(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["", "3", "in", "-3in", "3px", "1e1in", "1.4in", "101in", "nan in"])
def test_widths_that_are_none(text):
    with pytest.raises(UsageError, match=r"width=.* is refused: allowed is a number with in, cm, mm, pt, as in 3.25in"):
        style.inches(text)


def test_larger_letters_need_wider_figures():
    assert style.inches("6in", "poster") == 6
    with pytest.raises(UsageError, match=r"width=5.9in is refused: .* from 6 to 100 inches for poster"):
        style.inches("5.9in", "poster")


def test_styles_change_sizes_together():
    import matplotlib as mpl

    found = {}
    for look in style.LOOKS:
        with style.figure_style(look):
            names = ("font.size", "lines.linewidth", "xtick.major.size", "legend.fontsize")
            found[look] = [mpl.rcParams[name] for name in names] + [style.scaled(3.0)]
    for look, (times, _) in style.LOOKS.items():
        assert found[look] == pytest.approx([times * size for size in found["paper"]])
