"""Numbers from expressions: in log space, vectorised, domain-checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from theory.notation import NOTATION
from theory.numbers.floats import Approximation, UnsupportedError, approximate
from theory.numbers.minimise import minimiser

__all__ = [
    "RELATIVE_ACCURACY",
    "DomainError",
    "check_values",
    "evaluate_log_bound",
    "evaluate_number",
    "log_fraction",
    "parse_value",
]

RELATIVE_ACCURACY = 1e-13  # of the logarithm; where float64 cannot promise it, balls take over


class DomainError(ValueError):
    """A symbol is missing, unknown, or outside the domain of an expression."""


def log_fraction(value: Fraction) -> float:
    """Natural logarithm of an exact non-negative rational, to double precision.

    Relative accuracy is kept both near 1 (where log n - log d cancels) and for
    numerators and denominators beyond the range of floats. log 0 is -inf.

    Raises:
        ValueError: the value is negative.
    """
    if value < 0:
        raise ValueError(f"logarithm of the negative number {value}")
    if value == 0:
        return -math.inf
    if abs(value - 1) < Fraction(1, 2):
        return math.log1p(float(value - 1))
    shift = value.numerator.bit_length() - value.denominator.bit_length()
    scaled = value / (1 << shift) if shift >= 0 else value * (1 << -shift)
    return math.fsum((math.log(scaled), shift * math.log(2)))


_LARGEST = 10**18


def parse_value(name: str, text: str) -> int | float:
    """A value from the command line for the symbol ``name``.

    Raises:
        DomainError: unknown symbol, not a number, not finite, or outside its domain.
    """
    notation = NOTATION.get(name)
    if notation is None:
        raise DomainError(f"unknown symbol {name}; known are {', '.join(NOTATION)}")
    shown = text if len(text) <= 40 else text[:37] + "..."
    try:
        value: int | float = int(text) if notation.integer else float(text)
    except ValueError:
        raise DomainError(f"{name}={shown}: must be {notation.domain}") from None
    if abs(value) > _LARGEST:
        raise DomainError(f"{name}={shown}: must be {notation.domain}, and at most 10^18")
    _check_symbol(name, value)
    return value


def evaluate_log_bound(
    owner: str,
    expression: sp.Expr,
    symbols: Sequence[str],
    domain: Iterable[sp.core.relational.Relational],
    values: Mapping[str, ArrayLike],
    *,
    exact: Callable[..., float] | None = None,
    numeric: Callable[..., Approximation] | None = None,
    ball: Callable[..., Any] | None = None,
    minimised: Sequence[sp.Symbol] = (),
) -> Any:
    """Evaluate a log-bound at scalars or arrays; see :meth:`theory.claim.Claim.log_bound`.

    First in float64 with a bound on the rounding error, then, where that bound
    exceeds 1e-13 of the value, in ball arithmetic.

    Args:
        owner: the claim's id, for messages.
        expression: the log-bound.
        symbols: names of its symbols.
        domain: relations between them.
        values: a number or array for each symbol.
        exact: scalar route that replaces everything else.
        numeric: array route that replaces the float64 evaluation of the expression;
            returns values and error bounds.
        ball: ball route that replaces the ball evaluation of the expression;
            called with the working precision in bits.
        minimised: symbols of the expression to minimise over.

    Raises:
        DomainError: a symbol is missing, unknown or outside the domain.
        ArithmeticError: the expression is undefined at a point of its domain.
    """
    names, arrays = _checked(owner, symbols, domain, values)
    used = {name: array for name, array in zip(names, arrays, strict=True) if name in symbols}
    shape = next(iter(used.values())).shape if used else ()
    if exact is not None:
        flat = [exact(**point) for point in _points(used)]
        result = np.array(flat, dtype=np.float64).reshape(shape)
    else:
        floats = {name: array.astype(np.float64) for name, array in used.items()}
        for parameter in minimised:
            floats[parameter.name] = used[parameter.name] = minimiser(expression, parameter, floats)
        result = _float_then_ball(owner, expression, used, floats, shape, numeric, ball)
    if np.isnan(result).any():
        raise ArithmeticError(f"{owner}: the expression {expression} gave NaN")
    result = result + 0.0  # no negative zeros
    return float(result) if result.ndim == 0 else np.array(result)


def _float_then_ball(
    owner: str,
    expression: sp.Expr,
    used: Mapping[str, np.ndarray[Any, Any]],
    floats: Mapping[str, np.ndarray[Any, Any]],
    shape: tuple[int, ...],
    numeric: Callable[..., Approximation] | None,
    ball: Callable[..., Any] | None,
) -> np.ndarray[Any, Any]:
    try:
        value, error = numeric(**floats) if numeric is not None else approximate(expression, floats)
    except UnsupportedError:
        value, error = np.zeros(shape), np.full(shape, np.inf)
    result = np.array(np.broadcast_to(value, shape), dtype=np.float64)
    with np.errstate(invalid="ignore"):
        good = (error <= RELATIVE_ACCURACY * np.abs(value)) & ~(np.isinf(value) & (error > 0))
    bad = np.flatnonzero(~np.broadcast_to(good, shape))
    if bad.size:
        from theory.numbers import balls as enclose

        columns = {name: array.ravel() for name, array in used.items()}
        flat = result.reshape(-1)
        for index in bad:
            point = {name: column[index].item() for name, column in columns.items()}

            def at(bits: int, point: Mapping[str, Any] = point) -> Any:
                return ball(bits, **point) if ball is not None else enclose.ball(expression, point)

            try:
                flat[index] = enclose.log_float(enclose.enclose(at))
            except ArithmeticError as error_:
                where = ", ".join(f"{name}={number}" for name, number in point.items())
                raise ArithmeticError(f"{owner} at {where}: {error_}") from None
        result = flat.reshape(shape)
    return result


def _points(used: Mapping[str, np.ndarray[Any, Any]]) -> Iterable[dict[str, Any]]:
    for point in zip(*(array.ravel() for array in used.values()), strict=True):
        yield {name: value.item() if hasattr(value, "item") else value for name, value in zip(used, point, strict=True)}


def check_values(
    owner: str,
    symbols: Sequence[str],
    domain: Iterable[sp.core.relational.Relational],
    values: Mapping[str, ArrayLike],
) -> None:
    """Raise :class:`DomainError` unless ``values`` give each symbol a value in its domain."""
    _checked(owner, symbols, domain, values)


def _checked(
    owner: str,
    symbols: Sequence[str],
    domain: Iterable[sp.core.relational.Relational],
    values: Mapping[str, ArrayLike],
) -> tuple[list[str], Sequence[np.ndarray[Any, Any]]]:
    """Names in the notation's order and their arrays, broadcast; all in their domains."""
    missing = [name for name in symbols if name not in values]
    if missing:
        raise DomainError(f"{owner} needs {', '.join(missing)} (it uses {', '.join(symbols)})")
    unknown = [name for name in values if name not in NOTATION]
    if unknown:
        raise DomainError(f"{owner} does not know {', '.join(unknown)}; it uses {', '.join(symbols)}")
    names = [name for name in NOTATION if name in values]
    arrays = np.broadcast_arrays(*(np.asarray(values[name]) for name in names)) if names else []
    for name, array in zip(names, arrays, strict=True):
        _check_symbol(name, array)
    _check_domain(owner, domain, names, arrays)
    return names, arrays


