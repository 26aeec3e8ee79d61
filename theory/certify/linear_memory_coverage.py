"""C9 by coverage: bounds on the mean error, attained; steps 8 to 10 of docs/proofs/linear-memory-two-sided.md."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.certify.linear_memory import all_templates
from theory.claims.xu_chen.paper import K as K_symbol
from theory.claims.xu_chen.paper import N_f as N_symbol
from theory.claims.xu_chen.paper import R as R_symbol
from theory.coverage.laws import half_mean_cut, some_below_half, some_unseen
from theory.registry import claim

UPPER = Proof("ood-error-linear-memory-upper", "linear-memory-two-sided")
LOWER = Proof("ood-error-linear-memory-once", "linear-memory-two-sided")
PROOFS = (UPPER, LOWER)
_SMALL = "|R| <= 4, K <= 3, N_f <= 4"
_WORLDS = ((2, 1, 2, 2), (3, 1, 3, 2), (3, 2, 2, 2), (4, 1, 4, 1), (4, 2, 3, 1), (4, 3, 3, 1))  # |R|, K, N_f, held out
mu, gain = sp.symbols("mu gain", positive=True)  # preference for an own template; h (p - q)


def mean_share(universe: int, multiplicity: int, tuned: int, held: int, cut: int) -> Fraction:
    """The mean over all worlds of the share of held-out facts with a template covered at most ``cut`` times."""
    total, count = 0, 0
    for templates in all_templates(universe, multiplicity, tuned + held):
        covered = [int((templates[:tuned] == r).sum()) for r in range(universe)]
        total += sum(min(covered[r] for r in own) <= cut for own in templates[tuned:].tolist())
        count += 1
    return Fraction(total, count * held)


@UPPER.step(
    8,
    "the error is at most the share at or below half the mean, whose mean is the law that C7 bounds",
    _SMALL,
    "nonnegative coefficients, exhaustive enumeration",
)
def upper() -> Outcome:
    """Facts that fail are at or below half the mean, or missed by the premise; the claim's bound is C7's."""
    low, missed, right = sp.symbols("low missed right", nonnegative=True)
    wrong = low + missed - right  # some of these are answered rightly; no others wrongly
    for universe, multiplicity, tuned, held in _WORLDS:
        cut = half_mean_cut(tuned, multiplicity, universe)
        found = mean_share(universe, multiplicity, tuned, held, cut)
        law = some_below_half(tuned, multiplicity, universe)
        if found != law:
            return Outcome(False, f"{found} against {law} at |R|={universe}, K={multiplicity}, N_f={tuned}")
    if claim(UPPER.claim).log_expression != claim("coverage-union-sharp").log_expression:
        return Outcome(False, "the bound is not that of coverage-union-sharp")
    return nonnegative_coefficients(low + missed - wrong, right)


@LOWER.step(
    9,
    "the error is at least the share with a template covered at most once, whose mean is at least P[C_r <= 1]",
    _SMALL,
    "symbolic identities, nonnegative coefficients, exhaustive enumeration",
)
def lower() -> Outcome:
    """Facts with such a template fail, but for those that the premise misses; the mean by enumeration.

    P[C_r <= 1] = (1-p)^(N-1) (1 + (N-1) p) falls in N: over (1-p)^(N-1) one more fact takes N p^2 from it.
    """
    N, p = sp.symbols("N p", positive=True)
    fall = identities(("fall in N_f", (1 + (N - 1) * p) - (1 - p) * (1 + N * p), N * p**2))
    once, missed, wrong = sp.symbols("once missed wrong", nonnegative=True)  # wrong: of the other facts
    for universe, multiplicity, tuned, held in _WORLDS:
        found, law = mean_share(universe, multiplicity, tuned, held, 1), at_most_once(tuned, multiplicity, universe)
        if found < law or (multiplicity == 1 and found != law):
            return Outcome(False, f"{found} against {law} at |R|={universe}, K={multiplicity}, N_f={tuned}")
    return all_of(fall, nonnegative_coefficients((once - missed + wrong) - (once - missed), wrong))


def at_most_once(N_f: int, K: int, R: int) -> Fraction:
    """P[C_r <= 1], C_r ~ Binomial(N_f, K/R); 0^0 = 1."""
    p = Fraction(K, R)
    return (1 - p) ** N_f + N_f * p * (1 - p) ** (N_f - 1)


def threshold_memory() -> Outcome:
    """Votes mu for own templates, 0 for the own answer, -9 elsewhere; one step of 8; mu = (3/2) h (p - q).

    Such a mu exists between 0 and 6: mu - (3/2) h (p - q) is negative at 0, where p > q, and positive at 6, as
    h <= 4 and p - q < 1. The lead over a template covered C times is -mu + C h (p - q). All tokens that are not
    followed have equal votes, so the radius is 0.
    """
    C, more, less = sp.symbols("C more less", nonnegative=True)
    others = sp.Symbol("others", positive=True)  # tokens that are not followed
    lead = -mu + C * gain
    chosen = {gain: sp.Rational(2, 3) * mu}
    return all_of(
        identities(
            ("covered once", lead.subs(C, 1).subs(chosen), -mu / 3),
            ("covered twice", lead.subs(C, 2).subs(chosen), mu / 3),
            ("more often", (lead.subs(C, 2 + more) - lead.subs(C, 2)).subs(chosen), more * sp.Rational(2, 3) * mu),
            ("at 6, p - q = 1 - less and h = 4", 6 - sp.Rational(3, 2) * 4 * (1 - less), 6 * less),
            ("a share less the mean of equal shares", 1 / others - others * (1 / others) ** 2, sp.Integer(0)),
        ),
        nonnegative_coefficients(more * sp.Rational(2, 3) * mu, more, mu),
    )


@LOWER.step(
    10,
    "the lower bound is attained for K = 1 by a memory with the premise",
    "|R| <= 5, N_f <= 5",
    "symbolic identities, exact rationals",
    claim(LOWER.claim).log_expression,
)
def attained_from_below(log_bound: sp.Expr) -> Outcome:
    """It extracts a fact if and only if each own template is covered twice; for K = 1 the error has the law's mean."""
    here = _compare(log_bound, at_most_once, lambda stated, law: stated <= law, multiplicities=1, cuts=False)
    return all_of(threshold_memory(), here)


