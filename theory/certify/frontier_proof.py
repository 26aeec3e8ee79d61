"""The validity frontier of both readings of C5, certified: docs/proofs/frontier.md."""

from __future__ import annotations

from fractions import Fraction
from math import comb
from typing import Any

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, grid, identities, polynomial_nonnegative
from theory.certify.frontier import LARGEST_UNIVERSE, Reading, exists, exists_by_integers, rate_of, table
from theory.numbers.balls import rational, working_precision

_FIGURES = {136: (96, 98), 138: (94, 103), 160: (97, 130), 200: (110, 171)}
_NONE_PAIRS = 2484
_LARGEST = (82645, 175, 146)
_FIRST_UNIVERSE = 136
_LITERAL, _NORMALISED = PROOFS = tuple(
    Proof(claim, "frontier") for claim in ("ood-error-literal", "ood-error-normalised")
)
_DOMAIN = f"all 1 <= K <= |R| <= {LARGEST_UNIVERSE} (20,100 pairs)"


@_LITERAL.step(
    1, "partial sums of the covering law bracket it (Bonferroni)", "all n >= m >= 1", "symbolic identity, induction"
)
def bonferroni() -> Outcome:
    """Partial sums of inclusion-exclusion are alternately above and below."""
    n, m = sp.symbols("n m", positive=True, integer=True)

    def claimed(i: sp.Expr) -> sp.Expr:  # sum_{j=1..i} (-1)^(j+1) C(n,j) = 1 - (-1)^i C(n-1,i)
        return 1 - (-1) ** i * sp.binomial(n - 1, i)

    # Divided by (-1)^(m+1) C(n,m), with C(n-1,m) = C(n,m)(n-m)/n and C(n-1,m-1) = C(n,m) m/n.
    share, above = (sp.combsimp(sp.binomial(n - 1, i) / sp.binomial(n, m)) for i in (m, m - 1))
    return identities(
        ("C(n-1,m)/C(n,m) = (n-m)/n", sp.gammasimp(share), (n - m) / n),
        ("C(n-1,m-1)/C(n,m) = m/n", sp.gammasimp(above), m / n),
        ("induction over m", (n - m) / n + m / n, sp.Integer(1)),
        ("start m = 1", sp.expand_func(claimed(sp.Integer(1)).subs(n, n + 1)), n + 1),
    )


@_LITERAL.step(2, "P(N) q^-N -> K, so q e^b decides whether a frontier exists", "1 <= K < |R|", "symbolic identity")
def tail_ratio() -> Outcome:
    """q_2 < q_1 < 1, so the first term alone decides in the limit."""
    K, R = sp.symbols("K R", positive=True, integer=True)
    first, second = (R - K) / R, (R - K) * (R - K - 1) / (R * (R - 1))
    return identities(("1 - q_2/q_1 = K/(R-1) > 0", 1 - second / first, K / (R - 1)))


@_NORMALISED.step(
    3,
    "q e^b < 1 for b = x^2/2: the normalised frontier always exists",
    "all 0 < K/|R| < 1",
    "symbolic identity, Sturm sequence",
)
def normalised_exists() -> Outcome:
    """-log(1-x) > x^2/2 on (0,1): the derivative of the difference is (1-x+x^2)/(1-x)."""
    x = sp.Symbol("x", positive=True)
    difference = -sp.log(1 - x) - x**2 / 2
    return all_of(
        identities(
            ("derivative", sp.diff(difference, x), (1 - x + x**2) / (1 - x)), ("at 0", difference.subs(x, 0), 0)
        ),
        polynomial_nonnegative(1 - x + x**2, x, 0, 1),
    )


