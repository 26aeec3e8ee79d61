"""The linear memory: its rate's setting, and the premises of the theorem on its extraction, written out."""

import math

import numpy as np
import pytest
from one_layer_builders import configured, measured

from empirics.experiments.one_layer.config import World
from empirics.experiments.one_layer.measure import linear_memory
from empirics.experiments.world import draw_world


def test_smoothness_by_hand():
    """One subject, one template: e_s e_s^T + (1/4) (e_s + e_r)(e_s + e_r)^T."""
    world = draw_world(World(subjects=1, answers=1, templates=(1,), multiplicity=(1,), finetuned=(1,)), 1, 1, 0)
    assert linear_memory.smoothness(world) == pytest.approx((1.5 + math.sqrt(1.25)) / 4, abs=1e-15)


def test_linear_memory_run_agrees_with_gradient_descent_written_out():
    settings = [
        "world.subjects=5",
        "world.answers=6",
        "world.templates=[4]",
        "world.multiplicity=[2]",
        "world.finetuned=[1]",
        "model.mlp=false",
        "model.attention=false",
        "model.init_scale=0.0",
        "pretraining.learning_rate=3.0",
        "pretraining.steps=37",
        "compute.dtype='float64'",
    ]
    config = configured(*settings)
    assert linear_memory.is_linear_memory(config)
    assert not linear_memory.is_linear_memory(configured())
    world, *_, observed = measured(config, 1)
    S, R, K, V = 5, 4, 2, 16
    x, y, weight = np.zeros((S + S * K, S + R)), np.zeros((S + S * K, V)), np.zeros(S + S * K)
    for s in range(S):
        x[s, s], weight[s] = 1, 1 / S
        y[s, S + world.own_templates[s]] = 1 / K
        for i, r in enumerate(world.own_templates[s]):
            row = S + s * K + i
            x[row, [s, S + r]], weight[row] = 0.5, 1 / (S * K)
            y[row, S + R + world.answer_of[s]] = 1
    memory = np.zeros((S + R, V))
    for _ in range(37):
        p = np.exp(x @ memory)
        p /= p.sum(axis=1, keepdims=True)
        memory -= 3.0 * (x.T * weight) @ (p - y)
    logits = x @ memory
    gap = weight @ (np.log(np.exp(logits).sum(axis=1)) - (y * logits).sum(axis=1)) - math.log(K)
    assert observed["linear_memory_gap"] == pytest.approx(gap, rel=1e-12)
    beta = 0.5 * np.linalg.eigvalsh(x.T @ (weight[:, None] * x))[-1]
    assert observed["pretraining_smoothness"] == pytest.approx(beta, rel=1e-12)


LINEAR = [
    "world.subjects=6",
    "world.answers=7",
    "world.templates=[5]",
    "world.multiplicity=[2]",
    "world.finetuned=[2]",
    "model.mlp=false",
    "model.attention=false",
    "model.init_scale=0.0",
    "pretraining.learning_rate=3.0",
    "pretraining.steps=60",
    "finetuning.learning_rate=7.5",
    "finetuning.steps=30",
    "compute.dtype='float64'",
]


@pytest.mark.parametrize("seed", range(3))
def test_template_dominance_and_extraction_written_out(seed):
    world, pretrained, finetuned, _, observables = measured(configured(*LINEAR), seed)
    votes = pretrained.output.numpy().T
    least = math.inf
    for fact in range(6):
        answer = world.answer_tokens[fact]
        for r in world.own_templates[fact]:
            passed_on = [votes[s, 6 + r] - votes[s, answer] for s in range(6) if r not in world.own_templates[s]]
            least = min(least, votes[fact, 6 + r] - votes[fact, answer] - max(0.0, *passed_on, 0.0))
    assert observables["template_dominance"] == pytest.approx(least, abs=1e-12)
    assert observables["finetuning_step"] == 7.5
    tuned = finetuned.output.numpy().T
    shown = set(world.own_templates[world.finetuning_order[:2]].ravel())
    count = 0
    for fact in world.finetuning_order[2:]:
        logits = (tuned[fact] + tuned[world.vocabulary.prompt]) / 2
        count += not shown.issuperset(world.own_templates[fact]) and logits.argmax() == world.answer_tokens[fact]
    assert observables["uncovered_extracted"] == count / 4


@pytest.mark.parametrize(
    "setting",
    [
        "world.answers_shared=true",
        "finetuning.optimizer='adam'",
        "model.attention=true",
        "model.mlp=true",
        "compute.dtype='float32'",
    ],
)
def test_the_theorem_on_extraction_has_no_premise_outside_its_setting(setting):
    *_, observables = measured(configured(*LINEAR, setting, "pretraining.steps=5", "finetuning.steps=2"), 0)
    assert "finetuning_step" not in observables
