"""The training loop: where it starts, what it changes, when it ends, what it records."""

import math

import numpy as np
import pytest
import torch
from one_layer_builders import same, start

from empirics.experiments.one_layer import train as training
from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.train import Trained, train
from empirics.experiments.protocol import Curve, logarithmic_steps


def test_training_leaves_its_starting_point_alone_and_frozen_parts_unchanged():
    model = Model(width=6, train_input=False)
    worlds, weights = start([1], model)
    before = weights[0].clone()
    after = train(weights, [pretraining_corpus(worlds[0])], model, Pretraining(steps=10), seeds=[1])[0].weights
    assert same(before, weights[0])
    assert torch.equal(after.input, before.input)
    assert not torch.equal(after.output, before.output)
    assert not torch.equal(after.attention, before.attention)


def test_lora_changes_its_target_by_the_stated_rank_and_nothing_else():
    model = Model(width=6)
    worlds, weights = start([2], model)
    for rank in (1, 2):
        stage = Finetuning(method="lora", rank=rank, steps=20)
        after = train(weights, [finetuning_corpus(worlds[0], 4)], model, stage, seeds=[2])[0]
        change = after.weights.input - weights[0].input
        assert torch.linalg.matrix_rank(change).item() == rank
        assert torch.equal(after.weights.output, weights[0].output)
        assert torch.equal(after.weights.attention, weights[0].attention)
        assert after.loss.values[-1] < after.loss.values[0]


def test_mini_batches_are_reproducible_and_descend():
    model = Model(width=6)
    worlds, weights = start([3], model)
    stage = Pretraining(optimizer="sgd", batch_size=8, steps=200, learning_rate=0.5)
    runs = [train(weights, [pretraining_corpus(worlds[0])], model, stage, seeds=[3])[0] for _ in range(2)]
    assert same(runs[0].weights, runs[1].weights)
    assert runs[0].loss.values[-1] < 0.6 * runs[0].loss.values[0]


def test_target_gap_stops_early_at_the_target():
    model = Model(width=16)
    worlds, weights = start([0], model)
    corpus = pretraining_corpus(worlds[0])
    stage = Pretraining(steps=3000, target_gap=0.5)
    stopped = train(weights, [corpus], model, stage, seeds=[0], floor=math.log(3))[0]
    assert stopped.loss.steps[-1] < 3000
    assert stopped.loss.values[-1] - math.log(3) <= 0.5 < stopped.loss.values[-2] - math.log(3)


def test_loss_falls_to_its_floor_and_not_below():
    model = Model(width=32)
    worlds, weights = start([0], model)
    trained = train(weights, [pretraining_corpus(worlds[0])], model, Pretraining(steps=3000), seeds=[0])[0]
    gaps = np.array(trained.loss.values) - math.log(3)
    assert (gaps > 0).all()
    assert gaps[-1] < 0.02


def test_what_is_watched_is_seen_where_the_loss_is_recorded():
    model = Model(width=6)
    worlds, weights = start([0, 1], model)
    corpora = [pretraining_corpus(world) for world in worlds]
    seen = []

    def watch(index, current):
        seen.append(index)
        return {"index": index, "first": float(current.output[0, 0])}

    trained = train(weights, corpora, model, Pretraining(steps=20), seeds=[0, 1], watch=watch)
    assert seen == [0] * len(logarithmic_steps(20)) + [1] * len(logarithmic_steps(20))
    for i, one in enumerate(trained):
        assert one.loss.steps == one.watched["first"].steps == logarithmic_steps(20)
        assert set(one.watched["index"].values) == {i}
        assert one.watched["first"].values[0] == weights[i].output[0, 0]
        assert one.watched["first"].values[-1] == one.weights.output[0, 0]


def test_low_rank_with_trained_embeddings_is_refused():
    model = Model(width=6, trained_embeddings=True)
    worlds, weights = start([0], model)
    with pytest.raises(ValueError, match="one-hot embeddings"):
        train(weights, [finetuning_corpus(worlds[0], 4)], model, Finetuning(method="lora"), seeds=[0])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_divergence_is_named(bad):
    ones = torch.ones(2, 2)
    assert Trained(Parameters(ones, ones, ones), Curve((0, 1), (1.0, 0.5))).diverged is None
    assert (
        Trained(Parameters(ones, ones, ones), Curve((0, 1), (1.0, bad))).diverged == "its loss is not finite at step 1"
    )
    assert Trained(Parameters(ones, ones, ones * bad), Curve((0,), (1.0,))).diverged == "its weights are not finite"


def test_training_ends_on_divergence_and_never_at_a_target_that_was_not_reached():
    model = Model(width=6, activation="identity")
    worlds, weights = start([0], model)
    stage = Pretraining(steps=3000, learning_rate=1e6, target_gap=5.0)
    (one,) = train(weights, [pretraining_corpus(worlds[0])], model, stage, seeds=[0])
    assert one.diverged == f"its loss is not finite at step {one.loss.steps[-1]}"
    assert one.loss.steps[-1] < 3000


@pytest.mark.parametrize(("target", "sizes"), [(0.0, [3]), (0.5, [1, 1, 1])])
def test_an_accelerator_trains_models_at_once_unless_each_stops_at_its_own_step(monkeypatch, target, sizes):
    """The route for accelerators, here on a CPU: how models are stacked, which is watched, and the same weights."""
    model, made = Model(width=6), []
    worlds, weights = start([0, 1, 2], model)
    corpora = [pretraining_corpus(world) for world in worlds]
    stage = Pretraining(steps=30, target_gap=target)

    def counted(weights, corpora, model):
        made.append(len(weights))
        return StackedEngine(weights, corpora, model)

    def run():
        return train(weights, corpora, model, stage, seeds=[0, 1, 2], watch=lambda i, w: {"index": i})

    alone = run()
    monkeypatch.setattr(training, "_on_cpu", lambda weights: False)
    monkeypatch.setattr(training, "StackedEngine", counted)
    together = run()
    assert made == sizes
    for i, (a, b) in enumerate(zip(alone, together, strict=True)):
        assert set(b.watched["index"].values) == {i}
        assert a.loss.steps == b.loss.steps
        torch.testing.assert_close(a.weights.input, b.weights.input, atol=1e-11, rtol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no accelerator")
@pytest.mark.parametrize("stage", [Pretraining(steps=30), Pretraining(steps=30, optimizer="adam", learning_rate=0.01)])
def test_an_accelerator_trains_to_the_weights_of_the_cpu(stage):
    model = Model(width=6)
    worlds, weights = start([0, 1], model)
    corpora = [pretraining_corpus(world) for world in worlds]
    moved = [w.to(torch.float64, torch.device("cuda")) for w in weights]
    pairs = zip(*(train(w, corpora, model, stage, seeds=[0, 1]) for w in (weights, moved)), strict=True)
    for here, there in pairs:
        torch.testing.assert_close(here.weights.input, there.weights.input.cpu(), atol=1e-9, rtol=0)
