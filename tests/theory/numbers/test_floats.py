"""Running errors of float evaluation: sound and tight against the worst case over the operands' intervals."""

from collections.abc import Callable
from itertools import product
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

from theory.numbers import floats
from theory.numbers.floats import UnsupportedError, approximate

UNIT = 2.0**-52  # twice the unit roundoff: rounding to first order, doubled
X, Y = sp.symbols("x y", real=True)
WIDE = [(3.0, 0.01), (-3.0, 0.01), (0.7, 0.2), (-0.2, 0.05), (1e-3, 4e-4), (2e5, 7.0), (1.0 + 1e-9, 0.3), (0.3, 0.29)]
SHARP = [(3.0, 0.0), (-3.0, 0.0), (0.7, 0.0), (-0.2, 0.0), (1e-9, 0.0), (2e5, 0.0), (1e-150, 0.0), (-0.9, 0.0)]


@pytest.fixture
def operands(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[float, float]]:
    """Evaluation of an expression whose operands x and y have a given value and error."""

    def of(x: sp.Expr, *pairs: tuple[float, float]) -> tuple[float, float]:
        known = dict(zip(("x", "y"), ((np.float64(v), np.float64(e)) for v, e in pairs), strict=False))
        floats.approximation.cache_clear()  # evaluators are made once
        with monkeypatch.context() as patch:
            patch.setattr(floats, "_symbol", lambda name, values: known[name])
            value, error = approximate(x, {})
        floats.approximation.cache_clear()
        return float(value), float(error)

    return of


def worst(function: Callable[..., Any], value: float, *pairs: tuple[float, float]) -> float:
    """How far the function lies from a value at most, at the corners of the operands' intervals."""
    with mp.workdps(60):
        corners = product(*({mp.mpf(v) - e, mp.mpf(v), mp.mpf(v) + e} for v, e in pairs))
        return float(max(abs(function(*corner) - mp.mpf(value)) for corner in corners))


def defined(function: Callable[..., Any], pair: tuple[float, float]) -> bool:
    ends = [mp.mpf(pair[0]) + sign * mp.mpf(pair[1]) for sign in (-1, 1)]
    if function in (mp.log, mp.log1p):
        return all(end > (0 if function is mp.log else -1) for end in ends)
    return function is not inverse or ends[0] * ends[1] > 0


def inverse(a: Any) -> Any:
    return 1 / a


def square(a: Any) -> Any:
    return a * a


UNARY = [  # with the units of rounding that the analysis allows, of the value and of the operand over the argument
    (1 / X, inverse, 1, 0),
    (X**2, square, 1, 0),
    (sp.exp(X), mp.exp, 8, 0),
    (sp.log(X), mp.log, 8, 0),
    (sp.log(1 + X), mp.log1p, 8, 1),
]


@pytest.mark.parametrize(("expression", "function", "units", "argument"), UNARY)
def test_errors_of_one_operand_are_the_worst_case_and_little_more(
    operands: Any, expression: sp.Expr, function: Any, units: int, argument: int
) -> None:
    for pair in [*WIDE, *SHARP, (-800.0, 0.0)]:
        value, error = operands(expression, pair)
        if not defined(function, pair):
            assert error == np.inf
            continue
        if not np.isfinite(value):
            assert function is mp.exp  # overflow: no error is promised that could be trusted
            assert not error < np.inf
            continue
        deviation = worst(function, value, pair)
        assert deviation <= error
        rounding = UNIT * (units * abs(value) + argument * abs(pair[0]) / (1 + pair[0] - pair[1]))
        slack = 2 * pair[1] / abs(pair[0]) + 2 * pair[1] / abs(1 + pair[0]) if "log" in str(expression) else 1e-3
        if pair[1] < abs(pair[0]) / 5:
            assert error <= (1 + slack) * (deviation + rounding) + 2e-323
        if pair[1] == 0:
            exact = function is square and pair[0] == round(pair[0])
            assert abs(error - (0 if exact else rounding)) <= 1e-6 * rounding + 1e-323


