"""The gradient dominates the gap, so the rate is 1/t without a logarithm: docs/proofs/gradient-domination.md."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients, polynomial_nonnegative
from theory.certify.linear_memory_rate import (
    CHOSEN,
    LAST,
    best_votes,
    closed_form_start,
    domination_bounds,
    enclosed_start,
    inverse_margin_squared,
    restart,
    setting,
)

PROOF = Proof("pretraining-rate-linear", "gradient-domination")
PROOFS = (PROOF,)
_WORLDS = "all worlds, all K"
_NUMBERS = "recursion in ball arithmetic, the gap enclosed"


@PROOF.mutant("smaller-direction", "votes (2, 2) gain at least the missing mass of T(s)", own=2)
@PROOF.step(1, "at [s] the direction gains at least the missing mass of T(s)", _WORLDS, "nonnegative coefficients")
def subject_rows(own: int = 3, answer: int = 2) -> Outcome:
    """The direction votes ``own`` times the sign of 1/K - p(r) for each own template and ``answer`` for the answer.

    With P, Q the positive and negative parts of sum over T(s) of 1/K - p(r), off-mass P - Q, of which
    P - Q - y >= 0 on the answer, the gain own (P+Q) - answer (P-Q-y) less P must have no negative coefficient.
    """
    P, Q, y = sp.symbols("P Q y", nonnegative=True)
    return nonnegative_coefficients(own * (P + Q) - answer * (P - Q - y) - P, P, Q, y)


@PROOF.mutant("smaller-direction", "f + g = 2 has margin >= 1 at [s,r]", total=2)
@PROOF.step(2, "at [s,r] the direction has margin >= 1", _WORLDS, "nonnegative coefficients")
def answer_rows(own: int = 3, answer: int = 2, total: int = 3) -> Outcome:
    """Logits: (answer + f)/2 for a(s); at most (own - g)/2 for own templates, -g/2 for others co-owned with r.

    And f/2 for other answers of r's facts; 0 else; whatever the signs. f + g = ``total``.
    """
    f, lower = sp.symbols("f l", nonnegative=True)
    g = total - f
    rows = {
        "own templates": sp.Rational(answer - own, 2) + (f + g) / 2 + lower,
        "other templates co-owned with r": sp.Rational(answer, 2) + (f + g) / 2,
        "other answers of r's facts": sp.Rational(answer, 2),
        "any other token": (answer + f) / sp.Integer(2),
    }
    for name, margin in rows.items():
        outcome = nonnegative_coefficients(sp.expand(margin) - 1, f, lower)
        if not outcome.proved:
            return Outcome(False, f"answer over {name}: the margin can be {sp.expand(margin).subs({f: 0, lower: 0})}")
    return Outcome(True, "answer over " + "; ".join(f"{n}: {sp.expand(m)}" for n, m in rows.items()))


@PROOF.step(3, "1/gamma^2 = S (9K+4) + 9 SK Q/(SK+Q), Q = sum_r |N(r)| <= |R|^2", _WORLDS, "completed square")
def norm() -> Outcome:
    """The squared norm is S (9K + 4) + S K f^2 + Q g^2, least at f = 3Q/(SK+Q); it rises in Q <= |R|^2."""
    S, K, Q, f = sp.symbols("S K Q f", positive=True)
    squared = S * (K * 3**2 + 2**2) + S * K * f**2 + Q * (3 - f) ** 2
    best = 3 * Q / (S * K + Q)
    least = S * (9 * K + 4) + 9 * S * K * Q / (S * K + Q)
    return identities(
        ("value", squared.subs(f, best), least),
        ("completed square", squared - least, (S * K + Q) * (f - best) ** 2),
        ("derivative in Q", sp.diff(least, Q), 9 * S**2 * K**2 / (S * K + Q) ** 2),
    )


@PROOF.step(4, "|grad L| >= gamma Phi(gap), Phi(g) = w (1 - e^(-g/w)), w = 1/(SK)", _WORLDS, "symbolic identities")
def gradient_bound() -> Outcome:
    """<-grad, D> >= w sum_i phi(l_i) >= Phi(gap), phi(l) = 1 - e^-l; two terms merge as phi is subadditive.

    A row [s, r] gains sum_v p_v (margin over v) >= 1 - p_a = phi(l). At [s], with l_r = -log(K p(r)), P is (1/K) times
    the sum of phi(l_r) over l_r > 0.
    """
    x, y, p, q, margin, K, u = sp.symbols("x y p q m K u", positive=True)  # x = e^-l_1, y = e^-l_2, u = e^-l_r
    return identities(
        ("answer row", (p + q) * (1 + margin) - (p + q), (p + q) * margin),
        ("subject row: 1/K - p(r)", 1 / K - u / K, (1 - u) / K),
        ("merging", (1 - x) + (1 - y) - (1 - x * y), (1 - x) * (1 - y)),
    )


@PROOF.step(
    5, "the recursion for the gap is monotone when eta gamma^2 w <= 1", _WORLDS, "symbolic identity, Sturm sequence"
)
def recursion() -> Outcome:
    """Both sides of x + c Phi(x)^2 <= y - c Phi(y)^2 rise if 2 c w <= 1, as Phi <= w and Phi' <= 1."""
    s, c, w = sp.symbols("s c w", positive=True)  # s = e^(-y/w) in (0, 1]
    slope = 1 - 2 * c * w * (1 - s) * s
    z = sp.Symbol("z", nonnegative=True)  # 1 = 2 c w + z
    y = sp.Symbol("y", positive=True)
    phi = w * (1 - sp.exp(-y / w))
    derivative = sp.diff(y - c * phi**2, y).subs(sp.exp(-y / w), s)
    return all_of(
        identities(
            ("derivative", sp.expand(derivative.subs(sp.exp(-2 * y / w), s**2)), slope),
            ("with 1 = 2cw + z", slope.subs(c, (1 - z) / (2 * w)), z + (1 - z) * (1 - s + s**2)),
        ),
        polynomial_nonnegative(1 - s + s**2, s, 0, 1),
    )


