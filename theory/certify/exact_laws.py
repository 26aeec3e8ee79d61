"""Statements of the registry against exact laws, point by point over a finite domain, and nothing between.

The proofs cover all sizes; this is a second, independent route, and it gives the mutants their exact counterexamples:
the log-bounds are the registry's own SymPy expressions, the laws exact rationals, comparisons decided in ball
arithmetic and at ties exactly.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cache

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import Law, grid
from theory.claim import Claim
from theory.coverage.laws import below_half_mean, none_seen, some_below_half, some_unseen
from theory.kinds import Kind
from theory.numbers.balls import ball, below_zero_at, enclose, log_float, rational
from theory.numbers.compare import exact_sign
from theory.registry import claim

_LARGEST_UNIVERSE, _MOST_FACTS = 6, 10
_DOMAIN = f"1 <= K <= |R| <= {_LARGEST_UNIVERSE}, 1 <= N_f <= {_MOST_FACTS}"
_METHOD = "exact laws, balls, exact at ties"

LAWS: dict[str, Law] = {
    "coverage-half-mean": below_half_mean,
    "covering-some-unseen": some_unseen,
    "covering-none-seen": none_seen,
    "coverage-union": (_some_below_half := cache(some_below_half)),
    "covering-some-unseen-sharp": some_unseen,
    "coverage-union-sharp": _some_below_half,
}
_FACTORS = {"covering-some-unseen-sharp": Fraction(1582, 1000), "coverage-union-sharp": Fraction(211, 100)}


def _compare(log_bound: sp.Expr, value: Fraction, N_f: int, K: int, R: int) -> int:
    """Sign of exp(log_bound) - value: by balls, and exactly where they overlap."""
    point = {"N_f": N_f, "K": K, "R": R}
    if not log_bound.has(sp.Sum):
        if enclose(lambda _: ball(log_bound, point), 20).upper == -math.inf:  # the bound is exactly 0
            return -1 if value > 0 else 0
        if value == 0:
            return 1
        below = below_zero_at(lambda flint: flint.arb(ball(log_bound, point)) - flint.arb(rational(value)).log(), 256)
        if below is not None:
            return -1 if below else 1
    return exact_sign(str(log_bound), log_bound, value, point)


def bound_against_law(identifier: str, log_bound: sp.Expr, kind: Kind, law: Law) -> Outcome:
    """Whether the law is at most (upper) or exactly (identity) exp(log_bound) at every point of the domain."""
    count = ties = 0
    for N_f, K, R in grid(_LARGEST_UNIVERSE, _MOST_FACTS):
        value = law(N_f, K, R)
        sign = _compare(log_bound, value, N_f, K, R)
        if sign < 0 or (sign > 0 and kind is Kind.IDENTITY):
            return Outcome(
                False,
                f"{identifier} at N_f = {N_f}, K = {K}, |R| = {R}: the law is {value} = {float(value):.6g}, stated "
                + ("another value" if log_bound.has(sp.Sum) else f"{math.exp(_log_value(log_bound, N_f, K, R)):.6g}"),
            )
        count, ties = count + 1, ties + (sign == 0)
    return Outcome(True, f"{count} points, {ties} of them equalities")


def within_factor(log_bound: sp.Expr, law: Law, factor: Fraction) -> Outcome:
    """Whether exp(log_bound) <= factor times the law at every point where the law is positive."""
    worst = 0.0
    for N_f, K, R in grid(_LARGEST_UNIVERSE, _MOST_FACTS):
        value = law(N_f, K, R)
        if value == 0:
            continue
        if _compare(log_bound, factor * value, N_f, K, R) > 0:
            return Outcome(False, f"at N_f = {N_f}, K = {K}, |R| = {R} the bound exceeds {factor} times {value}")
        worst = max(worst, math.exp(_log_value(log_bound, N_f, K, R)) / float(value))
    return Outcome(True, f"factor {float(factor)}; worst here {worst:.3f}")


def _log_value(log_bound: sp.Expr, N_f: int, K: int, R: int) -> float:
    """The log-bound as a float, for display."""
    return log_float(enclose(lambda _: ball(log_bound, {"N_f": N_f, "K": K, "R": R}), 40))


def _proof(item: Claim) -> Proof:
    """The registered bound against its law, a sharp one within its factor too, and the mutants of the registry."""
    proof, law, bound = Proof(item.id, "exact-laws"), LAWS[item.id], item.stated_bound.expression
    relation = "equals" if item.kind is Kind.IDENTITY else "is at most"
    statement = f"the exact law {relation} the registered expression"
    proof.step(1, statement, _DOMAIN, _METHOD, item.id, bound, item.kind, law)(bound_against_law)
    if factor := _FACTORS.get(item.id):
        statement = f"the registered bound is within {float(factor)} of the exact law"
        proof.step(2, statement, _DOMAIN, _METHOD, bound, law, factor)(within_factor)
    for mutant in item.mutants:
        if mutant.refuted_by == "certification" and mutant.log_bound is not None:
            proof.mutant(mutant.name, mutant.text, item.id, mutant.log_bound, item.kind, law)(bound_against_law)
    return proof


PROOFS = tuple(_proof(claim(identifier)) for identifier in LAWS)
