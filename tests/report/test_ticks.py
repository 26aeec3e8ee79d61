"""Small multiples: numbers at ticks that have room, and a legend of what stands in any panel."""

from empirics.report.figures.small_multiples import _with_room, draw_arms


def test_what_is_too_near_the_last_number_is_left_out():
    assert _with_room([1, 2, 4, 8]) == ["1", "2", "4", "8"]
    assert _with_room([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48]) == ["1", "2", "3", "", "6", "", "12", "", "24", "", "48"]
    assert _with_room([5]) == ["5"]


def test_the_legend_names_arms_that_the_first_panel_does_not_have():
    rows = [
        {"variant": arm, "k": k, "n": n, "error": 0.5, "lower": 0.4, "upper": 0.6, "comparison": 0.9}
        for arm, places in (("main", (0, 5)), ("other", (5,)))
        for n in places
        for k in (1, 2)
    ]
    figure = draw_arms(rows, x="k", y="error", xlabel="k", ylabel="error", panels=["n"], comparison_label="bound")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["bound", "main", "other"]
