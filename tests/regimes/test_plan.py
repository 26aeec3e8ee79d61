"""What a map runs."""

import pytest

from empirics.errors import UsageError
from empirics.experiments.protocol import Cell
from empirics.regimes.plan import VARIATIONS, Variation, load_map_config, map_arms, parse_variation

SMALL = ["world.subjects=20", "world.answers=25", "world.templates=[5,8]", "world.multiplicity=[1,2]"]
GRID = ["world.finetuned=[2,6,15]", "arms.templates=[8]", "arms.multiplicity=[2]", "model.width=16"]


def config(*more):
    return load_map_config("quick", None, [*SMALL, *GRID, *more])


def test_one_thing_varies_at_a_time_at_the_selected_cells():
    arms = map_arms(config(), [Variation("model.width", (8, 32)), Variation("attention_step", (0.5,))])
    assert [arm.name for arm in arms] == ["main", "model.width=8", "model.width=32", "attention_step=0.5"]
    assert arms[0].config.world.templates == (5, 8)
    for arm in arms[1:]:
        assert arm.config.world.templates == (8,)
        assert arm.config.world.multiplicity == (2,)
        assert arm.config.world.finetuned == (2, 6, 15)
    assert arms[3].config.pretraining.attention_learning_rate == 0.5
    assert arms[3].config.finetuning.attention_learning_rate == 0.5
    assert arms[3].config.model == arms[0].config.model
    assert arms[2].config.pretraining == arms[0].config.pretraining


def test_other_sizes_keep_the_surplus_of_answers_and_drop_sets_that_do_not_fit():
    small, large = map_arms(config(), [Variation("world.subjects", (10, 40))])[1:]
    assert (small.config.world.answers, large.config.world.answers) == (15, 45)
    assert small.config.world.finetuned == (2, 6)
    assert large.config.world.finetuned == (2, 6, 15)
    assert small.config.symbols(Cell(8, 2, 2))["S"] == 10


def test_the_main_configurations_value_is_no_variation():
    assert len(map_arms(config(), [Variation("model.width", (16, 16, 8, 8))])) == 2


@pytest.mark.parametrize("preset", VARIATIONS)
def test_presets_are_complete_and_their_variations_possible(preset):
    arms = map_arms(load_map_config(preset), VARIATIONS[preset])
    assert len(arms) == 1 + sum(len(v.values) for v in VARIATIONS[preset])


def test_variations_are_read_as_toml_values():
    assert parse_variation('model.activation=["relu","identity"]').values == ("relu", "identity")
    assert parse_variation(" attention_step = [0.0, 1.0]") == Variation("attention_step", (0.0, 1.0))


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
        parse_variation(text)


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
        map_arms(config(), [variation])


def test_arms_of_a_verification_and_cells_outside_the_grid_are_refused():
    with pytest.raises(UsageError, match=r"arms\.run"):
        map_arms(config('arms.run=["low-rank"]'), [])
    with pytest.raises(UsageError, match=r"arms\.templates=\[7\]"):
        map_arms(config("arms.templates=[7]"), [Variation("model.width", (8,))])
    with pytest.raises(UsageError, match="preset=full"):
        load_map_config("full")
