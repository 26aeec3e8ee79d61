"""Training, single flips by brute force, and the theorem on every world of a few facts."""

import itertools
import math
from collections import Counter

import pytest
import torch
from torch.nn import functional

from empirics.experiments.stored_bits.config import Model, Settings, Storage, Training, World
from empirics.experiments.stored_bits.models import Given, answers_of, given, logits
from empirics.experiments.stored_bits.storage import TEMPERATURES, rounded, stored, written_bits
from empirics.experiments.stored_bits.train import flipped, train

SMALL = Settings(
    world=World(answers=4, load=(2.0,)),
    model=Model(inputs=6, outputs=3, hidden=(8,)),
    training=Training(exposures=(10, 300)),
)
BINARY = Settings(
    world=World(answers=2, load=(1.0,)),
    model=Model(inputs=12, outputs=1, hidden=(0,)),
    training=Training(binary=True, exposures=(40,), learning_rate=0.03),
    storage=Storage(bits=(1,)),
)


def loss(settings: Settings, drawn: Given, weights: dict[str, torch.Tensor], answers: torch.Tensor) -> float:
    return float(functional.cross_entropy(logits(settings.model, drawn, weights), answers))


def test_training_lowers_the_loss_and_leaves_what_was_given() -> None:
    drawn = given(SMALL, 2.0, 8, 0)
    answers = answers_of(SMALL, len(drawn.subjects), 0)
    before = {name: value.clone() for name, value in drawn.initial.items()}
    found = [loss(SMALL, drawn, train(SMALL, drawn, answers, t), answers) for t in (10, 300)]
    assert loss(SMALL, drawn, drawn.initial, answers) > found[0] > found[1]
    assert all(torch.equal(before[name], drawn.initial[name]) for name in before)
    once, again = (train(SMALL, drawn, answers, 10) for _ in range(2))
    assert all(torch.equal(once[name], again[name]) for name in once)


def best_loss(drawn: Given, signs: torch.Tensor, answers: torch.Tensor) -> float:
    found = logits(BINARY.model, drawn, {"memory": signs})
    return min(float(functional.cross_entropy(b * found, answers, reduction="sum")) for b in TEMPERATURES[1:])


@pytest.mark.parametrize("outputs", [1, 2])
def test_no_single_flip_is_left_that_lowers_the_loss(outputs: int) -> None:
    settings = BINARY.model_copy(update={"model": Model(inputs=12, outputs=outputs, hidden=(0,))})
    drawn = given(settings, 1.0, 0, 1)
    answers = answers_of(settings, len(drawn.subjects), 1)
    start = torch.where(drawn.initial["memory"] >= 0, 1.0, -1.0)
    found = flipped(drawn, answers, start)
    assert set(found.flatten().tolist()) <= {-1.0, 1.0}
    assert best_loss(drawn, found, answers) < best_loss(drawn, start, answers)
    slope = min(
        TEMPERATURES[1:],
        key=lambda b: float(functional.cross_entropy(b * logits(settings.model, drawn, {"memory": found}), answers)),
    )
    here = slope * logits(settings.model, drawn, {"memory": found})
    least = float(functional.cross_entropy(here, answers, reduction="sum"))
    for place in range(found.numel()):
        other = found.clone()
        other.view(-1)[place] *= -1
        there = slope * logits(settings.model, drawn, {"memory": other})
        assert float(functional.cross_entropy(there, answers, reduction="sum")) >= least - 1e-4


def test_binary_weights_are_signs_and_store_more_than_rounded_ones() -> None:
    settings = BINARY.model_copy(update={"model": Model(inputs=64, outputs=1, hidden=(0,))})
    free = settings.model_copy(update={"training": Training(exposures=(40,)), "storage": Storage()})
    gains = []
    for seed in range(4):
        drawn = given(settings, 1.0, 0, seed)
        answers = answers_of(settings, len(drawn.subjects), seed)
        signs = train(settings, drawn, answers, 200)
        assert set(signs["memory"].flatten().tolist()) == {-1.0, 1.0}
        after = rounded(train(free, drawn, answers, 200), 1)
        bits = [stored(logits(settings.model, drawn, weights), answers) for weights in (signs, after)]
        gains.append(bits[0] - bits[1])
    assert min(gains) > 0


@pytest.mark.parametrize("bits", [1, 2])
def test_the_theorem_on_every_world_of_four_facts(bits: int) -> None:
    """All 16 answers of 4 facts, one initialisation: the mean is at most the entropy of what is written."""
    settings = Settings(world=World(answers=2), model=Model(inputs=2, outputs=1, hidden=(0,)))
    drawn = given(settings, 2.0, 0, 7)
    assert len(drawn.subjects) == 4
    total, written = 0.0, Counter()
    for values in itertools.product(range(2), repeat=4):
        answers = torch.tensor(values)
        held = rounded(train(settings, drawn, answers, 30), bits)
        found = logits(settings.model, drawn, held)
        total += stored(found, answers) / 16
        losses = {b: float(functional.cross_entropy(b * found, answers)) for b in TEMPERATURES}
        written[(tuple(held["memory"].flatten().tolist()), min(losses, key=losses.__getitem__))] += 1
    entropy = -sum(n / 16 * math.log2(n / 16) for n in written.values())
    assert 0 < total <= entropy <= written_bits(2, 1, bits)
