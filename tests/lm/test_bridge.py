"""The one-layer transformer on real facts lives in the language model's world."""

import numpy as np
import pytest
from lm_builders import SIX_FACTS, tiny

from empirics.config import load_config
from empirics.errors import UsageError
from empirics.lm.bridge import on_facts
from empirics.lm.world import draw_fact_world
from empirics.one_layer.world import draw_world


def test_distinct_answers_give_a_world_of_as_many_subjects():
    config, found = on_facts(load_config("quick", None, ["world.subjects=24", "world.answers=24"]), "embedded")
    assert config.world.subjects == config.world.answers == len(found.facts) == 24
    assert config.world.answer_of == ()
    assert config.world.facts == "embedded"


def test_both_models_draw_the_same_templates_and_order():
    config, found = on_facts(load_config("quick", None, ["world.subjects=24", "world.answers=24"]), "embedded")
    theirs = draw_fact_world(tiny(), 4, 3, 11)
    assert [fact.id for fact in theirs.facts] == [fact.id for fact in found.facts]
    mine = draw_world(config.world, 4, 3, 11)
    assert np.array_equal(mine.own_templates, theirs.drawn.own_templates)
    assert np.array_equal(mine.finetuning_order, theirs.drawn.finetuning_order)


def test_shared_answers_are_shared_as_in_the_table(tmp_path):
    table = tmp_path / "shared.tsv"
    text = SIX_FACTS.read_text().replace("Strelsau", "Sylvania City")
    table.write_text(text)
    settings = ["world.finetuned=[2]", "world.answers_shared=true"]
    config, found = on_facts(load_config("quick", None, settings), str(table))
    assert (config.world.subjects, config.world.answers) == (6, 5)
    world = draw_world(config.world, 4, 1, 0)
    answers = [fact.answer for fact in found.facts]
    for i in range(6):
        for j in range(6):
            assert (world.answer_of[i] == world.answer_of[j]) == (answers[i] == answers[j])
    alone, kept = on_facts(load_config("quick", None, ["world.finetuned=[2]"]), str(table))
    assert alone.world.subjects == len(kept.facts) == 5


def test_too_few_facts_are_refused_by_name():
    with pytest.raises(UsageError, match=r"world.finetuned.*at most 5"):
        on_facts(load_config("quick"), str(SIX_FACTS))


@pytest.mark.parametrize(
    ("setting", "words"),
    [("[0,1]", "one answer for each"), ("[0,1,2,3,9]", "numbers below"), ("[0,1,2,3,3]", "different")],
)
def test_impossible_answers_are_refused(setting, words):
    small = ["world.subjects=5", "world.answers=5", "world.finetuned=[2]", f"world.answer_of={setting}"]
    with pytest.raises(UsageError, match=words):
        load_config("quick", None, small)
