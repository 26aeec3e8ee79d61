"""The linear memory and C2's forms, by second routes."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from theory import claim
from theory.certify.linear_memory import (
    EXP_ERROR,
    LinearMemoryWorld,
    draw_world,
    exponential,
    gap,
    gradient,
    near_descent,
)
from theory.certify.linear_memory_balls import (
    certified_smoothness,
    enclosed_descent,
    from_floats,
    gap_ball,
    squared_distance,
)
from theory.certify.linear_memory_rate import (
    best_votes,
    bound_forms,
    closed_form_start,
    domination_bounds,
    enclosed_start,
    inverse_margin_squared,
    setting,
    simple_bound,
)

WORLDS = [(6, 4, 1, 0), (6, 4, 2, 1), (7, 5, 3, 2), (5, 4, 4, 3)]


def _world(shape: tuple[int, int, int, int]) -> LinearMemoryWorld:
    return draw_world(*shape)


def _naive_loss(world: LinearMemoryWorld, memory: np.ndarray) -> float:
    """The definition, fact by fact and token by token."""
    S, K, R = world.subjects, world.multiplicity, world.universe
    total = 0.0
    for s in range(S):
        logits = memory[:, s]
        log_p = logits - np.log(np.exp(logits).sum())
        total -= sum(log_p[S + r] for r in world.templates[s]) / K
        for r in world.templates[s]:
            logits = (memory[:, s] + memory[:, S + r]) / 2
            total -= (logits - np.log(np.exp(logits).sum()))[S + R + world.answers[s]] / K
    return total / S


@pytest.mark.parametrize("shape", WORLDS)
def test_the_gap_is_the_definition_and_its_gradient_the_slope(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    generator = np.random.default_rng(0)
    memory = generator.normal(size=(world.vocabulary, world.features))
    direction = generator.normal(size=memory.shape)
    assert gap(world, memory) == pytest.approx(_naive_loss(world, memory) - np.log(world.multiplicity), rel=1e-12)
    h = 1e-5
    slope = (gap(world, memory + h * direction) - gap(world, memory - h * direction)) / (2 * h)
    assert (gradient(world, memory) * direction).sum() == pytest.approx(slope, rel=1e-7)


@pytest.mark.parametrize("shape", WORLDS)
def test_smoothness_is_certified_and_close(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    features, _, weights = world.rows
    beta = np.linalg.norm((features.T * weights) @ features, 2) / 2
    assert beta <= float(certified_smoothness(world)) <= beta * (1 + 1e-8)
    assert beta <= max(3 / (4 * world.subjects), 1 / (4 * world.multiplicity))


def test_a_smoothness_constant_too_small_is_refused() -> None:
    world = draw_world(6, 4, 2, 1)
    smaller = LinearMemoryWorld(world.templates, world.answers, world.universe, world.answer_count)
    smaller.__dict__["smoothness"] = world.smoothness * (1 - 1e-6)
    with pytest.raises(ArithmeticError, match="pivot"):
        certified_smoothness(smaller)


@pytest.mark.parametrize("shape", WORLDS)
def test_enclosed_descent_holds_the_float_iterate(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    step = Fraction(float(0.9 / world.smoothness))
    enclosed = enclosed_descent(world, step, 12)
    memory = near_descent(world, step, [12])[12].memory
    distance = float(squared_distance(enclosed.columns, from_floats(memory)).mid()) ** 0.5
    assert distance < 1e-12
    assert 0 < float(enclosed.radius.mid()) < 1e-14
    assert float(gap_ball(world, enclosed.columns).mid()) == pytest.approx(gap(world, memory), rel=1e-10)


def _closed_form_comparator(world: LinearMemoryWorld, votes: tuple[float, ...]) -> np.ndarray:
    a, b, f, g = votes
    S, R = world.subjects, world.universe
    memory = np.zeros((world.vocabulary, world.features))
    for s, own in enumerate(world.templates):
        answer = S + R + world.answers[s]
        memory[S + own, s] = a
        memory[answer, s] = b
        memory[answer, S + own] = f
        for r in own:
            memory[S + own, S + r] = -g
    return memory


@pytest.mark.parametrize("shape", WORLDS)
def test_the_closed_form_is_the_comparator_written_out(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    step = Fraction(float(1 / world.smoothness))
    votes = best_votes(world, step, 1000)
    memory = _closed_form_comparator(world, tuple(map(float, votes)))
    expected = gap(world, memory) + (memory**2).sum() / (4 * float(step) * 1000)
    assert float(closed_form_start(world, votes).bound(step, 1000).mid()) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("shape", WORLDS)
def test_the_simple_form_is_its_comparator_written_out(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    S, R, A, t = world.subjects, world.universe, world.answer_count, 500
    step = Fraction(float(1 / world.smoothness))
    best = np.inf
    for rho in np.linspace(1, 60, 1200):
        memory = np.zeros((world.vocabulary, world.features))
        memory[S + R : S + R + A, S:] = rho
        memory[S : S + R, S:] = -rho
        for s, own in enumerate(world.templates):
            memory[S + own, s] = rho
            memory[S + R + world.answers[s], s] = rho / 2
        best = min(best, gap(world, memory) + (memory**2).sum() / (4 * float(step) * t))
    assert simple_bound(world, step, t) == pytest.approx(best, rel=1e-3)
    values = {"S": S, "A": A, "R": R, "K": world.multiplicity, "eta": float(step), "t": t}
    assert simple_bound(world, step, t) == pytest.approx(claim("pretraining-rate-linear").bound(**values), rel=1e-12)


@pytest.mark.parametrize("shape", WORLDS)
def test_gradient_domination_holds_at_every_memory_tried(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    generator = np.random.default_rng(1)
    w = 1 / (world.subjects * world.multiplicity)
    gamma = float(inverse_margin_squared(world)) ** -0.5
    memories = [generator.normal(size=(world.vocabulary, world.features)) * scale for scale in (0, 0.3, 3, 20)]
    steps = near_descent(world, Fraction(1 / world.smoothness), [10, 100, 1000, 5000])
    memories += [near.memory for near in steps.values()]
    # One own template starved: the imbalance within T(s) that a fixed direction does not see.
    starved = memories[-1].copy()
    starved[world.subjects + world.templates[0][0], 0] -= 5
    memories.append(starved)
    for memory in memories:
        excess = max(gap(world, memory), 0.0)
        assert np.linalg.norm(gradient(world, memory)) >= gamma * w * -np.expm1(-excess / w) * (1 - 1e-9)


@pytest.mark.parametrize("shape", WORLDS[:3])
def test_the_recursion_stays_above_the_run(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    step = Fraction(float(0.999 / world.smoothness))
    bounds = domination_bounds(world, step, 3000, [closed_form_start(world, best_votes(world, step, 300))])
    for t, near in near_descent(world, step, [1, 10, 100, 500, 1000, 3000]).items():
        assert gap(world, near.memory) <= bounds[t - 1]
    # O(1/t): ten times the steps, less than an eighth of the bound, once domination has set in.
    longer = domination_bounds(world, step, 30_000, [closed_form_start(world, best_votes(world, step, 300))])
    assert longer[-1] < bounds[-1] / 8


def test_every_form_is_above_the_measured_gap_and_as_sharp_as_stated() -> None:
    limits = {
        1: {"closed form": 25, "restart": 10, "gradient domination": 3, "restart, then domination": 2},
        3: {"closed form": 17, "restart": 10, "restart, then domination": 6},
    }
    for K, most in limits.items():
        forms = bound_forms(K)
        for name, values in forms.forms.items():
            for value, measured in zip(values, forms.gap, strict=True):
                assert np.isnan(value) or value >= measured * (1 - 1e-9), (K, name)
            assert values[-1] / forms.gap[-1] <= most.get(name, np.inf), (K, name)
        assert all(
            first >= second
            for first, second in zip(forms.forms["simple form"], forms.forms["closed form"], strict=True)
        )


def test_the_exponential_is_within_its_error() -> None:
    x = -np.concatenate([np.linspace(0, 600, 3001), np.linspace(0, 2, 1501), np.geomspace(1e-12, 600, 1000)])
    with mpmath.workdps(40):
        for argument, value in zip(x, exponential(x), strict=True):
            assert abs(mpmath.mpf(float(value)) / mpmath.exp(mpmath.mpf(float(argument))) - 1) <= float(EXP_ERROR)


@pytest.mark.parametrize("shape", WORLDS)
def test_float_and_ball_descent_agree_within_their_radii(shape: tuple[int, int, int, int]) -> None:
    world = _world(shape)
    step = Fraction(float(0.9 / world.smoothness))
    near = near_descent(world, step, [1, 15])[15]
    enclosed = enclosed_descent(world, step, 15)
    distance = float(squared_distance(enclosed.columns, from_floats(near.memory)).mid()) ** 0.5
    assert distance <= float(near.radius) < 1e-10


def test_a_step_that_is_no_float_is_refused() -> None:
    with pytest.raises(ValueError, match="exactly a float"):
        near_descent(draw_world(4, 3, 1, 0), Fraction(1, 3), [1])


def test_the_enclosed_gap_agrees_with_the_measured_one() -> None:
    chosen = setting(1)
    start = enclosed_start(chosen)
    assert float(start.loss.mid()) == pytest.approx(chosen.gap(100), rel=1e-11)
    assert start.offset == 99


@pytest.mark.parametrize("seed", [1, 2])
def test_the_sharpness_is_no_accident_of_one_world(seed: int) -> None:
    for K, limit in ((1, 25), (3, 17)):
        chosen = setting(K, seed=seed, times=(100, 10_000))
        bound = closed_form_start(chosen.world, best_votes(chosen.world, chosen.step, 10_000)).bound(
            chosen.step, 10_000
        )
        assert 1 < float(bound.mid()) / chosen.gap(10_000) < limit
