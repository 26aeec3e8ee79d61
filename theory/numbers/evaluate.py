"""Numbers from expressions: in log space, vectorised, domain-checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from theory.claim import Claim
from theory.notation import DomainError, Notation, Symbol
from theory.numbers.floats import UnsupportedError, approximate
from theory.numbers.minimise import minimiser
from theory.parts import compiled, resolved

if TYPE_CHECKING:
    from theory.numbers.balls import Enclosure

__all__ = [
    "RELATIVE_ACCURACY",
    "DomainError",
    "check_domain",
    "check_values",
    "enclose_log_bound",
    "evaluate_log_bound",
    "expression_of",
    "log_fraction",
    "parse_assignments",
    "parse_value",
]

RELATIVE_ACCURACY = 1e-13  # of the logarithm; where float64 cannot promise it, balls take over


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


def parse_value(notation: Notation, name: str, text: str) -> int | float:
    """A value from the command line for the symbol ``name`` of a notation.

    Raises:
        DomainError: unknown symbol, not a number, not finite, or outside its domain.
    """
    symbol = notation.get(name)
    if symbol is None:
        raise DomainError(f"unknown symbol {name}; known are {', '.join(notation)}")
    shown = text if len(text) <= 40 else text[:37] + "..."
    try:
        value: int | float = int(text) if symbol.integer else float(text)
    except ValueError:
        raise DomainError(f"{name}={shown}: must be {symbol.domain}") from None
    if abs(value) > _LARGEST:
        raise DomainError(f"{name}={shown}: must be {symbol.domain}, and at most 10^18")
    _check_symbol(symbol, value)
    return value


def parse_assignments(notation: Notation, texts: Iterable[str]) -> dict[str, int | float]:
    """``NAME=VALUE`` words as values of a notation's symbols.

    Raises:
        DomainError: not of that form, unknown, given twice, or outside the domain.
    """
    values: dict[str, int | float] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise DomainError(f"{text!r} is not of the form NAME=VALUE; symbols are {', '.join(notation)}")
        if name in values:
            raise DomainError(f"{name} is given twice, {values[name]} and {value}")
        values[name] = parse_value(notation, name, value)
    return values


def evaluate_log_bound(claim: Claim, values: Mapping[str, ArrayLike]) -> Any:
    """The log-bound at scalars or arrays; see :meth:`theory.claim.Claim.log_bound`.

    First in float64 with a bound on the rounding error, then, where that bound
    exceeds 1e-13 of the value, in ball arithmetic.

    Args:
        claim: whose bound, with the routes that it names.
        values: a number or array for each of its symbols; arrays broadcast.

    Raises:
        DomainError: a symbol is missing, unknown or outside the domain.
        ArithmeticError: the expression is undefined at a point of its domain.
        ValueError: the claim has no number.
    """
    expression = expression_of(claim)
    used = {name: array for name, array in _checked(claim, values).items() if name in claim.symbols}
    shape = next(iter(used.values())).shape if used else ()
    if claim.evaluation.exact is not None:
        exact = resolved(claim.evaluation.exact)
        flat = [exact(**point) for point in _points(used)]
        result = np.array(flat, dtype=np.float64).reshape(shape)
    else:
        floats = {name: array.astype(np.float64) for name, array in used.items()}
        for parameter in claim.minimised_over:
            floats[parameter.name] = used[parameter.name] = minimiser(expression, parameter, floats)
        result = _float_then_ball(claim, expression, used, floats, shape)
    if np.isnan(result).any():
        raise ArithmeticError(f"{claim.id}: the expression {expression} gave NaN")
    result = result + 0.0  # no negative zeros
    return float(result) if result.ndim == 0 else np.array(result)


def enclose_log_bound(claim: Claim, values: Mapping[str, Any], relative_bits: int) -> Enclosure:
    """A ball of the log-bound; see :meth:`theory.claim.Claim.enclosure`."""
    from theory.numbers.balls import ball, enclose

    expression = expression_of(claim)
    check_values(claim, values)
    point = {name: values[name] for name in claim.symbols}
    for parameter in claim.minimised_over:
        floats = {name: np.asarray(value, dtype=np.float64) for name, value in point.items()}
        point[parameter.name] = float(minimiser(expression, parameter, floats))
    if claim.evaluation.ball is not None:
        route = resolved(claim.evaluation.ball)
        return enclose(lambda bits: route(bits, **point), relative_bits)
    return enclose(lambda bits: ball(expression, point), relative_bits)


def expression_of(claim: Claim) -> sp.Expr:
    """The log-bound of a claim that has one.

    Raises:
        ValueError: it states no number.
    """
    if claim.log_expression is None:
        raise ValueError(f"{claim.id} is a {claim.kind} claim and states no number")
    return claim.log_expression


def _float_then_ball(
    claim: Claim,
    expression: sp.Expr,
    used: Mapping[str, np.ndarray[Any, Any]],
    floats: Mapping[str, np.ndarray[Any, Any]],
    shape: tuple[int, ...],
) -> np.ndarray[Any, Any]:
    numeric, ball = (None if r is None else resolved(r) for r in (claim.evaluation.numeric, claim.evaluation.ball))
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
                raise ArithmeticError(f"{claim.id} at {where}: {error_}") from None
        result = flat.reshape(shape)
    return result


def _points(used: Mapping[str, np.ndarray[Any, Any]]) -> Iterable[dict[str, Any]]:
    for point in zip(*(array.ravel() for array in used.values()), strict=True):
        yield {name: value.item() if hasattr(value, "item") else value for name, value in zip(used, point, strict=True)}


def check_values(claim: Claim, values: Mapping[str, ArrayLike], *, without: str | None = None) -> None:
    """Check that each symbol of the bound has a value in its domain.

    Args:
        claim: whose symbols.
        values: by name.
        without: a symbol that need not be given; the claim's domain is then not checked.

    Raises:
        DomainError: a symbol is missing, unknown or outside its domain.
    """
    _checked(claim, values, without)


def _checked(
    claim: Claim, values: Mapping[str, ArrayLike], without: str | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of the names given, in the notation's order, broadcast; all in their domains."""
    symbols = tuple(name for name in claim.symbols if name != without)
    missing = [name for name in symbols if name not in values]
    if missing:
        raise DomainError(f"{claim.id} needs {', '.join(missing)} (it uses {', '.join(symbols)})")
    unknown = [name for name in values if name not in claim.notation]
    if unknown:
        raise DomainError(f"{claim.id} does not know {', '.join(unknown)}; it uses {', '.join(symbols)}")
    names = [name for name in claim.notation if name in values]
    arrays = dict(zip(names, np.broadcast_arrays(*(np.asarray(values[name]) for name in names)), strict=True))
    for name, array in arrays.items():
        _check_symbol(claim.notation[name], array)
        arrays[name] = _whole(claim.notation[name], array)
    if without is None:
        check_domain(claim, arrays)
    return arrays


