"""Experiments of other packages: found, and where one is broken, the others do not suffer."""

import os
import subprocess
import sys

import pytest

GOOD = """
import sympy as sp
from empirics.observables.definition import Observable
from empirics.experiments.protocol import Experiment
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import Positive, Section
from theory import Notation, Symbol
from theory.claims.xu_chen.paper import NOTATION
from theory.claims.xu_chen.rank_one import CLAIMS

class Grid(Section):
    seed: tuple[int, ...] = (1,)
    size: int = 3


class Seeded(ExperimentSettings):
    world: Grid = Grid()


class Mine(Experiment):
    name = "mine"
    title = "nothing"
    notation = Notation("mine", Symbol(sp.Symbol("s", integer=True, positive=True), "a symbol", 1))
    axes = {"s": "world.seed"}
    settings = Seeded
    observables = ()

    def run(self, settings, unit, seeds, device):
        raise NotImplementedError

EXPERIMENT = Mine()
MY_GAP = Observable("my_gap", "mine", "1", 0, 1)


def changed(**attributes):
    item = Mine()
    vars(item).update(attributes)
    return item


class World(Section):
    templates: tuple[Positive, ...] = (0.5,)
    switched_on: tuple[bool, ...] = (False, True)


class WithWorld(ExperimentSettings):
    world: World = World()


class Inspectable(Mine):
    settings = WithWorld
    notation = Notation(
        "mine",
        Symbol(sp.Symbol("x", positive=True), "a number", 0, integer=False),
        Symbol(sp.Symbol("on", integer=True, nonnegative=True), "a switch", 0),
    )
    axes = {"x": "world.templates", "on": "world.switched_on"}

    def inspect(self, settings, cell, seed):
        raise ValueError(f"{settings.world.templates} {settings.world.switched_on} {cell}")


FLOAT = Inspectable()
TAKEN = changed(name="one-layer")
COMMAND = changed(command="verify")
NO_AXES = type("NoAxes", (Experiment,), {"name": "mine", "title": "", "notation": Mine.notation})()
UNKNOWN = changed(axes={"zeta": "world.zeta"})
ALIKE = changed(notation=NOTATION, axes={"R": "world.size", "K": "other.size"})
SEEDS = changed(axes={"s": "world.seeds"})
OBSERVED = changed(observables=(Observable("ood_error", "another", "1", 0, 1),))
UNSET = changed(axes={"s": "world.sed"})
NO_SECTION = changed(axes={"s": "word"})
SCALAR = changed(axes={"s": "world.size"})
FOREIGN = changed(settings=dict)
NO_RUN = type("NoRun", (Experiment,), {k: v for k, v in vars(Mine).items() if k != "run"})()
PREMISE = changed(premises={"my_gap": "premise_gap"})
LIMIT = changed(observables=(MY_GAP,), premises={"my_gap": "premise_gaap"})
TEXT = "no plug-in"
OBSERVABLE = Observable("ood_error", "another", "1", 0, 1)
RANK_ONE = list(CLAIMS)
"""


@pytest.fixture
def factbound(tmp_path):
    """Run the command line beside a package with these entry points."""
    (tmp_path / "third.py").write_text(GOOD)
    (tmp_path / "broken.py").write_text("raise RuntimeError('a defect of theirs')\n")

    def run(words, group="factbound.experiments", **points):
        info = tmp_path / "third-1.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
        paths = os.pathsep.join([*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(tmp_path)])
        command = [sys.executable, "-m", "empirics", *words]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False
        )
        done.folder = tmp_path
        return done

    return run


def test_another_package_is_found(factbound):
    assert "mine" in factbound(["verify", "--help"], mine="third:EXPERIMENT").stdout


def test_an_axis_named_as_an_option_of_the_command_leaves_that_option_alone(factbound):
    done = factbound(["run", "--help"], mine="third:EXPERIMENT")
    assert done.returncode == 0, done.stderr
    assert "The seed of everything that is random" in done.stdout


