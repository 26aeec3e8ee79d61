"""C2's lemma: gradient descent with eta <= 1/beta, any comparator, constant 4: docs/proofs/descent-lemma.md.

Every inequality of the proof is a known valid one (co-coercivity, convexity, a square) plus an algebraic identity; the
identity is what is checked. Inner products are symbols: the proof lives in no particular dimension.

Notation: g, h gradients at steps k, k+1 (their squares G, H, inner product I), d_k = M_k - M (square D), f_k - f(M)
and so on as scalars.
"""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients

PROOF = Proof("pretraining-rate-linear", "descent-lemma")
PROOFS = (PROOF,)
_ALL = "all convex beta-smooth L, eta <= 1/beta, t >= 1, every comparator"

eta, t = sp.symbols("eta t", positive=True)
G, H = sp.symbols("G H", nonnegative=True)
inner = sp.Symbol("I", real=True)


@PROOF.step(
    1,
    "f_k - f_{k+1} >= (eta/2)(|g_k|^2 + |g_{k+1}|^2), and |g_k| does not increase",
    _ALL,
    "co-coercivity, quadratic identity",
)
def co_coercivity() -> Outcome:
    """Valid: f_k >= f_{k+1} + <h, M_k - M_{k+1}> + |g-h|^2/(2 beta), M_k - M_{k+1} = eta g, 1/beta >= eta.

    And <g - h, eta g> >= eta |g-h|^2, the sum of two such, so that H <= G.
    """
    slack = sp.Symbol("z", nonnegative=True)  # 1/beta - eta >= 0
    distance = G + H - 2 * inner
    right = eta * inner + (eta + slack) / 2 * distance
    monotone = (G - inner) - distance  # >= 0 by the summed co-coercivity, divided by eta
    return identities(
        ("decrease", right, eta / 2 * (G + H) + slack / 2 * distance),
        ("G - H = |g-h|^2 + 2 [(G - I) - |g-h|^2]", G - H, distance + 2 * monotone),
    )


@PROOF.step(
    2, "t (f_t - f(M)) <= (D_0 - D_t)/(2 eta) - (eta t^2/2)|g_t|^2", _ALL, "weighted sum, identity for symbolic t"
)
def summed() -> Outcome:
    """The one-step inequality of each k < t once, the decrease of step j (j+1) times.

    The coefficient of G_j in the sum must be -eta j for 0 <= j < t and -eta t/2 at j = t; as G_j >= G_t these add up to
    -eta t^2/2 times G_t.
    """
    j = sp.Symbol("j", integer=True, nonnegative=True)
    middle = sp.Rational(1, 2) * eta * (1 - (j + 1) - j)  # G_j: +eta/2 once, decreases of steps j and j-1
    first = sp.Rational(1, 2) * eta * (1 - 1)
    last = -sp.Rational(1, 2) * eta * t
    D = sp.Symbol("D", nonnegative=True)
    project = sp.Symbol("P", real=True)  # <g_k, d_k>
    one_step = identities(
        ("D_{k+1} = |d_k - eta g|^2", (D - (D - 2 * eta * project + eta**2 * G)) / (2 * eta) + eta / 2 * G, project)
    )
    total = sp.summation(-eta * j, (j, 0, t - 1)) + last
    return all_of(
        one_step,
        identities(
            ("coefficient of G_j", middle, -eta * j),
            ("coefficient of G_0", first, sp.Integer(0)),
            ("sum of the coefficients", total, -eta * t**2 / 2),
            (
                "f_k - f_t telescopes: sum_{k<t} sum_{j=k..t-1} = sum_j (j+1)",
                sp.summation(j + 1, (j, 0, t - 1)),
                t * (t + 1) / 2,
            ),
        ),
    )


