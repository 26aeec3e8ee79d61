"""What a map runs."""

import pytest

from empirics.errors import UsageError
from empirics.experiments.map_design import Variation
from empirics.experiments.one_layer import EXPERIMENT
from empirics.experiments.protocol import Point
from empirics.regimes.make import load_map_settings, map_arms, parse_variation, variations_of

DESIGN = EXPERIMENT.map_design()

SMALL = ["world.subjects=20", "world.answers=25", "world.templates=[5,8]", "world.multiplicity=[1,2]"]
GRID = ["world.finetuned=[2,6,15]", "arms.templates=[8]", "arms.multiplicity=[2]", "model.width=16"]


def config(*more):
    return load_map_settings(DESIGN, "quick", None, [*SMALL, *GRID, *more])


def test_one_thing_varies_at_a_time_at_the_selected_cells():
    arms = map_arms(DESIGN, config(), [Variation("model.width", (8, 32)), Variation("attention_step", (0.5,))])
    assert [arm.name for arm in arms] == ["main", "model.width=8", "model.width=32", "attention_step=0.5"]
    assert arms[0].settings.world.templates == (5, 8)
    for arm in arms[1:]:
        assert arm.settings.world.templates == (8,)
        assert arm.settings.world.multiplicity == (2,)
        assert arm.settings.world.finetuned == (2, 6, 15)
    assert arms[3].settings.pretraining.attention_learning_rate == 0.5
    assert arms[3].settings.finetuning.attention_learning_rate == 0.5
    assert arms[3].settings.model == arms[0].settings.model
    assert arms[2].settings.pretraining == arms[0].settings.pretraining


def test_other_sizes_keep_the_surplus_of_answers_and_drop_sets_that_do_not_fit():
    small, large = map_arms(DESIGN, config(), [Variation("world.subjects", (10, 40))])[1:]
    assert (small.settings.world.answers, large.settings.world.answers) == (15, 45)
    assert small.settings.world.finetuned == (2, 6)
    assert large.settings.world.finetuned == (2, 6, 15)
    assert DESIGN.experiment.symbols(small.settings, Point.of(R=8, K=2, N_f=2))["S"] == 10


def test_the_main_configurations_value_is_no_variation():
    assert len(map_arms(DESIGN, config(), [Variation("model.width", (16, 16, 8, 8))])) == 2


@pytest.mark.parametrize("preset", DESIGN.presets)
def test_presets_are_complete_and_their_variations_possible(preset):
    arms = map_arms(DESIGN, load_map_settings(DESIGN, preset), variations_of(DESIGN, preset))
    assert len(arms) == 1 + sum(len(v.values) for v in variations_of(DESIGN, preset))


def test_variations_are_read_as_toml_values():
    assert parse_variation(DESIGN, 'model.activation=["relu","identity"]').values == ("relu", "identity")
    assert parse_variation(DESIGN, " attention_step = [0.0, 1.0]") == Variation("attention_step", (0.0, 1.0))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model.width", "KEY="),
        ("model.width=8", "KEY="),
        ("model.width=[]", "KEY="),
        ("width=[8]", "allowed are attention_step"),
        ("seeds.minimum=[8]", "allowed are attention_step"),
        ("world.templates=[8]", "axis of the grid"),
    ],
)
def test_malformed_variations_are_refused(text, told):
    with pytest.raises(UsageError, match=told.replace("[", r"\[")):
        parse_variation(DESIGN, text)


@pytest.mark.parametrize(
    ("variation", "told"),
    [
        (Variation("model.breadth", (8,)), "unknown key model.breadth"),
        (Variation("model.width", (0,)), "model.width=0 is refused"),
        (Variation("model.width", ("wide",)), "model.width='wide' is refused"),
        (Variation("world.subjects", (2,)), "world.finetuned"),
    ],
)
def test_impossible_values_are_refused_by_name(variation, told):
    with pytest.raises(UsageError, match=told):
        map_arms(DESIGN, config(), [variation])


def test_arms_of_a_verification_and_cells_outside_the_grid_are_refused():
    with pytest.raises(UsageError, match=r"arms\.run"):
        map_arms(DESIGN, config('arms.run=["low-rank"]'), [])
    with pytest.raises(UsageError, match=r"arms\.templates=\[7\]"):
        map_arms(DESIGN, config("arms.templates=[7]"), [Variation("model.width", (8,))])
    with pytest.raises(UsageError, match="preset=full"):
        load_map_settings(DESIGN, "full")
