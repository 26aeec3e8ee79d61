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

__all__ = ["DomainError", "evaluate_log_bound", "evaluate_number", "log_fraction", "parse_value"]


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


def parse_value(name: str, text: str) -> int | float:
    """A value from the command line for the symbol ``name``.

    Raises:
        DomainError: unknown symbol, not a number, not finite, or outside its domain.
    """
    notation = NOTATION.get(name)
    if notation is None:
        raise DomainError(f"unknown symbol {name}; known are {', '.join(NOTATION)}")
    try:
        value: int | float = int(text) if notation.integer else float(text)
    except ValueError:
        raise DomainError(f"{name}={text}: must be {notation.domain}") from None
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
) -> Any:
    """Evaluate a log-bound at scalars or arrays; see :meth:`theory.claim.Claim.log_bound`."""
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
    used = [array for name, array in zip(names, arrays, strict=True) if name in symbols]
    shape = used[0].shape if used else ()
    if exact is not None:
        flat = [
            exact(**{name: value.item() for name, value in zip(symbols, point, strict=True)})
            for point in zip(*(array.ravel() for array in used), strict=True)
        ]
        result = np.array(flat, dtype=np.float64).reshape(shape)
    else:
        function = _compiled(expression, tuple(symbols))
        with np.errstate(divide="ignore"):
            result = np.asarray(function(*(array.astype(np.float64) for array in used)), dtype=np.float64)
        result = np.broadcast_to(result, shape)
    if np.isnan(result).any():
        raise ArithmeticError(f"{owner}: the expression {expression} gave NaN")
    return float(result) if result.ndim == 0 else np.array(result)


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
            raise DomainError(f"{name}={value!r}: must be {notation.domain}")
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
