"""One run from Python: what is mistyped is named, with the nearest right name."""

import pytest

import empirics
from empirics.experiments.registry import experiment

CELL = {"templates": 4, "multiplicity": 2, "finetuned": 2}


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            {"template": 10},
            "template is not an axis; did you mean templates? the grid of one-layer has templates, multiplicity, "
            "finetuned",
        ),
        ({**CELL, "sed": 3}, "sed is not an axis; did you mean seed? the grid of one-layer has "),
        ({**CELL, "Config": 3}, "Config is not an axis; did you mean config? "),
        ({**CELL, "zzz": 3}, "zzz is not an axis; the grid of one-layer has templates, multiplicity, finetuned"),
        ({"templates": 10}, "multiplicity is missing; the grid of one-layer has "),
        ({**CELL, "seed": -1}, "seed=-1 is refused: allowed is an integer from 0 to 2^53"),
        ({**CELL, "seed": 1.5}, "seed=1.5 is refused: allowed is an integer"),
        ({**CELL, "seed": "0"}, "seed='0' is refused: allowed is an integer"),
        ({**CELL, "config": "quick"}, "config='quick' is refused: allowed is what empirics.load_config gives"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_meant(monkeypatch, arguments, line):
    monkeypatch.setattr(type(experiment()), "inspect", lambda *_: pytest.fail("it ran"))
    with pytest.raises(empirics.UsageError) as error:
        empirics.run(**arguments)
    assert str(error.value).startswith(line)


def test_the_seed_is_that_of_the_command_if_none_is_given(monkeypatch):
    monkeypatch.setattr(type(experiment()), "inspect", lambda self, settings, cell, seed: (str(cell), seed))
    assert empirics.run(**CELL) == ("R=4, K=2, N_f=2", 0)


def test_settings_of_nothing_are_refused_by_verify_too():
    with pytest.raises(empirics.UsageError, match=r"^config='quick' is refused: allowed is what"):
        empirics.verify("quick")
