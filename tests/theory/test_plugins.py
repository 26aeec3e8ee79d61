"""Files of the user's: what is taken from them, and what is said of a broken one."""

import pickle
import sys

import pytest

import theory
from empirics.experiments.registry import broken_plugins, experiments
from empirics.observables.catalogue import observables
from theory import plugins, registry

GOOD = """
import sympy as sp

from empirics.experiments.protocol import Experiment
from empirics.experiments.settings import ExperimentSettings
from empirics.observables.definition import Observable
from empirics.settings import Axis, Section
from theory import Claim, Kind, Notation, Paper, Provenance, Source, Symbol
from theory.claims.xu_chen.rank_one import CLAIMS as theirs

n = sp.Symbol("n", integer=True, positive=True)
NOTATION = Notation("mine", Symbol(n, "a number", 1))
SEEN = Observable("mine_seen", "seen", "1", 0, 1)
MORE = [Observable("mine_more", "more", "1", 0, 1)]
CLAIM = Claim(
    id="mine", title="Mine", statement="s", kind=Kind.UPPER, observable="mine_seen", log_expression=-n,
    source=Source(paper=Paper("mine", NOTATION), provenance=Provenance.DERIVED, text="t"),
)
AGAIN = (CLAIM,)


class World(Section):
    n: Axis = (1,)


class Settings(ExperimentSettings):
    world: World = World()


class Mine(Experiment):
    name, title, notation, axes, settings = "mine", "mine", NOTATION, {"n": "world.n"}, Settings
    observables = (SEEN,)

    def run(self, settings, unit, seeds, device):
        raise NotImplementedError


EXPERIMENT = Mine()
"""


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """Load files with these texts; nothing is left of them after the test."""
    before = set(sys.modules)
    for name in ("_named", "_failed"):
        monkeypatch.setattr(plugins, name, {})
    monkeypatch.delenv(plugins.VARIABLE, raising=False)

    def load(**texts):
        paths = [tmp_path / f"{name}.py" for name in texts]
        for path, text in zip(paths, texts.values(), strict=True):
            path.write_text(text)
        plugins.add_files(paths)
        return plugins.files()

    yield load
    for name in set(sys.modules) - before:
        if name.startswith("factbound_file_"):
            del sys.modules[name]


def test_what_a_file_defines_is_taken_and_what_it_imports_is_not(loaded):
    (file,) = loaded(mine=GOOD)
    assert theory.claim("mine").bound(n=1) == pytest.approx(0.36788, abs=1e-5)
    assert registry.origin("mine").source is file
    assert registry.origin("rank-one") is None
    assert {"mine_seen", "mine_more"} <= set(observables())
    assert experiments()["mine"].folder == file.path, "the file decides its runs, so its bytes stand in their key"
    assert list(experiments())[-1] == "mine"
    assert broken_plugins() == ()


def test_files_are_known_by_the_environment_too_and_each_once(loaded, monkeypatch, tmp_path):
    (tmp_path / "other.py").write_text("X = 1\n")
    monkeypatch.setenv(plugins.VARIABLE, f"{tmp_path / 'other.py'}:{tmp_path / 'mine.py'}")
    names = [file.path.name for file in loaded(mine=GOOD)]
    assert names == ["mine.py", "other.py"]
    monkeypatch.setenv(plugins.VARIABLE, str(tmp_path / "none.py"))
    with pytest.raises(FileNotFoundError):
        plugins.files()


BROKEN = {
    "raises": ("x = 1\nraise ValueError('no\\n  good')", "ValueError: no good (line 2)"),
    "ends": ("import sys\nsys.exit(3)", "SystemExit: 3 (line 2)"),
    "syntax": ("def", "SyntaxError: invalid syntax (syntax.py, line 1)"),
    "taken": (GOOD.replace('id="mine"', 'id="rank-one"'), "ValueError: claim id rank-one is registered twice"),
    "float": (GOOD.replace("expression=-n", "expression=-0.1 * n"), "ValueError: mine: log_expression holds the float"),
    "infinite": (
        GOOD.replace("expression=-n", "expression=sp.zoo"),
        "log_expression is zoo: allowed is a real, finite",
    ),
    "imaginary": (GOOD.replace("expression=-n", "expression=sp.I * n"), "log_expression is I*n: allowed is a real"),
    "unknown": (GOOD.replace("expression=-n", "expression=-sp.Symbol('q')"), "log_expression uses ['q']; the notation"),
    "class": (GOOD.replace("EXPERIMENT = Mine()", ""), "TypeError: it defines the class Mine but no instance of it"),
    "observable": (GOOD.replace('"mine_more"', '"ood_error"'), "observable ood_error is registered twice"),
    "axis": (GOOD.replace('"world.n"', '"world.m"'), "axis n='world.m': its settings have no such key; did you mean"),
    "run": (GOOD.replace("def run(", "def ran("), "run.py): its method run is missing"),
    "empty": ("x = 1\n", "ValueError: it defines no Claim, Observable or Experiment at its top level"),
}


@pytest.mark.parametrize(("name", "text", "reason"), [(n, *case) for n, case in BROKEN.items()], ids=BROKEN)
def test_a_broken_file_costs_itself_and_says_why(loaded, caplog, name, text, reason):
    (file,) = loaded(**{name: text})
    found = broken_plugins()
    assert {str(defect.plugin) for defect in found} == {f"file {file.path}"}
    assert all(defect.plugin.from_file for defect in found)
    assert any(reason in defect.reason for defect in found), [defect.reason for defect in found]
    assert "rank-one" in {item.id for item in theory.all_claims()}
    assert next(iter(experiments())) == "one-layer"
    for defect in (*found, *found):
        defect.tell()
    assert caplog.text.count(found[0].reason) == 1, "each is told once"


def test_a_broken_file_is_run_once(loaded):
    (file,) = loaded(counts="import builtins\nbuiltins.runs = getattr(builtins, 'runs', 0) + 1\nraise ValueError(runs)")
    for _ in range(3):
        with pytest.raises(ValueError, match="1"):
            file.module()


def test_another_process_runs_the_same_bytes(loaded):
    (file,) = loaded(mine=GOOD)
    experiment = experiments()["mine"]
    packed = pickle.dumps((file, experiment))
    file.path.write_text("raise ValueError('edited meanwhile')")
    del sys.modules[file.module_name]
    plugins._named.clear()
    (again,) = (pickle.loads(pickle.dumps(file)),)
    plugins.adopt([again])
    assert pickle.loads(packed)[1].name == "mine"
    assert plugins.files() == (file,)
