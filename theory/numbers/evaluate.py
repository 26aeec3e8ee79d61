"""Numbers from expressions: in log space, vectorised, domain-checked."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from theory.notation import BrokenClaimError, DomainError, Notation, Symbol
from theory.numbers.floats import UnsupportedError, approximate
from theory.numbers.minimise import minimiser
from theory.parts import Evaluation, compiled, relation_text, resolved
from theory.spelling import meant, near

if TYPE_CHECKING:
    from theory.numbers.balls import Enclosure

_RELATIVE_ACCURACY = 1e-13  # of the logarithm; where float64 cannot promise it, balls take over


def log_fraction(value: Fraction) -> float:
    """Natural logarithm of an exact non-negative rational, to double precision; log 0 is -inf.

    Relative accuracy is kept both near 1 (where log n - log d cancels) and for numerators and denominators beyond the
    range of floats.

    Raises:
        ValueError: the value is negative.

    Example:
        >>> log_fraction(Fraction(1, 10**400))
        -921.0340371976182
    """
    if value < 0:
        raise ValueError(f"logarithm of the negative number {value}")
    if value == 0:
        return -math.inf
    if abs(value - 1) < Fraction(1, 2):
        return math.log1p(float(value - 1))
    shift = value.numerator.bit_length() - value.denominator.bit_length()
    return math.fsum((math.log(value / Fraction(2) ** shift), shift * math.log(2)))


def from_log(log_bound: ArrayLike) -> Any:
    """The bound: 0 where it underflows, the largest float where it would overflow (which changes no comparison)."""
    result = np.exp(np.minimum(log_bound, math.log(sys.float_info.max)))
    return float(result) if np.ndim(result) == 0 else result


_LARGEST = 10**18


def parse_value(notation: Notation, name: str, text: str) -> int | float:
    """A value from the command line for the symbol ``name`` of a notation.

    Raises:
        DomainError: unknown symbol, not a number, not finite, or outside its domain.

    Example:
        >>> from theory.claims.xu_chen.paper import PAPER
        >>> parse_value(PAPER.notation, "eta", "1/2")
        0.5
    """
    symbol = notation.get(name)
    if symbol is None:
        raise DomainError(f"unknown symbol {name}; {meant(name, notation)}")
    shown = text if len(text) <= 40 else text[:37] + "..."
    try:
        numerator, slash, denominator = text.partition("/")
        if symbol.integer:
            value: int | float = int(text)
        else:
            value = float(numerator) / float(denominator) if slash else float(text)
    except (ValueError, ZeroDivisionError):
        raise DomainError(f"{name}={shown}: must be {symbol.domain}") from None
    if abs(value) > _LARGEST:
        raise DomainError(f"{name}={shown}: must be {symbol.domain}, and at most 10^18")
    _check_symbol(symbol, value)
    return value


def parse_assignments(notation: Notation, texts: Iterable[str]) -> dict[str, int | float]:
    """``NAME=VALUE`` words as values of a notation's symbols.

    Raises:
        DomainError: not of that form, unknown, given twice, or outside the domain.

    Example:
        >>> from theory.claims.xu_chen.paper import PAPER
        >>> parse_assignments(PAPER.notation, ["N_f=40", "K=3"])
        {'N_f': 40, 'K': 3}
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


