"""Back ends that must train to the same weights: compiled, stacked, autograd, low rank, merged columns."""

import numpy as np
import pytest
import torch
from one_layer_builders import start

from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine.autograd import Autograd
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.engine.low_rank import LowRank
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.forward import corpus_loss
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.train import descend, train


@pytest.mark.parametrize("method", ["full", "lora"])
def test_stacked_models_do_not_mix(method):
    """The batch dimension (used on accelerators): each model gets what it gets alone, up to rounding."""
    model, seeds = Model(width=5), [0, 1, 2, 3, 4]
    stage = Finetuning(method=method, targets=("input", "output"), learning_rate=0.05, steps=40)
    worlds, weights = start(seeds, model)
    corpora = [finetuning_corpus(w, 4) for w in worlds]
    alone = train(weights, corpora, model, stage, seeds=seeds)
    stacked = StackedEngine(weights, corpora, model)
    together = descend(LowRank(stacked, stage, seeds) if method == "lora" else stacked, stage)
    for a, b in zip(alone, together, strict=True):
        for name in ("attention", "input", "output"):
            torch.testing.assert_close(getattr(a.weights, name), getattr(b.weights, name), atol=1e-11, rtol=0)
        np.testing.assert_allclose(a.loss.values, b.loss.values, atol=1e-11)


def test_merged_never_targets_equal_the_full_model_from_the_same_start():
    """One column with a multiplicity stands for the tokens that are never a target: the same training to 1e-12."""
    merged = Model(width=6, merge_never_targets=True)
    full = Model(width=6)
    worlds, weights = start([0, 1], merged)
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


def test_engine_and_autograd_train_to_the_same_weights():
    model = Model(width=6)
    worlds, weights = start([5], model)
    corpus = pretraining_corpus(worlds[0])
    for stage in (
        Pretraining(steps=30),
        Pretraining(steps=30, schedule="cosine", optimizer="adam", learning_rate=0.01),
    ):
        engine = train(weights, [corpus], model, stage, seeds=[5])[0]
        autograd = descend(Autograd(weights[0], corpus, model), stage)[0]
        torch.testing.assert_close(engine.weights.input, autograd.weights.input, atol=1e-9, rtol=0)
        torch.testing.assert_close(engine.weights.attention, autograd.weights.attention, atol=1e-9, rtol=0)
        np.testing.assert_allclose(engine.loss.values, autograd.loss.values, atol=1e-9)


def test_low_rank_gradients_equal_autograd():
    model = Model(width=6)
    worlds, weights = start([2], model)
    corpus = finetuning_corpus(worlds[0], 4)
    adapters = LowRank(
        CompiledEngine(weights[0], corpus, model), Finetuning(method="lora", rank=2, targets=("input", "output")), [2]
    )
    generator = torch.Generator().manual_seed(0)
    for _, factor, _ in adapters.trained:
        factor.copy_(torch.randn(factor.shape, generator=generator, dtype=torch.float64))
    adapters.gradients()
    factors = [f.clone().requires_grad_() for _, f, _ in adapters.trained]
    changed = Parameters(
        weights[0].attention, weights[0].input + factors[0] @ factors[1], weights[0].output + factors[2] @ factors[3]
    )
    expected = torch.autograd.grad(corpus_loss(changed, corpus, model), factors)
    for (_, _, found), wanted in zip(adapters.trained, expected, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-10, rtol=0)


@pytest.mark.parametrize("targets", [("input",), ("output",), ("input", "output")])
def test_low_rank_training_of_merged_columns_equals_the_full_model(targets):
    merged, full = Model(width=6, merge_never_targets=True), Model(width=6)
    worlds, weights = start([0], merged)
    stage = Finetuning(method="lora", rank=2, targets=targets, learning_rate=0.05, steps=30)
    corpus = finetuning_corpus(worlds[0], 4)
    a, b = (train(weights, [corpus], m, stage, seeds=[0])[0] for m in (merged, full))
    for name in ("attention", "input", "output"):
        torch.testing.assert_close(getattr(a.weights, name), getattr(b.weights, name), atol=1e-12, rtol=0)


def test_merging_with_all_rows_equal():
    """From zero every output row is equal: only tokens that are never a target may be merged."""
    merged, full = (Model(width=6, init_scale=0.0, merge_never_targets=m) for m in (True, False))
    worlds, weights = start([0], merged)
    corpus = pretraining_corpus(worlds[0])
    a, b = (train(weights, [corpus], m, Pretraining(steps=50), seeds=[0])[0] for m in (merged, full))
    torch.testing.assert_close(a.weights.output, b.weights.output, atol=1e-12, rtol=0)
