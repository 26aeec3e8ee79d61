"""Which facts take part: an injection by default, shared answers on request, every fact accounted for."""

import pytest
from lm_builders import fact

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.selection import normalised, select
from empirics.experiments.language_models.facts.table import embedded_facts


def test_every_fact_takes_part_or_is_left_out_for_a_reason():
    facts = [
        fact(1, answer="Paris"),
        fact(2, answer="paris."),
        fact(3, subject="Subject 1"),
        fact(4, relation="author"),
        fact(5, relation="sport"),
    ]
    found = select(facts, "here", relations=("capital", "author"))
    assert [f.id for f in found.facts] == ["f1", "f4"]
    assert sorted(found.left_out.values()) == [0, 1, 1, 1]
    assert len(found.facts) + sum(found.left_out.values()) == found.available == 5


def test_answers_are_distinct_unless_sharing_is_asked_for():
    facts = [fact(1, answer="Paris"), fact(2, answer="Paris"), fact(3, answer="Rome")]
    assert [f.id for f in select(facts, "here").facts] == ["f1", "f3"]
    assert len(select(facts, "here", answers_shared=True).facts) == 3


def test_relations_take_turns_and_a_smaller_number_is_a_prefix():
    facts = [fact(i, relation="capital") for i in range(5)] + [fact(10 + i, relation="author") for i in range(3)]
    whole = select(facts, "here").facts
    assert [f.relation for f in whole][:6] == ["capital", "author"] * 3
    assert select(facts, "here", number=4).facts == whole[:4]
    assert select(facts, "here", number=4).left_out["more than the number asked for"] == 4


def test_a_relation_without_facts_is_refused_by_name():
    with pytest.raises(UsageError, match=r"'sport'.*capital"):
        select([fact(1)], "here", relations=("sport",))


def test_answers_are_compared_by_their_words():
    assert normalised("  St. John's ") == normalised("st john s") == "st john s"
    assert normalised("¿?") == "¿?"
    assert normalised("Ｐａｒｉｓ") == "paris"


def test_the_embedded_facts_suffice_for_the_default():
    found = select(embedded_facts(), "embedded", number=160)
    assert len(found.facts) == 160
    assert len(found.relations) >= 3
    assert len({normalised(f.answer) for f in found.facts}) == 160
