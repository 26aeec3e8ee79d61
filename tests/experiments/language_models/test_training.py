"""What is predicted, and that every example is met; the loss by a second route."""

from collections import Counter

import numpy as np
import pytest
import torch
from lm_builders import tiny

from empirics.experiments.language_models.run import prepare
from empirics.experiments.language_models.train import _batches, answer_examples, batch, statement_examples, train
from empirics.experiments.protocol import Point

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def at():
    return prepare(tiny(), Point.of(R=4, K=3), 0, "cpu")


def test_only_answer_and_end_mark_are_predicted_in_questions(at):
    chosen = at.questions[:6]
    tokens, labels = batch(answer_examples(chosen), at.tokens.pad, CPU)
    for row, text in enumerate(chosen):
        start, stop = text.answer
        assert tokens[row, : len(text.tokens)].tolist() == list(text.tokens)
        assert labels[row, start : stop + 1].tolist() == [*text.tokens[start:stop], at.tokens.end]
        assert set(labels[row, :start].tolist()) == {-100}
        assert set(labels[row, stop + 1 :].tolist()) <= {-100}


def test_everything_but_the_begin_mark_is_predicted_in_statements(at):
    chosen = at.statements[:6]
    _, labels = batch(statement_examples(chosen), at.tokens.pad, CPU)
    for row, text in enumerate(chosen):
        assert labels[row, 1 : len(text.tokens)].tolist() == list(text.tokens[1:])
        assert labels[row, 0] == -100


def test_the_first_loss_is_the_mean_over_predicted_tokens(at):
    examples = answer_examples(at.questions[:5])
    settings = at.config.finetuning.model_copy(update={"steps": 1, "batch_size": 5})
    total, count = 0.0, 0
    with torch.no_grad():
        for example in examples:
            logits = torch.log_softmax(at.model(torch.tensor([example.tokens])).logits[0].double(), -1)
            places = range(example.first_target, len(example.tokens))
            total -= sum(float(logits[i - 1, example.tokens[i]]) for i in places)
            count += len(places)
    order = np.random.default_rng(0)
    curve = train(at.model, examples, settings, pad=at.tokens.pad, arithmetic=at.arithmetic, order=order)
    assert curve.values[0] == pytest.approx(total / count, rel=1e-5)


def test_passes_meet_every_example_equally_often(at):
    examples = statement_examples(at.statements)
    settings = at.config.pretraining.model_copy(update={"steps": 24, "batch_size": 9})  # 72 examples, 3 passes
    met = Counter(id(e) for part in _batches(examples, settings, np.random.default_rng(1)) for e in part)
    assert sorted(met.values()) == [3] * 72


def test_a_batch_that_holds_all_examples_holds_each_once(at):
    examples = answer_examples(at.questions[:7])
    settings = at.config.finetuning.model_copy(update={"steps": 10, "batch_size": 32})
    for part in _batches(examples, settings, np.random.default_rng(2)):
        assert {id(e) for e in part} == {id(e) for e in examples}
        assert len(part) == 7
