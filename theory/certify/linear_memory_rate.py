"""C2 made sharp: every form of the bound on the linear memory's gap at one world, and the gap itself.

Forms, from loose to tight (docs/proofs/linear-memory.md and gradient-domination.md):

- ``simple``: world-free, minimised over rho;
- ``closed_form``: votes (a, b, f, g) and the world's owner counts;
- ``best comparator``: the lemma from 0 with a comparator searched freely;
- ``restart``: the lemma from an enclosed iterate M_{t_0}, comparator free;
- ``domination``: gradient domination from the closed form (or the restart) on, without log^2 t.

Bounds are upper ends of balls; the gap is enclosed too, by :mod:`theory.certify.linear_memory_floats`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from theory.certify.linear_memory import FloatArray, LinearMemoryWorld, draw_world, gap, gradient
from theory.certify.linear_memory_balls import (
    Columns,
    Enclosed,
    certified_smoothness,
    enclosed_descent,
    from_floats,
    gap_ball,
    squared_distance,
)
from theory.certify.linear_memory_floats import Near, near_descent
from theory.numbers.balls import above, rational, working_precision
from theory.registry import claim

__all__ = [
    "CHOSEN",
    "LAST",
    "RESTART_AT",
    "BoundForms",
    "Setting",
    "Start",
    "best_comparator_bound",
    "best_votes",
    "bound_forms",
    "closed_form_bound",
    "closed_form_start",
    "domination_bounds",
    "enclosed_start",
    "inverse_margin_squared",
    "restart_bound",
    "restart_comparator",
    "restart_start",
    "setting",
    "simple_bound",
]

RESTART_AT = 100
LAST = 10_000  # gradient steps
CHOSEN = "S = A = 30, |R| = 8, K = {}, seed 0, eta = 1/beta, t = 10^4"  # world and step of the certificates
_SUBJECTS, _UNIVERSE, _SEED = 30, 8, 0
_BITS = 96
_GRID = 16  # votes are multiples of 1/16
Votes = tuple[Fraction, Fraction, Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class Setting:
    """A world with its certified step size.

    Attributes:
        world: which facts were written with which templates.
        smoothness: certified upper bound beta' on beta.
        step: eta, a float taken exactly, with eta beta' <= 1.
        enclosed: the iterate after :data:`RESTART_AT` steps.
        near: float64 memories after 100, ..., 10^4 steps, with their distances to the true ones.
    """

    world: LinearMemoryWorld
    smoothness: Fraction
    step: Fraction
    enclosed: Enclosed
    near: dict[int, Near]

    def gap(self, t: int) -> float:
        """The gap after t steps, in float64."""
        return gap(self.world, self.near[t].memory)

    def gap_enclosure(self, t: int) -> Any:
        """A ball that holds the gap after t steps; the gap moves by at most 3 times the distance.

        The rows have weights that add up to 2, |softmax - target| <= sqrt(2) and |phi| <= 1, so |grad L| < 3.
        """
        middle = gap_ball(self.world, from_floats(self.near[t].memory))
        with working_precision(_BITS) as flint:
            return middle + flint.arb(0, 1) * (3 * flint.arb(rational(self.near[t].radius))).upper()


_TIMES = (100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, LAST)


@lru_cache(maxsize=8)
def setting(
    multiplicity: int,
    subjects: int = _SUBJECTS,
    universe: int = _UNIVERSE,
    seed: int = _SEED,
    times: tuple[int, ...] = _TIMES,
    restart_at: int = RESTART_AT,
) -> Setting:
    """Draw a world, certify its smoothness, enclose the restart and run gradient descent."""
    world = draw_world(subjects, universe, multiplicity, seed)
    smoothness = certified_smoothness(world)
    step = Fraction(math.nextafter(float(1 / smoothness), 0.0))
    assert step * smoothness <= 1
    enclosed = enclosed_descent(world, step, restart_at)
    return Setting(world, smoothness, step, enclosed, near_descent(world, step, times))


def simple_bound(world: LinearMemoryWorld, step: Fraction, t: int) -> float:
    """The registered simple form, upper end of its enclosure."""
    values: dict[str, Any] = {
        "S": world.subjects,
        "A": world.answer_count,
        "R": world.universe,
        "K": world.multiplicity,
        "eta": float(step),
        "t": t,
    }
    return math.nextafter(math.exp(claim("pretraining-rate-linear").enclosure(**values).upper), math.inf)


def closed_form_bound(world: LinearMemoryWorld, step: Fraction, t: int, votes: Votes, factor: int = 4) -> Any:
    """The sharper closed form at t, a ball; every choice of votes (a, b, f, g) is valid."""
    loss, norm = _closed_form_parts(world, votes)
    with working_precision(_BITS) as flint:
        return loss + norm / (factor * flint.arb(rational(step)) * t)


@lru_cache(maxsize=64)
def _closed_form_parts(world: LinearMemoryWorld, votes: Votes) -> tuple[Any, Any]:
    """Loss and squared norm of the comparator, as balls."""
    S, K, R, A = world.subjects, world.multiplicity, world.universe, world.answer_count
    with working_precision(_BITS) as flint:
        a, b, f, g = (flint.arb(rational(vote)) for vote in votes)
        loss = (1 + (b.exp() + (world.vocabulary - K - 1)) / (K * a.exp())).log()
        for owned, near in zip(world.owners.tolist(), world.neighbours.tolist(), strict=True):
            if owned:
                others = (owned - 1) * (f / 2).exp() + K * ((a - g) / 2).exp() + (near - K) * (-g / 2).exp()
                rest = (A - owned) + (R - near) + S + 1
                loss += owned * (1 + (others + rest) * (-(b + f) / 2).exp()).log() / (S * K)
        norm = S * (K * a**2 + b**2) + S * K * f**2 + int(world.neighbours.sum()) * g**2
        return loss, norm


def best_votes(world: LinearMemoryWorld, step: Fraction, t: int, start: Sequence[float] = (20, 14, 9, 12)) -> Votes:
    """Votes near the least closed form at t, multiples of 1/16; any are valid, so the search need not be rigorous."""
    from scipy.optimize import minimize

    S, K, R, A = world.subjects, world.multiplicity, world.universe, world.answer_count
    owned = world.owners[world.owners > 0].astype(float)
    near = world.neighbours[world.owners > 0].astype(float)
    scale = 4 * float(step) * t

    def value(votes: FloatArray) -> float:
        a, b, f, g = votes
        first = np.logaddexp(0.0, np.logaddexp(b, math.log(world.vocabulary - K - 1)) - math.log(K) - a)
        others = (owned - 1) * np.exp(f / 2) + K * np.exp((a - g) / 2) + (near - K) * np.exp(-g / 2)
        second = (owned * np.log1p((others + A - owned + R - near + S + 1) * np.exp(-(b + f) / 2))).sum() / (S * K)
        norm = S * (K * a * a + b * b) + S * K * f * f + near.sum() * g * g
        return float(first + second + norm / scale)

    found = minimize(
        value, np.asarray(start, dtype=float), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-9}
    )
    a, b, f, g = (Fraction(round(x * _GRID), _GRID) for x in found.x)
    return a, b, f, g


def restart_comparator(chosen: Setting, t: int, rounds: int = 400, from_zero: bool = False) -> Columns:
    """A comparator near the least of gap(M) + |M - M_{t_0}|^2 / (4 eta (t - t_0)); any is valid.

    Args:
        chosen: world, step and enclosed iterate.
        t: the number of steps that the comparator is good for.
        rounds: of the search.
        from_zero: t_0 = 0 and M_0 = 0: the best that the lemma alone can give.
    """
    from scipy.optimize import minimize

    world = chosen.world
    known = None if from_zero else chosen.near.get(chosen.enclosed.steps)
    origin = np.zeros((world.vocabulary, world.features)) if known is None else known.memory
    scale = 4 * float(chosen.step) * (t if from_zero else t - chosen.enclosed.steps)

    def value(flat: FloatArray) -> tuple[float, FloatArray]:
        memory = flat.reshape(origin.shape)
        away = memory - origin
        slope = gradient(world, memory) + 2 * away / scale
        return gap(world, memory) + float((away * away).sum()) / scale, slope.ravel()

    start = chosen.near[t].memory if t in chosen.near else origin
    found = minimize(
        value,
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": rounds, "maxfun": 2 * rounds, "ftol": 1e-15, "gtol": 1e-13},
    )
    return from_floats(found.x.reshape(origin.shape))


def restart_bound(chosen: Setting, t: int, comparator: Columns) -> Any:
    """gap(M) + (|M~ - M| + radius)^2 / (4 eta (t - t_0)), a ball; t > t_0."""
    start = restart_start(chosen, comparator)
    with working_precision(_BITS) as flint:
        return start.loss + start.reach / (4 * flint.arb(rational(chosen.step)) * (t - start.offset))


def inverse_margin_squared(world: LinearMemoryWorld) -> Fraction:
    """1/gamma^2 = S (9K + 4) + 9 S K Q/(S K + Q), Q the number of pairs of co-owned templates, sum_r |N(r)|."""
    S, K, pairs = world.subjects, world.multiplicity, int(world.neighbours.sum())
    return S * (9 * K + 4) + Fraction(9 * S * K * pairs, S * K + pairs)


@dataclass(frozen=True)
class Start:
    """A bound loss + reach/(4 eta (t - offset)) for every t > offset, from which domination may carry on."""

    loss: Any
    reach: Any
    offset: int = 0


def closed_form_start(world: LinearMemoryWorld, votes: Votes) -> Start:
    """The closed form with these votes."""
    return Start(*_closed_form_parts(world, votes))


def restart_start(chosen: Setting, comparator: Columns) -> Start:
    """The restart with this comparator."""
    distance = squared_distance(chosen.enclosed.columns, comparator)
    loss = gap_ball(chosen.world, comparator)
    with working_precision(_BITS):
        return Start(loss, (distance.sqrt() + chosen.enclosed.radius) ** 2, chosen.enclosed.steps)


def best_comparator_bound(chosen: Setting, t: int, rounds: int = 400) -> Any:
    """The lemma from 0 with a comparator searched freely: gap(M) + |M|^2 / (4 eta t), a ball."""
    comparator = restart_comparator(chosen, t, rounds, from_zero=True)
    loss = gap_ball(chosen.world, comparator)
    with working_precision(_BITS) as flint:
        squared = sum((x * x for column in comparator for x in column), flint.arb(0))
        return loss + squared / (4 * flint.arb(rational(chosen.step)) * t)


def enclosed_start(chosen: Setting) -> Start:
    """The gap at t_0 itself, which no later gap exceeds; it moves by at most 3 times the radius."""
    loss = gap_ball(chosen.world, chosen.enclosed.columns)
    with working_precision(_BITS) as flint:
        return Start(loss + 3 * chosen.enclosed.radius, flint.arb(0), chosen.enclosed.steps - 1)


def domination_bounds(world: LinearMemoryWorld, step: Fraction, last: int, starts: Sequence[Start]) -> list[float]:
    """Upper bounds on the gap after 1..last steps: the given bounds, carried on by gradient domination.

    B_k is the least of the starts at k and of an x with x + c Phi(x)^2 >= B_{k-1} - c Phi(B_{k-1})^2,
    c = eta gamma^2/2, Phi(g) = w (1 - e^(-g/w)), w = 1/(S K), certified in balls at each k.

    Raises:
        ArithmeticError: eta gamma^2 w > 1, outside the range of the proof.
    """
    inverse = inverse_margin_squared(world)
    bounds: list[float] = []
    with working_precision(_BITS) as flint:
        w = flint.fmpq(1, world.subjects * world.multiplicity)
        eta = flint.arb(rational(step))
        c = eta / rational(inverse) / 2
        if not 2 * c * w <= 1:
            raise ArithmeticError("eta gamma^2 w > 1: the recursion is not proved to be monotone")
        floats = [(above(s.loss), above(s.reach / (4 * eta)), s.offset) for s in starts]
        current: float | None = None
        slope, width = float(c.mid()), 1 / (world.subjects * world.multiplicity)
        for k in range(1, last + 1):
            fresh = math.inf
            for loss, over, offset in floats:
                if k > offset:  # each rounding to the next float above
                    quotient = math.nextafter(over / (k - offset), math.inf)
                    fresh = min(fresh, math.nextafter(loss + quotient, math.inf))
            if current is not None:
                fresh = min(fresh, _next(flint, current, c, w, slope, width))
            current = fresh
            bounds.append(current)
    return bounds


def _next(flint: Any, current: float, c: Any, w: Any, slope: float, width: float) -> float:
    """A float x certified to satisfy x + c Phi(x)^2 >= y - c Phi(y)^2, y = ``current``."""
    y = flint.arb(current)
    goal = y - c * (w * (1 - (-y / w).exp())) ** 2
    wanted = float(goal.mid())
    x = current
    for _ in range(4):  # fixed point; the certificate below does not depend on it
        x = wanted - slope * (width * -math.expm1(-x / width)) ** 2
    while True:
        ball = flint.arb(x)
        if ball + c * (w * (1 - (-ball / w).exp())) ** 2 >= goal:
            return x
        x += 1e-14 * current + 5e-324


@dataclass(frozen=True, eq=False)
class BoundForms:
    """All forms along t at one world.

    Attributes:
        multiplicity: K.
        steps: t.
        gap: the gap itself, in float64.
        forms: name of the form to its values; NaN where it does not apply.
    """

    multiplicity: int
    steps: tuple[int, ...]
    gap: tuple[float, ...]
    forms: dict[str, tuple[float, ...]]


def bound_forms(multiplicity: int, rounds: int = 150) -> BoundForms:
    """Every form of the bound and the gap along t, at S = A = 30, ``|R|`` = 8, eta = 1/beta.

    Args:
        multiplicity: K.
        rounds: of the search for restart comparators.
    """
    chosen = setting(multiplicity)
    world, step = chosen.world, chosen.step
    votes = {t: best_votes(world, step, t) for t in _TIMES}
    forms: dict[str, list[float]] = {"simple form": [], "closed form": [], "best comparator": [], "restart": []}
    at_restart = enclosed_start(chosen)
    restarts = [at_restart]
    for t in _TIMES:
        forms["simple form"].append(simple_bound(world, step, t))
        forms["closed form"].append(above(closed_form_bound(world, step, t, votes[t])))
        forms["best comparator"].append(above(best_comparator_bound(chosen, t, rounds)))
        if t > chosen.enclosed.steps:
            comparator = restart_comparator(chosen, t, rounds)
            restarts.append(restart_start(chosen, comparator))
            forms["restart"].append(above(restart_bound(chosen, t, comparator)))
        else:
            forms["restart"].append(above(at_restart.loss) if t == chosen.enclosed.steps else math.nan)
    closed = [closed_form_start(world, choice) for choice in votes.values()]
    carried = domination_bounds(world, step, _TIMES[-1], closed)
    forms["gradient domination"] = [carried[t - 1] for t in _TIMES]
    carried = domination_bounds(world, step, _TIMES[-1], [*closed, *restarts])
    forms["restart, then domination"] = [carried[t - 1] for t in _TIMES]
    return BoundForms(
        multiplicity,
        _TIMES,
        tuple(chosen.gap(t) for t in _TIMES),
        {name: tuple(values) for name, values in forms.items()},
    )
