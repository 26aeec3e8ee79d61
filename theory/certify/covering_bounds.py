"""C7: the closed forms and how sharp they are: docs/proofs/covering-bounds.md."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from math import comb

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, grid, identities, nonnegative_coefficients, polynomial_nonnegative
from theory.coverage.laws import some_unseen
from theory.numbers.balls import rational, working_precision

_SIMPLE, _UNSEEN, _SHARP = PROOFS = tuple(
    Proof(claim, "covering-bounds")
    for claim in ("coverage-union", "covering-some-unseen-sharp", "coverage-union-sharp")
)
_ALL = "all 1 <= K < |R|, N_f >= 1"
N, c, p, z, u = sp.symbols("N c p z u", positive=True)
rho = c * (1 - p) / ((N - c + 1) * p)
_FACTS, _UNIVERSE = 60, 16
_GRID = f"all 1 <= K < |R| <= {_UNIVERSE}, 1 <= N_f <= {_FACTS}"


@_UNSEEN.step(
    1,
    "the counts of a fact's templates are negatively associated: the swap coupling is uniform",
    _ALL,
    "symbolic identity",
)
def swap_coupling() -> Outcome:
    """Swapping r for a uniform other template turns 'uniform given r in T' into 'uniform given r not in T'.

    P[T' = B] = K/((R-K) C(R-1,K-1)) = 1/C(R-1,K): so with more facts that show r, all others are shown less.
    """
    K, R = sp.symbols("K R", positive=True, integer=True)
    ratio = sp.gammasimp(sp.binomial(R - 1, K) / sp.binomial(R - 1, K - 1))
    return identities(("C(R-1,K)/C(R-1,K-1)", ratio, (R - K) / K))


@_UNSEEN.mutant("within-three-halves", "the union bound is within 3/2 of the law", Fraction(3, 2))
@_UNSEEN.step(
    2, "the union bound is within e/(e-1) of the law", "all K >= 1, 0 <= x <= 1", "derivatives, ball arithmetic"
)
def sharpness(factor: Fraction | None = None) -> Outcome:
    """1 - (1-x)^K >= min(1, Kx)/F from 1-x <= e^-x and concavity of 1 - e^-y; F = ``factor``, or e/(e-1).

    F is enough if and only if 1 - 1/e >= 1/F: at y = Kx = 1, K -> oo, both inequalities are equalities.
    """
    x, y = sp.symbols("x y", positive=True)
    shape = identities(
        ("e^-x - (1-x): second derivative", sp.diff(sp.exp(-x) - 1 + x, x, 2), sp.exp(-x)),
        ("1 - e^-y is concave", sp.diff(1 - sp.exp(-y), y, 2), -sp.exp(-y)),
    )
    with working_precision(64) as flint:
        needed = 1 / (1 - flint.arb(-1).exp())
        if factor is None:
            return Outcome(shape.proved, f"{shape.detail}; F = e/(e-1) <= {float(needed.upper()):.5f}")
        if flint.arb(rational(factor)) >= needed:
            return shape
    return Outcome(False, f"F = {factor} < e/(e-1); {_looser_than(factor)}")


def _looser_than(factor: Fraction) -> str:
    """A point where min(1, K (1-p)^N) exceeds factor times the law, looked for where K (1-p)^N passes 1."""
    for R in range(2, 200):
        for K in range(2, R):
            N_f = int(math.log(K) / -math.log1p(-K / R))
            for n in (N_f, N_f + 1):
                bound = min(Fraction(1), K * Fraction(R - K, R) ** n)
                if bound > factor * some_unseen(n, K, R):
                    return (
                        f"at N_f = {n}, K = {K}, |R| = {R} the bound is {float(bound):.6f}, the law "
                        f"{float(some_unseen(n, K, R)):.6f}"
                    )
    return "no counterexample with |R| < 200"


@_SIMPLE.step(3, "the union over own templates (expected number)", _ALL, "symbolic identity")
@_UNSEEN.step(3, "the union over own templates (expected number)", _ALL, "symbolic identity")
def union() -> Outcome:
    """One fact misses a template with probability C(R-1,K)/C(R,K); likewise for low counts."""
    K, R = sp.symbols("K R", positive=True, integer=True)
    return identities(("C(R-1,K)/C(R,K)", sp.gammasimp(sp.binomial(R - 1, K) / sp.binomial(R, K)), 1 - K / R))


@_SHARP.step(4, "tail <= pmf(c)/(1-rho) by the ratio test", _ALL, "symbolic identity")
def point_ratio() -> Outcome:
    """pmf(i-1)/pmf(i) = i(1-p)/((N-i+1)p), which rises in i."""
    i, n = sp.symbols("i n", positive=True, integer=True)
    ratio = sp.gammasimp(sp.binomial(n, i - 1) / sp.binomial(n, i)) * (1 - p) / p
    at = i * (1 - p) / ((n - i + 1) * p)
    return identities(
        ("ratio", ratio, at),
        ("it rises", at.subs(i, i + 1) - at, (n + 1) * (1 - p) / ((n - i) * (n - i + 1) * p)),
    )


@_SHARP.mutant("cut-one-higher", "rho <= 1/2 at the cut c + 1", 1)
@_SHARP.step(5, "rho <= 1/2", _ALL, "identity, nonnegative coefficients")
def ratio_at_most_half(shift: int = 0) -> Outcome:
    """At the cut c + ``shift``, c = Np/2 - u, u >= 0; with z = 1 - p >= 0 no coefficient may be negative."""
    cut = N * p / 2 - u + shift
    left = sp.expand((N - cut + 1) * p - 2 * cut * (1 - p))
    stated = sp.expand(N * p**2 / 2 + p + u * (2 - p) - shift * (2 - p))
    return all_of(
        identities(("difference", left, stated)),
        nonnegative_coefficients(N * p**2 / 2 + p + (u - shift) * (1 + z), N, p, u, z),
    ).or_why(_ratio_above_half(shift))


def _ratio_above_half(shift: int) -> str:
    for n, K, R in _small():
        cut = n * K // (2 * R) + shift
        ratio = Fraction(cut * (R - K), (n - cut + 1) * K) if cut <= n else Fraction(1)
        if ratio > Fraction(1, 2):
            return f"at N_f = {n}, K = {K}, |R| = {R} the ratio is {ratio}"
    return "no counterexample on the grid"


def _small() -> Iterator[tuple[int, int, int]]:
    return ((n, K, R) for n, K, R in grid(_UNIVERSE, _FACTS) if K < R)


@_SHARP.step(6, "U is within 4/3 of the union", _ALL, "identity, nonnegative coefficients")
def within_four_thirds() -> Outcome:
    """tail >= pmf(c) (1+rho) for c >= 1, and 1/(1-rho) <= (4/3)(1+rho) for rho <= 1/2; c = 0 is exact."""
    r = sp.Symbol("r", nonnegative=True)
    gap = sp.Rational(4, 3) * (1 + r) * (1 - r) - 1  # times (1-rho) > 0
    return all_of(
        identities(("factorised", gap, sp.Rational(4, 3) * (sp.Rational(1, 2) - r) * (sp.Rational(1, 2) + r))),
        polynomial_nonnegative(gap, r, 0, Fraction(1, 2)),
    )


@_SHARP.mutant("within-two", "U is within (4/3) e/(e-1) <= 2 of the law", Fraction(2))
@_SHARP.step(7, "U is within 2.11 of the exact law", _ALL, "ball arithmetic")
def union_sharpness(limit: Fraction = Fraction(211, 100)) -> Outcome:
    """(4/3) e/(e-1) by steps 6 and 2."""
    with working_precision(64) as flint:
        value = flint.arb(flint.fmpq(4, 3)) / (1 - flint.arb(-1).exp())
        proved = bool(value <= rational(limit))
        return Outcome(
            proved, f"(4/3) e/(e-1) in [{float(value.lower()):.6f}, {float(value.upper()):.6f}], limit {float(limit)}"
        )


@_SHARP.step(8, "U is never looser than the simple form", _ALL, "symbolic identities, nonnegative coefficients")
def never_looser() -> Outcome:
    """pmf(c)/(1-rho) <= x^-c E x^C for every x in (0, 1], so U <= K exp(-N KL(p/2||p)) <= the simple form.

    Three terms of E x^(C-c): 1 + rho/x + x/s with s = (c+1)(1-p)/((N-c)p). As rho/x >= rho, it is enough that
    rho/x + x/s >= rho/(1-rho); the left is at least 2 sqrt(rho/s) (square), rho/s >= 1/4 for 1 <= c <= N-1,
    and rho/(1-rho) <= 1 for rho <= 1/2.
    """
    s = (c + 1) * (1 - p) / ((N - c) * p)
    d, e = sp.symbols("d e", nonnegative=True)
    r, x, w = sp.symbols("r x w", positive=True)
    ratio = sp.cancel(rho / s)
    excess = (4 * c * (N - c) - (c + 1) * (N - c + 1)).subs(N, c + 1 + e).subs(c, 1 + d)
    return all_of(
        identities(
            ("rho/s", ratio, c * (N - c) / ((c + 1) * (N - c + 1))),
            ("1/(1-rho)", 1 / (1 - r), 1 + r / (1 - r)),
            ("square", r / x + x / w - 2 * sp.sqrt(r / w), (sp.sqrt(r / x) - sp.sqrt(x / w)) ** 2),
            ("1 - rho/(1-rho)", 1 - r / (1 - r), (1 - 2 * r) / (1 - r)),
        ),
        nonnegative_coefficients(sp.expand(excess), d, e),
    )


@_SHARP.mutant("cut-one-lower", "the form at c - 1 bounds the tail at c", -1)
@_SHARP.mutant("cut-one-higher", "the form at c + 1 is within 4/3 of the tail at c", 1)
@_SHARP.step(6, "tail <= pmf(c)/(1-rho) <= (4/3) tail", _GRID, "exact rationals")
def distance_to_union(shift: int = 0) -> Outcome:
    """Steps 4 to 6 again at the cut c + ``shift``; the tail is that of the event, P[C <= c], c = floor(NK/(2R))."""
    worst, points = Fraction(0), 0
    for n, K, R in _small():
        cut = n * K // (2 * R)
        tail = sum(comb(n, i) * K**i * (R - K) ** (n - i) for i in range(cut + 1))
        used = cut + shift
        ratio = Fraction(used * (R - K), (n - used + 1) * K) if used <= n else Fraction(1)
        if not 0 <= ratio < 1:
            return Outcome(False, f"at N_f = {n}, K = {K}, |R| = {R} the ratio is {ratio}: no bound at all")
        bound = Fraction(comb(n, used) * K**used * (R - K) ** (n - used), 1) / (1 - ratio) if used >= 0 else Fraction(0)
        quotient = bound / tail
        if not 1 <= quotient <= Fraction(4, 3):
            return Outcome(
                False,
                f"at N_f = {n}, K = {K}, |R| = {R}, c = {cut}: bound/tail is {quotient} = {float(quotient):.4f}, "
                "not in [1, 4/3]",
            )
        worst, points = max(worst, quotient), points + 1
    return Outcome(True, f"{points:,} points, worst {float(worst):.4f} <= 4/3")
