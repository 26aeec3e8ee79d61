"""Initial weights."""

import torch
from one_layer_builders import SMALL

from empirics.experiments.one_layer.config import Model
from empirics.experiments.one_layer.parameters import initial_parameters
from empirics.experiments.world import draw_world


def test_merging_is_another_law_of_initialisation_and_never_the_default():
    assert not Model().merge_never_targets
    world = draw_world(SMALL, 7, 3, 0)
    plain = initial_parameters(Model(width=6), world.vocabulary, 0, torch.float64)
    merged = initial_parameters(Model(width=6, merge_never_targets=True), world.vocabulary, 0, torch.float64)
    own = slice(13, world.vocabulary.prompt + 1)
    assert torch.equal(plain.output[own], merged.output[own])
    assert not torch.equal(plain.output[:13], merged.output[:13])
