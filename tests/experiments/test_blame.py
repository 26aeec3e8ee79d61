"""Runs that a defect ended: told once, with the experiment, its file and line, and the first run."""

import re
import sys
from types import ModuleType

import pytest

from empirics.experiments.blame import place_of
from empirics.experiments.wording import defects_in, of_runs
from empirics.runs.checked import BadRunError
from empirics.runs.pool import _reason

CODE = """
import numpy as np
from empirics.experiments.protocol import Experiment

class Mine(Experiment):
    name = "mine"
    def run(self, settings, unit, seeds, device):
        return np.linalg.inv(np.zeros((2, 2)))
    def other(self):
        raise ValueError("odd\\nthing")
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A user's file, as --with loads it: no package around it, and no folder beside it that is meant."""
    module = ModuleType("mine_of_the_user")
    module.__file__ = str(tmp_path / "mine.py")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(CODE, module.__file__, "exec"), module.__dict__)
    return module.Mine(), module.__file__


def raised(call):
    with pytest.raises(Exception, match=r"\w") as told:
        call()
    return told.value


def test_the_last_of_the_experiments_own_lines_is_named(mine):
    experiment, file = mine
    error = raised(lambda: experiment.run(None, None, (), "cpu"))
    assert place_of(experiment, error) == f"{file}, line 8"
    assert place_of(experiment) == place_of(experiment, raised(lambda: 1 / 0)) == file


def test_a_failed_run_says_experiment_place_error_and_where_it_was_raised(mine):
    experiment, file = mine
    error = raised(lambda: experiment.run(None, None, (), "cpu"))
    told = re.escape(f"internal error: experiment mine ({file}, line 8): LinAlgError: Singular matrix (raised in ")
    assert re.fullmatch(rf"{told}_linalg\.py, line \d+\)", _reason(experiment, error))
    told = f"internal error: experiment mine ({file}, line 10): ValueError: odd thing"
    assert _reason(experiment, raised(lambda: experiment.other())) == told
    told = _reason(experiment, BadRunError("run gave\n int"))
    assert told == f"internal error: experiment mine ({file}): it breaks the protocol: run gave int"


def test_failed_runs_are_of_runs():
    assert of_runs(["K=2, seed 0"]) == "1 failed run (K=2, seed 0)"
    assert of_runs(["K=2, seed 0", "K=2, seed 1"]) == "2 failed runs (K=2, seed 0 and others)"


def test_a_defect_in_many_runs_is_told_once():
    place = "experiment mine (/mine.py, line 8)"
    failures = {
        f"internal error: {place}: ValueError: bad: 3": ["seed 3"],
        "it diverged": ["seed 4"],
        f"internal error: {place}: ValueError: bad: 5": ["seed 5", "seed 6"],
        f"internal error: {place}: TypeError: bad: 7": ["seed 7"],
        "internal error: RuntimeError: as earlier versions told it (mine.py, line 8)": ["seed 8"],
    }
    assert defects_in(failures) == [
        f"{place}: ValueError: bad: 3; 3 failed runs (seed 3 and others)",
        f"{place}: TypeError: bad: 7; 1 failed run (seed 7)",
        "RuntimeError: as earlier versions told it (mine.py, line 8); 1 failed run (seed 8)",
    ]