@PROOF.mutant("twice-as-fast", "L(M_t) - L(M) <= |M_0 - M|^2 / (8 eta t)", 8)
@PROOF.step(3, "L(M_t) - L(M) <= |M_0 - M|^2 / (4 eta t)", _ALL, "square, identity")
def combination(constant: int = 4) -> Outcome:
    """Adding t <g_t, d_t> <= (eta t^2/2) G_t + D_t/(2 eta) gives 2t (f_t - f(M)) <= D_0/(2 eta).

    So a constant is right if and only if the excess D_0/(constant eta t) - D_0/(4 eta t) has no negative coefficient.
    """
    D_0, D_t, cross = sp.symbols("D_0 D_t X", nonnegative=True)
    added = eta * t**2 / 2 * G + D_t / (2 * eta) - t * cross
    square = ("|eta t g_t - d_t|^2 >= 0", ((eta * t) ** 2 * G - 2 * eta * t * cross + D_t) / (2 * eta), added)
    bound = (D_0 - D_t) / (2 * eta) - eta * t**2 / 2 * G + eta * t**2 / 2 * G + D_t / (2 * eta)
    excess = nonnegative_coefficients(sp.cancel((D_0 / (constant * eta * t) - bound / (2 * t)) * eta * t), D_0)
    if not excess.proved:
        # L(x) = -x is convex, and beta-smooth for every beta; GD from 0 is at eta t, the comparator at 2 eta t.
        stated = sp.Rational(2**2, constant)
        sign = ">" if stated < 1 else "<="
        point = "L(x) = -x, eta = t = 1, comparator x = 2: L(x_1) - L(2) = 1"
        detail = f"with the constant {constant} {excess.detail}; {point} {sign} {stated} = |2|^2/({constant} eta t)"
        return Outcome(False, detail)
    return all_of(identities(square), identities(("twice t times the gap", bound, D_0 / (2 * eta))), excess)


@PROOF.step(4, "the constant 4 is tight on linear functions", "all eta, t > 0", "symbolic identity")
def tight() -> Outcome:
    """On L(x) = -x with comparator 2 eta t."""
    comparator = 2 * eta * t
    return identities(("gap = bound", comparator - eta * t, comparator**2 / (4 * eta * t)))


@PROOF.step(
    5,
    "log-sum-exp is 1/2-smooth: beta = lambda_max(sum w phi phi^T)/2",
    "all logits, all worlds",
    "Popoviciu, identities",
)
def smoothness() -> Outcome:
    """u^T (diag p - p p^T) u is the variance of u under p: at most (b-mu)(mu-a) for u in [a, b].

    And (b-mu)(mu-a) <= (b-a)^2/4 <= (a^2+b^2)/2 <= |u|^2/2, so the Hessian of log-sum-exp is at most I/2.
    """
    a, b, mu, second = sp.symbols("a b mu s", real=True)  # s = E u^2
    valid = -second + (a + b) * mu - a * b  # E (b-u)(u-a) >= 0
    return identities(
        ("Popoviciu, first", (b - mu) * (mu - a) - (second - mu**2), valid),
        ("Popoviciu, second", (b - a) ** 2 / 4 - (b - mu) * (mu - a), (mu - (a + b) / 2) ** 2),
        ("two entries", (a**2 + b**2) / 2 - (b - a) ** 2 / 4, (a + b) ** 2 / 4),
    )


@PROOF.step(6, "beta <= max(3/(4S), 1/(4K))", "all worlds", "Gershgorin row sums")
def smoothness_upper() -> Outcome:
    """Row sums of sum w phi phi^T."""
    S, K, n_r = sp.symbols("S K n_r", positive=True)
    subject = 1 / S + K * sp.Rational(1, 4) / (S * K) + K * sp.Rational(1, 4) / (S * K)
    template = 2 * n_r * sp.Rational(1, 4) / (S * K)
    return identities(
        ("half the row sum of a subject", subject / 2, 3 / (4 * S)),
        ("half the row sum of a template, n_r <= S", template.subs(n_r, S) / 2, 1 / (4 * K)),
    )
