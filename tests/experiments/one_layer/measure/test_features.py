"""Relation features on cases worked out by hand, in float64."""

import math

import pytest
import torch
from one_layer_builders import hand_made_world, zeros

from empirics.experiments.one_layer.config import Model
from empirics.experiments.one_layer.measure.mechanism import feature_observables, feature_similarity

MLP = Model(width=2, activation="identity")


def test_feature_alignment_by_hand():
    world = hand_made_world()
    before, after = zeros(world), zeros(world)
    before.input[3:7] = torch.tensor([[5.0, 0], [0, 2], [1, 1], [-3, 0]], dtype=torch.float64)
    before.input[world.vocabulary.prompt] = torch.tensor([0.0, 7.0])
    after.input[world.vocabulary.prompt] = torch.tensor([2.0, 7.0])  # Delta_p = (2, 0)
    # Cosines 1, 0, 1/sqrt 2, -1. Fine-tuned on fact 2, which covers templates 3 and 0.
    found = feature_observables(before, after, world, MLP, 1)
    assert found["feature_alignment_covered"] == pytest.approx(0.0, abs=1e-15)
    assert found["feature_alignment_uncovered"] == pytest.approx(math.sqrt(0.5) / 2, abs=1e-15)
    assert found["feature_alignment_contrast"] == pytest.approx(-math.sqrt(0.5) / 2, abs=1e-15)
    # All facts: every template covered, no contrast.
    found = feature_observables(before, after, world, MLP, 3)
    assert found["feature_alignment_covered"] == pytest.approx(math.sqrt(0.5) / 4, abs=1e-15)
    assert found["feature_alignment_contrast"] is None
    # The prompt did not move: no direction.
    assert feature_observables(before, before, world, MLP, 1)["feature_alignment_covered"] is None
    assert set(feature_observables(before, after, world, Model(mlp=False), 1).values()) == {None}


def test_similarity_of_features_by_hand():
    world = hand_made_world()
    weights = zeros(world)
    weights.input[3:7] = torch.tensor([[5.0, 0], [0, 2], [3, 3], [-3, 0]], dtype=torch.float64)
    # Pairs: 0, 1/sqrt 2, -1, 1/sqrt 2, 0, -1/sqrt 2.
    assert feature_similarity(weights, world, MLP) == pytest.approx((math.sqrt(0.5) - 1) / 6, abs=1e-15)
    weights.input[3] = 0
    assert feature_similarity(weights, world, MLP) is None
