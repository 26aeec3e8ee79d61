"""What cannot be timed, compared or confirmed is left out or told; documents that are none are refused."""

import sys
from types import SimpleNamespace

import pytest
import sympy as sp
from judging_builders import OBSERVABLES, make_cell, make_claim
from planned_experiment import Instant, small

import empirics.cli.verify  # noqa: F401 # before a test replaces what it takes
from empirics.cli.app import run
from empirics.experiments.document import BoundResult
from empirics.experiments.load import load_config
from empirics.runs.source import Progress
from empirics.runs.store import Store
from empirics.verification import forecast as module
from empirics.verification.assembly import latex_of
from empirics.verification.baseline import Baseline, BaselineCell, BaselineClaim, write_baseline
from empirics.verification.forecast import forecast
from empirics.verification.verify import verify
from theory import Kind
from theory.claims.xu_chen.paper import NOTATION, K


def foretold(settings, experiment=None, *, timed=False, claims=None, tmp_path):
    stored = tmp_path / "none.sqlite"
    return forecast(experiment or Instant(), settings, claims=claims, stored=stored, workers=1, timed=timed)


def test_a_system_that_does_not_tell_the_memory(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "resource", None)
    cost = foretold(small(), timed=True, tmp_path=tmp_path).cost
    assert cost.seconds_per_run is not None
    assert cost.megabytes_per_process is None


def test_a_cell_without_a_partner_in_the_other_arm_is_not_testable():
    item = make_claim("comparison", arm="other", reference="main")
    cell, partner = make_cell([0.5], variant="other"), make_cell([0.5], index=1)
    assert module._testable(item, [cell], [cell, partner], [None, None])
    assert not module._testable(item, [cell], [cell], [None])


def test_bounds_that_say_nothing_are_counted():
    cells, one = [make_cell([0.5])], BoundResult(bound=1.0, log_bound=0.0)
    found = module._bounds(make_claim("upper", bound=1), OBSERVABLES["error"], cells, [one], small(), 0.05)
    assert (found["vacuous"], found["confirmable"], found["beyond"], found["limit"]) == (1, 0, (), None)


def test_a_symbol_that_the_notation_has_not_is_written_as_it_is():
    assert latex_of(sp.Le(sp.Symbol("x"), K), NOTATION) == rf"x \leq {NOTATION.latex_names[K]}"


@pytest.mark.parametrize("damage", ['{"claims": [', "[]", None])
def test_a_plan_that_is_damaged_in_the_store_is_told_by_its_hash_alone(tmp_path, damage):
    def verified(*more):
        with Store(tmp_path / "runs.sqlite") as store:
            return verify(small(*more), experiment=Instant(), claims=["trend-finetuned"], workers=1, store=store).plan

    first = verified()
    with Store(tmp_path / "runs.sqlite") as store:
        if damage is None:
            store._connection.execute("DELETE FROM plans")
        else:
            store._connection.execute("UPDATE plans SET plan = ?", (damage,))
    second = verified("verdict.alpha=0.01")
    told = f"8 of its 8 runs existed before it: 8 made under the plan {first.hash[:12]}"
    assert (second.declared, second.reason) == (False, told)


@pytest.fixture
def checked(monkeypatch, tmp_path):
    """``factbound check`` of one claim, of which the cells are given, against a file."""

    def claims(*cells):
        known = {cell: BaselineCell(verdict="HOLDS") for cell in cells}
        return {"c": BaselineClaim(kind=Kind.UPPER, formula="x", fingerprint="f", verdict="HOLDS", cells=known)}

    def check(old, new, preset="quick"):
        write_baseline(Baseline(preset=preset, claims=claims(*old)), tmp_path / "b.json")
        monkeypatch.setattr(
            "empirics.verification.verify.verify", lambda *_, **__: SimpleNamespace(claims=[], defects=[])
        )
        monkeypatch.setattr("theory.certify.record.proved_steps", lambda _: {})
        monkeypatch.setattr(
            "empirics.verification.baseline.baseline_of", lambda *_: Baseline(preset="quick", claims=claims(*new))
        )
        return run(["check", "--baseline", str(tmp_path / "b.json")])

    return check


def test_a_baseline_of_another_preset_fails_the_check(checked, capsys):
    assert checked(["K=1"], ["K=1"], preset="default") == 1
    assert "the baseline is of preset default, this run of quick" in " ".join(capsys.readouterr().out.split())


def test_a_new_cell_is_noted_and_fails_nothing(checked, capsys):
    assert checked(["K=1"], ["K=1", "K=2"]) == 0
    out = capsys.readouterr().out
    assert "1 note in 1 claim, 2 cells." in out
    assert "new cell" in out


@pytest.mark.parametrize("text", ["[", "[]", "7", '"text"', "[" * 100_000], ids=["open", "list", "7", "text", "deep"])
def test_what_is_no_document_is_refused(text, capsys, tmp_path):
    (tmp_path / "results.json").write_text(text)
    assert run(["report", str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"factbound: {tmp_path / 'results.json'} is not a results document: ")
    assert len(line) < 400


def test_before_the_first_run_it_is_told_what_no_run_will_test():
    told = []
    progress = Progress(told=told.append, planned=lambda more: told.append("runs"))
    config = load_config("quick", None, ["arms.run=[]", "seeds.looks=[1]", "world.templates=[8]"])
    verify(config, claims=["lm-trends", "low-rank", "ood-error-literal"], workers=1, progress=progress)
    assert told[:3] == [
        "claim lm-trends will not be tested: one-layer does not measure statement_accuracy",
        "claim low-rank will not be tested: the arm low-rank is not run",
        "runs",
    ]