def test_the_error_of_a_power_covers_both_operands_and_doubles_that_of_the_base(operands: Any) -> None:
    bases = [(3.0, 0.01), (0.2, 0.001), (1.0 + 1e-9, 0.02), (7e4, 2.0), (3.0, 0.0), (1e-200, 0.0)]
    powers = [(3.0, 0.0), (-1.5, 0.0), (0.5, 0.0), (2.5, 0.04), (-0.01, 0.3), (0.01, 0.3), (0, 0.1)]
    for (b, e), (p, f) in product(bases, powers):
        value, error = operands(X**Y, (b, e), (p, f))
        if not np.isfinite(value):
            continue
        with mp.workdps(60):
            assert worst(lambda a, b: a**b, value, (b, e), (p, f)) <= error
            log = abs(mp.log(b))
            doubled = float(mp.expm1(2 * e / (b - e) * (abs(p) + f) + f * log))
            rounding = float(4 * UNIT * (1 + abs(p) * log))
        if e == 0 and f == 0:
            assert error == pytest.approx(value * rounding, rel=1e-6, abs=1e-323)
        else:
            assert error == pytest.approx(value * (doubled + rounding), rel=1e-6, abs=1e-323)


def test_powers_that_are_not_known_to_be_of_positive_numbers(operands: Any) -> None:
    for pair, power, expected in [
        ((0.0, 0.0), (2.5, 0.0), (0.0, 0.0)),  # 0 to a positive power is 0,
        ((0.0, 0.0), (0.5, 0.0), (0.0, 0.0)),
        ((0.0, 0.0), (0.0, 0.0), (1.0, 0.0)),  # and 0^0 is 1
        ((-3.0, 1.0), (0.0, 0.0), (1.0, 0.0)),
        ((7.0, 0.0), (0.0, 0.0), (1.0, 0.0)),
    ]:
        assert operands(X**Y, pair, power) == expected
    for pair, power in [
        ((0.0, 0.0), (-0.5, 0.0)),
        ((0.0, 0.1), (2.5, 0.0)),
        ((-8.0, 0.0), (3.0, 0.0)),
        ((-0.5, 0.0), (3.0, 0.0)),
        ((-8.0, 0.0), (1 / 3, 0.0)),
        ((1.0, 0.5), (3.0, 0.0)),  # half of it or more may be error: the analysis to first order does not hold
        ((1.0, 0.6), (3.0, 0.0)),
    ]:
        assert operands(X**Y, pair, power)[1] == np.inf
    assert operands(X**Y, (1.0, 0.4), (3.0, 0.0))[1] < np.inf
    assert operands(X**Y, (0.0, 0.0), (0.0, 0.1))[1] == np.inf  # 0^y with a y that may be negative


def test_an_operand_that_may_be_zero_has_no_inverse_and_no_logarithm(operands: Any) -> None:
    for expression in (1 / X, sp.log(X), sp.log(1 + X)):
        shift = -1.0 if expression == sp.log(1 + X) else 0.0
        for value, error in [(0.5, 0.5), (0.5, 0.75), (-0.5, 0.75), (0.0, 0.25)]:
            assert operands(expression, (value + shift, error))[1] == np.inf
        assert operands(expression, (0.5 + shift, 0.25))[1] < np.inf
    assert operands(sp.log(X), (0.0, 0.0)) == (-np.inf, 0.0)
    assert operands(sp.exp(X), (-np.inf, 0.0)) == (0.0, 0.0)
    assert operands(sp.exp(X), (-np.inf, 1.0))[1] != 0.0


