"""Loss, accuracy and errors on cases worked out by hand."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from one_layer_builders import hand_made_world

from empirics.experiments.one_layer.config import Model, World
from empirics.experiments.one_layer.measure.extraction import finetuning_observables
from empirics.experiments.one_layer.measure.pretraining import pretraining_observables
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import World as DrawnWorld
from empirics.experiments.world import draw_world

MODEL = Model(mlp=False)  # linear memory: F = V x~


def linear_memory(world: DrawnWorld) -> Parameters:
    """Subjects vote 6 for their own templates and 4 for their answer; templates -9 for templates."""
    size = world.vocabulary.size
    output = torch.zeros(size, size, dtype=torch.float64)
    for s in range(3):
        output[torch.from_numpy(world.template_tokens[s]), s] = 6.0
        output[int(world.answer_tokens[s]), s] = 4.0
    output[3:7, 3:7] = -9.0
    return Parameters(torch.zeros(size, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64), output)


def test_pretraining_observables_by_hand():
    world = hand_made_world()
    observed = pretraining_observables(linear_memory(world), world, MODEL)
    # [s]: logits 6 on two templates, 4 on one answer, 0 on the other 8 tokens (V = 11).
    total = 2 * math.exp(6) + math.exp(4) + 8
    subject_loss = math.log(total) - 6
    # [s, r]: half of everything: own templates 3 - 4.5, other two -4.5, answer 2, the other 6 tokens 0.
    answer_total = 2 * math.exp(-1.5) + 2 * math.exp(-4.5) + math.exp(2) + 6
    answer_loss = math.log(answer_total) - 2
    assert observed["pretraining_gap"] == pytest.approx(subject_loss + answer_loss - math.log(2), abs=1e-12)
    assert observed["pretraining_floor"] == pytest.approx(math.log(2), abs=1e-12)
    assert observed["pretraining_accuracy"] == 1.0
    assert observed["subject_attention"] == pytest.approx(0.5)


def test_finetuning_observables_by_hand():
    world = hand_made_world()
    weights = linear_memory(world)
    prompt = world.vocabulary.prompt
    # Fine-tuned on fact 2 (templates 3 and 0): p pushes these down and lifts all answers a little.
    weights.output[3 + 3, prompt] = -5.0
    weights.output[3 + 0, prompt] = -5.0
    weights.output[7:10, prompt] = 0.5
    observed = finetuning_observables(weights, world, MODEL, 1)
    # Fact 2: templates (6-5)/2 = 0.5, answer (4+0.5)/2: right. Facts 0 and 1: an uncovered template at 3: wrong.
    assert observed["finetuning_error"] == 0.0
    assert observed["ood_error"] == 1.0
    assert observed["own_template_error_share"] == 1.0
    # Unseen own templates: fact 0 has {1}, fact 1 has {1, 2}.
    assert observed["unseen_own_templates"] == 1.5
    assert observed["some_template_unseen"] == 1.0
    assert observed["no_template_seen"] == 0.5
    # C = (1, 0, 0, 1); half the mean is 1 * 2 / 8 = 0.25.
    assert observed["templates_below_half"] == 0.5
    # Two facts fine-tuned (2 and 0): only fact 1 is held out, template 2 of it uncovered.
    weights.output[3 + 1, prompt] = -5.0
    observed = finetuning_observables(weights, world, MODEL, 2)
    assert observed["ood_error"] == 1.0
    assert observed["unseen_own_templates"] == 1.0
    weights.output[3 + 2, prompt] = -5.0
    observed = finetuning_observables(weights, world, MODEL, 2)
    assert observed["ood_error"] == 0.0
    assert observed["own_template_error_share"] is None
    # Fact 1 at [s, p]: templates 1 and 2 at (6-5)/2, templates 0 and 3 at -5/2, answer at 4.5/2, two answers at 1/4.
    total = 2 * math.exp(0.5) + 2 * math.exp(-2.5) + math.exp(2.25) + 2 * math.exp(0.25) + 4
    assert observed["ood_loss"] == pytest.approx(math.log(total) - 2.25, abs=1e-12)


def test_a_tie_counts_as_an_error():
    world = hand_made_world()
    weights = linear_memory(world)
    weights.output.zero_()
    observed = finetuning_observables(weights, world, MODEL, 1)
    assert observed["ood_error"] == 1.0
    assert observed["finetuning_error"] == 1.0


def test_a_template_at_exactly_half_the_mean_coverage_counts_as_below():
    """Templates shown once and three times in four: half the mean is 1."""
    drawn = draw_world(World(subjects=5, answers=5, templates=(2,), multiplicity=(1,), finetuned=(4,)), 2, 1, 0)
    owned = np.array([[0], [1], [1], [1], [0]])
    world = dataclasses.replace(drawn, own_templates=owned, finetuning_order=np.arange(5))
    size = world.vocabulary.size
    square, unit = torch.zeros(size, size, dtype=torch.float64), torch.eye(size, dtype=torch.float64)
    observed = finetuning_observables(Parameters(square, unit, square.clone()), world, MODEL, 4)
    assert observed["templates_below_half"] == 0.5
