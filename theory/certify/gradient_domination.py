"""K = 1: the gradient dominates the gap, so the rate is 1/t without a logarithm: docs/proofs/gradient-domination.md."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome, Step
from theory.certify.exact import all_of, identities, nonnegative_coefficients, polynomial_nonnegative
from theory.certify.sharp_rate import best_votes, domination_bounds, inverse_margin_squared, setting

__all__ = ["domination_at_last_step", "margins", "mutants", "steps"]

_CLAIM = "pretraining-rate-linear"
_WORLD = "S = A = 30, |R| = 8, K = 1, seed 0, eta = 1/beta, t = 10^4"
_LAST = 10_000


def margins(a: int = 3, b: int = 2, total: int = 3) -> Outcome:
    """Step 1: votes (a, b, f, g) with f + g = ``total`` beat every other token by at least 1 in every row.

    Logits at [s]: a for the own template, b for the answer, 0 else. At [s, r]: (b+f)/2 for the
    answer, (a-g)/2 for r, f/2 for other answers of r's facts, 0 else. K = 1: nothing else is co-owned.
    """
    f = sp.Symbol("f", nonnegative=True)
    g = total - f
    rows = {
        "[s]: own template over the answer": sp.Integer(a - b),
        "[s]: own template over any other token": sp.Integer(a),
        "[s,r]: answer over r": (b + f) / sp.Integer(2) - (a - g) / sp.Integer(2),
        "[s,r]: answer over other answers of r": (b + f) / sp.Integer(2) - f / 2,
        "[s,r]: answer over any other token": (b + f) / sp.Integer(2),
    }
    for name, margin in rows.items():
        outcome = nonnegative_coefficients(sp.expand(margin) - 1, f)
        if not outcome.proved:
            return Outcome(False, f"{name}: the margin is {sp.expand(margin)}")
    return Outcome(True, "smallest margins: " + "; ".join(f"{n} {sp.expand(m)}" for n, m in rows.items()))


def norm() -> Outcome:
    """Step 2: the least |M|^2 over f + g = 3 is 13 S + 9 S R'/(S + R'), at f = 3R'/(S+R'); it rises in R'."""
    S, used, f = sp.symbols("S R_used f", positive=True)
    squared = S * (3**2 + 2**2) + S * f**2 + used * (3 - f) ** 2
    best = 3 * used / (S + used)
    least = 13 * S + 9 * S * used / (S + used)
    return all_of(
        identities(
            [
                ("value", squared.subs(f, best), least),
                ("completed square", squared - least, (S + used) * (f - best) ** 2),
                ("derivative in R'", sp.diff(least, used), 9 * S**2 / (S + used) ** 2),
            ]
        )
    )


def gradient_bound() -> Outcome:
    """Steps 3 and 4: <-grad, M> >= sum_i w (1 - e^-l_i) >= Phi(gap), Phi(g) = w (1 - e^(-g/w)).

    One row: <-grad, M> = w sum_v p_v (margin over v) >= w (1 - p_y) by margins >= 1, with p_y = e^-l;
    two rows merge into one: phi(x) + phi(y) - phi(x+y) = phi(x) phi(y) >= 0 for phi(l) = 1 - e^-l.
    """
    x, y, p, q, margin = sp.symbols("x y p q m", positive=True)  # x = e^-l_1, y = e^-l_2
    return identities(
        [
            ("row", (p + q) * (1 + margin) - (p + q), (p + q) * margin),
            ("merging rows", (1 - x) + (1 - y) - (1 - x * y), (1 - x) * (1 - y)),
        ]
    )


