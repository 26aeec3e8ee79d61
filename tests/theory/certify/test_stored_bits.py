"""The floor of stored bits: its enumeration by floats, its mutants, luck by simulation."""

import itertools
import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from theory import claim
from theory.certify import mutants
from theory.certify.stored_bits import PROOFS, Case, World, _coin, _first_answer, _nothing, _worlds


def entropy(values: list) -> float:
    counts = np.array(list(Counter(values).values())) / len(values)
    return float(-(counts * np.log2(counts)).sum())


def drawn_world(seed: int, told, *, coins: int = 2) -> World:
    draw = np.random.default_rng(seed)
    A, S, n = 3, 2, 3
    cases = tuple(
        Case(answers, coin, told(answers, coin), int(draw.integers(n)))
        for answers in itertools.product(range(A), repeat=S)
        for coin in range(coins)
    )
    return World(A, S, n, cases)


def log2(value: Fraction) -> float:
    return math.log2(value.numerator) - math.log2(value.denominator)


@pytest.mark.parametrize("told", [_nothing, _coin, _first_answer])
@pytest.mark.parametrize("seed", range(3))
def test_information_entropy_and_stored_bits_by_floats(seed: int, told) -> None:
    world = drawn_world(seed, told)
    N = len(world.cases)
    answers = [c.answers for c in world.cases]
    weights, given = [c.weights for c in world.cases], [c.told for c in world.cases]
    of_weights = entropy(list(zip(weights, given, strict=True))) - entropy(given)
    both = entropy(list(zip(answers, given, strict=True))) - entropy(given)
    joint = entropy(list(zip(answers, weights, given, strict=True))) - entropy(given)
    assert log2(world.entropy()) / N == pytest.approx(of_weights, abs=1e-9)
    assert log2(world.information()) / N == pytest.approx(both + of_weights - joint, abs=1e-9)
    stored = 0.0
    for case in world.cases:
        alike = [c for c in world.cases if (c.weights, c.told) == (case.weights, case.told)]
        for i, answer in enumerate(case.answers):
            stored += math.log2(3 * sum(c.answers[i] == answer for c in alike) / len(alike))
    assert log2(math.prod(world.gains())) == pytest.approx(stored, abs=1e-9)


def test_every_rule_is_there_once() -> None:
    rules = Counter((w.A, w.S, w.n, len(w.cases)) for w in _worlds(_nothing))
    assert rules == {
        (2, 2, 1, 4): 1,
        (2, 2, 2, 4): 2**4,
        (2, 2, 4, 4): 4**4,
        (2, 3, 2, 8): 2**8,
        (2, 3, 3, 8): 3**8,
        (3, 2, 2, 9): 2**9,
        (2, 2, 2, 8): 2**8,
    }
    assert len({(w.A, w.S, w.n, w.cases) for w in _worlds(_nothing)}) == sum(rules.values())


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.claim)
def test_near_misses_fail_for_their_own_falsehood(proof) -> None:
    found = {c.claim.partition(":")[2]: c for c in mutants(proof.claim)}
    assert set(found) == {"half-the-bits", "nats-for-bits", "told-the-answer", "one-run"}
    for name in ("half-the-bits", "nats-for-bits", "told-the-answer"):
        assert not found[name].proved
        assert found[name].detail.startswith("more than the bits of the weights")
    assert not found["one-run"].proved
    assert "log2(4) bits in 1/4 of the runs" in found["one-run"].detail


def test_luck_of_a_model_that_guesses() -> None:
    """Without weights, all probability on one guess: S log2(A) bits with probability A^-S, which is 2^-x."""
    draw = np.random.default_rng(1)
    S, A, runs = 3, 2, 40_000
    lucky = (draw.integers(0, A, size=(runs, S)) == 0).all(axis=1).mean()
    assert lucky == pytest.approx(2.0 ** (-S * math.log2(A)), abs=4 * math.sqrt(0.125 * 0.875 / runs))


def test_the_claim_is_the_bound_of_the_page() -> None:
    for proof in PROOFS:
        item = claim(proof.claim)
        assert item.bound(B=100, S=70, A=5) == pytest.approx(100 / (70 * math.log2(5)), rel=1e-12)
        (half,) = item.mutants
        assert item.mutated(half).bound(B=100, S=70, A=5) == pytest.approx(50 / (70 * math.log2(5)), rel=1e-12)
