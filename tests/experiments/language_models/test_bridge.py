"""The one-layer transformer on real facts lives in the language model's world."""

import numpy as np
import pytest
from lm_builders import SIX_FACTS, tiny

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.language_models.facts.selection import FactSource, selected
from empirics.experiments.language_models.texts import draw_fact_world
from empirics.experiments.load import load_config
from empirics.experiments.registry import experiment, on_facts
from empirics.experiments.world import draw_world
from empirics.verification.results import read_results


def bridged(config, source):
    """The one-layer settings on a table, and the facts of it that take part."""
    shared = config.world.answers_shared
    wanted = FactSource(source=source, number=config.world.subjects, answers_shared=shared)
    return on_facts(experiment(), config, source, [])[0], selected(wanted)


def test_distinct_answers_give_a_world_of_as_many_subjects():
    config, found = bridged(load_config("quick", None, ["world.subjects=24", "world.answers=24"]), "embedded")
    assert config.world.subjects == config.world.answers == len(found.facts) == 24
    assert config.world.answer_of == ()
    assert config.world.facts == "embedded"


def test_both_models_draw_the_same_templates_and_order():
    config, found = bridged(load_config("quick", None, ["world.subjects=24", "world.answers=24"]), "embedded")
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
    config, found = bridged(load_config("quick", None, settings), str(table))
    assert (config.world.subjects, config.world.answers) == (6, 5)
    world = draw_world(config.world, 4, 1, 0)
    answers = [fact.answer for fact in found.facts]
    for i in range(6):
        for j in range(6):
            assert (world.answer_of[i] == world.answer_of[j]) == (answers[i] == answers[j])
    alone, kept = bridged(load_config("quick", None, ["world.finetuned=[2]"]), str(table))
    assert alone.world.subjects == len(kept.facts) == 5


def test_a_grid_that_few_facts_do_not_allow_is_clipped_and_the_users_own_refused_by_name():
    assert bridged(load_config("quick"), str(SIX_FACTS))[0].world.finetuned == (2, 5)
    with pytest.raises(UsageError, match=r"world.finetuned=10 .*at most 5"):
        bridged(load_config("quick", None, ["world.finetuned=[10]"]), str(SIX_FACTS))


@pytest.mark.parametrize(
    ("setting", "words"),
    [("[0,1]", "one answer for each"), ("[0,1,2,3,9]", "numbers below"), ("[0,1,2,3,3]", "different")],
)
def test_impossible_answers_are_refused(setting, words):
    small = ["world.subjects=5", "world.answers=5", "world.finetuned=[2]", f"world.answer_of={setting}"]
    with pytest.raises(UsageError, match=words):
        load_config("quick", None, small)


def test_verify_on_facts_states_how_many_take_part(tmp_path, capsys):
    small = ["world.templates=[4]", "world.multiplicity=[1]", "world.finetuned=[2]", "pretraining.steps=20"]
    settings = [part for setting in (*small, "seeds.minimum=1", "seeds.maximum=1") for part in ("--set", setting)]
    options = ["--preset", "quick", "--claims", "ood-error-literal", "--workers", "1", "--output", str(tmp_path)]
    assert run(["verify", "--facts", str(SIX_FACTS), *options, *settings]) == 3, "so few steps leave no cell in scope"
    assert f"6 of 6 facts of {SIX_FACTS} are used: capital 6" in capsys.readouterr().err
    world = read_results(tmp_path / "results.json").config["world"]
    assert (world["subjects"], world["answers"], world["facts"]) == (6, 6, str(SIX_FACTS))


def test_relations_go_with_facts_and_must_exist(capsys):
    assert run(["verify", "--facts", str(SIX_FACTS), "--relations", "sport"]) == 2
    assert "'sport' is not among the relations" in capsys.readouterr().err
    assert run(["verify", "--relations", "capital"]) == 2
    assert "--relations=capital goes with --facts" in capsys.readouterr().err
