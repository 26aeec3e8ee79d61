"""Observables of the mechanism on cases worked out by hand, in float64."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining, World, load_config
from empirics.experiments.protocol import Curve, Unit
from empirics.observables.shared import OBSERVABLES
from empirics.experiments.one_layer.measure import linear_memory
from empirics.experiments.one_layer.measure import progress
from empirics.experiments.one_layer.measure.attention import pretraining_attention, prompt_attention
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.run import OneLayer
from empirics.experiments.one_layer.measure.failures import Answers, area_under_curve, failure_observables
from empirics.experiments.one_layer.measure.features import feature_observables, feature_similarity
from empirics.experiments.one_layer.measure.gradient import gradient_observables, input_gradient, per_fact, update_observables
from empirics.experiments.one_layer.measure.collect import measure_pretrained
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.train import train
from empirics.experiments.world import World as DrawnWorld
from empirics.experiments.world import draw_world

MLP = Model(width=2, activation="identity")


def hand_made_world(distractors=0, kinds=0) -> DrawnWorld:
    """Three facts, templates {0,1}, {1,2}, {3,0} of 4; answers 0, 1, 2; fine-tuning order 2, 0, 1."""
    config = World(
        subjects=3,
        answers=3,
        templates=(4,),
        multiplicity=(2,),
        finetuned=(1,),
        distractors=distractors,
        distractor_vocabulary=kinds,
    )
    world = draw_world(config, 4, 2, 0)
    return DrawnWorld(
        vocabulary=world.vocabulary,
        own_templates=np.array([[0, 1], [1, 2], [3, 0]]),
        answer_of=np.array([0, 1, 2]),
        finetuning_order=np.array([2, 0, 1]),
        pretraining_distractors=world.pretraining_distractors,
        finetuning_distractors=world.finetuning_distractors,
    )


def zeros(world, width=2) -> Parameters:
    size = world.vocabulary.size
    return Parameters(*(torch.zeros(size, n, dtype=torch.float64) for n in (size, width, width)))


# --- attention ---


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
    measured = measure_pretrained(load_config("default"), world, weights, curves)
    assert measured["distractor_attention_drop"] == pytest.approx(0.5 - 1 / 3, abs=1e-14)


def test_attention_without_distractors_leaves_them_out():
    world = hand_made_world()
    weights = zeros(world)
    weights.attention[3:7, 3:7] = -math.log(3)
    found = pretraining_attention(weights, world, MLP)
    assert found == {"subject_attention": pytest.approx(0.75), "template_attention": pytest.approx(0.25)}
    uniform = pretraining_attention(weights, world, MLP.model_copy(update={"attention": False}))
    assert uniform["subject_attention"] == 0.5


# --- features ---


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


# --- the fine-tuning gradient ---


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
    from empirics.experiments.one_layer.engine.engine import Engine

    world = draw_world(World(subjects=10, answers=12, templates=(5,), multiplicity=(2,), finetuned=(1,)), 5, 2, 3)
    weights = initial_parameters(Model(width=7), world.vocabulary, 3, torch.float64)
    corpus = finetuning_corpus(world, 6)
    engine = Engine(weights, corpus, Model(width=7))
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


# --- which facts fail ---


def test_area_under_the_curve_by_hand():
    score, wrong = np.array([0, 1, 1, 2]), np.array([False, False, True, True])
    assert area_under_curve(score, wrong) == 3.5 / 4  # 1 above 0, ties with 1; 2 above both
    assert area_under_curve(score, ~wrong) == 0.5 / 4
    assert area_under_curve(score, np.zeros(4, dtype=bool)) is None
    assert area_under_curve(np.zeros(4, dtype=int), wrong) == 0.5


def test_failures_by_unseen_templates_by_hand():
    world = hand_made_world()
    # Fine-tuned on fact 2 (templates 3, 0): fact 0 has one unseen own template, fact 1 has two.
    found = failure_observables(world, 1, Answers(np.array([False, True]), np.array([True, True])))
    assert found["ood_error_unseen_0"] is None
    assert found["ood_error_unseen_1"] == 0.0
    assert found["ood_error_unseen_2"] == 1.0
    assert found["ood_error_unseen_3_or_more"] is None
    assert found["coverage_auc_excess"] == 0.5
    assert found["own_template_error_share"] == 1.0
    assert found["own_template_error_excess"] == 1 - 2 / 10  # K = 2 of the V - 1 = 10 wrong tokens
    found = failure_observables(world, 1, Answers(np.array([True, False]), np.array([False, False])))
    assert found["coverage_auc_excess"] == -0.5
    assert found["own_template_error_excess"] == -2 / 10
    found = failure_observables(world, 1, Answers(np.array([False, False]), np.array([False, False])))
    assert found["own_template_error_excess"] is None
    assert found["coverage_auc_excess"] is None


# --- the gap along training ---


@pytest.mark.parametrize("slope", [-0.4, 0.0, 0.3])
def test_slope_of_a_curve_with_a_known_rate(slope):
    steps = (0, 1, 2, 10, 30, 100, 300, 400, 700, 1000)
    gap = [7.0, 3.0] + [5 * math.log(t) ** 2 / t * t**slope for t in steps[2:]]
    assert progress.gap_slope(Curve(steps, tuple(gap))) == pytest.approx(slope, abs=1e-12)


def test_slope_exponent_and_rest_by_hand():
    steps = (0, 1, 100, 250, 500, 1000)
    gap = Curve(steps, (8.0, 4.0, *(1e6 / t**2 for t in steps[2:])))
    assert progress.gap_exponent(gap) == pytest.approx(-2.0, abs=1e-12)
    assert progress.gap_slope(gap) == -1.0  # clipped: -2 + 1 - 2/log t is below
    assert progress.gap_left(gap) == 1 / 8
    constant = progress.gap_slope(Curve(steps, (1.0,) * 6))
    assert 0.5 < constant < 1.0
    assert progress.gap_slope(Curve((0, 1), (1.0, 0.5))) is None
    assert progress.gap_slope(Curve(steps, (1.0,) * 5 + (math.nan,))) is None
    assert progress.gap_left(Curve((0, 1), (1.0, math.inf))) is None
    assert progress.gap_left(Curve((0, 1), (1.0, 2.0))) == 1.0
    observable = OBSERVABLES["pretraining_gap_slope"]
    assert (observable.lower, observable.upper) == (-progress.SLOPE_LIMIT, progress.SLOPE_LIMIT)


# --- the linear memory ---


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
        "arms.run=[]",
    ]
    config = load_config("default", None, settings)
    assert linear_memory.is_linear_memory(config)
    assert not linear_memory.is_linear_memory(load_config("default"))
    run = OneLayer().run(config, Unit(4, 2), [1])[0]
    world = draw_world(config.world, 4, 2, 1)
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
    observed = run.observables[1]
    assert observed["linear_memory_gap"] == pytest.approx(gap, rel=1e-12)
    beta = 0.5 * np.linalg.eigvalsh(x.T @ (weight[:, None] * x))[-1]
    assert observed["pretraining_smoothness"] == pytest.approx(beta, rel=1e-12)


def test_every_observable_of_a_run_is_defined_and_in_range():
    settings = [
        "world.subjects=12",
        "world.answers=12",
        "world.templates=[6]",
        "world.multiplicity=[2]",
        "world.finetuned=[2, 5]",
        "world.distractors=1",
        "world.distractor_vocabulary=3",
        "pretraining.steps=200",
        "arms.run=[]",
    ]
    run = OneLayer().run(load_config("default", None, settings), Unit(6, 2), [0])[0]
    assert set(run.curves) == {
        "pretraining_gap",
        "subject_attention",
        "template_attention",
        "distractor_attention",
        "subject_distractor_attention",
    }
    assert run.curves["distractor_attention"].values[0] == pytest.approx(1 / 3)
    for observed in run.observables.values():
        for name, value in observed.items():
            assert value is None or OBSERVABLES[name].lower <= value <= OBSERVABLES[name].upper, name