@_LITERAL.mutant(
    "one-universe-more",
    "for |R| <= 136 the literal frontier exists for every K",
    _FIRST_UNIVERSE,
    domain="all 1 <= K <= |R| <= 136",
)
@_LITERAL.step(
    5,
    "for |R| <= 135 the literal frontier exists for every K",
    "all 1 <= K <= |R| <= 135",
    "convexity, ball arithmetic",
)
def threshold(largest_safe: int = _FIRST_UNIVERSE - 1) -> Outcome:
    """f(x) = -2 log(1-x)/x^2 = 2 sum_k x^(k-2)/k is convex; its minimum exceeds log ``largest_safe``.

    The minimiser is bracketed by the sign of f' in balls; there f is at least the left end's tangent at the right end.
    """
    low, high = Fraction(7153, 10000), Fraction(7154, 10000)
    with working_precision(128) as flint:

        def f(x: Fraction) -> Any:
            ball = flint.arb(rational(x))
            return -2 * (1 - ball).log() / ball**2

        def slope(x: Fraction) -> Any:  # f' = 2/(x^2 (1-x)) + 4 log(1-x)/x^3
            ball = flint.arb(rational(x))
            return 2 / (ball**2 * (1 - ball)) + 4 * (1 - ball).log() / ball**3

        if not (slope(low) < 0 and slope(high) > 0):
            return Outcome(False, "the bracket of the minimiser is not confirmed")
        least, goal = f(low) + slope(low) * rational(high - low), flint.arb(largest_safe).log()
        most, stated = f"{float(f(low).upper()):.6f}", f"log {largest_safe} = {float(goal):.6f}"
        if not least > goal:
            return Outcome(False, f"min f is not above {stated}: it is at most {most}, and {_unsafe(largest_safe)}")
        return Outcome(True, f"min f in [{float(least.lower()):.6f}, {most}] at x in [{low}, {high}], {stated}")


def _unsafe(R: int) -> str:
    K = next((K for K in range(1, R) if not exists(R, K, Reading.LITERAL)), None)
    if K is None:
        return f"no K at |R| = {R} is hit"
    sign = "<" if exists_by_integers(R, K) else ">="
    return f"(|R|-K)^(2|R|^2) |R|^(K^2) {sign} |R|^(2|R|^2) in integers at |R| = {R}, K = {K}"


@_LITERAL.step(6, "for every |R| >= 136 some K has no literal frontier", "all |R| >= 136", "ball arithmetic, table")
def beyond_the_table() -> Outcome:
    """From |R| = 201 on some K/|R| lies in [3/5, 4/5], where f <= log 200."""
    cells = 100
    for i in range(cells):
        with working_precision(96) as flint:
            low, high = (flint.arb(flint.fmpq(3, 5) + flint.fmpq(k, 5 * cells)) for k in (i, i + 1))
            x = low.union(high)
            if not -2 * (1 - x).log() / x**2 < flint.arb(LARGEST_UNIVERSE).log():
                return Outcome(False, f"f <= log 200 is not confirmed on the cell {x}")
    wrong = [R for R in range(_FIRST_UNIVERSE, LARGEST_UNIVERSE + 1) if R not in none_intervals()]
    if wrong:
        return Outcome(False, f"no K at |R| = {wrong[0]}")
    return Outcome(True, f"{cells} balls cover [3/5, 4/5]; {_FIRST_UNIVERSE}..{LARGEST_UNIVERSE} are in the table")


def none_intervals() -> dict[int, tuple[int, int]]:
    """For each |R| that has any: the least and greatest K at which the literal reading never dominates."""
    found: dict[int, list[int]] = {}
    for entry in table(Reading.LITERAL):
        if entry.least is None:
            found.setdefault(entry.R, []).append(entry.K)
    return {R: (Ks[0], Ks[-1]) for R, Ks in found.items()}


@_LITERAL.step(
    4, "where the literal reading never dominates: 2,484 pairs", _DOMAIN, "ball arithmetic; integers at all ends"
)
def literal_none() -> Outcome:
    """They are intervals of K; their ends, and the K beyond, by integers too."""
    total = sum(1 for entry in table(Reading.LITERAL) if entry.least is None)
    intervals = none_intervals()
    if total != sum(last - first + 1 for first, last in intervals.values()):
        return Outcome(False, "the pairs without a frontier are not intervals of K")
    for R, (first, last) in intervals.items():
        for K, expected in ((first - 1, True), (first, False), (last, False), (last + 1, True)):
            if exists_by_integers(R, K) is not expected:
                return Outcome(False, f"balls and integers disagree at |R| = {R}, K = {K}")
    wrong = [R for R, ends in _FIGURES.items() if intervals.get(R) != ends]
    if wrong or total != _NONE_PAIRS or min(intervals) != _FIRST_UNIVERSE:
        return Outcome(False, f"{total} pairs; intervals {[(R, intervals.get(R)) for R in _FIGURES]}")
    return Outcome(
        True,
        f"{total} pairs have none, first at |R| = {min(intervals)}; "
        + ", ".join(f"|R| = {R}: K = {a}..{b}" for R, (a, b) in intervals.items() if R in _FIGURES)
        + f"; {4 * len(intervals)} of the decisions repeated in integers",
    )


