"""Claim C6's alternating sum in ball arithmetic: rigorous at any size.

P[some own template unseen] = sum_{j=1..K} (-1)^(j+1) C(K,j) q_j^N_f with
q_j = C(R-j,K)/C(R,K). Three facts make it affordable for R to 10^6 and N_f to
10^9, where exact integers are not:

1. q_j = q_{j-1} (R-K-j+1)/(R-j+1), exactly 0 from j = R-K+1 on; in balls at a
   precision that grows until the sum *and its complement* are known to the
   accuracy asked for.
2. Bonferroni: partial sums lie alternately above and below P, so the sum may
   stop where the next term is negligible; that term becomes radius.
3. By negative association P >= 1 - (1-q_1)^K with q_1^N_f for q_1, so
   1 - P <= exp(-K q_1^N_f): where K q_1^N_f > 745, 1 - P is below every float.
"""

from __future__ import annotations

from typing import Any

from theory.numbers.balls import Enclosure, Undecided, enclose, log_float, working_precision

__all__ = ["log_some_unseen", "log_some_unseen_ball", "some_unseen_enclosure"]

_HOPELESS = 760  # K q^N_f beyond which 1 - P < exp(-760) < 2**-1096


def some_unseen_enclosure(N_f: int, K: int, R: int, relative_bits: int = 60) -> Enclosure:
    """An interval that certainly holds P[some own template unseen].

    Args:
        N_f: fine-tuned facts.
        K: multiplicity.
        R: templates in the universe, at least K.
        relative_bits: relative accuracy asked for, of P.
    """
    return enclose(lambda bits: _probability(N_f, K, R, bits)[0], relative_bits)


def log_some_unseen(N_f: int, K: int, R: int) -> float:
    """log P[some own template unseen], to double precision also where P is within rounding of 1."""
    return log_float(enclose(lambda bits: log_some_unseen_ball(bits, N_f=N_f, K=K, R=R)))


def log_some_unseen_ball(bits: int, *, N_f: int, K: int, R: int) -> Any:
    """A ball of log P at ``bits`` working precision; the float ``-inf`` where P = 0.

    Raises:
        theory.numbers.balls.Undecided: more bits are needed.
    """
    probability, complement = _probability(N_f, K, R, bits)
    if isinstance(probability, int):  # exactly 0 or 1
        with working_precision(bits) as flint:
            return flint.arb(0) if probability else float("-inf")
    if probability < 0.5:
        if not probability > 0:
            raise Undecided("the probability is too small for this precision")
        return probability.log()
    if not complement >= 0:
        complement = complement.nonnegative_part()
    return (-complement).log1p()


def _probability(N_f: int, K: int, R: int, bits: int) -> tuple[Any, Any]:
    """Balls of P and of 1 - P at a working precision, or exact ints."""
    if K > R:
        raise ValueError(f"K={K} > R={R}: a fact cannot own more templates than there are")
    if N_f == 0:
        return 1, 0
    if K == R:
        return 0, 1
    with working_precision(bits) as flint:
        arb, fmpz, fmpq = flint.arb, flint.fmpz, flint.fmpq
        exponent = fmpz(N_f)
        mean = K * arb(fmpq(R - K, R)) ** exponent
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
                partial = partial + (following.union(arb(0)) if (j + 1) % 2 else (-following).union(arb(0)))
                break
        return partial, 1 - partial
