"""What the user did not set follows what he set, and one line says what was left out; the rest is refused."""

from typing import ClassVar

import pytest

from empirics import UsageError
from empirics.experiments.defaults import adapted, fitted
from empirics.experiments.load import load_settings
from empirics.experiments.one_layer.config import Config, World
from empirics.experiments.protocol import Experiment, FactTable
from empirics.experiments.registry import experiments
from empirics.experiments.settings import ExperimentSettings, Limit
from empirics.regimes.make import load_map_settings, map_arms, variations_of
from empirics.settings import Axis, Count, Section

ONE_LAYER, LANGUAGE = experiments()["one-layer"], experiments()["language-model"]


def loaded(*settings, preset="default", experiment=ONE_LAYER):
    said = []
    return load_settings(experiment, preset, None, settings, said.append), said


def test_answers_follow_subjects_alone():
    for settings, answers in (
        (["world.subjects=100"], 100),
        (["world.subjects=100", "world.answers=120"], 120),
        (["world.answers=90"], 90),
        (["world.subjects=100", "world.answers_shared=true"], 100),
    ):
        found, said = loaded(*settings)
        assert (found.world.answers, said) == (answers, [])


def test_a_file_counts_as_what_the_user_set(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[world]\nsubjects = 100\n")
    assert load_settings(ONE_LAYER, "quick", file).world.answers == 100
    file.write_text("[world]\nfinetuned = [50]\n")
    with pytest.raises(
        UsageError, match=r"mine\.toml: world.finetuned=50 is refused: .* at most 39 \(world.subjects=40\)"
    ):
        load_settings(ONE_LAYER, "quick", file)


@pytest.mark.parametrize(
    ("setting", "finetuned", "multiplicity", "line"),
    [
        (
            "world.subjects=8",
            (2, 5),
            (1, 3, 6),
            "world.finetuned=[2,5], without 10, 20, 40 (N_f < S, world.subjects=8); "
            "arms.finetuned=[5], since [20,40] is not in world.finetuned",
        ),
        (
            "world.subjects=2",
            (1,),
            (1, 3, 6),
            "world.finetuned=[1], without 2, 5, 10, 20, 40 (N_f < S, world.subjects=2); "
            "arms.finetuned=[1], since [20,40] is not in world.finetuned",
        ),
        (
            "world.templates=[2]",
            (2, 5, 10, 20, 40),
            (1,),
            "world.multiplicity=[1], without 3, 6 (K <= |R|, world.templates=[2]); arms.templates=[2], since [60] is "
            "not in world.templates; arms.multiplicity=[1], since [3] is not in world.multiplicity",
        ),
        ("world.subjects=30", (2, 5, 10, 20), (1, 3, 6), "world.finetuned=[2,5,10,20], without 40 (N_f < S, "),
    ],
)
def test_a_presets_grid_is_clipped_and_the_line_says_so(setting, finetuned, multiplicity, line):
    found, said = loaded(setting)
    assert (found.world.finetuned, found.world.multiplicity) == (finetuned, multiplicity)
    assert len(said) == 1
    assert said[0].startswith(f"defaults that follow your settings: {line}")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            ["world.finetuned=[80]"],
            "finetuned=80 is refused: allowed is N_f < S, here at most 59 (world.subjects=60); try",
        ),
        (["world.finetuned=[5,80]", "world.subjects=30"], "(world.subjects=30); try world.finetuned=[5]"),
        (["world.templates=[2]", "world.multiplicity=[1,3]"], "(world.templates=[2]); try world.multiplicity=[1]"),
        (["world.multiplicity=[30]"], "(world.templates=[20,60]); try world.multiplicity=[20]"),
        (["world.answers=40"], "world.answers=40 is refused: allowed is A >= S, here at least 60"),
        (["world.subjects=1"], "world.subjects=1 is refused: allowed is at least 2, since N_f < S"),
        (["world.subjects=1", "world.finetuned=[1]"], "world.subjects=1 is refused: allowed is at least 2, since N_f"),
        (["world.finetuned=[[1]]"], "is refused: allowed is"),
        (["world.templates='a'"], "world.templates='a' is refused: allowed is a list"),
    ],
)
def test_what_the_user_set_is_refused_in_one_short_line(settings, line):
    with pytest.raises(UsageError) as error:
        loaded(*settings)
    assert line in str(error.value)
    assert len(str(error.value)) < 140


