"""Training: bit-identity over batches, optimisers and schedules, routes that agree."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining, World, load_config
from empirics.experiments.protocol import Unit
from empirics.experiments.one_layer.engine.adapters import Adapters
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine.engine import Engine
from empirics.experiments.one_layer.run import OneLayer
from empirics.experiments.one_layer.forward import corpus_loss
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.train import (
    _train_stacked,
    logarithmic_steps,
    schedule_factor,
    train,
    train_one_by_autograd,
)
from empirics.experiments.world import draw_world

SMALL = World(subjects=13, answers=17, templates=(7,), multiplicity=(3,), finetuned=(4,))


def start(world_config, seeds, model, dtype=torch.float64, templates=7, multiplicity=3):
    worlds = [draw_world(world_config, templates, multiplicity, s) for s in seeds]
    weights = [initial_parameters(model, w.vocabulary, s, dtype) for w, s in zip(worlds, seeds, strict=True)]
    return worlds, weights


def same(a, b):
    return all(torch.equal(getattr(a, n), getattr(b, n)) for n in ("attention", "input", "output"))


@pytest.mark.parametrize(
    ("subjects", "templates", "multiplicity", "width"), [(13, 7, 3, 5), (60, 20, 1, 64), (31, 9, 6, 33)]
)
def test_a_batch_of_seeds_equals_the_seeds_one_by_one_bit_for_bit(subjects, templates, multiplicity, width):
    settings = [
        f"world.subjects={subjects}",
        f"world.answers={subjects}",
        f"world.templates=[{templates}]",
        f"world.multiplicity=[{multiplicity}]",
        "world.finetuned=[2, 5]",
        f"model.width={width}",
        "pretraining.steps=60",
        "finetuning.steps=20",
    ]
    config, unit = load_config("default", None, settings), Unit(templates, multiplicity)
    together = OneLayer().run(config, unit, [0, 1, 2, 3, 4])
    backwards = OneLayer().run(config, unit, [4, 2])
    alone = [OneLayer().run(config, unit, [seed])[0] for seed in range(5)]
    assert together == alone
    assert backwards == [alone[4], alone[2]]
    assert alone[0].observables != alone[1].observables


@pytest.mark.parametrize("method", ["full", "lora"])
def test_stacked_models_do_not_mix(method):
    """The batch dimension (used on accelerators): each model gets what it gets alone, up to rounding."""
    model, seeds = Model(width=5), [0, 1, 2, 3, 4]
    stage = Finetuning(method=method, targets=("input", "output"), learning_rate=0.05, steps=40)
    worlds, weights = start(SMALL, seeds, model)
    corpora = [finetuning_corpus(w, 4) for w in worlds]
    alone = train(weights, corpora, model, stage, seeds=seeds)
    together = _train_stacked(weights, corpora, model, stage, seeds, 0.0)
    for a, b in zip(alone, together, strict=True):
        for name in ("attention", "input", "output"):
            torch.testing.assert_close(getattr(a.weights, name), getattr(b.weights, name), atol=1e-11, rtol=0)
        np.testing.assert_allclose(a.loss.values, b.loss.values, atol=1e-11)


def test_merged_never_targets_equal_the_full_model_from_the_same_start():
    """One column with a multiplicity stands for the tokens that are never a target: the same training to 1e-12."""
    merged = Model(width=6, merge_never_targets=True)
    full = Model(width=6)
    worlds, weights = start(SMALL, [0, 1], merged)
    for world, begin in zip(worlds, weights, strict=True):
        never = [*range(13), world.vocabulary.prompt]
        assert (begin.output[never] == begin.output[never[0]]).all()
        pretraining = Pretraining(steps=200)
        corpus = pretraining_corpus(world)
        a, b = (train([begin], [corpus], m, pretraining, seeds=[0])[0] for m in (merged, full))
        finetuned = finetuning_corpus(world, 4)
        c, d = (
            train([x.weights], [finetuned], m, Finetuning(steps=50), seeds=[0])[0] for x, m in ((a, merged), (b, full))
        )
        for left, right in ((a, b), (c, d)):
            for name in ("attention", "input", "output"):
                torch.testing.assert_close(
                    getattr(left.weights, name), getattr(right.weights, name), atol=1e-12, rtol=0
                )
            np.testing.assert_allclose(left.loss.values, right.loss.values, atol=1e-12)


def test_merging_is_another_law_of_initialisation_and_never_the_default():
    assert not Model().merge_never_targets
    world = draw_world(SMALL, 7, 3, 0)
    plain = initial_parameters(Model(width=6), world.vocabulary, 0, torch.float64)
    merged = initial_parameters(Model(width=6, merge_never_targets=True), world.vocabulary, 0, torch.float64)
    own = slice(13, world.vocabulary.prompt + 1)
    assert torch.equal(plain.output[own], merged.output[own])
    assert not torch.equal(plain.output[:13], merged.output[:13])


def test_engine_and_autograd_train_to_the_same_weights():
    model = Model(width=6)
    worlds, weights = start(SMALL, [5], model)
    corpus = pretraining_corpus(worlds[0])
    for stage in (
        Pretraining(steps=30),
        Pretraining(steps=30, schedule="cosine", optimizer="adam", learning_rate=0.01),
    ):
        engine = train(weights, [corpus], model, stage, seeds=[5])[0]
        autograd = train_one_by_autograd(weights[0], corpus, model, stage, seed=5)
        torch.testing.assert_close(engine.weights.input, autograd.weights.input, atol=1e-9, rtol=0)
        torch.testing.assert_close(engine.weights.attention, autograd.weights.attention, atol=1e-9, rtol=0)
        np.testing.assert_allclose(engine.loss.values, autograd.loss.values, atol=1e-9)


def test_training_leaves_its_starting_point_alone_and_frozen_parts_unchanged():
    model = Model(width=6, train_input=False)
    worlds, weights = start(SMALL, [1], model)
    before = weights[0].clone()
    after = train(weights, [pretraining_corpus(worlds[0])], model, Pretraining(steps=10), seeds=[1])[0].weights
    assert same(before, weights[0])
    assert torch.equal(after.input, before.input)
    assert not torch.equal(after.output, before.output)
    assert not torch.equal(after.attention, before.attention)


def test_attention_has_its_own_step_size():
    model = Model(width=6)
    worlds, weights = start(SMALL, [1], model)
    stage = Pretraining(steps=10, attention_learning_rate=0.0)
    after = train(weights, [pretraining_corpus(worlds[0])], model, stage, seeds=[1])[0].weights
    assert torch.equal(after.attention, weights[0].attention)


def test_lora_changes_its_target_by_the_stated_rank_and_nothing_else():
    model = Model(width=6)
    worlds, weights = start(SMALL, [2], model)
    for rank in (1, 2):
        stage = Finetuning(method="lora", rank=rank, steps=20)
        after = train(weights, [finetuning_corpus(worlds[0], 4)], model, stage, seeds=[2])[0]
        change = after.weights.input - weights[0].input
        assert torch.linalg.matrix_rank(change).item() == rank
        assert torch.equal(after.weights.output, weights[0].output)
        assert torch.equal(after.weights.attention, weights[0].attention)
        assert after.loss.values[-1] < after.loss.values[0]


def test_low_rank_gradients_equal_autograd():
    model = Model(width=6)
    worlds, weights = start(SMALL, [2], model)
    corpus = finetuning_corpus(worlds[0], 4)
    engine = Engine(weights[0], corpus, model)
    adapters = Adapters(engine, Finetuning(method="lora", rank=2, targets=("input", "output")), [2])
    generator = torch.Generator().manual_seed(0)
    for _, factor, _ in adapters.trained:
        factor.copy_(torch.randn(factor.shape, generator=generator, dtype=torch.float64))
    adapters.materialise()
    engine.gradients()
    adapters.gradients()
    factors = [f.clone().requires_grad_() for _, f, _ in adapters.trained]
    changed = Parameters(
        weights[0].attention, weights[0].input + factors[0] @ factors[1], weights[0].output + factors[2] @ factors[3]
    )
    expected = torch.autograd.grad(corpus_loss(changed, corpus, model), factors)
    for (_, _, found), wanted in zip(adapters.trained, expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-10, rtol=0)


def test_mini_batches_are_reproducible_and_descend():
    model = Model(width=6)
    worlds, weights = start(SMALL, [3], model)
    stage = Pretraining(optimizer="sgd", batch_size=8, steps=200, learning_rate=0.5)
    runs = [train(weights, [pretraining_corpus(worlds[0])], model, stage, seeds=[3])[0] for _ in range(2)]
    assert same(runs[0].weights, runs[1].weights)
    assert runs[0].loss.values[-1] < 0.6 * runs[0].loss.values[0]


def test_target_gap_stops_early_at_the_target():
    model = Model(width=16)
    worlds, weights = start(SMALL, [0], model)
    corpus = pretraining_corpus(worlds[0])
    stage = Pretraining(steps=3000, target_gap=0.5)
    stopped = train(weights, [corpus], model, stage, seeds=[0], floor=math.log(3))[0]
    assert stopped.loss.steps[-1] < 3000
    assert stopped.loss.values[-1] - math.log(3) <= 0.5 < stopped.loss.values[-2] - math.log(3)


def test_loss_falls_to_its_floor_and_not_below():
    model = Model(width=32)
    worlds, weights = start(SMALL, [0], model)
    trained = train(weights, [pretraining_corpus(worlds[0])], model, Pretraining(steps=3000), seeds=[0])[0]
    gaps = np.array(trained.loss.values) - math.log(3)
    assert (gaps > 0).all()
    assert gaps[-1] < 0.02


def test_schedules():
    assert [schedule_factor("constant", s, 100) for s in (0, 99)] == [1.0, 1.0]
    assert schedule_factor("cosine", 0, 100) == 1.0
    assert schedule_factor("cosine", 50, 100) == pytest.approx(0.5)
    assert [schedule_factor("step", s, 100) for s in (0, 49, 50, 74, 75, 99)] == [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]


@pytest.mark.parametrize("total", [1, 2, 7, 100, 4000])
def test_recorded_steps_are_increasing_and_hold_both_ends(total):
    steps = logarithmic_steps(total)
    assert steps[0] == 0
    assert steps[-1] == total
    assert list(steps) == sorted(set(steps))
    assert all(b <= 2 * a for a, b in pairwise(steps[1:]))


@pytest.mark.parametrize("targets", [("input",), ("output",), ("input", "output")])
def test_low_rank_training_of_merged_columns_equals_the_full_model(targets):
    merged, full = Model(width=6, merge_never_targets=True), Model(width=6)
    worlds, weights = start(SMALL, [0], merged)
    stage = Finetuning(method="lora", rank=2, targets=targets, learning_rate=0.05, steps=30)
    corpus = finetuning_corpus(worlds[0], 4)
    a, b = (train(weights, [corpus], m, stage, seeds=[0])[0] for m in (merged, full))
    for name in ("attention", "input", "output"):
        torch.testing.assert_close(getattr(a.weights, name), getattr(b.weights, name), atol=1e-12, rtol=0)


def test_merging_with_all_rows_equal():
    """From zero every output row is equal: only tokens that are never a target may be merged."""
    merged, full = (Model(width=6, init_scale=0.0, merge_never_targets=m) for m in (True, False))
    worlds, weights = start(SMALL, [0], merged)
    corpus = pretraining_corpus(worlds[0])
    a, b = (train(weights, [corpus], m, Pretraining(steps=50), seeds=[0])[0] for m in (merged, full))
    torch.testing.assert_close(a.weights.output, b.weights.output, atol=1e-12, rtol=0)