def test_sums_and_products_add_the_worst_cases_and_one_rounding(operands: Any) -> None:
    pairs = [WIDE[0], WIDE[1], WIDE[3], WIDE[5], SHARP[0], SHARP[1], SHARP[2], SHARP[4]]
    for first, second in product(pairs, repeat=2):
        whole = all(e == 0 and v == round(v) for v, e in (first, second))
        for expression, function in ((X + Y, lambda a, b: a + b), (X * Y, lambda a, b: a * b)):
            value, error = operands(expression, first, second)
            deviation = worst(function, value, first, second)
            assert deviation <= error
            assert error <= deviation * (1 + 1e-12) + 2 * UNIT * abs(value) + 1e-323
            if first[1] == second[1] == 0:
                assert abs(error - (0 if whole else UNIT * abs(value))) <= 1e-9 * UNIT * abs(value) + 1e-323
    value, error = operands(X * Y, (1e-200, 0.0), (1e-200, 0.0))
    assert value == 0 < error  # underflow
    value, error = operands(X * Y, (1e-200, 0.0), (1.0, 0.0))
    assert error == UNIT * 1e-200


def test_sums_and_products_with_minus_infinity(operands: Any) -> None:
    bottom = (-np.inf, 0.0)
    assert operands(X + Y, bottom, (3.5, 0.0)) == bottom
    assert operands(X + Y, (3.5, 0.25), bottom) == (-np.inf, 0.25)
    assert operands(X * Y, bottom, (2.5, 0.0)) == operands(X * Y, (2.5, 0.0), bottom) == bottom
    for pair in [(0.0625, 0.125), (0.0, 0.125)]:  # which may be negative
        assert operands(X * Y, bottom, pair)[1] == operands(X * Y, pair, bottom)[1] == np.inf
    assert operands(X * Y, (0.0, 0.0), bottom) == operands(X * Y, bottom, (0.0, 0.0)) == (0.0, 0.0)
    assert operands(X * Y, (0.0, 0.0), (3.5, 0.5)) == operands(X * Y, (3.5, 0.5), (0.0, 0.0)) == (0.0, 0.0)
    value, error = operands(X * Y, (0.0, 0.5), (1.0, 0.5))
    assert (value, error) == (0.0, 0.75)


def test_whole_numbers_are_exact_below_2_to_the_53_and_not_from_there_on() -> None:
    """2^53 + 1 is the first that float64 cannot hold: it is rounded to 2^53, and the error must say so."""
    most, factor = 2.0**53, 28_059_810_762_433.0  # 321 times which is 2^53 + 1
    for expression, x, y, value, exact in [
        (X + Y, most - 2, 1.0, most - 1, True),
        (X + Y, 1 - most, 2.0, 3 - most, True),
        (X + Y, most - 1, 2.0, most, False),
        (X + Y, 1 - most, -2.0, -most, False),
        (X * Y, factor, 320.0, factor * 320, True),
        (X * Y, factor, 321.0, most, False),
        (X * Y, -factor, 321.0, -most, False),
        (X + 0 * Y, most - 1, 0.0, most - 1, True),
        (X + 0 * Y, most, 0.0, most, False),  # a whole number given as a float may have been 2^53 + 1
        (X + 0 * Y, -most, 0.0, -most, False),
        (X + Y, 0.5, 1.0, 1.5, False),
        (X * Y, 3.0, 0.5, 1.5, False),
    ]:
        found, error = approximate(expression, {"x": np.float64(x), "y": np.float64(y)})
        assert found == value
        assert error == (0 if exact else pytest.approx(UNIT * abs(value), rel=1e-6, abs=0))


@pytest.mark.parametrize("expression", [sp.Rational(1, 3), sp.Rational(-22, 7), sp.pi, sp.E, sp.GoldenRatio])
def test_constants_have_one_unit_of_error(expression: sp.Expr) -> None:
    value, error = approximate(expression, {})
    assert value == float(expression)
    assert error == UNIT * abs(value)


@pytest.mark.parametrize("expression", [sp.Integer(-3), sp.Rational(5, 8), sp.Integer(0), sp.S.NegativeInfinity])
def test_constants_that_float64_holds_have_none(expression: sp.Expr) -> None:
    assert approximate(expression, {}) == (float(expression), 0.0)