@dataclass(frozen=True)
class LogBound:
    """The logarithm of a bound, its ``name`` in messages, the ``domain`` where it is defined, its routes."""

    name: str
    expression: sp.Expr
    notation: Notation
    domain: tuple[sp.core.relational.Relational, ...]
    evaluation: Evaluation

    @property
    def symbols(self) -> tuple[str, ...]:
        """Names of the symbols in the expression, in the notation's order."""
        return self.notation.names_in(self.expression)

    def at(self, values: Mapping[str, ArrayLike]) -> Any:
        """The log-bound at scalars or arrays; see :meth:`theory.claim.Claim.log_bound`.

        First in float64 with a bound on the rounding error, then, where that bound
        exceeds 1e-13 of the value, in ball arithmetic.

        Raises:
            DomainError: a symbol is missing, unknown or outside the domain.
            BrokenClaimError: the expression has no finite number, or is +infinite, at a point of its domain.
        """
        try:
            return self._at(values)
        except (DomainError, BrokenClaimError):
            raise
        except Exception as error:  # an expression and its routes may be a third party's
            raise BrokenClaimError.of(self.name, "its bound", error) from error

    def at_each(
        self, values: Mapping[str, np.ndarray[Any, Any]], count: int
    ) -> tuple[np.ndarray[Any, Any], dict[int, str]]:
        """The log-bound at ``count`` points, given by a column for each symbol; NaN where it is undefined, and why.

        A symbol without a column is missing everywhere, one that is NaN there.

        Raises:
            BrokenClaimError: as :meth:`at`.
        """
        given = {name: np.asarray(values[name]) for name in self.symbols if name in values}
        inside = np.full(count, len(given) == len(self.symbols))
        for name, column in given.items():
            inside &= ~_outside(self.notation[name], column)
        try:
            for relation, names in _given(self.domain, given):
                inside[inside] = compiled(relation, names)(*(given[name][inside] for name in names))
        except Exception as error:  # a relation may be a third party's
            raise BrokenClaimError.of(self.name, "its domain", error) from error
        found = np.full(count, np.nan)
        if inside.any():
            found[inside] = self.at({name: column[inside] for name, column in given.items()})
        reasons = {}
        for place in np.flatnonzero(~inside).tolist():
            point = {name: column.tolist()[place] for name, column in given.items() if column[place] == column[place]}
            try:
                self.check(point)
            except DomainError as error:
                reasons[place] = str(error)
        return found, reasons

    def _at(self, values: Mapping[str, ArrayLike]) -> Any:
        used = {name: array for name, array in self.check(values).items() if name in self.symbols}
        shape = next(iter(used.values())).shape if used else ()
        if self.evaluation.exact is not None:
            exact = resolved(self.evaluation.exact)
            result = np.array([exact(**point) for point in _points(used)], dtype=np.float64).reshape(shape)
        else:
            result = self._float_then_ball(self._minimised(used), shape)
        for bad, what in ((np.isnan(result), "no number (NaN)"), (np.isposinf(result), "infinite")):
            if bad.any():
                raise ArithmeticError(f"it is {what}{_place(next(_points(used, np.flatnonzero(bad)[:1]), {}))}")
        result = result + 0.0  # no negative zeros
        return float(result) if result.ndim == 0 else np.array(result)

    def enclosure(self, values: Mapping[str, Any], relative_bits: int) -> Enclosure:
        """An interval that certainly holds the log-bound; see :meth:`theory.claim.Claim.enclosure`."""
        from theory.numbers.balls import enclose

        self.check(values)
        given = {name: np.asarray(values[name]) for name in self.symbols}
        if arrays := [name for name, value in given.items() if value.ndim]:
            raise DomainError(f"{arrays[0]}: an enclosure is of one point, not of an array")
        point = self._minimised({name: value.item() for name, value in given.items()})
        try:
            return enclose(partial(self._ball, point=point), relative_bits)
        except Exception as error:
            raise BrokenClaimError.of(self.name, f"its bound{_place(point)}", error) from error

    def _ball(self, bits: int, point: Mapping[str, Any]) -> Any:
        from theory.numbers.balls import ball

        route = self.evaluation.ball
        return ball(self.expression, point) if route is None else resolved(route)(bits, **point)

    def _minimised(self, point: Mapping[str, Any]) -> dict[str, Any]:
        found = dict(point)
        for parameter in self.evaluation.minimised_over:
            floats = {name: np.asarray(value, dtype=np.float64) for name, value in found.items()}
            best = minimiser(self.expression, parameter, floats)
            found[parameter.name] = best if np.ndim(best) else best.item()
        return found

    def _float_then_ball(self, used: Mapping[str, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        floats = {name: np.asarray(array, dtype=np.float64) for name, array in used.items()}
        numeric = self.evaluation.numeric
        try:
            value, error = approximate(self.expression, floats) if numeric is None else resolved(numeric)(**floats)
        except UnsupportedError:
            value, error = np.zeros(shape), np.full(shape, np.inf)
        result = np.array(np.broadcast_to(value, shape), dtype=np.float64)
        with np.errstate(invalid="ignore"):
            good = (error <= _RELATIVE_ACCURACY * np.abs(value)) & ~(np.isinf(value) & (error > 0))
        bad = np.flatnonzero(~np.broadcast_to(good, shape))
        if bad.size:
            from theory.numbers.balls import enclose, log_float

            points = list(_points(used, bad))
            flat = result.reshape(-1)
            for index, point in zip(bad, points, strict=True):
                try:
                    flat[index] = log_float(enclose(partial(self._ball, point=point)))
                except ArithmeticError as error_:
                    raise ArithmeticError(f"{error_}{_place(point)}") from None
        return result

    def check(self, values: Mapping[str, ArrayLike], *, without: str | None = None) -> dict[str, np.ndarray[Any, Any]]:
        """The values as arrays in the notation's order, broadcast; each symbol of the bound has one, in its domain.

        The symbol ``without`` need not be given; relations of the domain are then not checked.

        Raises:
            DomainError: a symbol is missing, unknown or outside its domain.
        """
        symbols = tuple(name for name in self.symbols if name != without)
        uses = f"it uses {', '.join(symbols)}"
        if unknown := [name for name in values if name not in self.notation]:
            like = near(unknown[0], [*symbols, *self.notation])
            raise DomainError(f"{self.name} does not know {', '.join(unknown)}; {f'{like} ' if like else ''}{uses}")
        if missing := [name for name in symbols if name not in values]:
            idle = [name for name in values if name not in self.symbols]
            more = f"; it does not depend on {', '.join(idle)}" if idle else ""
            raise DomainError(f"{self.name} needs {', '.join(missing)} ({uses}){more}")
        names = [name for name in self.notation if name in values]
        arrays = dict(zip(names, np.broadcast_arrays(*(np.asarray(values[name]) for name in names)), strict=True))
        for name, array in arrays.items():
            _check_symbol(self.notation[name], array)
            if self.notation[name].integer and array.dtype.kind == "f":  # as 10.0: exact routes take integers only
                arrays[name] = array.astype(np.int64)
        if without is None:
            check_domain(self.name, self.domain, arrays)
        return arrays


def _place(point: Mapping[str, Any]) -> str:
    return " at " + ", ".join(f"{name}={number}" for name, number in point.items()) if point else ""


def _points(
    used: Mapping[str, np.ndarray[Any, Any]], at: np.ndarray[Any, Any] | slice = slice(None)
) -> Iterator[dict[str, Any]]:
    """The points of flattened arrays, or some of them, as Python numbers."""
    columns = [np.ravel(array)[at].tolist() for array in used.values()]
    if not used:  # a constant has one point
        return iter([{}])
    return (dict(zip(used, point, strict=True)) for point in zip(*columns, strict=True))


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
        bad = np.atleast_1d(_outside(symbol, array))
    if bad.any():
        raise DomainError(f"{symbol.name}={array.ravel()[int(np.argmax(bad))]}: must be {symbol.domain}")


def _outside(symbol: Symbol, array: np.ndarray[Any, Any]) -> Any:
    if array.dtype.kind == "O":  # integers beyond 64 bits
        array = array.astype(np.float64)
    low = array <= symbol.minimum if symbol.strict else array < symbol.minimum
    return ~np.isfinite(array) | low | (symbol.integer & (array != np.floor(array)))


def check_domain(name: str, domain: Iterable[sp.core.relational.Relational], values: Mapping[str, ArrayLike]) -> None:
    """Check the relations of a domain whose symbols are all given.

    Raises:
        DomainError: one does not hold; the message says for what (``name``) and where.
    """
    for relation, used in _given(domain, values):
        arrays = np.broadcast_arrays(*(np.asarray(values[symbol]) for symbol in used))
        truth = np.broadcast_to(compiled(relation, used)(*arrays), arrays[0].shape)
        if not truth.all():
            at = int(np.argmin(truth.ravel()))
            where = ", ".join(f"{symbol}={array.ravel()[at]}" for symbol, array in zip(used, arrays, strict=True))
            raise DomainError(f"{name} at {where}: needs {relation_text(relation)}")


def _given(
    domain: Iterable[sp.core.relational.Relational], names: Collection[str]
) -> list[tuple[sp.core.relational.Relational, tuple[str, ...]]]:
    """The relations whose symbols are all given, each with their names."""
    found = [(relation, tuple(sorted(s.name for s in relation.free_symbols))) for relation in domain]
    return [(relation, used) for relation, used in found if set(used) <= set(names)]
