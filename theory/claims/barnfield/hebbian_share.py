"""C2: the Hebbian memory: the share of facts that it loses, from both sides of d^2 = 2 N log N.

Definition: the Hebbian memory is the sum of the outer products of output and input embeddings, all independent
standard Gaussians in R^d. Fact i is recalled if the score of its own output exceeds the scores of all others. The share
lost is that of the facts not recalled.

Guarantee (upper, lower): the mean share lost is at most U(N, d) and at least L(N, d), the closed forms below. For large
N and d^2 = c N log N, U tends to 0 as N^-(sqrt(c/2)-1)^2 if 2 < c < 8.

Reference: Barnfield et al., https://arxiv.org/abs/2605.05189, has the scale N log N. The bounds with their constants
are DERIVED here; proof in docs/proofs/hebbian-share.md.

>>> import theory
>>> round(theory.claim("hebbian-share").bound(N=800, d=207), 4)
0.0716
>>> round(theory.claim("hebbian-share-fails").bound(N=800, d=37), 4)
0.5721
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises
from theory.claims.barnfield.paper import SCALE_ONLY, derived
from theory.claims.nichani.paper import N, d

DEGREES = d + N - 1
"""D: the two squared lengths by which scores are divided have chi-square laws with so many degrees of freedom."""


def log_share(power: sp.Expr, slope: sp.Expr, others: sp.Expr = N - 1) -> sp.Expr:
    """Logarithm of the bound on the share lost: s = ``power`` in [0, 1], mu = s v with v = ``slope`` >= 0."""
    mu = power * slope
    rate = mu / DEGREES
    return (
        power * sp.log(others / 2)
        + power * slope**2 / (2 * (N - 2))
        + mu**2 / (2 * (DEGREES - 1))
        - d * sp.log(1 + rate)
        + sp.log(1 + rate) / 2
        + sp.log(1 + (1 + rate) / d) / 2
    )


def missed(y: sp.Expr) -> sp.Expr:
    """A bound on the probability that no competitor reaches the level t, t^2 = y/(n+y), n = N - 1."""
    n = N - 1
    one = sp.sqrt((n - 2) / (2 * sp.pi)) * (n / (n + y)) ** ((n - 1) / 2)
    width = (n - 1) * sp.sqrt((2 * n + (n + 1) * y) / ((n + y) * (n + 1)))
    return sp.exp(-n * one / width)


def exceeded(y: sp.Expr, mu: sp.Expr) -> sp.Expr:
    """A bound on the probability that the right score exceeds that level, for 0 <= mu < D - 1."""
    return sp.exp(-mu * level(y) + mu**2 / (2 * (DEGREES - 1)) - d * sp.log(1 - mu / (DEGREES - 1)))


def level(y: sp.Expr) -> sp.Expr:
    """t / sqrt(1 + t^2)."""
    return sp.sqrt(y / (N - 1 + 2 * y))


_POWER = sp.Min(1, sp.Max(0, d / sp.sqrt(2 * N * sp.log(N)) - 1))
_SLOPE = d * (N - 2) / (DEGREES + _POWER * (N - 2) * (1 + d / DEGREES))
_Y = 2 * sp.log(N / 2) - sp.log(4 * sp.pi * sp.log(N))


def slope_above(y: sp.Expr) -> sp.Expr:
    """mu, near the best one."""
    return sp.Max(0, (DEGREES * level(y) - d) / (1 + d / DEGREES))


def _fails(reached: sp.Expr) -> sp.Expr:
    return sp.log(sp.Max(0, 1 - missed(_Y) - exceeded(reached, slope_above(reached)), evaluate=False))


CLAIMS = (
    Claim(
        id="hebbian-share",
        title="Share of facts that the Hebbian memory loses, at most",
        statement="Of N facts in dimension d the Hebbian memory loses on average at most the share U(N, d) = "
        "((N-1)/2)^s "
        "exp(s v^2/(2(N-2)) + (s v)^2/(2(D-1))) (1+l)^-d sqrt((1+l)(1+(1+l)/d)), with D = d + N - 1, l = s v/D, "
        "s = min(1, max(0, d/sqrt(2 N log N) - 1)) and v = d (N-2)/(D + s (N-2)(1 + d/D)). The criterion is the share "
        "lost.",
        kind=Kind.UPPER,
        observable="share_lost",
        log_expression=log_share(_POWER, _SLOPE),
        required=True,
        source=derived(number="C2", text=SCALE_ONLY, proof="claims/hebbian-share"),
        premises=Premises(domain=(sp.Ge(N, 3),)),
        measured=Measured(arm="hebbian"),
        mutants=(
            Mutant("one-competitor", log_share(_POWER, _SLOPE, sp.Integer(2)), "1 replaces (N-1)/2", "measurement"),
        ),
    ),
    Claim(
        id="hebbian-share-fails",
        title="Share of facts that the Hebbian memory loses, at least",
        statement="Of N facts in dimension d the Hebbian memory loses on average at least the share L(N, d) = 1 - "
        "exp(-n q) - exp(-mu a + mu^2/(2(D-1))) (1 - mu/(D-1))^-d, with n = N - 1, D = d + n, y = 2 log(N/2) - log(4 "
        "pi "
        "log N), q = sqrt((n-2)/(2 pi)) (n/(n+y))^((n-1)/2) / ((n-1) sqrt((2n + (n+1)y)/((n+y)(n+1)))), a = "
        "sqrt(y/(n + "
        "2y)) and mu = max(0, (D a - d)/(1 + d/D)). The criterion is the share lost.",
        kind=Kind.LOWER,
        observable="share_lost",
        log_expression=_fails(_Y),
        required=True,
        source=derived(number="C2", text=SCALE_ONLY, proof="claims/hebbian-share-fails"),
        premises=Premises(domain=(sp.Ge(N, 16),)),
        measured=Measured(arm="hebbian"),
        mutants=(
            Mutant(
                "level-doubled",
                _fails(4 * _Y),
                "the right score is compared with 2 t, the others with t",
                "measurement",
            ),
        ),
    ),
)
