"""C2 made sharp: every form of the bound on the linear memory's gap at one world, and the gap itself.

Forms, from loose to tight (docs/proofs/linear-memory.md and gradient-domination.md):

- ``simple``: world-free, minimised over rho;
- ``closed_form``: votes (a, b, f, g) and the world's owner counts;
- ``best comparator``: the lemma from 0 with a comparator searched freely;
- ``restart``: the lemma from an enclosed iterate M_{t_0}, comparator free;
- ``domination``: gradient domination from the closed form (or the restart) on, without log^2 t.

Bounds are upper ends of balls; the gap is enclosed too, by :mod:`theory.certify.linear_memory`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from theory.certify.linear_memory import LinearMemoryWorld, Near, draw_world, gap, gradient, near_descent
from theory.certify.linear_memory_balls import (
    Enclosed,
    certified_smoothness,
    enclosed_descent,
    from_floats,
    gap_ball,
    squared_distance,
)
from theory.numbers.balls import above, below, rational, working_precision
from theory.numbers.floats import FloatArray
from theory.registry import claim

RESTART_AT = 100
LAST = 10_000  # gradient steps
CHOSEN = "S = A = 30, |R| = 8, K = {}, seed 0, eta = 1/beta, t = 10^4"  # world and step of the certificates
_BITS = 96
_GRID = 16  # votes are multiples of 1/16
Votes = tuple[Fraction, Fraction, Fraction, Fraction]


@dataclass(frozen=True, eq=False)
class Setting:
    """A world with its certified step size eta, a float taken exactly: eta ``smoothness`` <= 1, which is at least beta.

    ``enclosed`` is the iterate after :data:`RESTART_AT` steps, ``near`` float64 memories after 100, ..., 10^4 steps.
    """

    world: LinearMemoryWorld
    smoothness: Fraction
    step: Fraction
    enclosed: Enclosed
    near: dict[int, Near]

    def gap(self, t: int) -> float:
        """The gap after t steps, in float64."""
        return gap(self.world, self.near[t].memory)

    def gap_below(self, t: int) -> Fraction:
        """A number certainly at most the gap after t steps; the gap moves by at most 3 times the distance.

        The rows have weights that add up to 2, |softmax - target| <= sqrt(2) and |phi| <= 1, so |grad L| < 3.
        """
        middle = gap_ball(self.world, from_floats(self.near[t].memory))
        with working_precision(_BITS) as flint:
            return Fraction(below(middle + flint.arb(0, 1) * (3 * flint.arb(rational(self.near[t].radius))).upper()))


@dataclass(frozen=True)
class Start:
    """A bound loss + reach/(4 eta (t - offset)) on the gap, for every t > offset; domination may carry on from it."""

    loss: Any
    reach: Any
    offset: int = 0

    def bound(self, step: Fraction, t: int) -> Any:
        """The bound after t steps of size eta = ``step``, a ball."""
        with working_precision(_BITS) as flint:
            return self.loss + self.reach / (4 * flint.arb(rational(step)) * (t - self.offset))


_TIMES = (100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000, LAST)


@lru_cache(maxsize=8)
def setting(multiplicity: int, seed: int = 0, times: tuple[int, ...] = _TIMES) -> Setting:
    """Draw a world of S = A = 30 and |R| = 8, certify its smoothness, enclose the restart and run gradient descent."""
    world = draw_world(30, 8, multiplicity, seed)
    smoothness = certified_smoothness(world)
    step = Fraction(math.nextafter(float(1 / smoothness), 0.0))
    assert step * smoothness <= 1
    enclosed = enclosed_descent(world, step, RESTART_AT)
    return Setting(world, smoothness, step, enclosed, near_descent(world, step, times))


def simple_bound(world: LinearMemoryWorld, step: Fraction, t: int) -> float:
    """The registered simple form, upper end of its enclosure."""
    S, A, R, K = world.subjects, world.answer_count, world.universe, world.multiplicity
    found = claim("pretraining-rate-linear").enclosure(S=S, A=A, R=R, K=K, eta=float(step), t=t)
    return math.nextafter(math.exp(found.upper), math.inf)


@lru_cache(maxsize=64)
def closed_form_start(world: LinearMemoryWorld, votes: Votes) -> Start:
    """The sharper closed form: loss and squared norm of its comparator; every choice of votes (a, b, f, g) is valid."""
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
        return Start(loss, norm)


def best_votes(world: LinearMemoryWorld, step: Fraction, t: int) -> Votes:
    """Votes near the least closed form at t, multiples of 1/16; any are valid, so the search need not be rigorous."""
    from scipy.optimize import minimize

    def value(votes: FloatArray) -> float:
        a, b, f, g = map(Fraction, votes)
        return float(closed_form_start(world, (a, b, f, g)).bound(step, t).mid())

    found = minimize(value, (20.0, 14.0, 9.0, 12.0), method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-9})
    a, b, f, g = (Fraction(round(x * _GRID), _GRID) for x in found.x)
    return a, b, f, g


def restart(chosen: Setting, t: int, rounds: int = 400, origin: Enclosed | None = None) -> Start:
    """The lemma from an enclosed iterate M~ with a comparator M: gap(M) + (|M~ - M| + radius)^2 / (4 eta (t - t_0)).

    The comparator is searched for in ``rounds``, to be best after ``t`` steps; any is valid. ``origin`` is M~, by
    default the setting's enclosed iterate.
    """
    from scipy.optimize import minimize

    world, origin = chosen.world, origin or chosen.enclosed
    memory_0 = np.array([[float(entry) for entry in column] for column in origin.columns]).T
    scale = 4 * float(chosen.step) * (t - origin.steps)

    def value(flat: FloatArray) -> tuple[float, FloatArray]:
        memory = flat.reshape(memory_0.shape)
        away = memory - memory_0
        slope = gradient(world, memory) + 2 * away / scale
        return gap(world, memory) + float((away * away).sum()) / scale, slope.ravel()

    options = {"maxiter": rounds, "maxfun": 2 * rounds, "ftol": 1e-15, "gtol": 1e-13}
    start = chosen.near[t].memory if t in chosen.near else memory_0
    found = minimize(value, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    comparator = from_floats(found.x.reshape(memory_0.shape))
    distance, loss = squared_distance(origin.columns, comparator), gap_ball(world, comparator)
    with working_precision(_BITS):
        return Start(loss, (distance.sqrt() + origin.radius) ** 2, origin.steps)


def inverse_margin_squared(world: LinearMemoryWorld) -> Fraction:
    """1/gamma^2 = S (9K + 4) + 9 S K Q/(S K + Q), Q the number of pairs of co-owned templates, sum_r |N(r)|."""
    S, K, pairs = world.subjects, world.multiplicity, int(world.neighbours.sum())
    return S * (9 * K + 4) + Fraction(9 * S * K * pairs, S * K + pairs)


def enclosed_start(chosen: Setting) -> Start:
    """The gap at t_0 itself, which no later gap exceeds; it moves by at most 3 times the radius."""
    loss = gap_ball(chosen.world, chosen.enclosed.columns)
    with working_precision(_BITS) as flint:
        return Start(loss + 3 * chosen.enclosed.radius, flint.arb(0), chosen.enclosed.steps - 1)


def domination_bounds(world: LinearMemoryWorld, step: Fraction, last: int, starts: Sequence[Start]) -> list[float]:
    """Upper bounds on the gap after 1..last steps: the given bounds, carried on by gradient domination.

    B_k is the least of the starts at k and of an x with x + c Phi(x)^2 >= B_{k-1} - c Phi(B_{k-1})^2,
    c = eta gamma^2/2, Phi(g) = w (1 - e^(-g/w)), w = 1/(S K), certified in balls at each k.

    Raises ArithmeticError: eta gamma^2 w > 1, outside the range of the proof.
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
        for k in range(1, last + 1):
            given = [_up(loss + _up(over / (k - offset))) for loss, over, offset in floats if k > offset]
            carried = [_next(flint, bounds[-1], c, w)] if bounds else []
            bounds.append(min([*given, *carried], default=math.inf))
    return bounds