@PROOF.step(6, "gap(t) <= 1/(eta gamma^2 (1-1/e)^2 (t-t_0)) once gap(t_0) <= 1/(SK)", _WORLDS, "symbolic identities")
def rate() -> Outcome:
    """Once gap <= w, Phi(g) >= kappa g, kappa = 1 - 1/e, and 1/g rises by 2 C, C = c kappa^2, a step.

    g - h >= C (g^2 + h^2) >= 2 C g h, hence 1/h - 1/g >= 2 C = eta gamma^2 kappa^2.
    """
    g, h, C = sp.symbols("g h C", positive=True)
    x = sp.Symbol("x", positive=True)
    curvature = sp.diff(1 - sp.exp(-x), x, 2)
    return identities(
        ("square", C * (g**2 + h**2) - 2 * C * g * h, C * (g - h) ** 2),
        ("reciprocals", (g - h - 2 * C * g * h) / (g * h), 1 / h - 1 / g - 2 * C),
        ("1 - e^-x is concave, so above its chord on [0, 1]", curvature, -sp.exp(-x)),
    )


@PROOF.step(7, "domination from the restart is within 7 of the gap", CHOSEN.format(3), _NUMBERS, 3, True, Fraction(7))
@PROOF.step(7, "domination from the restart is within 5 of the gap", CHOSEN.format(1), _NUMBERS, 1, True, Fraction(5))
@PROOF.step(7, "domination from the closed form is within 10 of the gap", CHOSEN.format(1), _NUMBERS, 1, False)
def domination_at_last_step(K: int, restarted: bool, limit: Fraction = Fraction(10)) -> Outcome:
    """The recursion in balls over 10^4 steps, from the closed form or, ``restarted``, from the enclosed iterate too."""
    chosen = setting(K)
    starts = [
        closed_form_start(chosen.world, best_votes(chosen.world, chosen.step, t)) for t in (1000, 2000, 3000, 10_000)
    ]
    if restarted:
        starts += [enclosed_start(chosen)]
        starts += [restart(chosen, t) for t in (200, 500, 1000, 2000, 5000, 10_000)]
    bound = domination_bounds(chosen.world, chosen.step, LAST, starts)[-1]
    low, measured = chosen.gap_below(LAST), chosen.gap(LAST)
    inverse = float(inverse_margin_squared(chosen.world)) ** 0.5
    return Outcome(
        low <= Fraction(bound) <= limit * low,
        f"bound {bound:.6e}, gap {measured:.6e}: bound/gap {bound / measured:.2f}; 1/gamma = {inverse:.2f}",
    )
