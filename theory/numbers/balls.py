"""Rigorous enclosures of bounds by ball arithmetic (Arb, through python-flint).

An expression is evaluated over its SymPy tree. Rational subexpressions of moderate size stay exact rationals, so that
zeros, equalities and floors are decided and not guessed; everything else is a ball, a midpoint with a radius that
covers every rounding. The working precision grows until the ball is as small as asked.

python-flint is loaded with this module, hence on first use and never by ``import theory``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from operator import add, mul
from typing import Any

import flint
import sympy as sp

_EXACT_BITS = 20_000  # rationals up to this size stay exact
_START_BITS = 96
_MOST_BITS = 1 << 17
_LEAST_NORMAL_BITS = 1100  # 2**-1100 is below every float


class Undecided(ArithmeticError):
    """The working precision does not decide a sign or a floor; more bits may."""


@dataclass(frozen=True)
class Enclosure:
    """A closed interval of floats that certainly holds a number.

    ``ball`` is the ball it is made of, at ``bits`` working precision: ``flint.arb``, ``flint.fmpq`` if exact, or
    ``-math.inf``.
    """

    lower: float
    upper: float
    bits: int
    ball: Any

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper


@contextmanager
def working_precision(bits: int) -> Iterator[Any]:
    """Set the precision of ball arithmetic; yields the ``flint`` module."""
    with flint.ctx.workprec(bits):
        yield flint


def enclose(evaluate: Callable[[int], Any], relative_bits: int = 60) -> Enclosure:
    """Enclose a number to a radius of ``2**-relative_bits`` times the number, or 2**-1100 (below every float).

    ``evaluate`` gives a ball of it at a working precision in bits; it may raise :class:`Undecided`.

    Raises ArithmeticError: the precision would exceed 2^17 bits.
    """
    bits = _START_BITS
    while bits <= _MOST_BITS:
        try:
            with flint.ctx.workprec(bits):
                result = evaluate(bits)
                if isinstance(result, float):
                    return Enclosure(result, result, bits, result)
                ball_ = flint.arb(result)
                tiny = flint.arb(2) ** -_LEAST_NORMAL_BITS
                if ball_.is_finite() and (
                    ball_.is_exact() or ball_.rel_accuracy_bits() >= relative_bits or bool(abs(ball_) < tiny)
                ):
                    return Enclosure(below(ball_), above(ball_), bits, result)
        except Undecided:
            pass
        bits *= 2
    raise ArithmeticError(f"not decided at {_MOST_BITS} bits")


def below_zero_at(evaluate: Callable[[Any], Any], most_bits: int = 1 << 14) -> bool | None:
    """Sign of a number given as a ball: True if < 0, False if > 0, None if ``most_bits`` do not tell.

    ``evaluate`` gives the ball from the ``flint`` module at its current precision, which starts at 64 bits and
    doubles until the sign is known; it may raise :class:`Undecided`.
    """
    bits = 64
    while bits <= most_bits:
        with working_precision(bits), suppress(Undecided):
            number = evaluate(flint)
            if number < 0:
                return True
            if number > 0:
                return False
        bits *= 2
    return None


def log_float(enclosure: Enclosure) -> float:
    """The float nearest the middle of an enclosure."""
    if isinstance(enclosure.ball, float):
        return enclosure.ball
    with flint.ctx.workprec(enclosure.bits):
        return float(flint.arb(enclosure.ball).mid())


def ball(expression: sp.Expr, values: Mapping[str, Any]) -> Any:
    """A ball of an expression at the current working precision: ``flint.fmpq`` where exact, ``flint.arb``, or ``-inf``.

    ``values`` are ints, Fractions, or floats (taken at their exact binary value), by symbol.

    Raises:
        Undecided: more precision is needed.
        ArithmeticError: not defined there (the logarithm of a negative number, say).
    """
    return _node(expression, {name: rational(value) for name, value in values.items()}, {})


def rational(value: Any) -> Any:
    """An int, Fraction or float as an exact ``flint.fmpq``."""
    exact = Fraction(value)
    return flint.fmpq(exact.numerator, exact.denominator)


def _node(x: sp.Basic, values: Mapping[str, Any], known: dict[sp.Basic, Any]) -> Any:
    if x not in known:
        known[x] = _fresh(x, values, known)
    return known[x]


def _fresh(x: sp.Basic, values: Mapping[str, Any], known: dict[sp.Basic, Any]) -> Any:
    if isinstance(x, sp.Symbol):
        return values[x.name]
    if isinstance(x, sp.Rational):
        return flint.fmpq(int(x.p), int(x.q))
    if x is sp.S.NegativeInfinity:
        return -math.inf
    if x is sp.pi:
        return flint.arb.pi()
    if x is sp.E:
        return flint.arb(1).exp()
    rule = _RULES.get(x.func)
    if rule is None:
        raise TypeError(f"no ball evaluation of {x.func.__name__}")
    return rule(*(_node(a, values, known) for a in x.args))


def _exact(value: Any) -> bool:
    return isinstance(value, flint.fmpq)


def _is_bottom(value: Any) -> bool:
    return isinstance(value, float)


def _sign(value: Any) -> int:
    """-1, 0 or 1; raises Undecided if the ball straddles 0."""
    if _is_bottom(value):
        return -1
    if _exact(value):
        return int(value > 0) - int(value < 0)
    if value > 0:
        return 1
    if value < 0:
        return -1
    if value.is_zero():
        return 0
    raise Undecided(f"the sign of {value}")


def _add(*terms: Any) -> Any:
    return -math.inf if any(_is_bottom(a) for a in terms) else _folded(add, terms)


def _multiply(*factors: Any) -> Any:
    if any(a == 0 for a in factors):
        return flint.fmpq(0)  # 0 * log 0 = 0: the convention 0**0 = 1
    if any(_is_bottom(a) for a in factors):
        if math.prod(_sign(a) for a in factors) > 0:
            raise ArithmeticError("a logarithm of +infinity")
        return -math.inf
    return _folded(mul, factors)


def _folded(operation: Callable[[Any, Any], Any], terms: tuple[Any, ...]) -> Any:
    """An exact rational while all is exact and short, else a ball."""
    total = terms[0]
    for other in terms[1:]:
        exact = _exact(total) and _exact(other)
        total = operation(total, other) if exact else operation(_arb(total), _arb(other))
        if exact and total.height_bits() > 2 * _EXACT_BITS:
            total = _arb(total)
    return total


def _power(base: Any, exponent: Any) -> Any:
    if exponent == 0:
        return flint.fmpq(1)
    if base == 0:
        if _sign(exponent) > 0:
            return flint.fmpq(0)
        raise ArithmeticError("a negative power of 0")
    if _exact(exponent) and exponent.q == 1:
        whole = int(exponent.p)
        if _exact(base) and abs(whole) * int(base.height_bits()) <= _EXACT_BITS:
            return base**whole
        if not (base > 0 or base < 0):  # FLINT declines all powers of such a ball
            if whole < 0:
                raise Undecided("division by a ball that holds 0")
            return flint.arb(0, abs(base).upper() ** whole)
        return _arb(base) ** flint.fmpz(whole)
    if _sign(base) <= 0:
        raise ArithmeticError("a real power of a negative number")
    return (_arb(exponent) * _arb(base).log()).exp()


def _log(argument: Any) -> Any:
    sign = _sign(argument)
    if sign == 0:
        return -math.inf
    if sign < 0:
        raise ArithmeticError("the logarithm of a negative number")
    if argument == 1:
        return flint.fmpq(0)
    return _arb(argument).log()


def _exp(argument: Any) -> Any:
    if _is_bottom(argument):
        return flint.fmpq(0)
    if argument == 0:
        return flint.fmpq(1)
    return _arb(argument).exp()


def _least(*terms: Any) -> Any:
    """The least term; where it is decided which, what is exact stays so."""
    if any(_is_bottom(a) for a in terms):
        return -math.inf
    best = terms[0]
    for other in terms[1:]:
        first, second = (best, other) if _exact(best) and _exact(other) else (_arb(best), _arb(other))
        if not first <= second:
            best = other if second <= first else first.min(second)
    return best


def _greatest(*terms: Any) -> Any:
    finite = [-a for a in terms if not _is_bottom(a)]
    return -_least(*finite) if finite else -math.inf


def _floor(argument: Any) -> Any:
    if _exact(argument):
        return flint.fmpq(argument.floor())
    whole = argument.floor().unique_fmpz()
    if whole is None:
        raise Undecided("a floor")
    return flint.fmpq(whole)


def _binomial(n: Any, k: Any) -> Any:
    if not (_exact(n) and _exact(k) and n.q == 1 and k.q == 1 and n >= 0):
        raise Undecided("a binomial coefficient of numbers that are not known to be integers")
    upper, lower = int(n.p), int(k.p)
    if not 0 <= lower <= upper:
        return flint.fmpq(0)
    lower = min(lower, upper - lower)
    if lower * upper.bit_length() <= _EXACT_BITS:
        return flint.fmpq(flint.fmpz.bin_uiui(upper, lower))
    return (
        (flint.arb(upper) + 1).lgamma() - (flint.arb(lower) + 1).lgamma() - (flint.arb(upper - lower) + 1).lgamma()
    ).exp()


def _arb(value: Any) -> Any:
    return flint.arb(value) if _exact(value) else value


_RULES: dict[Any, Callable[..., Any]] = {
    sp.Add: _add,
    sp.Mul: _multiply,
    sp.Pow: _power,
    sp.log: _log,
    sp.exp: _exp,
    sp.Min: _least,
    sp.Max: _greatest,
    sp.floor: _floor,
    sp.binomial: _binomial,
}


def below(number: Any) -> float:
    """A float that is at most every number in the ball."""
    value, end = float(number.lower()), number.lower()
    return value if flint.arb(value) <= end else math.nextafter(value, -math.inf)


def above(number: Any) -> float:
    """A float that is at least every number in the ball."""
    return -below(-number)
