"""The Hebbian memory: a fact against one other output, then all pairs: docs/proofs/hebbian-memory.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import identities, nonnegative_coefficients
from theory.claims.barnfield.hebbian_all_recalled import CLAIMS, log_pair
from theory.claims.nichani.paper import N, d

(_ALL,) = PROOFS = (Proof("hebbian-all-recalled", "hebbian-memory"),)
_SIZES = "all N >= 2, d >= 1, 0 < l < 1/sqrt(2)"
_l, _rho, _r, _h, _w = sp.symbols("l rho r h w", positive=True)


@_ALL.step(1, "what the difference of two scores is made of", "all N >= 2, d >= 1", "symbolic identities")
def difference() -> Outcome:
    """u y_i and u y_j, coordinate by coordinate, with u = y_i - y_j, v = u/sqrt(2), s = (y_i + y_j)/sqrt(2)."""
    v, s, z = sp.symbols("v s z", real=True)
    own, other = (s + v) / sp.sqrt(2), (s - v) / sp.sqrt(2)
    signal = _rho**2 * (_r**2 + _r * z) + (_r * z - _r**2) * _rho * _h
    return identities(
        ("u y_i", (own - other) * own, v**2 + v * s),
        ("u y_j", (own - other) * other, v * s - v**2),
        ("over |v||x|", signal / (_r * _rho), _rho * (_r + z) + (z - _r) * _h),
    )


@_ALL.step(2, "the other facts' factor (1-2l^2)^(-1/2) each", _SIZES, "symbolic identity")
def noise() -> Outcome:
    """E exp(-l sqrt(2) g h): over g it is exp(l^2 h^2), and E exp(a h^2) = (1-2a)^(-1/2)."""
    return identities(("over g", (_l * sp.sqrt(2) * _h) ** 2 / 2, _l**2 * _h**2))


@_ALL.mutant("no-product", "without the term z h of the competitor's own output", 0)
@_ALL.step(3, "the factor over z and h, given the lengths", _SIZES, "symbolic identity")
def lengths(own_term: int = 1) -> Outcome:
    """Over z: exp(l^2 (rho + h)^2 / 2). Over h: E exp(a h^2/2 + b h) = (1-a)^(-1/2) exp(b^2 / (2(1-a)))."""
    exponent = sp.expand(-_l * (_rho * _r - _r * _h) + _l**2 * (_rho + own_term * _h) ** 2 / 2)
    a, b = 2 * exponent.coeff(_h, 2), exponent.coeff(_h, 1)
    A, B = _coefficients()
    found = exponent.coeff(_h, 0) + b**2 / (2 * (1 - a))
    return identities(("the coefficient of h^2", a, _l**2), ("exponent", found, A * (_rho**2 + _r**2) - B * _rho * _r))


def _coefficients() -> tuple[sp.Expr, sp.Expr]:
    return _l**2 / (2 * (1 - _l**2)), _l * (1 - 2 * _l**2) / (1 - _l**2)


@_ALL.step(4, "the factor over the lengths, by their ratio w", _SIZES, "symbolic identity")
def ratio() -> Outcome:
    """1 - 2A + B w = (1-2l^2)(1 + l w)/(1-l^2), for the exponent A (rho^2 + r^2) - B rho r of step 3."""
    A, B = _coefficients()
    return identities(("1 - 2A + B w", 1 - 2 * A + B * _w, (1 - 2 * _l**2) * (1 + _l * _w) / (1 - _l**2)))


@_ALL.mutant("steeper", "(1 + l w)^-d <= (1 + l)^-d w^(-d l/(1+l)^2)", 2)
@_ALL.step(5, "(1 + l w)^-d <= (1 + l)^-d w^(-d l/(1+l)) for 0 < w <= 1", "all l > 0", "derivatives")
def tangent(power: int = 1) -> Outcome:
    """log(1 + l e^-s) is convex in s: it lies above its tangent at s = 0, with the slope -l/(1+l)."""
    s, e = sp.Symbol("s", real=True), sp.Symbol("e", positive=True)  # e stands for exp(-s)
    first, second = (
        sp.together(sp.diff(sp.log(1 + _l * sp.exp(-s)), s, n)).subs(sp.exp(s), 1 / e).subs(sp.exp(-s), e)
        for n in (1, 2)
    )
    return identities(
        ("slope at 0", sp.cancel(first.subs(e, 1)), -_l / (1 + _l) ** power),
        ("curvature", sp.cancel(second), _l * e / (1 + _l * e) ** 2),
    )


@_ALL.mutant("half-dropped", "the moment with Gamma(x) for Gamma(x + 1/2)", sp.Integer(0))
@_ALL.step(6, "the moment of w is at most sqrt((1 + l)(1 + (1+l)/d))", "all d >= 1, l > 0", "symbolic identity")
def moment(half: sp.Rational = sp.S.Half) -> Outcome:
    """Gamma(y+1/2) <= sqrt(y) Gamma(y) and x Gamma(x) <= sqrt(x+1/2) Gamma(x+1/2), at y = d/2, x = d/(2(1+l))."""
    x = d / (2 * (1 + _l))
    return identities(
        ("exponent of w", (d - d * _l / (1 + _l)) / 2, x),
        ("squared", (d / 2) * (x + half) / x**2, (1 + _l) * (1 + (1 + _l) / d)),
    )


@_ALL.mutant("fixed-outputs", "without the noise of the two outputs: N/2 - 1 for N/2 - 1 + d", N / 2 - 1)
@_ALL.step(7, "the bound p on one pair", _SIZES, "symbolic identity")
def pair(noise_terms: sp.Expr = N / 2 - 1 + d) -> Outcome:
    """The factors of steps 2 to 6 together, in the logarithms of 1 - l, 1 + l and 1 - 2 l^2."""
    minus, plus, both = sp.symbols("minus plus both", real=True)
    factors = (
        -(N - 2) / 2 * both  # step 2
        - (minus + plus) / 2  # step 3
        + d * (minus + plus - both)  # step 4
        - d * plus  # step 5
        + plus / 2  # step 6, but for the square root of 1 + (1 + l)/d
    )
    stated = log_pair(_l, noise_terms) - sp.log(1 + (1 + _l) / d) / 2
    return identities(("log p", factors, stated.subs({sp.log(1 - _l): minus, sp.log(1 - 2 * _l**2): both})))


@_ALL.step(8, "l = d/(2N+3d) is below 1/sqrt(2)", "all N >= 2, d >= 1", "nonnegative coefficients")
def allowed() -> Outcome:
    """1/2 - l^2 > 0: (2N+3d)^2 - 2 d^2 has no negative coefficient."""
    return nonnegative_coefficients((2 * N + 3 * d) ** 2 - 2 * d**2, N, d)


@_ALL.mutant("one-fact", "N - 1 pairs for N (N - 1)", 1)
@_ALL.step(9, "the union over all pairs", "all N >= 2, d >= 1", "symbolic identity")
def union(facts: sp.Expr = N) -> Outcome:
    """N facts with N - 1 competitors each, at the claim's l."""
    union = CLAIMS[0].log_expression - log_pair(d / (2 * N + 3 * d))
    return identities(("log of the number of pairs", union, sp.log(facts) + sp.log(N - 1)))
