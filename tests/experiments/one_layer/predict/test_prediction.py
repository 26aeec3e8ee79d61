"""Predictors: the closed-form linearisation against autograd, against true fine-tuning, and what they may use."""

import dataclasses

import numpy as np
import pytest
import torch
from one_layer_builders import configured

from empirics.experiments.one_layer import train as training
from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining, World
from empirics.experiments.one_layer.corpus import finetuning_corpus, held_out_rows, pretraining_corpus
from empirics.experiments.one_layer.forward import corpus_loss, last_logits, margins
from empirics.experiments.one_layer.model import activate, activation_slope
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.predict.linearised import (
    Displacement,
    Linearisation,
    doublings,
    linearised_finetuning,
    relinearised_finetuning,
)
from empirics.experiments.one_layer.predict.predictors import coverage_score, predict, predictable, prompt_only
from empirics.experiments.one_layer.train import train
from empirics.experiments.world import draw_world

SHOWN = 4
MODELS = {
    "relu": Model(width=9),
    "smoothed": Model(width=9, activation="smoothed-relu", smoothing=0.3),
    "identity": Model(width=9, activation="identity"),
    "residual": Model(width=9, residual=True),
    "uniform-attention": Model(width=9, attention=False),
    "frozen-output": Model(width=9, train_output=False),
    "frozen-input": Model(width=9, train_input=False),
    "no-mlp": Model(mlp=False),
}


def pretrained(model, distractors=0, seed=3, steps=120):
    """A world and a pre-trained model in float64, small enough for full Jacobians."""
    settings = World(
        subjects=11,
        answers=12,
        templates=(7,),
        multiplicity=(3,),
        finetuned=(SHOWN,),
        distractors=distractors,
        distractor_vocabulary=2 * distractors,
    )
    world = draw_world(settings, 7, 3, seed)
    start = initial_parameters(model, world.vocabulary, seed, torch.float64)
    stage = Pretraining(steps=steps, attention_learning_rate=0.5)
    (done,) = train([start], [pretraining_corpus(world)], model, stage, seeds=[seed])
    return world, done.weights


def trainable(model):
    """Names of the matrices that the configuration trains, as in Parameters."""
    names = {
        "input": model.mlp and model.train_input,
        "output": model.train_output,
        "attention": model.attention,
    }
    return [name for name, trained in names.items() if trained]


def logits_of(weights, tokens, model, names):
    """Logits as a function of the named matrices."""
    return lambda *parts: last_logits(
        dataclasses.replace(weights, **dict(zip(names, parts, strict=True))), tokens, model
    )


@pytest.mark.parametrize("distractors", [0, 2])
@pytest.mark.parametrize("name", MODELS)
def test_the_linearisation_is_the_derivative_that_autograd_finds(name, distractors):
    model = MODELS[name]
    world, weights = pretrained(model, distractors)
    tokens = torch.from_numpy(held_out_rows(world, SHOWN).tokens)
    prompt = world.vocabulary.prompt
    draw = torch.Generator().manual_seed(5)
    changes = {n: torch.randn(getattr(weights, n).shape, generator=draw, dtype=torch.float64) for n in trainable(model)}
    expected, slope = torch.func.jvp(
        logits_of(weights, tokens, model, list(changes)),
        tuple(getattr(weights, n) for n in changes),
        tuple(changes.values()),
    )
    zero = {n: torch.zeros_like(getattr(weights, n)) for n in ("attention", "input", "output")}
    parts = {**zero, **changes}
    change = Displacement(prompt, parts["attention"][prompt], parts["input"], parts["output"])
    torch.testing.assert_close(
        Linearisation(weights, tokens, model).logits(change), expected + slope, rtol=1e-11, atol=1e-11
    )


def by_autograd_kernel(world, weights, model, stage):
    """Held-out logits by the tangent kernel from full Jacobians, carried along in function space."""
    (shown,), asked = finetuning_corpus(world, SHOWN), held_out_rows(world, SHOWN)
    names = trainable(model)
    matrices = tuple(getattr(weights, n) for n in names)
    rate = {n: stage.attention_learning_rate if n == "attention" else stage.learning_rate for n in names}
    jacobians, values = [], []
    for rows in (shown, asked):
        function = logits_of(weights, torch.from_numpy(rows.tokens), model, names)
        flat = [
            j.reshape(-1, m.numel())
            for j, m in zip(torch.func.jacrev(function, tuple(range(len(names))))(*matrices), matrices, strict=True)
        ]
        jacobians.append(flat)
        values.append(function(*matrices))

    def kernel(left):
        return sum(rate[n] * a @ b.T for n, a, b in zip(names, left, jacobians[0], strict=True))

    own, cross = kernel(jacobians[0]), kernel(jacobians[1])
    current, held_out = values
    target = torch.zeros_like(current).scatter_(1, torch.from_numpy(shown.targets), 1.0)
    for _ in range(stage.steps):
        residual = (shown.weight * (torch.softmax(current, 1) - target)).reshape(-1)
        current = current - (own @ residual).reshape(current.shape)
        held_out = held_out - (cross @ residual).reshape(held_out.shape)
    return held_out


