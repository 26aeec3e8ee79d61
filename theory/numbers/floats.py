"""Float64 evaluation of an expression together with a bound on its own rounding error.

Every node of the SymPy tree yields two arrays: a value and a bound on its absolute error (first-order running error
analysis, Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.3, with the constants doubled so that
second-order terms are covered). Where the bound is not small relative to the value the caller evaluates again in ball
arithmetic; so cancellation, overflow and underflow are noticed, whatever the expression.

Logarithms are pushed through products, powers, minima and maxima and taken as ``log1p`` where the argument is ``1 +
x``: most bounds then need no second look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Approximation = tuple[FloatArray, FloatArray]
Evaluator = Callable[[Mapping[str, FloatArray]], Approximation]

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
        value, error = approximation(expression)(values)
        return value, np.where(np.isnan(value) | np.isnan(error), np.inf, error)


@lru_cache(maxsize=4096)
def approximation(x: sp.Basic) -> Evaluator:
    """The function of the symbols, by name, that evaluates an expression: SymPy is asked once, not at each point.

    Raises UnsupportedError: as above.
    """
    if isinstance(x, sp.Symbol):
        return partial(_symbol, str(x.name))
    if isinstance(x, sp.Integer | sp.Rational):
        number = float(x)
        return _constant(number, 0.0 if sp.Rational(number) == x else _UNIT * abs(number))
    if x is sp.S.NegativeInfinity:
        return _constant(-np.inf, 0.0)
    if isinstance(x, sp.NumberSymbol):
        return _constant(float(x), _UNIT * float(x))
    if isinstance(x, sp.Add):
        return _combined(_sum, x.args)
    if isinstance(x, sp.Mul):
        return _combined(_product, x.args)
    if isinstance(x, sp.Pow):
        return _power_of(x)
    if isinstance(x, sp.exp):
        return _combined(_exp, x.args)
    if isinstance(x, sp.log):
        return _log_of(x.args[0])
    if isinstance(x, sp.Min | sp.Max):
        return _combined(_least if isinstance(x, sp.Min) else _greatest, x.args)
    if isinstance(x, sp.floor):
        return _combined(_floor, x.args)
    raise UnsupportedError(f"no float evaluation of {x.func.__name__}")


def _combined(
    rule: Callable[..., Approximation], parts: Iterable[sp.Basic], of: Callable[[Any], Evaluator] = approximation
) -> Evaluator:
    """A rule on the approximations of some parts."""
    evaluators = tuple(of(part) for part in parts)
    return lambda values: rule(*(evaluator(values) for evaluator in evaluators))


def _constant(number: float, error: float) -> Evaluator:
    found: Any = np.float64(number), np.float64(error)
    return lambda values: found


def _symbol(name: str, values: Mapping[str, FloatArray]) -> Approximation:
    value = values[name]
    return value, np.where(np.abs(value) < _EXACT, 0.0, _UNIT * np.abs(value))


def _floor(argument: Approximation) -> Approximation:
    value, error = argument
    return np.floor(value), np.where(np.floor(value - error) == np.floor(value + error), 0.0, np.inf)


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


def _power_of(x: sp.Pow) -> Evaluator:
    if x.exp == -1:
        return _combined(_inverse, (x.base,))
    if x.exp == 2:
        return _combined(lambda base: _product(base, base), (x.base,))
    return _combined(_power, (x.base, x.exp))


def _inverse(argument: Approximation) -> Approximation:
    base, base_error = argument
    least = np.abs(base) - base_error
    inverse = 1.0 / base
    return inverse, np.where(least > 0, base_error / (np.abs(base) * least) + _UNIT * np.abs(inverse), np.inf)


def _power(first: Approximation, second: Approximation) -> Approximation:
    (base, base_error), (exponent, exponent_error) = first, second
    value = np.power(base, exponent)
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


def _log_of(x: sp.Expr) -> Evaluator:
    """log(x), pushed inwards as far as it is safe."""
    if isinstance(x, sp.exp):
        return approximation(x.args[0])
    if isinstance(x, sp.Mul):
        # Each factor must be positive by itself; where one is not, its logarithm is NaN and the error infinite.
        return _combined(_sum, x.args, _log_of)
    if isinstance(x, sp.Pow):
        exponent, logarithm = approximation(x.exp), _log_of(x.base)
        return lambda values: _product(exponent(values), logarithm(values))
    if isinstance(x, sp.Min | sp.Max):
        return _combined(_least if isinstance(x, sp.Min) else _greatest, x.args, _log_of)
    if isinstance(x, sp.Add) and sp.S.One in x.args:
        return _combined(_log1p, (x - 1,))
    return _combined(_log, (x,))


def _log1p(argument: Approximation) -> Approximation:
    rest, rest_error = argument
    low = 1.0 + rest - rest_error
    result = np.log1p(rest)
    lost = rest_error / low + _UNIT * np.abs(rest) / low + _ELEMENTARY * np.abs(result)
    return result, np.where(low > 0, lost, np.inf)


def _log(argument: Approximation) -> Approximation:
    value, error = argument
    result = np.log(value)
    lost = error / (value - error) + _ELEMENTARY * np.abs(result)
    known_zero = (value == 0) & (error == 0)
    return result, np.where(known_zero, 0.0, np.where(value > error, lost, np.inf))


def _greatest(*terms: Approximation) -> Approximation:
    value, error = _least(*((-value, error) for value, error in terms))
    return -value, error


def _least(*terms: Approximation) -> Approximation:
    value, error = terms[0]
    for other, other_error in terms[1:]:
        first, second = value + error <= other - other_error, other + other_error <= value - error
        error = np.where(first, error, np.where(second, other_error, np.maximum(error, other_error)))
        value = np.minimum(value, other)  # NaN if one is
    return value, error
