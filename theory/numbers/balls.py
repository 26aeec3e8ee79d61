"""Rigorous enclosures of bounds by ball arithmetic (Arb, through python-flint).

An expression is evaluated over its SymPy tree. Rational subexpressions of
moderate size stay exact rationals, so that zeros, equalities and floors are
decided and not guessed; everything else is a ball, a midpoint with a radius
that covers every rounding. The working precision grows until the ball is as
small as asked.

python-flint is loaded on first use, never by ``import theory``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

__all__ = ["Enclosure", "Undecided", "ball", "enclose", "log_float", "rational", "working_precision"]

_EXACT_BITS = 20_000  # rationals up to this size stay exact
_START_BITS = 96
_MOST_BITS = 1 << 17
_LEAST_NORMAL_BITS = 1100  # 2**-1100 is below every float


class Undecided(ArithmeticError):
    """The working precision does not decide a sign or a floor; more bits may."""


@dataclass(frozen=True)
class Enclosure:
    """A closed interval that certainly holds a number.

    Attributes:
        lower: greatest float known to be at most the number (``-inf`` allowed).
        upper: least float known to be at least the number.
        bits: working precision, in bits, that gave it.
        ball: the ball itself (``flint.arb``, ``flint.fmpq`` if exact, or ``-math.inf``).
    """

    lower: float
    upper: float
    bits: int
    ball: Any

    def __contains__(self, value: float) -> bool:
        return self.lower <= value <= self.upper


@lru_cache(maxsize=1)
def _flint() -> Any:
    import flint

    return flint


@contextmanager
def working_precision(bits: int) -> Iterator[Any]:
    """Set the precision of ball arithmetic; yields the ``flint`` module."""
    flint = _flint()
    with flint.ctx.workprec(bits):
        yield flint


def enclose(evaluate: Callable[[int], Any], relative_bits: int = 60) -> Enclosure:
    """Enclose a number to ``relative_bits`` relative accuracy.

    Args:
        evaluate: gives a ball of the number at a working precision in bits;
            may raise :class:`Undecided`.
        relative_bits: the radius aimed at is ``2**-relative_bits`` times the
            number, or an absolute ``2**-1100`` (below every float).

    Raises:
        ArithmeticError: the precision would exceed 2^17 bits.
    """
    flint = _flint()
    bits = _START_BITS
    while bits <= _MOST_BITS:
        try:
            with flint.ctx.workprec(bits):
                result = evaluate(bits)
                if isinstance(result, float):
                    return Enclosure(result, result, bits, result)
                ball_ = flint.arb(result)
                tiny = flint.arb(_power_of_two(-_LEAST_NORMAL_BITS))
                if ball_.is_finite() and (
                    ball_.is_exact() or ball_.rel_accuracy_bits() >= relative_bits or bool(abs(ball_) < tiny)
                ):
                    return Enclosure(_down(ball_), _up(ball_), bits, result)
        except Undecided:
            pass
        bits *= 2
    raise ArithmeticError(f"not decided at {_MOST_BITS} bits")


def _power_of_two(exponent: int) -> Any:
    """2**exponent as an exact rational."""
    flint = _flint()
    two = flint.fmpz(2) ** abs(exponent)
    return flint.fmpq(two) if exponent >= 0 else flint.fmpq(1, two)


def log_float(enclosure: Enclosure) -> float:
    """The float nearest the middle of an enclosure."""
    if isinstance(enclosure.ball, float):
        return enclosure.ball
    flint = _flint()
    with flint.ctx.workprec(max(enclosure.bits, 64)):
        return float(flint.arb(enclosure.ball).mid())


def ball(expression: sp.Expr, values: Mapping[str, Any]) -> Any:
    """A ball of ``expression`` at the current working precision.

    Args:
        expression: over symbols named in ``values``.
        values: ints, Fractions, or floats (taken at their exact binary value).

    Returns:
        ``flint.fmpq`` where exact, ``flint.arb``, or the float ``-inf``.

    Raises:
        Undecided: more precision is needed.
        ArithmeticError: not defined there (the logarithm of a negative number, say).
    """
    return _node(expression, {name: rational(value) for name, value in values.items()}, {})


def rational(value: Any) -> Any:
    """An int, Fraction or float as an exact ``flint.fmpq``."""
    exact = Fraction(value)
    return _flint().fmpq(exact.numerator, exact.denominator)


def _node(x: sp.Basic, values: Mapping[str, Any], known: dict[sp.Basic, Any]) -> Any:
    if x not in known:
        known[x] = _fresh(x, values, known)
    return known[x]


def _fresh(x: sp.Basic, values: Mapping[str, Any], known: dict[sp.Basic, Any]) -> Any:
    flint = _flint()
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
    return isinstance(value, _flint().fmpq)


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
    if any(_is_bottom(a) for a in terms):
        return -math.inf
    total = terms[0]
    for other in terms[1:]:
        total = _small(total + other) if _exact(total) and _exact(other) else _arb(total) + _arb(other)
    return total


def _multiply(*factors: Any) -> Any:
    flint = _flint()
    if any(_exact(a) and a == 0 for a in factors):
        return flint.fmpq(0)  # 0 * log 0 = 0: the convention 0**0 = 1
    if any(_is_bottom(a) for a in factors):
        if math.prod(_sign(a) for a in factors) > 0:
            raise ArithmeticError("a logarithm of +infinity")
        return -math.inf
    total = factors[0]
    for other in factors[1:]:
        total = _small(total * other) if _exact(total) and _exact(other) else _arb(total) * _arb(other)
    return total


def _power(base: Any, exponent: Any) -> Any:
    flint = _flint()
    if _exact(exponent) and exponent == 0:
        return flint.fmpq(1)
    if _exact(base) and base == 0:
        if _sign(exponent) > 0:
            return flint.fmpq(0)
        raise ArithmeticError("a negative power of 0")
    if _exact(exponent) and exponent.q == 1:
        whole = int(exponent.p)
        if _exact(base) and abs(whole) * int(base.height_bits()) <= _EXACT_BITS:
            return base**whole
        if whole < 0 and not _exact(base) and not (base > 0 or base < 0):
            raise Undecided("division by a ball that holds 0")
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
    if _exact(argument) and argument == 1:
        return _flint().fmpq(0)
    return _arb(argument).log()


def _exp(argument: Any) -> Any:
    flint = _flint()
    if _is_bottom(argument):
        return flint.fmpq(0)
    if _exact(argument) and argument == 0:
        return flint.fmpq(1)
    return _arb(argument).exp()


def _least(*terms: Any) -> Any:
    if any(_is_bottom(a) for a in terms):
        return -math.inf
    return _choose(terms, 1)


def _greatest(*terms: Any) -> Any:
    finite = [a for a in terms if not _is_bottom(a)]
    return _choose(tuple(finite), -1) if finite else -math.inf


def _choose(terms: tuple[Any, ...], sign: int) -> Any:
    best = terms[0]
    for other in terms[1:]:
        if _exact(best) and _exact(other):
            best = best if sign * best <= sign * other else other
            continue
        first, second = _arb(best), _arb(other)
        if sign * first <= sign * second:  # decided: keep what is exact
            continue
        if sign * second <= sign * first:
            best = other
        else:
            best = first.min(second) if sign > 0 else first.max(second)
    return best


def _floor(argument: Any) -> Any:
    flint = _flint()
    if _exact(argument):
        return flint.fmpq(argument.floor())
    whole = argument.floor().unique_fmpz()
    if whole is None:
        raise Undecided("a floor")
    return flint.fmpq(whole)


def _binomial(n: Any, k: Any) -> Any:
    flint = _flint()
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


def _small(value: Any) -> Any:
    """An exact rational while it is short, else a ball."""
    return value if value.height_bits() <= 2 * _EXACT_BITS else _flint().arb(value)


def _arb(value: Any) -> Any:
    return _flint().arb(value) if _exact(value) else value


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


def _down(ball_: Any) -> float:
    """A float that is at most every number in the ball."""
    value = float(ball_.lower().mid())
    return value if Fraction(value) <= _exact_end(ball_.lower()) else math.nextafter(value, -math.inf)


def _up(ball_: Any) -> float:
    value = float(ball_.upper().mid())
    return value if Fraction(value) >= _exact_end(ball_.upper()) else math.nextafter(value, math.inf)


def _exact_end(end: Any) -> Fraction:
    mantissa, exponent = end.man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    if exponent < -100_000:  # far below every float: only the sign matters
        return Fraction(mantissa, 1 << 2000) if mantissa == 0 else Fraction((mantissa > 0) - (mantissa < 0), 1 << 2000)
    return Fraction(mantissa) * Fraction(2) ** exponent