def test_a_broken_package_fails_where_it_is_asked_for_and_nowhere_else(factbound):
    points = {"theirs": "broken:EXPERIMENT"}
    for words in (["--help"], ["claims", "ood-error-literal"], ["bound", "ood-error-literal", "N_f=40", "K=3", "R=60"]):
        assert factbound(words, **points).returncode == 0
    done = factbound(["verify", "--experiment", "theirs"], **points)
    assert done.returncode == 70
    assert done.stderr == (
        "factbound: entry point theirs (broken:EXPERIMENT) is broken: RuntimeError: a defect of theirs\n"
    )


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("TAKEN", "one-layer is registered twice"),
        ("OBSERVED", "observable ood_error is registered twice"),
        ("Mine", "the class Mine, not an instance"),
        ("TEXT", "str, not an instance"),
        ("NO_AXES", "attribute axes is missing"),
        ("UNKNOWN", "axis zeta is not in its notation, which has s"),
        ("ALIKE", "axes R and K have the same column name size"),
        ("SEEDS", "'seeds' cannot name a column"),
        ("UNSET", "axis s='world.sed': its settings have no such key; did you mean world.seed?"),
        ("NO_SECTION", "axis s='word': its settings have no such key; "),
        ("SCALAR", "axis s='world.size': its settings hold 3 there, not a list of values"),
        ("FOREIGN", "its settings are dict, not a kind of ExperimentSettings"),
        ("NO_RUN", "its method run is missing"),
        ("PREMISE", "premise my_gap='premise_gap': it does not measure my_gap"),
        ("LIMIT", "premise my_gap='premise_gaap': [verdict] has no such setting; did you mean premise_gap?"),
    ],
)
def test_an_impossible_experiment_is_told_of_where_it_is_asked_for(factbound, item, reason):
    done = factbound(["run", "--help"], mine=f"third:{item}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "one-layer" in done.stdout
    done = factbound(["verify", "--experiment", "mine"], mine=f"third:{item}")
    assert (done.returncode, len(done.stderr.splitlines())) == (70, 1)
    assert f"entry point mine (third:{item}) is broken" in done.stderr
    assert reason in done.stderr
    if item in ("UNSET", "SCALAR", "NO_RUN", "LIMIT"):
        assert f"experiment mine ({done.folder / 'third.py'}): " in done.stderr


def test_a_command_that_is_taken_is_refused(factbound):
    done = factbound(["--help"], mine="third:COMMAND")
    assert "Train on a grid" in done.stdout
    assert "command verify of the experiment mine is refused" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_axis_means_what_the_chosen_experiment_says(factbound):
    ours = ["run", "--templates", "3", "--multiplicity", "4", "--finetuned", "2"]
    assert "world.multiplicity=4 is refused" in factbound(ours, mine="third:FLOAT").stderr  # not 3.0 templates
    done = factbound([*ours[:2], "0.5", *ours[3:]], mine="third:FLOAT")
    assert (done.returncode, done.stderr) == (2, "factbound: --templates=0.5 is refused: allowed is an integer >= 1\n")
    theirs = ["run", "--experiment", "mine", "--templates", "0.5", "--switched-on"]
    for text, value in {"1": True, "0": False, "true": True}.items():
        assert f"ValueError: (0.5,) ({value},)" in factbound([*theirs, text], mine="third:FLOAT").stderr
    done = factbound([*theirs, "2"], mine="third:FLOAT")
    assert done.stderr == "factbound: --switched-on=2 is refused: allowed is 0, 1, false, true\n"


@pytest.mark.parametrize("item", ["broken:ITEM", "third:TEXT", "third:RANK_ONE", "third:OBSERVABLE"])
@pytest.mark.parametrize("group", ["factbound.claims", "factbound.observables"])
def test_broken_claims_and_observables_are_left_out_with_one_note(factbound, group, item):
    done = factbound(["claims", "pretraining-rate"], group=group, theirs=item)  # whose observable is an experiment's
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"factbound: entry point theirs ({item}) is broken: ")
    assert line.endswith("; it is left out")


def test_a_broken_claim_that_is_asked_for_is_one_line(factbound):
    done = factbound(["claims", "theirs"], group="factbound.claims", theirs="broken:CLAIM")
    assert done.returncode == 70
    assert done.stderr.splitlines()[-1].endswith("is broken: RuntimeError: a defect of theirs")
    assert "Traceback" not in done.stderr