@pytest.mark.parametrize("distractors", [0, 2])
@pytest.mark.parametrize("name", MODELS)
def test_the_whole_trajectory_agrees_with_the_kernel_of_full_jacobians(name, distractors):
    model = MODELS[name]
    world, weights = pretrained(model, distractors)
    stage = Finetuning(steps=60, attention_learning_rate=0.3)
    (shown,), asked = finetuning_corpus(world, SHOWN), held_out_rows(world, SHOWN)
    change = linearised_finetuning(weights, shown, model, stage)
    found = Linearisation(weights, torch.from_numpy(asked.tokens), model).logits(change)
    expected = by_autograd_kernel(world, weights, model, stage)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
    assert (found - last_logits(weights, torch.from_numpy(asked.tokens), model)).abs().max() > 0.1


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
def test_fine_tuning_departs_from_the_linearisation_by_the_square_of_the_step(schedule):
    model = Model(width=9, activation="smoothed-relu", smoothing=0.3)
    world, weights = pretrained(model)
    (shown,), asked = finetuning_corpus(world, SHOWN), held_out_rows(world, SHOWN)
    tokens = torch.from_numpy(asked.tokens)
    departures = []
    for step in (1e-3, 1e-4):
        stage = Finetuning(steps=5, learning_rate=step, attention_learning_rate=0.3 * step, schedule=schedule)
        (done,) = train([weights], [[shown]], model, stage, seeds=[0])
        change = linearised_finetuning(weights, shown, model, stage)
        moved = last_logits(done.weights, tokens, model)
        departures.append(float((Linearisation(weights, tokens, model).logits(change) - moved).abs().max()))
        assert departures[-1] < 0.02 * float((moved - last_logits(weights, tokens, model)).abs().max())
    assert departures[1] == pytest.approx(departures[0] / 100, rel=0.1)


def test_where_the_network_is_linear_in_its_weights_fine_tuning_is_predicted_exactly():
    """The linear memory with uniform attention: the prediction is the outcome, over the whole trajectory."""
    model = Model(mlp=False, attention=False, init_scale=0.0)
    world, weights = pretrained(model)
    (shown,), asked = finetuning_corpus(world, SHOWN), held_out_rows(world, SHOWN)
    stage = Finetuning(steps=200)
    (done,) = train([weights], [[shown]], model, stage, seeds=[0])
    change = linearised_finetuning(weights, shown, model, stage)
    tokens = torch.from_numpy(asked.tokens)
    torch.testing.assert_close(
        Linearisation(weights, tokens, model).logits(change),
        last_logits(done.weights, tokens, model),
        rtol=1e-11,
        atol=1e-11,
    )
    torch.testing.assert_close(change.applied(weights).output, done.weights.output, rtol=1e-11, atol=1e-11)


def parts_of(weights):
    """The matrices of a model, by name."""
    return {name: getattr(weights, name) for name in ("attention", "input", "output")}


@pytest.mark.parametrize("schedule", ["constant", "cosine", "step"])
@pytest.mark.parametrize("name", MODELS)
def test_linearised_again_at_every_step_it_is_fine_tuning(name, schedule):
    """One part a step is gradient descent, to rounding; one part in all is the single linearisation, bit by bit."""
    model = MODELS[name]
    world, weights = pretrained(model)
    (shown,) = finetuning_corpus(world, SHOWN)
    stage = Finetuning(steps=12, attention_learning_rate=0.3, schedule=schedule)
    (done,) = train([weights], [[shown]], model, stage, seeds=[0])
    found = relinearised_finetuning(weights, shown, model, stage, range(stage.steps))
    torch.testing.assert_close(parts_of(found), parts_of(done.weights), rtol=1e-9, atol=1e-11)
    once = relinearised_finetuning(weights, shown, model, stage, [0])
    expected = linearised_finetuning(weights, shown, model, stage).applied(weights)
    assert all(torch.equal(parts_of(once)[part], parts_of(expected)[part]) for part in parts_of(expected))


@pytest.mark.parametrize("schedule", ["cosine", "step"])
def test_a_part_that_begins_its_schedule_anew_is_not_fine_tuning(schedule):
    """The mutant of the test above: every part counts its steps from 0."""
    model = MODELS["relu"]
    world, weights = pretrained(model)
    (shown,) = finetuning_corpus(world, SHOWN)
    stage = Finetuning(steps=12, attention_learning_rate=0.3, schedule=schedule)
    (done,) = train([weights], [[shown]], model, stage, seeds=[0])
    found = weights
    for _ in range(stage.steps):
        found = linearised_finetuning(found, shown, model, stage, range(1)).applied(found)
    assert (found.input - done.weights.input).abs().max() > 1e-3


