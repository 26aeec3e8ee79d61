"""Files of the user's on the command line: ``--with``, a configuration, the environment; and what is broken in them."""

import json
import os
import subprocess
import sys

import pytest

from empirics.cli.plugins import _values

CLAIMS = """
import sympy as sp
from empirics.observables.definition import Observable
from theory import Assumption, Claim, Kind, Mutant, Notation, Paper, Premises, Provenance, Source, Symbol
from empirics.experiments.protocol import Experiment, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.settings import Axis, Section

n = sp.Symbol("n", integer=True, positive=True)
NOTATION = Notation("mine", Symbol(n, "a number", 1, shares_run=True))
SOURCE = Source(paper=Paper("mine", NOTATION), provenance=Provenance.DERIVED, text="t")


def claim(name, expression, **more):
    return Claim(
        id=name, title=name, statement="s", kind=Kind.UPPER, observable="mine_seen",
        log_expression=expression, source=SOURCE, **more,
    )


def premise(relation):
    return Premises(assumptions=(Assumption("q", relation, "t"),))


SOUND = claim("sound", -n, mutants=(Mutant("bad", sp.log(n - 3), "t", refuted_by="measurement"),))
BAD = [
    claim("log", sp.log(n - 3)),
    claim("pole", 1 / (n - 2)),
    claim("endless", sp.exp(1000 * n)),
    claim("stranger", -sp.Function("f")(n)),
    claim("premise", -n, premises=premise(sp.Le(sp.log(n - 3), 1))),
    claim("premise-raises", -n, premises=premise(sp.Le(sp.Function("f")(n), 1))),
]
HUGE = claim("huge", 1000 * n)


class World(Section):
    n: Axis = (2, 3)


class Settings(ExperimentSettings):
    world: World = World()


class Mine(Experiment):
    name, title, notation, axes, settings = "mine", "things", NOTATION, {"n": "world.n"}, Settings
    observables = (Observable("mine_seen", "seen", "1", 0, 1, trivial=1.0),)

    def run(self, settings, unit, seeds, device):
        return [UnitRun(unit, s, {c: {"mine_seen": 0.0} for c in self.cells_of(settings, unit)}) for s in seeds]


EXPERIMENT = Mine()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("with")
    (place / "mine.py").write_text(CLAIMS)
    (place / "broken.py").write_text("import nonsense\n")
    (place / "mine.toml").write_text('[plugins]\nfiles = ["mine.py"]\n[seeds]\nlooks = [90]\n')
    return place


def factbound(folder, *words, **environment):
    command = [sys.executable, "-m", "empirics", *words]
    given = {**os.environ, "FACTBOUND_WITH": "", **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


BOUND = ("bound", "sound", "n=2")


@pytest.mark.parametrize(
    ("words", "environment"),
    [(("--with", "mine.py", *BOUND), {}), ((*BOUND, "--with=mine.py"), {}), (BOUND, {"FACTBOUND_WITH": "mine.py"})],
    ids=["before", "after", "environment"],
)
def test_a_file_is_loaded_wherever_it_is_named(folder, words, environment):
    done = factbound(folder, *words, **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.135335" in done.stdout


def test_a_broken_claim_costs_its_own_row(folder):
    words = (
        "verify",
        "--experiment",
        "mine",
        "--config",
        "mine.toml",
        "--workers",
        "2",
        "--output",
        "out",
        "--mutants",
    )
    done = factbound(folder, *words)
    assert done.returncode == 70, done.stderr
    assert "Traceback" not in done.stderr
    file = f"(file {folder / 'mine.py'})"
    for line in (
        f"log: its bound: the logarithm of a negative number at n=2 {file}",
        f"pole: its bound: a negative power of 0 at n=2 {file}",
        f"endless: its bound: it is infinite at n=2 {file}",
        f"stranger: its bound: TypeError: no ball evaluation of f {file}",
        f"premise: its premise log(n - 3) <= 1 has no finite number at these symbols {file}",
        f"premise-raises: its premise f(n) <= 1: NameError: name 'f' is not defined {file}",
    ):
        name, _, reason = line.partition(": ")
        assert f"factbound: claim {name} is BROKEN: {reason}; the other claims are judged" in done.stderr
        assert f"BROKEN, claim {line}" in " ".join(done.stdout.split())
    results = json.loads((folder / "out/results.json").read_text())
    verdicts = {claim["id"]: claim["verdict"] for claim in results["claims"]}
    assert {name for name, verdict in verdicts.items() if verdict == "BROKEN"} == {
        "log", "pole", "endless", "stranger", "premise", "premise-raises",
    }  # fmt: skip
    assert (verdicts["sound"], verdicts["huge"]) == ("HOLDS", "VACUOUS")
    (mutant,) = next(claim["mutants"] for claim in results["claims"] if claim["id"] == "sound")
    assert mutant["refuted"] is None
    assert mutant["evidence"].startswith("broken: its bound: the logarithm of a negative number")
    assert [file["path"] for file in results["files"]] == [str(folder / "mine.py")]
    assert len(results["files"][0]["sha256"]) == 64
    page = (folder / "out/report.html").read_text()
    assert page.count("BROKEN, claim") == 6
    assert factbound(folder, "bound", "pole", "n=2", "--with", "mine.py").stderr == (
        f"factbound: claim pole is broken: its bound: a negative power of 0 at n=2 {file}\n"
    )


def test_what_nothing_measures_is_told_before_anything_runs(folder):
    (folder / "odd.py").write_text(CLAIMS.replace('observable="mine_seen"', 'observable="mine_sean"'))
    words = ("verify", "--experiment", "mine", "--with", "odd.py", "--claims", "sound", "--output", "odd")
    done = factbound(folder, *words, "--set", "seeds.looks=[3]", "--workers", "1", "--mutants")
    assert "claim sound cannot be tested: nothing measures mine_sean; did you mean mine_seen?" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
    named = factbound(folder, "bound", "premise", "n=2", "--with", "mine.py")
    assert named.stderr == (
        "factbound: claim premise is broken: its premise log(n - 3) <= 1 has no finite number at these symbols "
        f"(file {folder / 'mine.py'})\n"
    )
    assert factbound(folder, "bound", "mine", "--with", "broken.py").returncode == 70, "it may be a claim of that file"


def test_a_dry_run_says_what_is_broken(folder):
    words = ("verify", "--experiment", "mine", "--with", "mine.py", "--dry-run", "--workers", "1")
    done = factbound(folder, *words, "--claims", "sound,pole", "--output", "dry")
    assert done.returncode == 70
    assert "factbound: BROKEN, claim pole: its bound: a negative power of 0 at n=2 (file" in done.stderr
    assert "pole" not in done.stdout
    assert "sound  upper  2" in done.stdout
    assert not (folder / "dry").exists()


def test_a_file_that_cannot_be_imported_is_a_row_and_the_others_go_on(folder):
    words = ("--with", "mine.py", "--with", "broken.py", "verify", "--experiment", "mine", "--claims", "sound")
    done = factbound(folder, *words, "--set", "seeds.looks=[90]", "--output", "two", "--json", "--workers", "1")
    assert done.returncode == 70
    note = f"file {folder / 'broken.py'} is broken: ModuleNotFoundError: No module named 'nonsense' (line 1)"
    assert done.stderr.count(note) == 1
    results = json.loads(done.stdout)
    assert [claim["verdict"] for claim in results["claims"]] == ["HOLDS"]
    (broken,) = results["broken"]
    assert broken == {
        "what": f"file {folder / 'broken.py'}",
        "reason": "ModuleNotFoundError: No module named 'nonsense' (line 1)",
    }
    other = factbound(folder, *BOUND, "--with", "mine.py", "--with", "broken.py")
    assert (other.returncode, "0.135335" in other.stdout) == (70, True), "what does not need it goes on"


@pytest.mark.parametrize(
    ("words", "text", "line"),
    [
        (("--with", "none.py"), "", "--with={folder}/none.py cannot be read: No such file or directory"),
        (("--with", "."), "", "--with={folder} cannot be read: Is a directory"),
        (("--config", "c.toml"), "[plugins]\nfiles = 3\n", 'c.toml: [plugins] is refused: allowed is files = ["my'),
        (("--config", "c.toml"), "[plugins]\nfile = []\n", "c.toml: [plugins] is refused: allowed is files"),
        (("--config", "c.toml"), '[plugins]\nfiles = ["x.py"]\n', "c.toml: plugins.files names x.py, which is not a"),
    ],
    ids=["missing", "a folder", "no list", "another key", "missing in a configuration"],
)
def test_a_file_that_is_not_there_is_bad_usage(folder, words, text, line):
    (folder / "c.toml").write_text(text)
    done = factbound(folder, "verify", *words, "--dry-run")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert f"factbound: {line.format(folder=folder)}" in done.stderr


def test_options_are_found_in_both_forms_and_not_behind_the_dashes():
    words = ["--with", "a", "x", "--with=b", "--without=c", "--", "--with", "d"]
    assert _values(words, "--with") == ["a", "b"]
    assert _values(["--with"], "--with") == []
