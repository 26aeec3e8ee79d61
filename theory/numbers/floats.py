"""Float64 evaluation of an expression together with a bound on its own rounding error.

Every node of the SymPy tree yields two arrays: a value and a bound on its absolute error (first-order running error
analysis, Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3, with the constants doubled so that
second-order terms are covered). Where the bound is not small relative to the value the caller evaluates again in ball
arithmetic; so cancellation, overflow and underflow are noticed, whatever the expression.

Logarithms are pushed through products, powers, minima and maxima and taken as ``log1p`` where the argument is ``1 +
x``: most bounds then need no second look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Approximation = tuple[FloatArray, FloatArray]

_UNIT = 2.0**-52  # twice the unit roundoff
_ELEMENTARY = 8 * _UNIT  # NumPy's transcendental functions are within 4 units in the last place
_EXACT = 2.0**53  # which 2**53 + 1 is rounded to
_TINY = 5e-324


class UnsupportedError(TypeError):
    """The expression holds a function that this evaluator does not know."""


def approximate(expression: sp.Expr, values: Mapping[str, FloatArray]) -> Approximation:
    """Value and error bound of ``expression`` at float64 arrays of one shape.

    An infinite or undefined error bound means that nothing is known.

    Raises UnsupportedError: the expression holds an unknown function.
    """
    with np.errstate(all="ignore"):
        value, error = _node(expression, values)
        return value, np.where(np.isnan(value) | np.isnan(error), np.inf, error)


def _node(x: sp.Basic, values: Mapping[str, FloatArray]) -> Approximation:
    if isinstance(x, sp.Symbol):
        value = values[x.name]
        return value, np.where(np.abs(value) < _EXACT, 0.0, _UNIT * np.abs(value))
    if isinstance(x, sp.Integer | sp.Rational):
        number = float(x)
        exact = sp.Rational(number) == x
        return np.float64(number), np.float64(0.0 if exact else _UNIT * abs(number))  # type: ignore[return-value]
    if x is sp.S.NegativeInfinity:
        return np.float64(-np.inf), np.float64(0.0)  # type: ignore[return-value]
    if isinstance(x, sp.NumberSymbol):
        return np.float64(float(x)), np.float64(_UNIT * float(x))  # type: ignore[return-value]
    if isinstance(x, sp.Add):
        return _sum(*(_node(a, values) for a in x.args))
    if isinstance(x, sp.Mul):
        return _product(*(_node(a, values) for a in x.args))
    if isinstance(x, sp.Pow):
        return _power(x, values)
    if isinstance(x, sp.exp):
        return _exp(_node(x.args[0], values))
    if isinstance(x, sp.log):
        return _log_of(x.args[0], values)
    if isinstance(x, sp.Min | sp.Max):
        return _extremum(x, [_node(a, values) for a in x.args])
    if isinstance(x, sp.floor):
        value, error = _node(x.args[0], values)
        return np.floor(value), np.where(np.floor(value - error) == np.floor(value + error), 0.0, np.inf)
    raise UnsupportedError(f"no float evaluation of {x.func.__name__}")


def _sum(*terms: Approximation) -> Approximation:
    value, error = terms[0]
    for other, other_error in terms[1:]:
        total = value + other
        fresh = np.where(_whole(value, error) & _whole(other, other_error) & (np.abs(total) < _EXACT), 0.0, _UNIT)
        both = error + other_error
        value, error = total, np.where(np.isneginf(total), both, both + fresh * np.abs(total))
    return value, error


def _product(*factors: Approximation) -> Approximation:
    value, error = factors[0]
    for other, other_error in factors[1:]:
        zero = ((value == 0) & (error == 0)) | ((other == 0) & (other_error == 0))
        result = np.where(zero, 0.0, value * other)
        fresh = np.where(_whole(value, error) & _whole(other, other_error) & (np.abs(result) < _EXACT), 0.0, _UNIT)
        lost = (
            np.abs(value) * other_error + np.abs(other) * error + error * other_error + fresh * np.abs(result) + _TINY
        )
        sure = zero | (fresh == 0.0) | (np.isneginf(result) & (error == 0) & (other_error == 0))
        value, error = result, np.where(sure, 0.0, lost)
    return value, error


def _whole(value: FloatArray, error: FloatArray) -> Any:
    return (error == 0) & (value == np.floor(value))


def _power(x: sp.Pow, values: Mapping[str, FloatArray]) -> Approximation:
    base, base_error = _node(x.base, values)
    if x.exp == -1:
        least = np.abs(base) - base_error
        inverse = 1.0 / base
        return inverse, np.where(least > 0, base_error / (np.abs(base) * least) + _UNIT * np.abs(inverse), np.inf)
    exponent, exponent_error = _node(x.exp, values)
    value = np.power(base, exponent)
    if x.exp == 2:
        return _product((base, base_error), (base, base_error))
    zero = (base == 0) & (base_error == 0) & (exponent > 0)
    one = (exponent == 0) & (exponent_error == 0)
    relative = base_error / (np.abs(base) - base_error)
    shift = (np.abs(exponent) + exponent_error) * 2 * relative + exponent_error * np.abs(np.log(np.abs(base)))
    lost = np.abs(value) * (np.expm1(shift) + 4 * _UNIT * (1 + np.abs(exponent * np.log(np.abs(base))))) + _TINY
    sure = (np.abs(base) > 2 * base_error) & (base > 0)
    error = np.where(zero | one, 0.0, np.where(sure, lost, np.inf))
    return np.where(one, 1.0, value), error


def _exp(argument: Approximation) -> Approximation:
    value, error = argument
    result = np.exp(value)
    sure = np.isneginf(value) & (error == 0)
    return result, np.where(sure, 0.0, result * (np.expm1(error) + _ELEMENTARY) + _TINY)


def _log_of(x: sp.Expr, values: Mapping[str, FloatArray]) -> Approximation:
    """log(x), pushed inwards as far as it is safe."""
    if isinstance(x, sp.exp):
        return _node(x.args[0], values)
    if isinstance(x, sp.Mul):
        # Each factor must be positive by itself; where one is not, its logarithm is NaN and the error infinite.
        return _sum(*(_log_of(a, values) for a in x.args))
    if isinstance(x, sp.Pow):
        return _product(_node(x.exp, values), _log_of(x.base, values))
    if isinstance(x, sp.Min | sp.Max):
        return _extremum(x, [_log_of(a, values) for a in x.args])
    if isinstance(x, sp.Add) and sp.S.One in x.args:
        rest, rest_error = _node(x - 1, values)
        low = 1.0 + rest - rest_error
        result = np.log1p(rest)
        lost = rest_error / low + _UNIT * np.abs(rest) / low + _ELEMENTARY * np.abs(result)
        return result, np.where(low > 0, lost, np.inf)
    value, error = _node(x, values)
    result = np.log(value)
    lost = error / (value - error) + _ELEMENTARY * np.abs(result)
    known_zero = (value == 0) & (error == 0)
    return result, np.where(known_zero, 0.0, np.where(value > error, lost, np.inf))


def _extremum(x: sp.Min | sp.Max, terms: list[Approximation]) -> Approximation:
    if isinstance(x, sp.Min):
        return _least(terms)
    value, error = _least([(-value, error) for value, error in terms])
    return -value, error


def _least(terms: list[Approximation]) -> Approximation:
    value, error = terms[0]
    for other, other_error in terms[1:]:
        first, second = value + error <= other - other_error, other + other_error <= value - error
        error = np.where(first, error, np.where(second, other_error, np.maximum(error, other_error)))
        value = np.minimum(value, other)  # NaN if one is
    return value, error
