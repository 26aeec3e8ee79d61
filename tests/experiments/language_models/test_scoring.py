"""Scores against slow second routes: one sequence at a time, without padding."""

import math
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from lm_builders import tiny

from empirics.experiments.language_models.run import _candidates, measure_pretrained, prepare
from empirics.experiments.language_models.score import Scorer, right
from empirics.experiments.language_models.train import Example, answer_examples, statement_examples
from empirics.experiments.protocol import Point


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def at(request):
    """An untrained model, made uneven so that arg maxima are clear."""
    prepared = prepare(tiny(f"model.architecture={request.param}"), Point.of(R=4, K=3), 2, "cpu")
    with torch.no_grad():
        for weights in prepared.model.parameters():
            if weights.dim() == 2:
                weights.mul_(6.0)
    prepared.model.eval()
    return prepared


def _slow_likelihood(at, example):
    with torch.no_grad():
        logits = at.model(torch.tensor([example.tokens])).logits[0].double()
    each = torch.log_softmax(logits, -1)
    return sum(
        float(each[place - 1, example.tokens[place]]) for place in range(example.first_target, len(example.tokens))
    )


def test_log_likelihoods_are_those_of_single_sequences(at):
    examples = [*statement_examples(at.statements)[:9], *answer_examples(at.questions)[:9]]
    found = Scorer(at.model, at.tokens, at.arithmetic, 7).log_likelihoods(examples)
    assert found == pytest.approx([_slow_likelihood(at, example) for example in examples], rel=1e-4)


def test_greedy_answers_are_those_of_single_prompts(at):
    prompts = [text.prompt for text in at.questions]
    found = Scorer(at.model, at.tokens, at.arithmetic, 16).greedy_answers(prompts, 5)
    for prompt, answer in zip(prompts, found, strict=True):
        sequence = list(prompt)
        for _ in range(5):
            with torch.no_grad():
                sequence.append(int(at.model(torch.tensor([sequence])).logits[0, -1].argmax()))
            if sequence[-1] == at.tokens.end:
                break
        assert answer == at.tokens.decode(sequence[len(prompt) :])


def test_completion_is_what_greedy_decoding_gives(at):
    # An answer that the model itself gives is completed; with its last token changed it is not.
    texts, broken = [], []
    for text in at.statements[:12]:
        sequence = list(text.prompt)
        for _ in range(2):
            with torch.no_grad():
                sequence.append(int(at.model(torch.tensor([sequence])).logits[0, -1].argmax()))
        place = len(text.prompt), len(text.prompt) + 2
        texts.append(replace(text, tokens=(*sequence, at.tokens.end), answer=place))
        other = (sequence[-1] + 1) % len(at.tokens.tokenizer)
        broken.append(replace(text, tokens=(*sequence[:-1], other, at.tokens.end), answer=place))
    scorer = Scorer(at.model, at.tokens, at.arithmetic, 5)
    assert scorer.completed(texts).all()
    assert not scorer.completed(broken).any()


def test_ranks_count_the_candidates_that_are_as_likely(at):
    own = at.tokens.answers([fact.answer for fact in at.world.facts])
    candidates = _candidates(at)
    chosen = range(8)
    lists = [[own[i], *(own[j] for j in candidates[i])] for i in chosen]
    found = Scorer(at.model, at.tokens, at.arithmetic, 32).ranks([at.questions[i].prompt for i in chosen], lists)
    for i, options, rank in zip(chosen, lists, found, strict=True):
        prompt = at.questions[i].prompt
        scores = [_slow_likelihood(at, Example((*prompt, *option), len(prompt))) for option in options]
        assert rank == 1 + sum(score >= scores[0] for score in scores[1:])
    doubled = [[own[0], own[0]]]
    assert list(Scorer(at.model, at.tokens, at.arithmetic, 2).ranks([at.questions[0].prompt], doubled)) == [2]


def test_candidates_are_other_answers_of_the_relation(at):
    for number, others in enumerate(_candidates(at)):
        assert len(others) == 3
        assert number not in others
        assert {at.world.facts[i].relation for i in others} == {at.world.facts[number].relation}


def test_the_gap_of_a_uniform_model_is_known(at):
    model = deepcopy(at.model)
    with torch.no_grad():
        for weights in model.parameters():
            weights.zero_()
    found = measure_pretrained(replace(at, model=model))
    predicted = np.mean([len(text.tokens) - 1 for text in at.statements]) * math.log(len(at.tokens.tokenizer))
    assert found["statement_gap"] == pytest.approx(predicted - math.log(24 * 3), rel=1e-5)
    assert measure_pretrained(at)["statement_gap"] > 0


def test_exact_match_forgives_case_and_punctuation_only():
    assert right("st. johns", ["St Johns", "other"])
    assert not right("St Johns city", ["St Johns"])
    assert not right("", ["St Johns"])