def closest_call() -> tuple[int, int, float]:
    """(R, K) nearest to equality in the literal criterion, singled out by balls, and log R / f(K/R) - 1 there."""
    with working_precision(128) as flint:
        excess = {
            (R, K): -flint.arb(rate_of(R, K, Reading.LITERAL)) / flint.arb(flint.fmpq(R - K, R)).log() - 1
            for _, K, R in grid(LARGEST_UNIVERSE, 1)
            if K < R
        }
        best = min(excess, key=lambda pair: abs(float(excess[pair].mid())))
        size = abs(excess[best])
        if not all(abs(other) > size for pair, other in excess.items() if pair != best):
            raise ArithmeticError("two pairs are equally close")
        return (*best, float(excess[best].mid()))


@_LITERAL.step(4, "the closest pair is (138, 94), and it has no frontier", _DOMAIN, "ball arithmetic, integers")
def closest() -> Outcome:
    """By balls, and by integers at the pair itself."""
    R, K, excess = closest_call()
    found = exists_by_integers(R, K)
    return Outcome(
        (R, K) == (138, 94) and not found,
        f"|R| = {R}, K = {K}: log|R| / f = 1 + {excess:.3e}, no frontier by integers of "
        f"{2 * R * R * R.bit_length():,} bits",
    )


@_LITERAL.step(
    8, "every finite literal frontier", _DOMAIN, "one-point certificate, scan in ball arithmetic", Reading.LITERAL
)
@_NORMALISED.step(
    8, "every normalised frontier", _DOMAIN, "one-point certificate, scan in ball arithmetic", Reading.NORMALISED
)
def finite(reading: Reading) -> Outcome:
    """Every frontier there is, by its one-point certificate and the scan below it."""
    entries = [entry for entry in table(reading) if entry.least is not None]
    largest = max(entries, key=lambda entry: entry.least or 0)
    if reading is Reading.LITERAL and (largest.least, largest.R, largest.K) != _LARGEST:
        return Outcome(False, f"largest frontier {largest}")
    if reading is Reading.NORMALISED and len(entries) != comb(LARGEST_UNIVERSE + 1, 2):
        return Outcome(False, "a frontier is missing")
    return Outcome(
        True,
        f"{len(entries)} finite entries; largest {largest.least} at |R| = {largest.R}, K = {largest.K}; "
        f"{sum(1 for e in entries if e.least == 1)} are 1; lowest K with a frontier above 1 at |R| = 20: "
        f"{next(e.K for e in entries if e.R == 20 and (e.least or 0) > 1)}",
    )


@_LITERAL.step(
    9,
    "where a reading dominates from the first fact on, and where it falls short at small N_f",
    _DOMAIN,
    "the table of step 8",
)
def short_at_first() -> Outcome:
    """The pairs with 1 <= K < |R| at which a reading dominates from the very first fact on."""
    first = {r: [(e.R, e.K) for e in table(r) if e.least == 1 and e.K < e.R] for r in Reading}
    normalised = {(R, K) for R in range(2, LARGEST_UNIVERSE + 1) for K in (1, 2) if K < R} | {(4, 3)}
    literal = {(R, 1) for R in range(2, LARGEST_UNIVERSE + 1)} | {(3, 2), (4, 2)}
    if set(first[Reading.NORMALISED]) != normalised or set(first[Reading.LITERAL]) != literal:
        return Outcome(False, f"{len(first[Reading.NORMALISED])} and {len(first[Reading.LITERAL])} pairs")
    return Outcome(
        True,
        "normalised: K = 1, K = 2 and (|R|, K) = (4, 3); literal: K = 1 and (3, 2), (4, 2); "
        "every other pair with K < |R| falls short",
    )


@_LITERAL.step(
    7, "K q^n <= e^(-bn) at one n certifies all N >= n", "all K, q, b, n > 0, q e^b < 1", "symbolic identity"
)
def one_point_step() -> Outcome:
    """The logarithm of the ratio moves by log q + b < 0."""
    K, q, b, n = sp.symbols("K q b n", positive=True)
    left = sp.log(K) + n * sp.log(q) + b * n
    return identities(("log of the ratio moves by log q + b < 0", left.subs(n, n + 1) - left, sp.log(q) + b))
