"""Attention masses on cases worked out by hand, in float64."""

import math

import pytest
from one_layer_builders import configured, hand_made_world, zeros

from empirics.experiments.one_layer.config import Model
from empirics.experiments.one_layer.measure.attention import pretraining_attention, prompt_attention
from empirics.experiments.one_layer.measure.collect import measure_pretrained
from empirics.experiments.protocol import Curve

MLP = Model(width=2, activation="identity")


def test_attention_masses_with_distractors_by_hand():
    world = hand_made_world(distractors=2, kinds=5)
    weights = zeros(world)
    weights.attention[3:7, 0:3] = math.log(3)  # a template looks at subjects: 3 against 1 for itself, 1 and 1 before
    for s in range(3):
        weights.attention[s, s] = math.log(2)  # a subject looks at itself: 2 against 1 and 1
    weights.attention[world.vocabulary.prompt, 0:3] = math.log(3)
    found = pretraining_attention(weights, world, MLP)
    assert found["subject_attention"] == pytest.approx(3 / 6, abs=1e-14)
    assert found["template_attention"] == pytest.approx(1 / 6, abs=1e-14)
    assert found["distractor_attention"] == pytest.approx(2 / 6, abs=1e-14)
    assert found["subject_distractor_attention"] == pytest.approx(2 / 4, abs=1e-14)
    assert prompt_attention(weights, world, MLP, 1) == pytest.approx(3 / 6, abs=1e-14)
    # Uniform at the start: 2/4 on the distractors.
    curves = {
        "pretraining_gap": Curve((0, 1), (1.0, 0.5)),
        "distractor_attention": Curve((0, 1), (0.5, found["distractor_attention"])),
    }
    measured = measure_pretrained(configured(), world, weights, curves)
    assert measured["distractor_attention_drop"] == pytest.approx(0.5 - 1 / 3, abs=1e-14)


def test_attention_without_distractors_leaves_them_out():
    world = hand_made_world()
    weights = zeros(world)
    weights.attention[3:7, 3:7] = -math.log(3)
    found = pretraining_attention(weights, world, MLP)
    assert found == {"subject_attention": pytest.approx(0.75), "template_attention": pytest.approx(0.25)}
    uniform = pretraining_attention(weights, world, MLP.model_copy(update={"attention": False}))
    assert uniform["subject_attention"] == 0.5
