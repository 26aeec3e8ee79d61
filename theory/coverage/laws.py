"""Exact covering laws: which templates the fine-tuned facts have shown.

A held-out fact owns K of R templates; N_f other facts each show K templates,
drawn uniformly without replacement, independently. Everything here is exact
integer or rational arithmetic (0**0 = 1, C(n, k) = 0 for k > n), except the two
functions named ``..._by_chain``, which are second routes in float64. Claims C4,
C6 and C7; proofs in docs/claims. Laws conditional on a given world are in
:mod:`theory.coverage.given_world`, enclosures beyond exact reach in
:mod:`theory.coverage.balls`.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

from theory.coverage.given_world import below_half_mean_given_world, none_seen_given_world, some_unseen_given_world
from theory.coverage.half_mean import half_mean_cut, some_below_half, some_below_half_by_chain

__all__ = [
    "below_half_mean",
    "below_half_mean_given_world",
    "expected_unseen",
    "half_mean_cut",
    "none_seen",
    "none_seen_given_world",
    "some_below_half",
    "some_below_half_by_chain",
    "some_unseen",
    "some_unseen_by_chain",
    "some_unseen_given_world",
    "some_unseen_integers",
]

_LONG = 1 << 14  # bits of C(R, K)**N_f from which FLINT's multiplication pays for loading it


def some_unseen(N_f: int, K: int, R: int) -> Fraction:
    """P[some own template is shown by no fine-tuned fact], by inclusion-exclusion.

    Where the integers are long, reducing the fraction costs more than the sum;
    :func:`some_unseen_integers` leaves it unreduced.
    """
    return Fraction(*some_unseen_integers(N_f, K, R))


def some_unseen_integers(N_f: int, K: int, R: int) -> tuple[int, int]:
    """Numerator and denominator C(R,K)^N_f of :func:`some_unseen`, unreduced.

    The alternating sum of at most K terms is exact: C(R-j,K) follows from
    C(R-j+1,K) by one exact division. The integers have N_f log2 C(R,K) bits, and
    the cost is that of K powers of such length: 0.3 s at K = 2000, R = 10^4,
    N_f = 20. Beyond affordable lengths use :mod:`theory.coverage.balls`.

    Raises:
        ValueError: K > R.
    """
    if K > R:
        raise ValueError(f"K={K} > R={R}: a fact cannot own more templates than there are")
    if N_f == 0:
        return 1, 1
    whole: Any = comb(R, K)
    choices: Any = 1
    if whole.bit_length() * N_f >= _LONG:
        from flint import fmpz

        whole, choices = fmpz(whole), fmpz(1)
    total, avoiding = 0 * whole, whole
    for j in range(1, min(K, R - K) + 1):  # C(R - j, K) = 0 beyond
        choices = choices * (K - j + 1) // j  # C(K, j)
        avoiding = avoiding * (R - j + 1 - K) // (R - j + 1)  # C(R - j, K)
        term = choices * avoiding**N_f
        total = total + term if j % 2 else total - term
    return int(total), int(whole**N_f)


def none_seen(N_f: int, K: int, R: int) -> Fraction:
    """P[no own template is shown by any fine-tuned fact]."""
    return Fraction(comb(R - K, K), comb(R, K)) ** N_f


def expected_unseen(N_f: int, K: int, R: int) -> Fraction:
    """Expected number of own templates that no fine-tuned fact shows, K (1 - K/R)^N_f."""
    return K * Fraction(R - K, R) ** N_f


def below_half_mean(N_f: int, K: int, R: int) -> Fraction:
    """P[C_r <= N_f K / (2R)] for C_r ~ Binomial(N_f, K/R), the coverage of one template."""
    total, term = 0, (R - K) ** N_f
    if K == R:
        return Fraction(int(N_f == 0))
    for c in range(half_mean_cut(N_f, K, R) + 1):
        total += term
        term = term * (N_f - c) * K // ((c + 1) * (R - K))
    return Fraction(total, R**N_f)


def some_unseen_by_chain(N_f: int, K: int, R: int) -> float:
    """:func:`some_unseen` by a second, independent route, in float64.

    The number of own templates seen so far is a Markov chain: from ``seen``, one
    more fact shows ``new`` of the K - seen unseen own templates with the
    hypergeometric probability C(K-seen, new) C(R-K+seen, K-new) / C(R, K). No
    alternating sum, hence no cancellation.
    """
    whole = comb(R, K)
    state = [1.0] + [0.0] * K
    step = [
        [comb(K - seen, new) * comb(R - K + seen, K - new) / whole for new in range(K - seen + 1)]
        for seen in range(K + 1)
    ]
    for _ in range(N_f):
        following = [0.0] * (K + 1)
        for seen, mass in enumerate(state):
            for new, probability in enumerate(step[seen]):
                following[seen + new] += mass * probability
        state = following
    return sum(state[:K])