@UPPER.step(
    10,
    "no bound that is smaller than the law holds where N_f K < 2|R|",
    "|R| <= 5, N_f <= 5, N_f K < 2|R|",
    "exact rationals",
    claim(UPPER.claim).log_expression,
)
def attained_from_above(log_bound: sp.Expr) -> Outcome:
    """The memory of linear-memory-extraction.9 has the premise, and the mean error P(at least one template unseen)."""
    return _compare(log_bound, some_unseen, lambda stated, law: stated >= law, multiplicities=5, cuts=True)


def _compare(
    log_bound: sp.Expr,
    law_at: Callable[[int, int, int], Fraction],
    right: Callable[[sp.Expr, sp.Rational], bool],
    *,
    multiplicities: int,
    cuts: bool,
) -> Outcome:
    points = 0
    for universe in range(2, 6):
        for multiplicity in range(1, min(universe - 1, multiplicities) + 1):
            for N in range(1, 6):
                if cuts and half_mean_cut(N, multiplicity, universe) > 0:
                    continue
                here = {R_symbol: universe, K_symbol: multiplicity, N_symbol: N}
                stated, law = sp.exp(log_bound).subs(here).doit(), law_at(N, multiplicity, universe)
                if not right(stated, sp.Rational(law.numerator, law.denominator)):
                    point = f"|R|={universe}, K={multiplicity}, N_f={N}"
                    return Outcome(False, f"at {point} its mean error is {law}; stated is {stated}")
                points += 1
    return Outcome(True, f"compared at {points} points")


for _mutant in claim(LOWER.claim).mutants:
    LOWER.mutant(_mutant.name, _mutant.text, _mutant.log_bound)(attained_from_below)
for _mutant in claim(UPPER.claim).mutants:
    UPPER.mutant(_mutant.name, _mutant.text, _mutant.log_bound)(attained_from_above)
