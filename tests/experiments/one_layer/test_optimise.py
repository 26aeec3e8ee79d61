"""Schedules and optimisers against the same written out with autograd."""

import math

import pytest
import torch
from one_layer_builders import start

from empirics.experiments.one_layer.config import Model, Pretraining
from empirics.experiments.one_layer.corpus import pretraining_corpus
from empirics.experiments.one_layer.engine.backend import Part
from empirics.experiments.one_layer.forward import corpus_loss
from empirics.experiments.one_layer.optimise import _CompiledDescent, _Descent, optimizer
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.schedule import schedule_factor
from empirics.experiments.one_layer.train import train


def test_schedules():
    assert [schedule_factor("constant", s, 100) for s in (0, 99)] == [1.0, 1.0]
    assert schedule_factor("cosine", 0, 100) == 1.0
    assert schedule_factor("cosine", 50, 100) == pytest.approx(0.5)
    assert [schedule_factor("step", s, 100) for s in (0, 49, 50, 74, 75, 99)] == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]


def test_attention_has_its_own_step_size():
    model = Model(width=6)
    worlds, weights = start([1], model)
    stage = Pretraining(steps=10, attention_learning_rate=0.0)
    after = train(weights, [pretraining_corpus(worlds[0])], model, stage, seeds=[1])[0].weights
    assert torch.equal(after.attention, weights[0].attention)


FACTORS = {
    "constant": lambda t: 1.0,
    "cosine": lambda t: (1 + math.cos(math.pi * t / 40)) / 2,
    "step": lambda t: 1.0 if t < 20 else (0.1 if t < 30 else 0.01),
}


@pytest.mark.parametrize("rule", ["gd", "adam"])
@pytest.mark.parametrize("schedule", FACTORS)
def test_training_is_the_optimiser_written_out(schedule, rule):
    """40 steps on all three matrices, each step size times the schedule's factor: the same weights."""
    model = Model(width=6, activation="smoothed-relu")
    worlds, (weights,) = start([4], model)
    corpus = pretraining_corpus(worlds[0])
    rates = (0.3, 0.7, 0.7) if rule == "gd" else (0.003, 0.01, 0.01)  # attention, input, output
    stage = Pretraining(
        steps=40, schedule=schedule, optimizer=rule, learning_rate=rates[1], attention_learning_rate=rates[0]
    )
    (found,) = train([weights], [corpus], model, stage, seeds=[4])
    current = [t.clone() for t in (weights.attention, weights.input, weights.output)]
    first, second = ([torch.zeros_like(t) for t in current] for _ in range(2))
    for t in range(40):
        leaves = [c.requires_grad_() for c in current]
        gradients = torch.autograd.grad(corpus_loss(Parameters(*leaves), corpus, model), leaves)
        moved = []
        for i, (value, gradient) in enumerate(zip(current, gradients, strict=True)):
            direction = gradient
            if rule == "adam":
                first[i] = 0.9 * first[i] + 0.1 * gradient
                second[i] = 0.999 * second[i] + 0.001 * gradient**2
                unbiased = second[i] / (1 - 0.999 ** (t + 1))
                direction = first[i] / (1 - 0.9 ** (t + 1)) / (unbiased.sqrt() + 1e-8)
            moved.append((value - rates[i] * FACTORS[schedule](t) * direction).detach())
        current = moved
    for name, expected in zip(("attention", "input", "output"), current, strict=True):
        torch.testing.assert_close(getattr(found.weights, name), expected, atol=1e-7, rtol=0)
        assert (expected - getattr(weights, name)).abs().max() > 1e-3


def test_parameters_that_are_not_dense_in_memory_are_refused():
    part = Part("input", torch.zeros(4, 4)[:, :2], torch.zeros(4, 2))
    with pytest.raises(ValueError, match="dense in memory"):
        optimizer([part], Pretraining())


@pytest.mark.parametrize("descent", [_CompiledDescent, _Descent])
def test_both_descents_move_leaves_of_autograd_in_place(descent):
    parameter = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    gradient = torch.tensor([[1.0, 0.0], [-1.0, 2.0]], dtype=torch.float64)
    descent([Part("input", parameter, gradient)], [0.5]).step(0.1)
    expected = torch.tensor([[0.95, 2.0], [3.05, 3.9]], dtype=torch.float64)
    torch.testing.assert_close(parameter.detach(), expected, atol=1e-15, rtol=0)
