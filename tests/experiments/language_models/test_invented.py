"""Invented facts, and models whose weights are given: worlds of their own, cut texts, forms of question, forgetting."""

from collections import Counter

import numpy as np
import pytest
import torch
from lm_builders import arms, cell, invented_texts, settled, small_llama

from empirics.errors import UsageError
from empirics.experiments.language_models import EXPERIMENT
from empirics.experiments.language_models import run as module
from empirics.experiments.language_models.facts.invented import CITIES, INVENTED, MOST, RELATION, invented
from empirics.experiments.language_models.facts.templates import load_templates
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point

UNIT = Point.of(R=4, K=2)


def test_each_world_has_names_and_cities_of_its_own():
    worlds = [invented(80, seed) for seed in range(3)]
    for facts in worlds:
        assert len({fact.subject for fact in facts}) == 80
        assert set(Counter(fact.answer for fact in facts).values()) == {80 // len(CITIES)}
        assert {fact.relation for fact in facts} == {RELATION}
        assert all(fact.accepted == (fact.answer,) for fact in facts)
    assert invented(80, 1) == worlds[1]
    assert len({tuple(fact.subject for fact in facts) for facts in worlds}) == 3
    first, second = ({fact.subject: fact.answer for fact in facts} for facts in worlds[:2])
    assert any(first[name] != second[name] for name in set(first) & set(second))
    assert len({fact.subject for fact in invented(MOST, 0)}) == MOST


def test_no_statement_begins_with_the_name_or_is_nearly_a_question():
    known = load_templates()[RELATION]
    assert len(known.statements) >= 16
    assert all(not text.startswith("{subject}") for text in known.statements)
    assert not any(" lives in " in text or text.startswith("zq") for text in known.statements)
    assert len(known.questions) == 2


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A small Llama with a tokenizer, as a folder of weights."""
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "tie_word_embeddings": True}
    return small_llama(tmp_path_factory.mktemp("model"), invented_texts(), seed=3, **sizes)


def configured(given, *more):
    return load_settings(
        EXPERIMENT,
        settings=[
            f"model.weights={given}",
            "model.trained_layers=2",
            f"facts.source={INVENTED}",
            "facts.number=20",
            "world.templates=[4]",
            "world.multiplicity=[2]",
            "world.finetuned=[0,5]",
            "pretraining.target=answer",
            "pretraining.steps=90",
            "pretraining.learning_rate=0.01",
            "pretraining.batch_size=20",
            "finetuning.question=2",
            "finetuning.steps=6",
            "seeds.looks=[1]",
            'arms.run=["lm-first-question","lm-low-rank","lm-without-statements"]',
            *more,
        ],
    )


@pytest.fixture(scope="module")
def found(given):
    config = configured(given)
    given_arms = arms(config)
    base = given_arms.pop("lm-without-statements")  # it shares no training with the others
    assert EXPERIMENT.start(base) != EXPERIMENT.start(given_arms["language-model"])
    each = EXPERIMENT.run_arms([*given_arms.values()], UNIT, [4], "cpu")
    found = dict(zip(given_arms, (runs[0] for runs in each), strict=True))
    return found | {"lm-without-statements": EXPERIMENT.run(base, UNIT, [4], "cpu")[0]}


def test_a_model_that_is_given_stores_invented_facts(found):
    main = found["language-model"]
    assert main.failure is None
    none, some = (main.observables[cell(UNIT, count)] for count in (0, 5))
    assert none["statement_accuracy"] == some["statement_accuracy"] >= 0.95
    assert "statement_gap" not in none
    assert none["finetuning_error"] is None
    assert some["finetuning_error"] is not None
    assert none["passage_loss_rise"] != 0.0
    assert none["some_template_unseen"] == 1.0
    base = found["lm-without-statements"].observables[cell(UNIT, 0)]
    assert base["passage_loss_rise"] == 0.0  # nothing was trained
    assert base["statement_accuracy"] < 0.5


def test_arms_differ_in_fine_tuning_and_in_the_form_of_question(found):
    main, first, low = (found[name] for name in ("language-model", "lm-first-question", "lm-low-rank"))
    none = cell(UNIT, 0)
    assert main.curves == first.curves == low.curves  # one pre-trained model
    assert main.observables[none]["ood_loss"] == low.observables[none]["ood_loss"]
    assert main.observables[none]["ood_loss"] != first.observables[none]["ood_loss"]
    assert main.observables[cell(UNIT, 5)]["ood_loss"] != low.observables[cell(UNIT, 5)]["ood_loss"]


def test_errors_losses_and_ranks_by_a_second_route(given, found):
    """The model is trained again, and asked token by token through transformers alone."""
    config = settled(configured(given, "arms.run=[]"))
    at = module.prepare(config, UNIT, 4, "cpu")
    module.pretrain(at)
    module.finetune(at, 5)
    at.model.upper.model.layers = torch.nn.ModuleList([*at.model.lower.layers, *at.model.upper.model.layers])
    whole = at.model.upper
    wrong, losses, inverse_ranks = [], [], []
    cities = {city: at.tokens.answers([city])[0][0] for city in CITIES}
    known = {fact.answer for fact in at.world.facts}
    for number in at.world.held_out(5):
        fact = at.world.facts[number]
        prompt = [at.tokens.begin, *at.tokens.tokenizer(f"zq {fact.subject} ->", add_special_tokens=False)["input_ids"]]
        with torch.no_grad():
            scores = whole(torch.tensor([prompt])).logits[0, -1].log_softmax(-1)
        wrong.append(int(scores.argmax()) != cities[fact.answer])
        losses.append(-float(scores[cities[fact.answer]]))
        others = [float(scores[cities[city]]) for city in known if city != fact.answer]
        inverse_ranks.append(1 / (1 + sum(score >= -losses[-1] for score in others)))
    measured = found["language-model"].observables[cell(UNIT, 5)]
    assert measured["ood_error"] == pytest.approx(np.mean(wrong))
    assert measured["ood_loss"] == pytest.approx(np.mean(losses), abs=1e-4)
    assert measured["answer_reciprocal_rank"] == pytest.approx(np.mean(inverse_ranks))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("finetuning.question=3", "finetuning.question=3 is refused: allowed is at most 2"),
        ("facts.number=1025", "facts.number=1025 is refused: allowed is at most 1024 invented facts"),
        ("model.name=gpt2", "is refused: allowed is one of model.name and model.weights"),
        ("model.weights=nowhere", "model.weights=nowhere is refused: there is no such folder or file"),
    ],
)
def test_what_cannot_be_is_refused(given, setting, words):
    with pytest.raises(UsageError) as error:
        settled(configured(given, setting))
    assert words in str(error.value)