def _whole(symbol: Symbol, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Integers as integers, also where they come as floats (10.0): exact routes take no other."""
    return array.astype(np.int64) if symbol.integer and array.dtype.kind == "f" else array


def _check_symbol(symbol: Symbol, value: ArrayLike) -> None:
    array = np.asarray(value)
    bad: Any
    if array.dtype.kind not in "iuf":
        if array.dtype.kind == "O" and all(type(item) is int for item in array.ravel()):
            bad = np.array([item < symbol.minimum for item in array.ravel()])
        else:
            shown = array.ravel()[0].item() if array.size and hasattr(array.ravel()[0], "item") else value
            raise DomainError(f"{symbol.name}={shown!r}: must be {symbol.domain}")
    else:
        low = array <= symbol.minimum if symbol.strict else array < symbol.minimum
        bad = np.atleast_1d(~np.isfinite(array) | low | (symbol.integer & (array != np.floor(array))))
    if bad.any():
        raise DomainError(f"{symbol.name}={array.ravel()[int(np.argmax(bad))]}: must be {symbol.domain}")


def check_domain(claim: Claim, values: Mapping[str, ArrayLike]) -> None:
    """Check the relations of a claim's domain whose symbols are all given.

    Raises:
        DomainError: one does not hold; the message says where.
    """
    for relation in claim.domain:
        used = tuple(sorted(s.name for s in relation.free_symbols))
        if any(name not in values for name in used):
            continue
        arrays = np.broadcast_arrays(*(np.asarray(values[name]) for name in used))
        truth = np.broadcast_to(compiled(relation, used)(*arrays), arrays[0].shape)
        if not truth.all():
            at = int(np.argmin(truth.ravel()))
            where = ", ".join(f"{name}={array.ravel()[at]}" for name, array in zip(used, arrays, strict=True))
            raise DomainError(f"{claim.id} at {where}: needs {sp.sstr(relation)}")
