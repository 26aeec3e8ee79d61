"""Experiments of other packages: found, and where one is broken, the others do not suffer."""

import os
import subprocess
import sys

import pytest

GOOD = """
import sympy as sp
from empirics.experiments.protocol import Experiment
from empirics.experiments.settings import ExperimentSettings
from theory import Notation, Symbol

class Mine(Experiment):
    name = "mine"
    title = "nothing"
    notation = Notation("mine", Symbol(sp.Symbol("s", integer=True, positive=True), "a symbol", 1))
    axes = {"s": "world.seed"}
    settings = ExperimentSettings
    observables = ()

EXPERIMENT = Mine()
TAKEN = Mine()
TAKEN.name = "one-layer"
"""


@pytest.fixture
def factbound(tmp_path):
    """Run the command line beside a package with these entry points."""
    (tmp_path / "third.py").write_text(GOOD)
    (tmp_path / "broken.py").write_text("raise RuntimeError('a defect of theirs')\n")

    def run(words, **points):
        info = tmp_path / "third-1.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[factbound.experiments]", *lines, ""]))
        paths = os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(tmp_path)])
        command = [sys.executable, "-m", "empirics", *words]
        return subprocess.run(
            command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
        )

    return run


def test_another_package_is_found(factbound):
    assert "mine" in factbound(["verify", "--help"], mine="third:EXPERIMENT").stdout


def test_an_axis_named_as_an_option_of_the_command_leaves_that_option_alone(factbound):
    done = factbound(["run", "--help"], mine="third:EXPERIMENT")
    assert done.returncode == 0, done.stderr
    assert "Everything random derives from it" in done.stdout


def test_a_broken_package_fails_where_it_is_asked_for_and_nowhere_else(factbound):
    points = {"theirs": "broken:EXPERIMENT"}
    for words in (["--help"], ["claims", "ood-error-literal"], ["bound", "ood-error-literal", "N_f=40", "K=3", "R=60"]):
        assert factbound(words, **points).returncode == 0
    done = factbound(["verify", "--experiment", "theirs"], **points)
    assert done.returncode == 70
    assert "a defect of theirs" in done.stderr


def test_a_name_that_is_taken_is_refused_where_it_is_asked_for(factbound):
    points = {"mine": "third:TAKEN"}
    assert factbound(["claims"], **points).returncode == 0
    done = factbound(["verify", "--preset", "quick"], **points)
    assert done.returncode == 70
    assert "registered twice" in done.stderr