def _up(value: float) -> float:
    return math.nextafter(value, math.inf)


def _next(flint: Any, current: float, c: Any, w: Any) -> float:
    """A float x certified to satisfy x + c Phi(x)^2 >= y - c Phi(y)^2, y = ``current``."""
    y = flint.arb(current)
    goal = y - c * (w * (1 - (-y / w).exp())) ** 2
    wanted, slope, width = float(goal.mid()), float(c.mid()), int(w.p) / int(w.q)
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
    """All forms of the bound, by name, and the gap itself in float64, along t, at one world of this multiplicity."""

    multiplicity: int
    steps: tuple[int, ...]
    gap: tuple[float, ...]
    forms: dict[str, tuple[float, ...]]


def bound_forms(multiplicity: int, rounds: int = 150, times: tuple[int, ...] = _TIMES) -> BoundForms:
    """Every form of the bound and the gap along t, S = A = 30, ``|R|`` = 8, eta = 1/beta; ``rounds`` of search.

    Example:
        >>> found = bound_forms(1, rounds=1, times=(100,))
        >>> [f"{found.forms[name][0] / found.gap[0]:.2f} times the gap" for name in ("simple form", "restart")]
        ['28.37 times the gap', '1.00 times the gap']
    """
    chosen = setting(multiplicity, times=times)
    world, step, at_restart = chosen.world, chosen.step, enclosed_start(chosen)
    zero = enclosed_descent(world, step, 0)
    closed = [closed_form_start(world, best_votes(world, step, t)) for t in times]
    free = [restart(chosen, t, rounds, zero) for t in times]
    restarts = {t: restart(chosen, t, rounds) if t > RESTART_AT else at_restart for t in times}
    dominated = domination_bounds(world, step, times[-1], closed)
    both = domination_bounds(world, step, times[-1], [*closed, *restarts.values()])
    forms = {
        "simple form": [simple_bound(world, step, t) for t in times],
        "closed form": [above(start.bound(step, t)) for start, t in zip(closed, times, strict=True)],
        "best comparator": [above(start.bound(step, t)) for start, t in zip(free, times, strict=True)],
        "restart": [above(restarts[t].bound(step, t)) for t in times],
        "gradient domination": [dominated[t - 1] for t in times],
        "restart, then domination": [both[t - 1] for t in times],
    }
    gaps = tuple(chosen.gap(t) for t in times)
    return BoundForms(multiplicity, times, gaps, {name: tuple(values) for name, values in forms.items()})