def test_more_jacobians_come_nearer_to_fine_tuning():
    """One, a few by doubling, one a step: the largest difference of a held-out logit falls each time."""
    model = Model(width=9)
    world, weights = pretrained(model)
    (shown,), asked = finetuning_corpus(world, SHOWN), held_out_rows(world, SHOWN)
    tokens, stage = torch.from_numpy(asked.tokens), Finetuning(steps=64, attention_learning_rate=1.0)
    (done,) = train([weights], [[shown]], model, stage, seeds=[0])
    expected = last_logits(done.weights, tokens, model)
    off = [
        float(
            (last_logits(relinearised_finetuning(weights, shown, model, stage, starts), tokens, model) - expected)
            .abs()
            .max()
        )
        for starts in ([0], doublings(64), range(64))
    ]
    assert off[0] > 3 * off[1] > 100 * off[2]


def test_jacobians_are_taken_at_doublings():
    assert doublings(200) == [0, 1, 2, 4, 8, 16, 32, 64, 128]
    assert doublings(128) == [0, 1, 2, 4, 8, 16, 32, 64]
    assert [doublings(n) for n in range(4)] == [[0], [0], [0, 1], [0, 1, 2]]


@pytest.mark.parametrize("name", ["relu", "residual", "smoothed"])
def test_prompt_only_is_gradient_descent_on_one_row_of_the_input_matrix(name):
    model = MODELS[name]
    world, weights = pretrained(model)
    (shown,) = finetuning_corpus(world, SHOWN)
    stage = Finetuning(steps=25, schedule="cosine")
    found = prompt_only(weights, shown, model, stage)
    prompt, current = world.vocabulary.prompt, weights.input.clone()
    for step in range(stage.steps):
        leaf = current.clone().requires_grad_(True)
        loss = corpus_loss(Parameters(weights.attention, leaf, weights.output), [shown], model)
        (gradient,) = torch.autograd.grad(loss, leaf)
        current[prompt] -= 0.5 * (1 + np.cos(np.pi * step / stage.steps)) * gradient[prompt]
    torch.testing.assert_close(found.input, current, rtol=1e-11, atol=1e-11)
    assert torch.equal(found.output, weights.output)
    assert (found.input - weights.input)[prompt].abs().max() > 0.01


@pytest.mark.parametrize("name", ["relu", "smoothed-relu", "identity"])
def test_the_slope_is_the_derivative_of_the_activation(name):
    x = torch.tensor([-2.0, -0.1, 0.05, 0.2, 0.31, 3.0], dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(activate(x, name, 0.3).sum(), x)
    torch.testing.assert_close(activation_slope(x.detach(), name, 0.3), expected)


def test_predictions_use_no_fine_tuning_run_and_nothing_of_the_held_out_facts_but_their_names(monkeypatch):
    """Other answers and templates of the held-out facts change no logits, only which of them are asked for."""
    config = configured("world.subjects=11", "world.answers=12", "world.finetuned=[4]")
    world, weights = pretrained(config.model)

    def refuse(*_, **__):
        raise AssertionError("a prediction fine-tuned the network")

    for name in ("train", "descend", "CompiledEngine", "StackedEngine", "Autograd"):
        monkeypatch.setattr(training, name, refuse)
    scores = predict(config, world, weights, SHOWN)
    assert set(scores) == {"coverage", "prompt", "linearised", "displaced", "relinearised"}
    assert all(values.shape == (7,) for values in scores.values())
    held_out = world.finetuning_order[SHOWN:]
    other = world.own_templates.copy()
    other[held_out] = (other[held_out] + 1) % 7
    again = predict(config, dataclasses.replace(world, own_templates=other), weights, SHOWN)
    for name in ("prompt", "linearised", "displaced", "relinearised"):
        assert np.array_equal(scores[name], again[name])


def test_coverage_ranks_first_by_unseen_templates_and_then_by_how_often_they_are_shown():
    world, _ = pretrained(Model(width=3), steps=1)
    score = coverage_score(world, SHOWN)
    shown = world.coverage(SHOWN)[world.own_templates[world.finetuning_order[SHOWN:]]]
    unseen, often = (shown == 0).sum(axis=1), shown.sum(axis=1)
    assert np.array_equal(score > 0, unseen == 0)
    expected = sorted(range(len(score)), key=lambda i: (-unseen[i], often[i], i))
    assert sorted(range(len(score)), key=lambda i: (score[i], i)) == expected


def test_a_tied_margin_is_no_extraction():
    logits = torch.tensor([[1.0, 1.0, 0.0], [0.0, 2.0, 1.0], [3.0, 0.0, 1.0]])
    assert margins(logits, torch.tensor([0, 1, 2])).tolist() == [0.0, 1.0, -2.0]


@pytest.mark.parametrize(
    "setting", ['finetuning.method="lora"', 'finetuning.optimizer="adam"', "model.trained_embeddings=true"]
)
def test_where_fine_tuning_is_not_plain_descent_only_coverage_predicts(setting):
    config = configured(setting)
    world, weights = pretrained(Model(width=9))
    assert not predictable(config)
    assert set(predict(config, world, weights, SHOWN)) == {"coverage"}
