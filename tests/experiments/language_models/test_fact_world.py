"""The world of real facts is the one-layer model's world of the same seed, in sentences."""

import numpy as np
import pytest
from lm_builders import SIX_FACTS, tiny

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.selection import selected
from empirics.experiments.language_models.texts import Text, check_world, draw_fact_world
from empirics.experiments.one_layer.config import World
from empirics.experiments.world import draw_world


def test_templates_and_order_are_those_of_the_one_layer_world():
    world = draw_fact_world(tiny(), 4, 3, seed=5)
    other = draw_world(World(subjects=24, answers=24), 4, 3, 5)
    assert np.array_equal(world.drawn.own_templates, other.own_templates)
    assert np.array_equal(world.drawn.finetuning_order, other.finetuning_order)


def test_worlds_are_nested_in_multiplicity_universe_and_finetuning():
    config = tiny()
    few, many = draw_fact_world(config, 4, 1, 7), draw_fact_world(config, 4, 3, 7)
    assert [t.whole for t in few.statements()] == [t.whole for t in many.statements()][::3]
    assert list(many.finetuned(12)[:4]) == list(many.finetuned(4))
    assert sorted([*many.finetuned(4), *many.held_out(4)]) == list(range(24))
    wide = draw_fact_world(config, 6, 1, 7)
    assert all(wide.universe[name][:4] == own for name, own in few.universe.items())


def test_statements_speak_of_their_fact_and_differ_within_it():
    world = draw_fact_world(tiny(), 4, 3, 1)
    statements = world.statements()
    assert len(statements) == 24 * 3
    for number, fact in enumerate(world.facts):
        own = statements[3 * number : 3 * number + 3]
        assert len({text.whole for text in own}) == 3
        for text in own:
            assert fact.subject in text.before
            assert text.answer.strip() == fact.answer
        asked = world.question(number)
        assert fact.subject in asked.before
        assert asked.answer == f" {fact.answer}"
        assert not asked.after


def test_coverage_counts_a_relation_and_its_template_together():
    world = draw_fact_world(tiny(), 4, 1, 3)
    distinct = world.distinct_templates()
    seen = {(world.facts[i].relation, int(world.drawn.own_templates[i, 0])) for i in world.finetuned(12)}
    assert int((distinct.coverage(12) > 0).sum()) == len(seen)


def test_text_splits_at_the_answer():
    text = Text.of("In {subject}, they say {answer}!", "X", "Y Z")
    assert (text.before, text.answer, text.after) == ("In X, they say", " Y Z", "!")
    assert Text.of("{subject}:“{answer}”", "X", "Y").whole == "X:“Y”"


def test_what_the_facts_do_not_allow_is_refused_with_numbers():
    with pytest.raises(UsageError, match=r"world.finetuned=12 .* at most 5"):
        check_world(tiny("facts.number=0", f"facts.source={SIX_FACTS}"))
    with pytest.raises(UsageError, match=r"templates \(\|R\|\) = 400 .*'capital'"):
        check_world(tiny("world.templates=[400]"))


def test_selected_facts_are_those_of_the_configuration():
    assert len(selected(tiny().facts).facts) == 24
