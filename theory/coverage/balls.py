"""Claim C6's alternating sum in ball arithmetic: rigorous at any size.

P[at least one own template unseen] = sum_{j=1..K} (-1)^(j+1) C(K,j) q_j^N_f with q_j = C(R-j,K)/C(R,K), affordable for
R to 10^6 and N_f to 10^9, where exact integers are not: the precision grows until P and 1 - P are known, the sum stops
early by Bonferroni, and 1 - P <= exp(-K q_1^N_f) is below every float where K q_1^N_f is large ("Computation" in
docs/claims/covering-some-unseen.md).
"""

from __future__ import annotations

from typing import Any

from theory.numbers.balls import enclose, log_float, working_precision

_HOPELESS = 763  # K q^N_f beyond which 1 - P < exp(-763) < 2**-1100, which `enclose` takes for 0


def log_some_unseen(N_f: int, K: int, R: int) -> float:
    """log P(at least one template unseen), to double precision also if P is within rounding of 1."""
    return log_float(enclose(lambda bits: log_some_unseen_ball(bits, N_f=N_f, K=K, R=R)))


def log_some_unseen_ball(bits: int, *, N_f: int, K: int, R: int) -> Any:
    """A ball of log P at ``bits`` working precision; the float ``-inf`` where P = 0."""
    if K > R:
        raise ValueError(f"K={K} > R={R}: a fact cannot own more templates than there are")
    with working_precision(bits) as flint:
        if N_f == 0:
            return flint.arb(0)
        if K == R:
            return float("-inf")
        probability, complement = _probability(flint, N_f, K, R, bits)
        return probability.log() if probability < 0.5 else (-complement.nonnegative_part()).log1p()


def _probability(flint: Any, N_f: int, K: int, R: int, bits: int) -> tuple[Any, Any]:
    """Balls of P and of 1 - P at the current working precision, ``bits``; N_f >= 1 and K < R."""
    arb, fmpz, exponent = flint.arb, flint.fmpz, flint.fmpz(N_f)
    mean = K * arb(flint.fmpq(R - K, R)) ** exponent
    if mean > _HOPELESS:
        complement = (-mean).exp().union(arb(0))
        return 1 - complement, complement
    last = min(K, R - K)
    share, choices, partial = arb(1), arb(1), arb(0)
    negligible = arb(2) ** -bits
    for j in range(1, last + 1):
        share = share * fmpz(R - K - j + 1) / fmpz(R - j + 1)
        choices = choices * fmpz(K - j + 1) / fmpz(j)
        term = choices * share**exponent
        partial = partial + term if j % 2 else partial - term
        # Terms fall once (K - j) q_{j+1}^N/q_j^N < j + 1; only then may the next one stand for the rest.
        if j < last and j > mean and term < negligible * abs(partial).upper().min(abs(1 - partial).upper()):
            following = term * fmpz(K - j) / fmpz(j + 1)  # >= the next term, as q_{j+1} <= q_j
            partial = partial + (following if (j + 1) % 2 else -following).union(arb(0))
            break
    return partial, 1 - partial
