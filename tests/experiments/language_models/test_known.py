"""Facts that a model does not know: what it is asked, by a second route, and what is left of a table."""

import json

import numpy as np
import pytest
import torch
from lm_builders import fact, settled, small_llama, write_rows

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.language_models import EXPERIMENT, known, weights
from empirics.experiments.language_models.facts.selection import embedded_facts
from empirics.experiments.language_models.facts.templates import Text, load_templates
from empirics.experiments.language_models.few_shot import FewShot
from empirics.experiments.language_models.known import CATEGORIES, EXAMPLES, PROMPTS, category, taking_part
from empirics.experiments.language_models.model import load_model, own_tokens
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point

HERE = (weights.cache() / weights.SMOLLM2 / "config.json").is_file()
QUESTION = load_templates()["capital"].questions[0]
TEMPERATURE = 0.5


def test_categories_are_those_of_slick():
    assert [category(*counts) for counts in ((PROMPTS, 9), (1, 0), (0, 1), (0, 0))] == list(CATEGORIES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small Llama with weights that are not small, so that its answers differ, as a folder."""
    capitals = [f for f in embedded_facts() if f.relation == "capital"]
    questions = [Text.of(QUESTION, f.subject, answer).whole for f in capitals for answer in f.accepted]
    sizes = {"hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2, "initializer_range": 0.6}
    return small_llama(tmp_path_factory.mktemp("model"), questions, seed=5, **sizes)


@pytest.fixture
def few_shot(folder):
    return FewShot(load_model(folder).eval(), own_tokens(folder), TEMPERATURE)


def test_probabilities_and_greedy_answers_by_whole_prompts(few_shot):
    """Beside them: whole prompts without a cache, decoding by transformers, and samples that are drawn."""
    facts = [f for f in embedded_facts() if f.relation == "capital"]
    examples = "".join(Text.of(QUESTION, f.subject, f.answer).whole + "\n" for f in facts[-4:])
    asked = facts[:12]
    tokens = few_shot.tokens

    def prompt(fact):
        before = Text.of(QUESTION, fact.subject, fact.answer).before
        ids = tokens.tokenizer([examples, before], add_special_tokens=False)["input_ids"]
        return torch.tensor([[tokens.begin, *ids[0], *ids[1]]])

    def decoded(fact, **how):
        given = prompt(fact)
        settings = {"max_new_tokens": 4, "pad_token_id": tokens.pad, "eos_token_id": tokens.end, **how}
        return few_shot.model.generate(given, attention_mask=torch.ones_like(given), **settings)[:, given.shape[1] :]

    # What it says greedily is made the answer of every other fact.
    for number in range(0, 12, 2):
        said = tokens.tokenizer.decode(decoded(asked[number], do_sample=False)[0][:2])
        asked[number] = fact(number, subject=asked[number].subject, answer=said)
    found = few_shot.answers(examples, QUESTION, asked)
    assert [said for said, _ in found[0::2]] == [True] * 6
    assert [said for said, _ in found[1::2]] == [False] * 6

    for mine, (_, probability) in zip(asked, found, strict=True):
        total = 0.0
        for answer in mine.accepted:
            (ids,) = tokens.tokenizer([f" {answer}"], add_special_tokens=False)["input_ids"]
            given = torch.cat([prompt(mine), torch.tensor([ids])], dim=1)
            with torch.no_grad():
                logits = few_shot.model(given).logits[0, -len(ids) - 1 : -1] / TEMPERATURE
            total += float(logits.log_softmax(-1)[torch.arange(len(ids)), torch.tensor(ids)].sum().exp())
        assert probability == pytest.approx(total, rel=1e-3)

    likely = max(range(1, 12), key=lambda i: min(found[i][1], 1 - found[i][1]))
    torch.manual_seed(1)
    drawn = decoded(asked[likely], do_sample=True, temperature=TEMPERATURE, top_k=0, num_return_sequences=4000)
    (ids,) = tokens.tokenizer([f" {asked[likely].answer}"], add_special_tokens=False)["input_ids"]
    share = np.mean([row[: len(ids)].tolist() == ids for row in drawn])
    expected = found[likely][1]
    assert 0.02 < expected < 0.98
    assert share == pytest.approx(expected, abs=4 * (expected * (1 - expected) / 4000) ** 0.5)


def test_an_answer_that_begins_with_another_counts_once(few_shot):
    short, long = "Kabul", "Kabul Kabul"
    one = fact(1, subject="Afghanistan", answer=short)
    both = type(one)(one.id, one.subject, one.relation, short, (short, long))
    (alone,), (together,) = (few_shot.answers("", QUESTION, [f]) for f in (one, both))
    assert alone == pytest.approx(together, rel=1e-5)


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table of 30 facts, a cache of its own, and a model that knows the facts with an even number."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(known, "_KEPT", {})
    rows = [
        {"subj": f"Subject {i}", "prop": "capital", "obj": f"Answer {i}", "possible_answers": [f"Answer {i}"]}
        for i in range(30)
    ]
    rows += [{"subj": "Alone", "prop": "religion", "obj": "None", "possible_answers": ["None"]}]
    write_rows(tmp_path / "facts.tsv", rows)
    calls = []

    def answers(self, prefix, question, facts):
        calls.append(prefix)
        return [(int(f.subject.split()[1]) % 2 == 0, 0.0) for f in facts]

    monkeypatch.setattr(FewShot, "answers", answers)
    taking_part.cache_clear()
    yield tmp_path / "facts.tsv", calls
    taking_part.cache_clear()


def configured(folder, source, *more):
    return load_settings(
        EXPERIMENT,
        settings=[
            f"model.weights={folder}",
            f"facts.source={source}",
            "facts.unknown=true",
            "world.templates=[4]",
            "world.multiplicity=[2]",
            "world.finetuned=[2]",
            "pretraining.target=answer",
            "pretraining.steps=2",
            "finetuning.steps=2",
            "seeds.looks=[1]",
            *more,
        ],
    )


def test_what_the_model_knows_is_left_out_and_told(folder, table, capsys):
    source, calls = table
    config = settled(configured(folder, source))
    found = taking_part(config)
    assert [f.subject for f in found.facts] == [f"Subject {i}" for i in range(1, 22, 2)]
    assert config.facts.number == 11
    assert config.facts.relations == ("capital",)
    left_out = {reason: count for reason, count in found.left_out.items() if count}
    assert left_out == {
        "their relation is not among facts.relations": 1,
        "they are examples in the prompts": EXAMPLES,
        "HighlyKnown: every greedy answer is right": 11,
    }
    assert len(found.facts) + sum(left_out.values()) == found.available == 31
    assert "the model was asked about 22 facts: 11 HighlyKnown, 0 MaybeKnown, 0 WeaklyKnown, 11 Unknown" in found.lines
    assert "factbound: 22 facts asked about, 11 unknown" in capsys.readouterr().err
    assert len(calls) == len(set(calls)) == PROMPTS
    assert all(prefix.count("\n") == known.SHOTS for prefix in calls)
    assert not any(f"Subject {i}?" in prefix for prefix in calls for i in range(22))  # no prompt gives an answer away


def test_the_model_is_asked_once(folder, table, monkeypatch, capsys):
    source, calls = table
    first = taking_part(configured(folder, source))
    taking_part.cache_clear()
    monkeypatch.setattr(known, "_KEPT", {})
    assert taking_part(configured(folder, source, "facts.number=4")).facts == first.facts[:4]
    assert len(calls) == PROMPTS
    (kept,) = (weights.cache().parent / "known").glob("*.json")
    kept.write_text("{half")
    taking_part.cache_clear()
    monkeypatch.setattr(known, "_KEPT", {})
    assert taking_part(configured(folder, source)).facts == first.facts
    assert len(calls) == 2 * PROMPTS
    assert set(json.loads(kept.read_text()).values()) == {"HighlyKnown", "Unknown"}


def test_where_enough_are_found_the_rest_is_not_asked(folder, table, monkeypatch):
    source, _ = table
    monkeypatch.setattr(known, "_AT_ONCE", 6)
    found = taking_part(configured(folder, source, "facts.number=2", "world.finetuned=[1]"))
    assert found.left_out["HighlyKnown: every greedy answer is right"] == 3
    assert found.left_out["Unknown: no answer is right, but enough were found"] == 1
    assert found.left_out["not asked about, since enough were found"] == 16
    assert found.left_out["their relation has no templates, or too few facts to give examples"] == 1


def test_a_cache_that_cannot_be_written_costs_nothing_else(folder, table, monkeypatch, tmp_path):
    source, _ = table
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(taking_part(configured(folder, source)).facts) == 11


def test_a_model_that_knows_all_is_told(folder, table, monkeypatch):
    source, _ = table
    monkeypatch.setattr(FewShot, "answers", lambda self, prefix, question, facts: [(True, 1.0)] * len(facts))
    with pytest.raises(UsageError, match=r"facts\.unknown: of 22 facts of .* the model knows every one"):
        taking_part(configured(folder, source))


def test_the_report_says_what_became_of_the_pool(folder, table, tmp_path):
    source, _ = table
    output = tmp_path / "out"
    words = [f"model.weights={folder}", f"facts.source={source}", "facts.unknown=true", "world.templates=[4]"]
    words += ["world.multiplicity=[2]", "world.finetuned=[2]", "pretraining.target=answer", "pretraining.steps=2"]
    words += ["finetuning.steps=2", "seeds.looks=[1]", "arms.run=[]"]
    sets = [part for word in words for part in ("--set", word)]
    assert run(["lm", "run", "--workers", "1", "--output", str(output), *sets]) in (0, 3)
    document = json.loads((output / "results.json").read_text("utf-8"))
    (pool,) = (table for table in document["shown"]["tables"] if table["id"] == "facts")
    assert pool["title"] == f"The 31 facts of {source}"
    assert ["take part, capital 11", 11] in pool["rows"]
    assert ["HighlyKnown: every greedy answer is right", 11] in pool["rows"]
    (cell,) = document["cells"]
    assert cell["symbols"]["S"] == 11
    assert cell["symbols"]["m"] == 24  # the width of the model that was given


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["model.weights="], "facts.unknown=true is refused: allowed is false for a model from scratch"),
        (["facts.source=invented"], "facts.unknown=true is refused: allowed is false for invented facts"),
    ],
)
def test_what_cannot_be_asked_is_refused(folder, words, told):
    with pytest.raises(UsageError) as error:
        configured(folder, "embedded", *words)
    assert told in str(error.value)


@pytest.mark.skipif(not HERE, reason="no weights here: make weights")
def test_a_real_model_knows_well_known_capitals_and_no_invented_one(tmp_path):
    capitals = {f.subject: f.answer for f in embedded_facts() if f.relation == "capital"}
    well_known = ("France", "Germany", "Japan", "Italy", "Egypt", "Russia")
    invented = {"Belubrexia": "Dorixta", "Fenoquen": "Garurpi", "Hulazmo": "Jorombu", "Kelezka": "Lomuldi"}
    examples = ("Spain", "Portugal", "Austria", "Greece", "Poland", "Norway", "Sweden", "Ireland")
    order = {name: capitals[name] for name in well_known} | invented | {name: capitals[name] for name in examples}
    rows = [{"subj": s, "prop": "capital", "obj": a, "possible_answers": [a]} for s, a in order.items()]
    write_rows(tmp_path / "facts.tsv", rows)
    found = taking_part(configured("smollm2", tmp_path / "facts.tsv"))
    assert [f.subject for f in found.facts] == list(invented)
    assert found.left_out["HighlyKnown: every greedy answer is right"] == len(well_known)


def test_answers_of_several_tokens_are_scored_without_an_end_mark(folder):
    """Where texts end with their answers, ranks compare the answers' tokens alone."""
    config = settled(
        load_settings(
            EXPERIMENT,
            settings=[
                f"model.weights={folder}",
                "facts.number=12",
                'facts.relations=["capital"]',
                "world.templates=[4]",
                "world.multiplicity=[2]",
                "world.finetuned=[2]",
                "pretraining.target=answer",
                "pretraining.steps=3",
                "finetuning.steps=2",
                "evaluation.candidates=5",
                "seeds.looks=[1]",
            ],
        )
    )
    from empirics.experiments.language_models import run as module

    at = module.prepare(config, Point.of(R=4, K=2), 1, "cpu")
    assert any(text.answer[1] - text.answer[0] > 1 for text in at.questions)
    seen = []
    scorer = at.scorer(at.model)
    original = type(scorer).ranks

    def ranks(self, prompts, candidates):
        seen.extend(ids for own in candidates for ids in own)
        return original(self, prompts, candidates)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(scorer), "ranks", ranks)
        module.measure_finetuned(at, at.model, 2)
    assert seen
    assert all(at.tokens.end not in ids for ids in seen)
