"""The fine-tuning gradient and the change that fine-tuning makes, in float64."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from one_layer_builders import hand_made_world, zeros

from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining, World
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.measure.mechanism import (
    gradient_observables,
    input_gradient,
    per_fact,
    update_observables,
)
from empirics.experiments.one_layer.parameters import initial_parameters
from empirics.experiments.one_layer.train import train
from empirics.experiments.world import draw_world

MLP = Model(width=2, activation="identity")


def test_gradient_observables_by_hand():
    """W = 0, identity activation: delta_i = mean row of V less the answer's row, attention 1/2."""
    world = hand_made_world()
    weights = zeros(world)
    weights.output[7] = torch.tensor([11.0, 0.0])  # answer 0
    weights.output[8] = torch.tensor([0.0, 11.0])  # answer 1; V = 11 tokens: mean row (1, 1)
    (rows,) = finetuning_corpus(world, 2)  # facts 2 and 0
    delta, alpha = per_fact(weights, rows, MLP)
    assert delta.tolist() == [pytest.approx([1, 1]), pytest.approx([-10, 1])]
    assert alpha.tolist() == [0.5, 0.5]
    # delta_2 = (1, 1), delta_0 = (-10, 1), sum (-9, 2). Prompt's column: |sum/4|^2 = 85/16; subjects': (2 + 101)/16.
    found = gradient_observables(weights, world, MLP, 2)
    assert found["rank_one_share"] == pytest.approx(85 / 188, abs=1e-14)
    # c = |mean w|^2 / mean |w|^2 = (85/16) / (103/8), tau = 1.
    assert found["gradient_coherence"] == pytest.approx(85 / 206, abs=1e-14)
    assert found["gradient_norm_ratio"] == pytest.approx(1.0, abs=1e-14)
    assert found["rank_one_deficit"] == pytest.approx(0.5, abs=1e-14)
    # 16 G G^T = [[1 + 100 + 81, 1 - 10 - 18], [., 1 + 1 + 4]] = [[182, -27], [-27, 6]].
    top = 94 + math.sqrt(88**2 + 27**2)
    assert found["top_singular_share"] == pytest.approx(top / 188, abs=1e-14)
    assert found["second_singular_share"] == pytest.approx(1 - top / 188, abs=1e-14)
    # u_1 is proportional to (top - 6, -27), <v_1, e_p>^2 = (g_p . u_1)^2 / sigma_1^2, 4 g_p = (-9, 2).
    u = np.array([top - 6, -27.0])
    cosine = (np.array([-9.0, 2.0]) @ u) ** 2 / (u @ u) / top
    assert found["prompt_cosine"] == pytest.approx(cosine, abs=1e-13)


def test_gradient_is_undefined_where_the_identity_does_not_speak_of_it():
    world = hand_made_world()
    weights = initial_parameters(Model(), world.vocabulary, 0, torch.float64)
    assert gradient_observables(weights, world, Model(), 2)["rank_one_deficit"] == pytest.approx(0.5, abs=1e-10)
    residual = gradient_observables(weights, world, Model(residual=True), 2)
    assert residual["rank_one_deficit"] is None
    assert residual["rank_one_share"] is not None
    distracted = hand_made_world(distractors=1, kinds=2)
    weights = initial_parameters(Model(), distracted.vocabulary, 0, torch.float64)
    assert gradient_observables(weights, distracted, Model(), 2)["rank_one_deficit"] is None
    assert set(gradient_observables(weights, distracted, Model(mlp=False), 2).values()) == {None}


@given(
    st.integers(0, 10**6),
    st.integers(1, 9),
    st.sampled_from(["relu", "smoothed-relu", "identity"]),
    st.sampled_from([0, 40]),
)
@settings(max_examples=25)
def test_rank_one_identity_and_bounds_on_models(seed, finetuned, activation, steps):
    """C12 on initial and on trained weights: two routes agree to 1e-10; the bounds hold."""
    config = World(subjects=10, answers=12, templates=(5,), multiplicity=(2,), finetuned=(1,))
    model = Model(width=7, activation=activation, init_scale=0.5)
    world = draw_world(config, 5, 2, seed)
    weights = initial_parameters(model, world.vocabulary, seed, torch.float64)
    weights.attention.normal_(generator=torch.Generator().manual_seed(seed))
    if steps:
        stage = Pretraining(steps=steps, attention_learning_rate=1.0)
        weights = train([weights], [pretraining_corpus(world)], model, stage, seeds=[seed])[0].weights
    found = gradient_observables(weights, world, model, finetuned)
    if found["rank_one_deficit"] is not None and found["rank_one_share"] > 1e-3:
        assert found["rank_one_deficit"] == pytest.approx(1 / finetuned, abs=1e-10)
    if found["rank_one_share"] is not None:
        assert found["top_singular_share"] >= found["rank_one_share"] - 1e-12
        if found["rank_one_share"] > 0.5 + 1e-9:
            assert found["prompt_cosine"] >= found["rank_one_share"] - 1e-9


def test_gradient_matrix_is_that_of_the_engine():
    world = draw_world(World(subjects=10, answers=12, templates=(5,), multiplicity=(2,), finetuned=(1,)), 5, 2, 3)
    weights = initial_parameters(Model(width=7), world.vocabulary, 3, torch.float64)
    corpus = finetuning_corpus(world, 6)
    engine = CompiledEngine(weights, corpus, Model(width=7))
    engine.gradients()
    assert torch.allclose(input_gradient(weights, corpus, Model(width=7)), engine.input_grad.T, atol=1e-13, rtol=0)


def test_update_of_rank_one_along_the_prompt_by_hand():
    world = hand_made_world()
    before, after = zeros(world), zeros(world)
    after.input[world.vocabulary.prompt] = torch.tensor([3.0, 4.0])
    found = update_observables(before, after, world, MLP)
    assert list(found.values()) == pytest.approx([1.0, 1.0, 0.0, 1.0])
    after.input[0] = torch.tensor([8.0, -6.0])  # an orthogonal direction, of twice the length
    found = update_observables(before, after, world, MLP)
    assert list(found.values()) == pytest.approx([0.2, 0.8, 0.2, 0.0])
    assert set(update_observables(before, before, world, MLP).values()) == {None}


def test_low_rank_fine_tuning_changes_w_by_rank_one_only():
    world = draw_world(World(subjects=10, answers=12, templates=(5,), multiplicity=(2,), finetuned=(1,)), 5, 2, 3)
    before = initial_parameters(Model(width=7), world.vocabulary, 3, torch.float64)
    stage = Finetuning(method="lora", rank=1, steps=30)
    after = train([before], [finetuning_corpus(world, 6)], Model(width=7), stage, seeds=[3])[0].weights
    found = update_observables(before, after, world, Model(width=7))
    assert found["update_top_singular_share"] == pytest.approx(1.0, abs=1e-12)
    assert found["update_second_singular_share"] == pytest.approx(0.0, abs=1e-12)
    assert torch.equal(before.output, after.output)
    assert torch.equal(before.attention, after.attention)