def test_floors_are_exact_where_the_error_decides_them(operands: Any) -> None:
    assert operands(sp.floor(X), (3.5, 0.25)) == (3.0, 0.0)
    assert operands(sp.floor(X), (-3.5, 0.25)) == (-4.0, 0.0)
    assert operands(sp.floor(X), (3.25, 0.5))[1] == operands(sp.floor(X), (3.75, 0.5))[1] == np.inf
    assert operands(sp.floor(X), (3.0, 0.0)) == (3.0, 0.0)


TERMS = [(1.0, 0.25), (2.0, 0.25), (1.125, 0.5), (2.0, 0.0), (1.5, 0.25), (2.0, 0.5), (1.75, 0.5), (-3.0, 0.5)]


@pytest.mark.parametrize(("function", "choose"), [(sp.Min, min), (sp.Max, max)])
def test_an_extremum_has_the_error_of_the_term_that_is_certainly_chosen_or_the_larger(
    operands: Any, function: Any, choose: Any
) -> None:
    """Where the intervals do not overlap that of one; else either may be the one, or the other."""
    for first, second in product(TERMS, repeat=2):
        value, error = operands(function(X, Y), first, second)
        logs = operands(sp.log(function(X, Y)), first, second)
        assert value == choose(first[0], second[0])
        (a, e), (b, f) = first, second
        chosen = e if value == a else f
        assert error == (chosen if abs(a - b) >= e + f and a != b else max(e, f))
        if min(a, b) < 0:
            assert logs[1] == np.inf
            continue
        alone = [operands(sp.log(X), pair) for pair in (first, second)]
        assert logs[0] == choose(alone)[0]
        assert logs[1] in [alone[0][1], alone[1][1]]


def test_what_is_not_a_number_is_not_known(operands: Any) -> None:
    for expression in (sp.Min(X, Y), sp.Max(X, Y), X + Y, X * Y):
        for pairs in [((np.nan, 0.0), (1.0, 0.0)), ((1.0, 0.0), (np.nan, 0.0)), ((1.0, np.nan), (2.0, 0.0))]:
            assert operands(expression, *pairs)[1] == np.inf


def test_logarithms_are_pushed_inwards(operands: Any) -> None:
    """Through exp, products, powers: no overflow, and the errors of the parts."""
    assert operands(sp.log(sp.exp(X), evaluate=False), (1e5, 0.25)) == (1e5, 0.25)
    first, second = operands(sp.log(X), (1e200, 1e197)), operands(sp.log(Y), (0.5, 0.0), (1e250, 1e240))
    value, error = operands(sp.log(X * Y), (1e200, 1e197), (1e250, 1e240))
    assert value == pytest.approx(first[0] + second[0], rel=1e-15)
    assert error == pytest.approx(first[1] + second[1], rel=1e-6)
    assert operands(sp.log(X * Y), (-1.0, 0.0), (-1.0, 0.0))[1] == np.inf
    value, error = operands(sp.log(X**Y, evaluate=False), (1e200, 0.0), (-7.0, 0.5))
    assert value == pytest.approx(-7 * 200 * np.log(10), rel=1e-14)
    assert error == pytest.approx(0.5 * 200 * np.log(10), rel=1e-6)


def test_unknown_functions_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="no float evaluation of sin"):
        approximate(sp.sin(X), {"x": np.float64(1.0)})


def test_logarithms_of_small_sums_without_a_one_are_taken_as_they_are() -> None:
    """As log1p of the sum less 1 they would lose their digits."""
    value, error = approximate(sp.log(X + Y), {"x": np.float64(1e-9), "y": np.float64(2e-9)})
    assert value == pytest.approx(np.log(3e-9), rel=1e-15)
    assert error <= 16 * UNIT * abs(value)
    value, error = approximate(sp.log(1 + X), {"x": np.float64(1e-12)})
    assert error <= 16 * UNIT * abs(value)
