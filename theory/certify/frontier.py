"""From how many facts on does a reading of C5 dominate the covering failure of C6?

For multiplicity K out of R templates let P(N) = P[at least one own template unseen] and let b be the rate of a
reading of the registered bound, exp(-b N). The *frontier* is the least N >= 1 from which P(N) <= exp(-bN) for good; it
may not exist.
Every entry is decided, none estimated, in balls or integers: one point certifies a half-line, and below it partial
sums bracket P(N), of which one settles a stretch at once, as both sides fall. Steps 1 to 8 of docs/proofs/frontier.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import comb
from typing import Any

from theory.coverage.laws import some_unseen_integers
from theory.numbers.balls import ball, below_zero_at, working_precision
from theory.registry import claim

LARGEST_UNIVERSE = 200
_BITS = 80
_MOST_BITS = 1 << 12


class Reading(StrEnum):
    """How N_f in the headline formula is read."""

    NORMALISED = "normalised"
    LITERAL = "literal"


@dataclass(frozen=True)
class Entry:
    """The frontier at one (R, K): ``least``, None if the reading never dominates for good.

    ``one_point`` is the n at which K q^n <= e^(-bn) was certified; None with ``least``, or if P = 0.
    """

    R: int
    K: int
    reading: Reading
    least: int | None
    one_point: int | None


def rate_of(R: int, K: int, reading: Reading) -> Any:
    """The rate b of a reading, a ball at the working precision: its log-bound is linear in N_f, so -b is that at 1."""
    return -ball(claim(f"ood-error-{reading}").log_expression, {"N_f": 1, "K": K, "R": R})


def exists_by_integers(R: int, K: int) -> bool:
    """Whether the literal reading ever dominates for good: (R-K)^(2R^2) R^(K^2) < R^(2R^2), in integers.

    Example:
        >>> exists_by_integers(136, 97), exists_by_integers(60, 3)
        (False, True)
    """
    from flint import fmpz

    power, square = 2 * R * R, K * K
    # Cancelled by R^(K^2); the exponent stays positive as K <= R.
    return bool(fmpz(R - K) ** power < fmpz(R) ** (power - square))


def exists(R: int, K: int, reading: Reading) -> bool:
    """Whether a frontier exists: q e^b < 1. Normalised: always, as -log(1-x) >= x > x^2/2.

    Literal: by balls, and by integers where 256 bits do not tell (equality included).
    """
    if reading is Reading.NORMALISED or K == R:
        return True
    below = below_zero_at(lambda flint: flint.arb(flint.fmpq(R - K, R)).log() + rate_of(R, K, reading), most_bits=256)
    return exists_by_integers(R, K) if below is None else below


class _Law:
    """P(N) against exp(-bN) at one (R, K) and working precision; balls of q_j are made once."""

    def __init__(self, R: int, K: int, reading: Reading, bits: int) -> None:
        self.R, self.K, self.reading, self.bits = R, K, reading, bits
        with working_precision(bits) as flint:
            self.flint = flint
            self.rate = flint.arb(rate_of(R, K, reading))
            self.q = [flint.arb(1), flint.arb(flint.fmpq(R - K, R))]

    def _avoided(self, j: int) -> Any:
        """q_j = C(R-j,K)/C(R,K), for j = 1, 2, ... in turn."""
        if len(self.q) <= j:
            self.q.append(self.q[-1] * self.flint.fmpq(self.R - self.K - j + 1, self.R - j + 1))
        return self.q[j]

    def one_point(self) -> int:
        """An n with K q^n <= e^(-bn), certified; from n on it holds, as q e^b < 1."""
        with working_precision(self.bits) as flint:
            slope = -(self.q[1].log() + self.rate)
            if not slope > 0:
                raise ArithmeticError("q e^b < 1 is not seen at this precision")
            n = max(1, math.ceil(float((flint.arb(self.K).log() / slope).mid())))
            while not (self.K == 1 or flint.arb(self.K).log() <= slope * n):
                n += 1
            return n

    def at_most(self, N: int, M: int) -> bool | None:
        """Whether P(N) <= e^(-bM): decided by partial sums, or None if the precision does not tell."""
        with working_precision(self.bits) as flint:
            bound, exponent = (-self.rate * M).exp(), flint.fmpz(N)
            seen = 1 - self._avoided(1) ** exponent
            if 1 - seen**self.K > bound:
                return False  # P >= 1 - (1 - q^N)^K
            partial, last = flint.arb(0), min(self.K, self.R - self.K)
            for j in range(1, last + 1):
                term = comb(self.K, j) * self._avoided(j) ** exponent
                partial = partial + term if j % 2 else partial - term
                if (j % 2 or j == last) and partial <= bound:
                    return True
                if (not j % 2 or j == last) and partial > bound:
                    return False
            return None

    def decided(self, N: int, M: int) -> bool:
        """Whether P(N) <= e^(-bM): by balls of growing precision, at last by integers."""
        found = self.at_most(N, M)
        if found is not None:
            return found
        if 2 * self.bits <= _MOST_BITS:
            return _Law(self.R, self.K, self.reading, 2 * self.bits).decided(N, M)
        if self.reading is Reading.NORMALISED:
            raise ArithmeticError(f"P({N}) against exp(-b {M}) at R={self.R}, K={self.K}: {self.bits} bits do not tell")
        top, bottom = some_unseen_integers(N, self.K, self.R)
        power, square = 2 * self.R * self.R, self.K * self.K
        return bool(top**power * self.R ** (square * M) <= bottom**power)


def dominates(N: int, R: int, K: int, reading: Reading) -> bool:
    """Whether P(N) <= exp(-bN), decided; P = 0 at K = R.

    Raises:
        ArithmeticError: undecided; it would take an equality of a rational and a transcendental number.

    Example:
        >>> dominates(10, 60, 3, Reading.LITERAL), dominates(4, 60, 3, Reading.LITERAL)
        (True, False)
    """
    return K == R or _Law(R, K, reading, _BITS).decided(N, N)


@lru_cache(maxsize=1 << 17)
def frontier(R: int, K: int, reading: Reading) -> Entry:
    """The frontier at (R, K), decided.

    Raises:
        ValueError: K outside 1..R.

    Example:
        >>> frontier(60, 3, Reading.LITERAL).least
        9
    """
    if not 1 <= K <= R:
        raise ValueError(f"K={K}: must be between 1 and R={R}")
    if K == R:
        return Entry(R, K, reading, 1, None)
    if not exists(R, K, reading):
        return Entry(R, K, reading, None, None)
    law = _Law(R, K, reading, _BITS)
    least = one_point = law.one_point()
    stride = 1
    while least > 1:
        lower = max(1, least - stride)
        if law.decided(lower, least - 1):
            least, stride = lower, 2 * stride
        elif stride > 1:
            stride = 1
        else:
            break
    return Entry(R, K, reading, least, one_point)


def table(reading: Reading, largest: int = LARGEST_UNIVERSE) -> list[Entry]:
    """All entries 1 <= K <= R <= ``largest``, R first."""
    return [frontier(R, K, reading) for R in range(1, largest + 1) for K in range(1, R + 1)]
