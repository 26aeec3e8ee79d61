"""The closed-form gradients of the engine against autograd through the reference module, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from empirics.experiments.one_layer.config import Model, World
from empirics.experiments.one_layer.corpus import Rows, finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.engine.kernels import softmax_less_target
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.forward import corpus_loss, last_attention, last_logits
from empirics.experiments.one_layer.model import OneLayerTransformer, activate
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.world import draw_world


@st.composite
def problems(draw):
    """A small world, a model of the family with random weights, and a corpus."""
    multiplicity = draw(st.integers(1, 4))
    distractors = draw(st.integers(0, 2))
    world_config = World(
        subjects=draw(st.integers(2, 6)),
        answers=draw(st.integers(6, 8)),
        templates=(draw(st.integers(multiplicity, 6)),),
        multiplicity=(multiplicity,),
        finetuned=(1,),
        distractors=distractors,
        distractor_vocabulary=draw(st.integers(1, 3)) if distractors else 0,
    )
    model = Model(
        width=draw(st.integers(1, 5)),
        activation=draw(st.sampled_from(["relu", "smoothed-relu", "identity"])),
        smoothing=draw(st.sampled_from([0.05, 0.3])),
        attention=draw(st.booleans()),
        mlp=draw(st.booleans()),
        residual=draw(st.booleans()),
        train_input=draw(st.booleans()),
        train_output=draw(st.booleans()),
    )
    seed = draw(st.integers(0, 10_000))
    world = draw_world(world_config, world_config.templates[0], multiplicity, seed)
    finetune = draw(st.booleans())
    corpus = finetuning_corpus(world, draw(st.integers(1, 2))) if finetune else pretraining_corpus(world)
    generator = torch.Generator().manual_seed(seed)
    size = world.vocabulary.size
    hidden = model.width if model.mlp else size

    def normal(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    weights = Parameters(
        attention=normal(size, size),
        input=normal(size, hidden) if model.mlp else torch.eye(size, dtype=torch.float64),
        output=normal(size, hidden),
    )
    return weights, corpus, model


def reference_loss(module: OneLayerTransformer, corpus: tuple[Rows, ...]) -> torch.Tensor:
    """The corpus loss through the module, as its definition reads."""
    total = torch.zeros((), dtype=torch.float64)
    for rows in corpus:
        log_p = torch.log_softmax(module(torch.from_numpy(rows.tokens))[:, -1], dim=-1)
        for i, targets in enumerate(rows.targets):
            total = total - rows.weight * log_p[i, torch.from_numpy(targets)].mean()
    return total


class OneByOne:
    """The engine of one model, seen like a stack of one."""

    def __init__(self, weights, corpora, model):
        self.engine = CompiledEngine(weights[0], corpora[0], model)

    def gradients(self):
        self.engine.gradients()
        return {name: gradient for name, _, gradient in self.engine.trained}, self.engine._positions

    def loss(self):
        return self.engine.losses()[0]


class Stacked:
    """The first of two stacked models."""

    def __init__(self, weights, corpora, model):
        self.engine = StackedEngine([*weights, weights[0].clone()], [*corpora, corpora[0]], model)

    def gradients(self):
        self.engine.gradients()
        return {name: gradient[0] for name, _, gradient in self.engine.trained}, self.engine._positions[0]

    def loss(self):
        return self.engine.losses()[0]


@pytest.mark.parametrize("route", [OneByOne, Stacked])
@given(problem=problems())
def test_closed_form_gradients_equal_autograd_of_the_reference_module(route, problem):
    weights, corpus, model = problem
    module = weights.module(model)
    loss = reference_loss(module, corpus)
    if loss.requires_grad:
        loss.backward()
    engine = route([weights], [corpus], model)
    assert engine.loss() == pytest.approx(loss.item(), abs=1e-10)
    gradients, positions = engine.gradients()
    assert ("attention" in gradients) == model.attention
    assert ("input" in gradients) == (model.train_input and model.mlp)
    assert ("output" in gradients) == model.train_output
    if "output" in gradients:
        torch.testing.assert_close(gradients["output"], module.output.grad, atol=1e-10, rtol=0)
    if "input" in gradients:
        torch.testing.assert_close(gradients["input"].T, module.input.grad, atol=1e-10, rtol=0)
    if "attention" in gradients:
        size = weights.output.shape[0]
        dense = torch.zeros(size * size, dtype=torch.float64)
        dense[positions] = gradients["attention"]
        torch.testing.assert_close(dense.view(size, size), module.attention.grad, atol=1e-10, rtol=0)


@given(problem=problems(), block=st.integers(1, 7))
def test_blocks_of_rows_do_not_matter(problem, block):
    weights, corpus, model = problem
    whole, parts = CompiledEngine(weights, corpus, model), CompiledEngine(weights, corpus, model)
    parts._allocate(block)
    assert parts.losses() == pytest.approx(whole.losses(), abs=1e-12)
    whole.gradients()
    parts.gradients()
    for (_, _, a), (_, _, b) in zip(whole.trained, parts.trained, strict=True):
        torch.testing.assert_close(a, b, atol=1e-12, rtol=0)


@given(problem=problems())
def test_single_precision_is_single_precision(problem):
    """float32 kernels (their own exponential) against float64: beside the largest gradient."""
    weights, corpus, model = problem
    double, single = CompiledEngine(weights, corpus, model), CompiledEngine(weights.to(torch.float32), corpus, model)
    double.gradients()
    single.gradients()
    for (_, _, a), (_, _, b) in zip(double.trained, single.trained, strict=True):
        torch.testing.assert_close(a.float(), b, atol=2e-5 * max(1.0, a.abs().max().item()), rtol=0)


def test_extreme_logits_neither_overflow_nor_lose_the_target():
    world = draw_world(World(subjects=3, answers=3, templates=(2,), multiplicity=(1,), finetuned=(1,)), 2, 1, 0)
    size = world.vocabulary.size
    model = Model(mlp=False, attention=False)
    for scale in (1e4, -1e4):
        weights = Parameters(torch.zeros(size, size), torch.eye(size), torch.eye(size) * scale)
        engine = CompiledEngine(weights, pretraining_corpus(world), model)
        engine.gradients()
        assert torch.isfinite(engine.output_grad).all()
        assert engine.losses()[0] > 0
        # Each row of softmax less target sums to 0, hence each column of the gradient.
        assert engine.output_grad.sum(dim=0).abs().max() < 1e-6


@given(problems())
def test_gathered_forward_equals_the_reference_module(problem):
    weights, corpus, model = problem
    module = weights.module(model)
    for rows in corpus:
        tokens = torch.from_numpy(rows.tokens)
        torch.testing.assert_close(last_logits(weights, tokens, model), module(tokens)[:, -1], atol=1e-10, rtol=0)
        torch.testing.assert_close(
            last_attention(weights, tokens, model), module.attention_weights(tokens)[:, -1], atol=1e-12, rtol=0
        )


@given(problems())
def test_trained_embeddings_reduce_to_one_hot(problem):
    weights, corpus, model = problem
    model = model.model_copy(update={"trained_embeddings": True})
    size = weights.output.shape[0]
    generator = torch.Generator().manual_seed(size)
    embedding = torch.eye(size, dtype=torch.float64) + 0.3 * torch.randn(
        size, size, generator=generator, dtype=torch.float64
    )
    weights = Parameters(weights.attention * 0.1, weights.input, weights.output, embedding)
    expected = reference_loss(weights.module(model), corpus).item()
    assert corpus_loss(weights, corpus, model).item() == pytest.approx(expected, abs=1e-9)


def test_the_single_precision_exponential_is_accurate():
    """Softmax of a ramp of logits against float64: relative error of every entry, over 35 orders of magnitude."""
    x = np.linspace(-80, 0, 100_001, dtype=np.float32)
    row = x[None].copy()
    one, start = np.ones(1, np.float32), np.array([0, 1], np.int32)
    softmax_less_target(0, 1, len(x), row, one, start, np.array([0], np.int32))
    exact = np.exp(x.astype(np.float64))
    ratio = row[0, 1:] / (exact[1:] / exact.sum())
    assert np.abs(ratio - 1).max() < 5e-7
    assert np.abs(ratio / np.median(ratio) - 1).max() < 3e-7


def test_a_wrong_gradient_would_be_caught():
    """The comparison has teeth: halving one coefficient of the forward pass changes the gradient visibly."""
    world = draw_world(World(subjects=4, answers=4, templates=(3,), multiplicity=(2,), finetuned=(1,)), 3, 2, 0)
    corpus = pretraining_corpus(world)
    model = Model(width=3)
    generator = torch.Generator().manual_seed(0)
    size = world.vocabulary.size
    weights = Parameters(*(torch.randn(size, n, generator=generator, dtype=torch.float64) for n in (size, 3, 3)))
    right = CompiledEngine(weights, corpus, model)
    right.gradients()
    halved = tuple(Rows(r.tokens, r.targets, r.weight * (0.5 if i else 1.0)) for i, r in enumerate(corpus))
    wrong = CompiledEngine(weights, halved, model)
    wrong.gradients()
    assert (right.input_grad - wrong.input_grad).abs().max() > 1e-3


@pytest.mark.parametrize("activation", ["relu", "smoothed-relu", "identity"])
def test_activations_at_known_points(activation):
    x = torch.tensor([-1.0, 0.05, 0.1, 2.0], dtype=torch.float64)
    expected = {
        "relu": [0.0, 0.05, 0.1, 2.0],
        "smoothed-relu": [0.0, 0.05**2 / 0.2, 0.05, 1.95],
        "identity": [-1.0, 0.05, 0.1, 2.0],
    }[activation]
    np.testing.assert_allclose(activate(x, activation, 0.1).numpy(), expected, atol=1e-15)


def test_attention_is_causal():
    model = Model(width=3)
    module = OneLayerTransformer(7, model, torch.float64)
    torch.nn.init.normal_(module.attention, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(module.input, generator=torch.Generator().manual_seed(2))
    torch.nn.init.normal_(module.output, generator=torch.Generator().manual_seed(3))
    short = module(torch.tensor([[0, 1]]))
    long = module(torch.tensor([[0, 1, 5]]))
    torch.testing.assert_close(short, long[:, :2])