def evaluate_number(expression: sp.Expr, values: Mapping[str, float | None]) -> float | None:
    """A scalar from an expression, or None if a value is missing or not finite."""
    arguments = []
    names = sorted(s.name for s in expression.free_symbols)
    for name in names:
        value = values.get(name)
        if value is None or not math.isfinite(value):
            return None
        arguments.append(float(value))
    return float(_compiled(expression, tuple(names))(*arguments))


@lru_cache(maxsize=1024)
def _compiled(expression: sp.Expr, names: tuple[str, ...]) -> Callable[..., Any]:
    by_name = {s.name: s for s in expression.free_symbols}
    arguments = [by_name.get(name, sp.Symbol(name)) for name in names]
    function: Callable[..., Any] = sp.lambdify(arguments, expression, modules="numpy")
    return function


def _check_symbol(name: str, value: ArrayLike) -> None:
    notation = NOTATION[name]
    array = np.asarray(value)
    bad: Any
    if array.dtype.kind not in "iuf":
        if array.dtype.kind == "O" and all(type(item) is int for item in array.ravel()):
            bad = np.array([item < notation.minimum for item in array.ravel()])
        else:
            shown = array.ravel()[0].item() if array.size and hasattr(array.ravel()[0], "item") else value
            raise DomainError(f"{name}={shown!r}: must be {notation.domain}")
    else:
        low = array <= notation.minimum if notation.strict else array < notation.minimum
        bad = np.atleast_1d(~np.isfinite(array) | low | (notation.integer & (array != np.floor(array))))
    if bad.any():
        raise DomainError(f"{name}={array.ravel()[int(np.argmax(bad))]}: must be {notation.domain}")


def _check_domain(
    owner: str,
    domain: Iterable[sp.core.relational.Relational],
    names: Sequence[str],
    arrays: Sequence[np.ndarray[Any, Any]],
) -> None:
    by_name = dict(zip(names, arrays, strict=True))
    for relation in domain:
        used = tuple(sorted(s.name for s in relation.free_symbols))
        if any(name not in by_name for name in used):
            continue
        truth = np.asarray(_compiled(relation, used)(*(by_name[name] for name in used)))
        truth = np.broadcast_to(truth, by_name[used[0]].shape)
        if not truth.all():
            at = int(np.argmin(truth.ravel()))
            where = ", ".join(f"{name}={by_name[name].ravel()[at]}" for name in used)
            raise DomainError(f"{owner} at {where}: needs {sp.sstr(relation)}")
