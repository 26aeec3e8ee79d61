"""Exact checks shared by the certificates: identities, signs of polynomials, signs of balls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome

Law = Callable[[int, int, int], Fraction]
"""A probability at (N_f, K, |R|), exact."""


def grid(largest_universe: int, most_facts: int) -> Iterator[tuple[int, int, int]]:
    """All (N_f, K, |R|) with 1 <= K <= |R| and N_f >= 1, |R| first."""
    for R in range(1, largest_universe + 1):
        for K in range(1, R + 1):
            for N_f in range(1, most_facts + 1):
                yield N_f, K, R


def vanishes(expression: sp.Expr) -> bool:
    """Whether an expression is identically 0: a rational function, possibly in logarithms and powers of symbols.

    Powers and logarithms of products are expanded first (symbols are positive where
    that needs it); what remains is decided by the normal form of rational functions.
    """
    expanded = sp.expand_log(sp.expand(sp.powsimp(sp.expand_power_base(expression))), force=False)
    return bool(sp.cancel(sp.together(sp.expand(expanded))) == 0)


def identities(*equations: tuple[str, sp.Expr, sp.Expr]) -> Outcome:
    """Whether each ``(name, left, right)`` is an identity; the detail names the first that is not."""
    names = []
    for name, left, right in equations:
        difference = left - right
        if not vanishes(difference):
            return Outcome(False, f"{name}: the sides differ by {sp.sstr(sp.factor(sp.expand(difference)))}")
        names.append(name)
    return Outcome(True, "identities: " + "; ".join(names))


def polynomial_nonnegative(
    expression: sp.Expr, variable: sp.Symbol, low: Fraction | int, high: Fraction | int
) -> Outcome:
    """Whether a polynomial with rational coefficients is >= 0 on [low, high], by Sturm sequences.

    The square-free factors of odd multiplicity must have no root inside; then the sign is that at any one interior
    point. Roots at the ends do no harm. If it is negative somewhere, the detail names an exact point and value.
    """
    polynomial = sp.Poly(expression, variable, domain="QQ")
    ends = sp.Rational(low), sp.Rational(high)
    if polynomial.is_zero:
        return Outcome(True, "the zero polynomial")
    odd = sp.Poly(1, variable, domain="QQ")
    for factor, multiplicity in polynomial.sqf_list()[1]:
        if multiplicity % 2:
            odd = odd * factor
    inside = odd.count_roots(*ends) - sum(1 for end in ends if odd(end) == 0) if odd.degree() > 0 else 0
    if inside == 0:
        middle = sum(ends) / 2
        # The middle may be a root of even multiplicity; any point that is no root decides.
        while polynomial(middle) == 0:
            middle = (middle + ends[0]) / 2
        value = polynomial(middle)
        if value > 0:
            return Outcome(True, f"no sign change inside [{low}, {high}] by Sturm, positive at {middle}")
        return Outcome(False, f"negative on [{low}, {high}]: {value} at {variable} = {middle}")
    witness = _negative_point(polynomial, odd, ends)
    return Outcome(False, f"{inside} sign changes inside [{low}, {high}]: {polynomial(witness)} at {witness}")


def _negative_point(polynomial: sp.Poly, odd: sp.Poly, ends: tuple[sp.Rational, sp.Rational]) -> sp.Rational:
    """A rational point of the interval where the polynomial is negative; it changes sign there."""
    cells = 2
    while True:
        for i in range(cells + 1):
            point = ends[0] + (ends[1] - ends[0]) * sp.Rational(i, cells)
            if polynomial(point) < 0:
                return point
        cells *= 2


def nonnegative_coefficients(expression: sp.Expr, *variables: sp.Symbol) -> Outcome:
    """Whether an expanded polynomial has only coefficients >= 0: then it is >= 0 for variables >= 0."""
    polynomial = sp.Poly(sp.expand(expression), *variables, domain="QQ")
    worst = min(polynomial.coeffs())
    if worst >= 0:
        return Outcome(True, f"{len(polynomial.coeffs())} coefficients, none negative")
    return Outcome(False, f"a coefficient is {worst} in {sp.sstr(polynomial.as_expr())}")


def all_of(*outcomes: Outcome) -> Outcome:
    """Proved if all are; the detail is that of the first failure, or all of them."""
    for outcome in outcomes:
        if not outcome.proved:
            return outcome
    return Outcome(True, "; ".join(o.detail for o in outcomes if o.detail))