def test_facts_clip_the_grid_that_the_user_did_not_set(capsys):
    def read(**how):
        return FactTable("thirty", tuple(range(30)), ("30 facts take part",))

    found, _ = ONE_LAYER.on_facts(loaded()[0], read, [])
    assert (found.world.subjects, found.world.answers, found.world.finetuned) == (30, 30, (2, 5, 10, 20))
    assert capsys.readouterr().err == (
        "factbound: defaults that follow your settings: world.finetuned=[2,5,10,20], without 40 "
        "(N_f < S, world.subjects=30)\n"
    )
    with pytest.raises(UsageError, match=r"world.finetuned=40 is refused: .*; try world.finetuned=\[29\]"):
        ONE_LAYER.on_facts(loaded("world.finetuned=[40]")[0], read, [])


def test_language_models_follow_their_facts():
    found, said = loaded("facts.number=60", experiment=LANGUAGE)
    assert found.world.finetuned == (8,)
    assert "world.finetuned=[8], without 80 (N_f < facts, facts.number=60)" in said[0]
    assert loaded("facts.number=0", experiment=LANGUAGE)[0].world.finetuned == (8, 80)  # all facts: no limit yet
    assert loaded("world.templates=[8]", experiment=LANGUAGE)[0].world.multiplicity == (1, 4)


def test_a_map_follows_too(capsys):
    design = ONE_LAYER.map_design()
    found = load_map_settings(design, "quick", None, ["world.subjects=20", "world.templates=[20]"])
    assert (found.world.answers, found.arms.templates) == (20, (20,))
    assert map_arms(design, found, variations_of(design, "quick"))
    assert "arms.templates=[20], since [15] is not in world.templates" in capsys.readouterr().err


def test_settings_know_what_the_user_set_and_are_equal_otherwise():
    found, _ = loaded("world.subjects=60")
    assert found == loaded()[0]
    assert (found.world.model_fields_set, found.model.model_fields_set) == ({"subjects"}, set())
    again = adapted(ONE_LAYER, found, {"world": {"answers": 70}})
    assert again.world.model_fields_set == {"subjects", "answers"}
    with pytest.raises(ValueError, match=r"world.finetuned=40 is refused"):
        Config(world=World(subjects=30, answers=30))  # from Python nothing is changed behind one's back


class Urn(Section):
    balls: Count = 10
    colours: Count = 10
    drawn: Axis = (1, 5, 10)


class Settings(ExperimentSettings):
    urn: Urn = Urn()

    follows: ClassVar = {"urn.colours": "urn.balls"}
    limits: ClassVar = (Limit("urn.drawn", "urn.balls", "n <= N"),)


class Urns(Experiment):
    """An experiment of somebody else."""

    settings = Settings
    axes: ClassVar = {"n": "urn.drawn"}
    leading = "main"
    overlays: ClassVar = {}


def test_any_experiment_may_say_what_follows():
    said = []
    found = fitted(Urns(), {}, {"urn": {"balls": 5}}, said.append)
    assert (found.urn.colours, found.urn.drawn) == (5, (1, 5))
    assert said == ["defaults that follow your settings: urn.drawn=[1,5], without 10 (n <= N, urn.balls=5)"]
    with pytest.raises(UsageError, match=r"urn.drawn=10 is refused: allowed is n <= N, here at most 5"):
        fitted(Urns(), {}, {"urn": {"balls": 5, "drawn": [1, 10]}})
