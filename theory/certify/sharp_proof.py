"""C2 at one world, in numbers that are proved: smoothness, closed form, restart. docs/proofs/linear-memory.md."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from theory.certify.certificate import Outcome, Step
from theory.certify.exact import above, nonnegative_coefficients
from theory.certify.sharp_rate import (
    RESTART_AT,
    best_votes,
    closed_form_bound,
    restart_bound,
    restart_comparator,
    setting,
    simple_bound,
)

__all__ = ["closed_form", "mutants", "restart", "steps"]

_CLAIM = "pretraining-rate-linear"
_LAST = 10_000
_LIMITS = {1: Fraction(25), 3: Fraction(17)}
_RESTART_LIMIT = Fraction(10)


def _domain(K: int) -> str:
    return f"S = A = 30, |R| = 8, K = {K}, seed 0, eta = 1/beta, t = 10^4"


def nonexpansive(squared_steps: int = 1) -> Outcome:
    """Step 4: |GD(x) - GD(y)| <= |x - y| for eta <= ``squared_steps``/beta.

    |x-y|^2 - 2 eta <g-h, x-y> + eta^2 |g-h|^2 with <g-h, x-y> >= |g-h|^2/beta: the
    coefficient of |g-h|^2 left over, eta (2/beta - eta), must not be negative.
    """
    beta, z = sp.symbols("beta z", positive=True)
    eta = sp.Integer(squared_steps) / beta / (1 + z)  # any step up to squared_steps/beta
    left = eta * (2 / beta - eta)
    return nonnegative_coefficients(sp.cancel(left * beta**2 * (1 + z) ** 2 / squared_steps), z)


def smoothness(K: int) -> Outcome:
    """Step 5: beta' I - (sum w phi phi^T)/2 is positive definite, and eta beta' <= 1, exactly."""
    chosen = setting(K)
    return Outcome(
        chosen.step * chosen.smoothness <= 1,
        f"beta <= {float(chosen.smoothness):.9f} "
        f"({float(chosen.smoothness) / chosen.world.smoothness - 1:.0e} above the float64 value), "
        f"eta = {float(chosen.step):.9f}",
    )


def closed_form(K: int, factor: int = 4) -> Outcome:
    """Step 6: the sharper closed form in balls, against the measured gap."""
    chosen = setting(K)
    votes = best_votes(chosen.world, chosen.step, _LAST)
    bound = above(closed_form_bound(chosen.world, chosen.step, _LAST, votes, factor))
    simple = simple_bound(chosen.world, chosen.step, _LAST)
    measured = chosen.gap(_LAST)
    return Outcome(
        measured <= bound <= min(simple, float(_LIMITS[K]) * measured),
        f"gap <= {bound:.6e} at (a,b,f,g) = ({', '.join(str(float(v)) for v in votes)}), measured {measured:.6e}: "
        f"bound/gap {bound / measured:.2f}, limit {_LIMITS[K]}; simple form {simple / measured:.1f}",
    )


def restart(K: int) -> Outcome:
    """Step 7: M_{t_0} enclosed, then the lemma from there."""
    chosen = setting(K)
    bound = above(restart_bound(chosen, _LAST, restart_comparator(chosen, _LAST)))
    measured = chosen.gap(_LAST)
    return Outcome(
        Fraction(measured) <= Fraction(bound) <= _RESTART_LIMIT * Fraction(measured),
        f"M_{RESTART_AT} within {above(chosen.enclosed.radius):.1e}; gap <= {bound:.6e}, "
        f"measured {measured:.6e}: bound/gap {bound / measured:.2f}",
    )


def steps() -> tuple[Step, ...]:
    """The second part of the page, in order."""
    numbers = "ball arithmetic; gap measured in float64"
    return (
        Step(
            _CLAIM,
            "linear-memory.4",
            "a gradient step of size <= 1/beta (indeed 2/beta) is nonexpansive",
            "all convex beta-smooth L",
            "co-coercivity, nonnegative coefficients",
            partial(nonexpansive, 2),
        ),
        *(
            Step(
                _CLAIM,
                "linear-memory.5",
                "beta' >= beta and eta beta' <= 1",
                _domain(K),
                "LDL^T pivots in ball arithmetic, rationals",
                partial(smoothness, K),
            )
            for K in _LIMITS
        ),
        *(
            Step(
                _CLAIM,
                "linear-memory.6",
                f"the closed form is within {_LIMITS[K]} of the measured gap",
                _domain(K),
                numbers,
                partial(closed_form, K),
            )
            for K in _LIMITS
        ),
        *(
            Step(
                _CLAIM,
                "linear-memory.7",
                f"the restart at t_0 = {RESTART_AT} is within 10 of the measured gap",
                _domain(K),
                numbers,
                partial(restart, K),
            )
            for K in _LIMITS
        ),
    )


def mutants() -> tuple[Step, ...]:
    """A step so large that rounding errors could grow."""
    return (
        Step(
            f"{_CLAIM}:step-too-large",
            "linear-memory.4",
            "a gradient step of size <= 3/beta is nonexpansive",
            "all convex beta-smooth L",
            "co-coercivity, nonnegative coefficients",
            partial(nonexpansive, 3),
        ),
    )