def recursion() -> Outcome:
    """Step 5: both sides of x + c Phi(x)^2 <= y - c Phi(y)^2 rise if 2 c w <= 1, as Phi <= w and Phi' <= 1."""
    s, c, w = sp.symbols("s c w", positive=True)  # s = e^(-y/w) in (0, 1]
    slope = 1 - 2 * c * w * (1 - s) * s
    z = sp.Symbol("z", nonnegative=True)  # 1 = 2 c w + z
    y = sp.Symbol("y", positive=True)
    phi = w * (1 - sp.exp(-y / w))
    derivative = sp.diff(y - c * phi**2, y).subs(sp.exp(-y / w), s)
    return all_of(
        identities(
            [
                ("derivative", sp.expand(derivative.subs(sp.exp(-2 * y / w), s**2)), slope),
                ("with 1 = 2cw + z", slope.subs(c, (1 - z) / (2 * w)), z + (1 - z) * (1 - s + s**2)),
            ]
        ),
        polynomial_nonnegative(1 - s + s**2, s, 0, 1),
    )


def rate() -> Outcome:
    """Step 6: once gap <= w, Phi(g) >= kappa g, kappa = 1 - 1/e, and 1/g rises by 2 c kappa^2 a step.

    g - h >= C (g^2 + h^2) >= 2 C g h with C = c kappa^2, hence 1/h - 1/g >= 2 C: gap(t) <= 1/(eta gamma^2 kappa^2 (t - t_0)).
    """
    g, h, C = sp.symbols("g h C", positive=True)
    x = sp.Symbol("x", positive=True)
    curvature = sp.diff(1 - sp.exp(-x), x, 2)
    return identities(
        [
            ("square", C * (g**2 + h**2) - 2 * C * g * h, C * (g - h) ** 2),
            ("reciprocals", (g - h - 2 * C * g * h) / (g * h), 1 / h - 1 / g - 2 * C),
            ("1 - e^-x is concave, so above its chord on [0, 1]", curvature, -sp.exp(-x)),
        ]
    )


def domination_at_last_step(limit: Fraction = Fraction(10)) -> Outcome:
    """Step 7: the recursion in balls over 10^4 steps, from the closed form on; within ``limit`` of the measured gap."""
    chosen = setting(1)
    votes = [best_votes(chosen.world, chosen.step, t) for t in (1000, 2000, 3000)]
    bound = domination_bounds(chosen.world, chosen.step, _LAST, votes)[-1]
    measured = chosen.gap(_LAST)
    ratio = bound / measured
    inverse = float(inverse_margin_squared(chosen.world)) ** 0.5
    return Outcome(
        Fraction(bound) <= limit * Fraction(measured),
        f"gap <= {bound:.6e}, measured {measured:.6e}: bound/gap {ratio:.2f}; 1/gamma = {inverse:.2f}",
    )


def steps() -> tuple[Step, ...]:
    """All steps of the page, in order."""
    worlds = "all worlds with K = 1"
    return (
        Step(_CLAIM, "gradient-domination.1", "votes (3, 2, f, 3-f) have margin >= 1 in every row", worlds,
             "nonnegative coefficients", margins),
        Step(_CLAIM, "gradient-domination.2", "1/gamma^2 = 13 S + 9 S R'/(S+R'), R' <= |R| templates in use", worlds,
             "completed square", norm),
        Step(_CLAIM, "gradient-domination.3", "|grad L| >= gamma Phi(gap), Phi(g) = w (1 - e^(-g/w)), w = 1/S", worlds,
             "symbolic identities", gradient_bound),
        Step(_CLAIM, "gradient-domination.4", "the recursion for the gap is monotone when eta gamma^2 w <= 1", worlds,
             "symbolic identity, Sturm sequence", recursion),
        Step(_CLAIM, "gradient-domination.5", "gap(t) <= 1/(eta gamma^2 (1-1/e)^2 (t - t_0)) once gap(t_0) <= 1/S", worlds,
             "symbolic identities", rate),
        Step(_CLAIM, "gradient-domination.6", "gradient domination is within 10 of the measured gap", _WORLD,
             "recursion in ball arithmetic; gap measured in float64", domination_at_last_step),
    )


def mutants() -> tuple[Step, ...]:
    """Votes with a smaller norm, whose margins fall short."""
    worlds = "all worlds with K = 1"
    return (
        Step(f"{_CLAIM}:smaller-margin", "gradient-domination.1", "votes (2, 2, f, 3-f) have margin >= 1 in every row",
             worlds, "nonnegative coefficients", lambda: margins(a=2)),
    )
