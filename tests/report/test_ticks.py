"""Numbers at the ticks of a logarithmic axis: those that have room."""

from empirics.report.figures.small_multiples import _with_room


def test_what_is_too_near_the_last_number_is_left_out():
    assert _with_room([1, 2, 4, 8]) == ["1", "2", "4", "8"]
    assert _with_room([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48]) == ["1", "2", "3", "", "6", "", "12", "", "24", "", "48"]
    assert _with_room([5]) == ["5"]
