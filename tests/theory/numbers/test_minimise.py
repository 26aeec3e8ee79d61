"""The search for a good value of a parameter, against minima that are known."""

from typing import Any

import numpy as np
import pytest
import sympy as sp

from theory.numbers import minimise
from theory.numbers.minimise import minimiser

RHO = sp.Symbol("rho", positive=True)
A, B = sp.symbols("a b", positive=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes at which the expression was evaluated."""
    shapes, plain = [], minimise.approximate

    def counted(expression: sp.Expr, values: Any) -> Any:
        shapes.append(np.shape(values["rho"]))
        return plain(expression, values)

    monkeypatch.setattr(minimise, "approximate", counted)
    return shapes


def test_a_minimum_is_found_to_a_millionth_in_27_evaluations(asked: list[tuple[int, ...]]) -> None:
    a, b = np.ones(3000), np.geomspace(1e-9, 1e5, 3000)
    found = minimiser(A * RHO + B / RHO, RHO, {"a": a, "b": b})
    half_width = np.log(2) / 8 * ((np.sqrt(5) - 1) / 2) ** 24  # of the last bracket, and a rounding to 24 bits
    off = np.abs(np.log(found / np.sqrt(b / a)))
    assert off.max() <= 0.7 * half_width
    assert asked == [(241, 3000)] + [(3000,)] * 26


def test_it_has_24_bits() -> None:
    found = minimiser(RHO + B / RHO, RHO, {"b": np.linspace(1, 9, 40)})
    mantissa, _ = np.frexp(found)
    assert (mantissa * 2.0**24 % 1 == 0).all()
    assert (mantissa * 2.0**23 % 1 != 0).any()


def test_a_minimum_at_either_end_of_the_grid_is_found_there() -> None:
    one = {"a": np.array([1.0])}
    assert minimiser(A * RHO, RHO, one) == pytest.approx([2.0**-20], rel=1e-6)
    assert minimiser(A / RHO, RHO, one) == pytest.approx([2.0**10], rel=1e-6)


def test_points_of_any_shape_are_minimised_each_by_itself() -> None:
    b = np.array([[0.04, 1.0, 25.0], [100.0, 1e-4, 4.0]])
    found = minimiser(RHO + B / RHO, RHO, {"b": b})
    assert found.shape == (2, 3)
    assert found == pytest.approx(np.sqrt(b), rel=2e-6)
    assert minimiser(RHO + 9 / RHO, RHO, {}) == pytest.approx(3.0, rel=2e-6)
    assert minimiser(RHO + B / RHO, RHO, {"b": np.zeros(0)}).shape == (0,)


@pytest.mark.parametrize(("block", "rows"), [(8, 2), (2, 1), (3 * 240, 240)])
def test_blocks_of_the_grid_do_not_change_what_is_found(
    block: int, rows: int, monkeypatch: pytest.MonkeyPatch, asked: list[tuple[int, ...]]
) -> None:
    b = np.array([0.04, 1.0, 3000.0])
    expressions = [RHO + B / RHO, sp.Max(RHO, 1) * B]  # the second is flat: the first of the least is taken
    whole = [minimiser(expression, RHO, {"b": b}) for expression in expressions]
    asked.clear()
    monkeypatch.setattr(minimise, "_BLOCK", block)
    for expression, expected in zip(expressions, whole, strict=True):
        assert (minimiser(expression, RHO, {"b": b}) == expected).all()
    assert asked[0] == (rows, 3)
    assert sum(len(shape) == 2 for shape in asked) == 2 * -(-241 // rows)


def test_a_million_numbers_are_evaluated_at_a_time(asked: list[tuple[int, ...]]) -> None:
    minimiser(RHO * B, RHO, {"b": np.ones(8192)})
    assert [shape for shape in asked if len(shape) == 2] == [(128, 8192), (113, 8192)]


def test_where_the_expression_is_not_defined_it_is_not_least() -> None:
    assert minimiser(RHO - sp.log(RHO - A), RHO, {"a": np.array([2.0])}) == pytest.approx([3.0], rel=2e-6)
    nowhere = minimiser(sp.log(-A - RHO), RHO, {"a": np.array([2.0])})
    assert nowhere == pytest.approx([2.0 ** (-20 + 1 / 8)], rel=1e-5)
