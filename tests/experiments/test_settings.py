"""Settings that are refused: the first mistake in full, the others by name, in one line."""

import pytest

from empirics import UsageError, load_config


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            ["world.subjects='a'"],
            "world.subjects='a' is refused: allowed is a valid integer",
        ),  # answers follow subjects
        (
            ["world.subjects='a'", "world.answers='b'"],
            "world.subjects='a' is refused: allowed is a valid integer; also refused: world.answers='b'",
        ),
        (["world.templates=['a']"], "world.templates='a' is refused: allowed is a valid integer"),
        (
            ["world.templates=['a','b']", "model.breadth=3", "modell.x=2"],
            "world.templates='a' is refused: allowed is a valid integer; "
            "also refused: world.templates='b', model.breadth=3, [modell]",
        ),
        (
            ["seeds.looks=[2,1]", "world.multiplicity=[]", "pretraining.steps=-1"],
            "seeds.looks=[2, 1] is refused: allowed is increasing numbers of seeds, as in [16,32]; "
            "also refused: world.multiplicity=[], pretraining.steps=-1",
        ),
        (["modell.x=2", "mode.y=1"], "unknown section [modell]; did you mean model?; also refused: [mode]"),
    ],
)
def test_what_else_is_refused_is_named(settings, line):
    with pytest.raises(UsageError) as error:
        load_config("default", None, settings)
    assert str(error.value) == line


def test_of_many_mistakes_the_first_are_named_and_all_are_counted():
    with pytest.raises(
        UsageError, match=r"='0' is refused.*; also refused: world.templates='1', .*, \.\.\. \(19 in all\)$"
    ):
        load_config("default", None, [f"world.templates={[str(n) for n in range(20)]}"])
