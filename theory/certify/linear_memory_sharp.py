"""C2 at one world, in numbers that are proved: smoothness, closed form, restart. docs/proofs/linear-memory.md."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import nonnegative_coefficients
from theory.certify.linear_memory import EXP_ERROR, LOG2_HIGH, LOG2_LOW, TAYLOR_DEGREE, UNIT
from theory.certify.linear_memory_balls import from_floats, squared_distance
from theory.certify.linear_memory_rate import (
    CHOSEN,
    LAST,
    RESTART_AT,
    best_votes,
    closed_form_start,
    restart,
    setting,
    simple_bound,
)
from theory.numbers.balls import above, rational, working_precision

__all__ = ["PROOFS", "closed_form", "restarted"]

PROOF = Proof("pretraining-rate-linear", "linear-memory")
PROOFS = (PROOF,)
_NUMBERS = "ball arithmetic, the gap enclosed"
_LIMITS = {1: Fraction(25), 3: Fraction(17)}
_RESTART_LIMIT = Fraction(10)


@PROOF.mutant("step-too-large", "a gradient step of size <= 3/beta is nonexpansive", 3)
@PROOF.step(
    4,
    "a gradient step of size <= 1/beta (indeed 2/beta) is nonexpansive",
    "all convex beta-smooth L",
    "co-coercivity, nonnegative coefficients",
)
def nonexpansive(squared_steps: int = 1) -> Outcome:
    """|x-y|^2 - 2 eta <g-h, x-y> + eta^2 |g-h|^2 with <g-h, x-y> >= |g-h|^2/beta, eta <= ``squared_steps``/beta.

    The coefficient of |g-h|^2 left over, eta (2/beta - eta), must not be negative.
    """
    beta, z = sp.symbols("beta z", positive=True)
    eta = sp.Integer(squared_steps) / beta / (1 + z)  # any step up to squared_steps/beta
    left = eta * (2 / beta - eta)
    return nonnegative_coefficients(sp.cancel(left * beta**2 * (1 + z) ** 2 / squared_steps), z)


@PROOF.step(5, "beta' >= beta and eta beta' <= 1", CHOSEN.format(3), "LDL^T pivots in ball arithmetic, rationals", 3)
@PROOF.step(5, "beta' >= beta and eta beta' <= 1", CHOSEN.format(1), "LDL^T pivots in ball arithmetic, rationals", 1)
def smoothness(K: int) -> Outcome:
    """beta' I - (sum w phi phi^T)/2 is positive definite."""
    chosen = setting(K)
    return Outcome(
        chosen.step * chosen.smoothness <= 1,
        f"beta <= {float(chosen.smoothness):.9f} "
        f"({float(chosen.smoothness) / chosen.world.smoothness - 1:.0e} above the float64 value), "
        f"eta = {float(chosen.step):.9f}",
    )


@PROOF.step(6, f"the closed form is within {_LIMITS[3]} of the gap", CHOSEN.format(3), _NUMBERS, 3)
@PROOF.step(6, f"the closed form is within {_LIMITS[1]} of the gap", CHOSEN.format(1), _NUMBERS, 1)
def closed_form(K: int) -> Outcome:
    """In balls, and below the simple form."""
    chosen = setting(K)
    votes = best_votes(chosen.world, chosen.step, LAST)
    bound = above(closed_form_start(chosen.world, votes).bound(chosen.step, LAST))
    simple = simple_bound(chosen.world, chosen.step, LAST)
    low, measured = chosen.gap_below(LAST), chosen.gap(LAST)
    return Outcome(
        low <= Fraction(bound) <= min(Fraction(simple), _LIMITS[K] * low),
        f"bound {bound:.6e} at (a,b,f,g) = ({', '.join(str(float(v)) for v in votes)}), gap {measured:.6e}: "
        f"bound/gap {bound / measured:.2f}, limit {_LIMITS[K]}; simple form {simple / measured:.1f}",
    )


@PROOF.step(
    8,
    "float64 descent stays within a known distance of the exact one",
    "S = A = 30, |R| = 8, K = 1 and 3, t <= 10^4",
    "rounding analysis, constants in ball arithmetic",
)
def rounding() -> Outcome:
    """The exponential in float64 is within 64 units of 2^-53, and so each step's rounding is known.

    |r| <= 0.36: reduction errs by at most u (0.36 + 0.36) plus 2^10 |log 2 - high - low|; Horner by
    gamma_28 sum |r|^k/k! <= 28.1 u e^0.36, relative to e^r >= e^-0.36; the series is cut at r^14/14! e^0.36.
    """
    with working_precision(200) as flint:
        unit = flint.arb(rational(UNIT))
        split = abs(flint.arb(2).log() - flint.arb(LOG2_HIGH) - flint.arb(LOG2_LOW)) * 1024
        radius = flint.arb(flint.fmpq(36, 100))
        reduction = unit * (2 * radius) + split
        horner = unit * flint.fmpq(281, 10) * (2 * radius).exp()
        cut = radius ** (TAYLOR_DEGREE + 1) / flint.fmpz.fac_ui(TAYLOR_DEGREE + 1) * (2 * radius).exp()
        total = (reduction + horner + cut) * flint.fmpq(101, 100)
        bits = int(LOG2_HIGH * 2**32)
        proved = bool(total <= flint.arb(rational(EXP_ERROR))) and bits / 2**32 == LOG2_HIGH and bits < 2**32
        units = above(total / unit)
    ends = {K: setting(K) for K in _LIMITS}
    radii = ", ".join(f"{float(chosen.near[LAST].radius):.1e} at K = {K}" for K, chosen in ends.items())
    for chosen in ends.values():
        known = chosen.near[RESTART_AT]
        apart = squared_distance(chosen.enclosed.columns, from_floats(known.memory)).sqrt()
        with working_precision(96) as flint:
            proved = proved and bool(apart <= chosen.enclosed.radius + flint.arb(rational(known.radius)))
    return Outcome(
        proved,
        f"exp within {units:.1f} units; M_t at t = 10^4 within {radii}; at t_0 = {RESTART_AT} it agrees with balls",
    )


@PROOF.step(7, f"the restart at t_0 = {RESTART_AT} is within 10 of the gap", CHOSEN.format(3), _NUMBERS, 3)
@PROOF.step(7, f"the restart at t_0 = {RESTART_AT} is within 10 of the gap", CHOSEN.format(1), _NUMBERS, 1)
def restarted(K: int) -> Outcome:
    """M_{t_0} enclosed, then the lemma from there."""
    chosen = setting(K)
    bound = above(restart(chosen, LAST).bound(chosen.step, LAST))
    low, measured = chosen.gap_below(LAST), chosen.gap(LAST)
    return Outcome(
        low <= Fraction(bound) <= _RESTART_LIMIT * low,
        f"M_{RESTART_AT} within {above(chosen.enclosed.radius):.1e}; bound {bound:.6e}, "
        f"gap {measured:.6e}: bound/gap {bound / measured:.2f}",
    )
