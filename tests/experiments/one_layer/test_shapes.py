"""Annotated shapes are those of real calls: every public array function is called with its annotations checked."""

import functools
import inspect
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch
from jaxtyping import AbstractArray, jaxtyped
from one_layer_builders import configured, measured

from empirics.experiments.one_layer import corpus, forward, model, parameters
from empirics.experiments.one_layer.engine import kernels, layout, products
from empirics.experiments.one_layer.engine.compiled import CompiledEngine
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.measure import attention, mechanism
from empirics.experiments.one_layer.measure.extraction import Answers
from empirics.experiments.one_layer.predict import linearised, predictors

SMALL = ["world.subjects=9", "world.answers=11", "world.templates=[5]", "world.multiplicity=[2]", "world.finetuned=[4]"]
SHORT = ["model.width=6", "pretraining.steps=5", "finetuning.steps=5", "compute.dtype='float64'"]


def agrees(value, hint):
    """Whether a value has the shape and type that an annotation asks for; other annotations say nothing."""
    if get_origin(hint) is tuple:
        return all(agrees(v, h) for v, h in zip(value, get_args(hint), strict=True))
    if get_origin(hint) in (Union, UnionType):
        return any(agrees(value, h) if h is not type(None) else value is None for h in get_args(hint))
    return not (inspect.isclass(hint) and issubclass(hint, AbstractArray)) or isinstance(value, hint)


def checked(function):
    """The function, refusing arguments and results that its annotations do not describe."""
    plain = getattr(function, "py_func", function)
    hints, signature = get_type_hints(plain), inspect.signature(plain)

    @functools.wraps(plain)
    def wrapper(*args, **keywords):
        with jaxtyped("context"):
            for name, value in signature.bind(*args, **keywords).arguments.items():
                assert agrees(value, hints.get(name)), f"{plain.__name__}: {name} is not {hints[name]}"
            result = function(*args, **keywords)
            assert agrees(result, hints.get("return")), f"{plain.__name__} returns no {hints['return']}"
            return result

    return wrapper


def fields_agree(thing):
    """Every annotated attribute of an object, with one meaning for each axis."""
    with jaxtyped("context"):
        return all(agrees(getattr(thing, name), hint) for name, hint in get_type_hints(type(thing)).items())


@pytest.fixture(params=[[], ["world.distractors=1", "world.distractor_vocabulary=3"], ["model.mlp=false"]])
def case(request):
    config = configured(*SMALL, *SHORT, *request.param)
    return config, *measured(config, 0)[:3]


def test_shapes_of_corpora_weights_and_the_forward_pass(case):
    config, world, before, _ = case
    rows = (*corpus.pretraining_corpus(world), *corpus.finetuning_corpus(world, 4), corpus.held_out_rows(world, 4))
    assert all(fields_agree(r) for r in rows)
    assert fields_agree(before)
    for r in rows:
        tokens = torch.from_numpy(r.tokens)
        checked(forward.last_attention)(before, tokens, config.model)
        checked(forward.last_logits)(before, tokens, config.model)
        checked(forward.corpus_loss)(before, [r], config.model)
        module = before.module(config.model)
        checked(type(module).attention_weights)(module, tokens)
        checked(type(module).forward)(module, tokens)
        checked(attention.mean_weights)(before, r, config.model)
        for logits, targets in forward.logits_and_targets(before, r, config.model):
            checked(forward.is_argmax)(logits, targets[:, 0])
            checked(forward.margins)(logits, targets[:, 0])
    checked(model.activate)(before.input, "relu", 0.1)
    checked(model.activation_slope)(before.input, "relu", 0.1)


@pytest.mark.parametrize(
    ("dtype", "registers"), [(torch.float32, False), (torch.float32, True), (torch.float64, False)]
)
def test_shapes_of_the_engines(case, dtype, registers, monkeypatch):
    config, world, before, _ = case
    weights, rows = before.to(dtype), corpus.pretraining_corpus(world)
    passes = ("forward", "backward", "transpose", "softmax_less_target", "softmax_less_target_double")
    for name in passes:
        monkeypatch.setattr(kernels, name, checked(getattr(kernels, name)))
    monkeypatch.setattr(products, "multiply", checked(products.multiply))
    monkeypatch.setattr(products, "_PREFERRED", registers)
    for merged in (False, True):
        settings = config.model.model_copy(update={"merge_never_targets": merged})
        engine = CompiledEngine(weights, rows, settings)
        engine.losses()
        engine.gradients()
        assert fields_agree(engine)
        positions = checked(layout.queried_entries)(rows, world.vocabulary.size)
        columns, _ = checked(layout.own_columns)(weights, rows, settings)
        kind = weights.output.numpy().dtype
        assert fields_agree(checked(layout.lay_out)(rows, positions, columns, world.vocabulary.size, kind))
    assert fields_agree(StackedEngine([weights, weights], [rows, rows], config.model))
    checked(kernels.descend)(np.zeros(3), np.ones(3), 0.1)


def test_shapes_of_measures_and_predictions(case):
    config, world, before, after = case
    (shown,) = corpus.finetuning_corpus(world, 4)
    checked(mechanism.alignments)(before, after, world)
    checked(predictors.coverage_score)(world, 4)
    assert fields_agree(Answers(np.ones(5, dtype=bool), np.zeros(5, dtype=bool)))
    tokens = torch.from_numpy(shown.tokens)
    at = checked(linearised.Linearisation)(before, tokens, config.model)
    change = checked(linearised.linearised_finetuning)(before, shown, config.model, config.finetuning)
    checked(linearised.relinearised_finetuning)(before, shown, config.model, config.finetuning, [0, 1, 2])
    assert fields_agree(change)
    checked(linearised.Linearisation.logits)(at, change)
    if config.model.mlp:
        checked(mechanism.per_fact)(before, shown, config.model)
        matrix = checked(mechanism.input_gradient)(before, [shown], config.model)
        checked(mechanism.prompt_column)(matrix, world.vocabulary.prompt)


def test_a_wrong_shape_is_refused():
    weights = parameters.Parameters(torch.zeros(4, 4), torch.zeros(4, 3), torch.zeros(5, 3))
    assert not fields_agree(weights)
    with pytest.raises(AssertionError, match="targets is not"):
        checked(forward.margins)(torch.zeros(3, 4), torch.zeros(2, dtype=torch.int64))
