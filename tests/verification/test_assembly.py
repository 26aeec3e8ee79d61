"""What an experiment fails to show costs its own part of the report alone, and is told."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from empirics.cli.verify import perform, planned
from empirics.experiments.presentation import FigureData, Shown
from empirics.experiments.protocol import Experiment, UnitRun
from empirics.experiments.registry import experiment
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.outcome import Counts, Outcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.settings import Axis, Section
from empirics.verification.assembly import _curves, bounds_at, in_scope, verdict_result
from empirics.verification.results import read_results
from theory import Scope, all_claims, claim
from theory.notation import Notation, Symbol


class World(Section):
    draws: Axis = (1, 2, 3)


class Config(ExperimentSettings):
    world: World = World()


class Faulty(Experiment):
    name = "faulty"
    title = "faulty things"
    notation = Notation("faulty", Symbol(sp.Symbol("n", integer=True, positive=True), "draws", 1))
    axes = {"n": "world.draws"}  # noqa: RUF012 - read only
    settings = Config
    observables = ()
    leading = "plain"
    overlays = {}  # noqa: RUF012 - read only

    def __init__(self, show, symbols):
        self.shown, self.given = show, symbols

    def run(self, settings, unit, seeds, device):
        return [UnitRun(unit, seed, {cell: {} for cell in self.cells_of(settings, unit)}) for seed in seeds]

    def show(self, subject):
        return self.shown()

    def symbols(self, settings, cell):
        return self.given(cell)


def figure(name):
    return FigureData.of(name, "t", "c", "forest", [{"a": 1}])


def shown(**parts):
    return lambda: Shown(**parts)


def good(cell):
    return dict(cell.values)


CASES = {
    "show raises": (lambda: {}["key"], good, "show(): KeyError: 'key'. Only the common part is shown."),
    "another type": (lambda: 5, good, "show(): TypeError: it gave int, not Shown"),
    "NaN": (shown(columns={"x": (1, 2, math.nan)}), good, "columns.x.2.float=nan: Input should be a finite number"),
    "NaN in options": (
        lambda: Shown(figures=(FigureData.of("f", "t", "c", "forest", [{"a": 1}], limit=math.nan),)),
        good,
        "show(): ValueError: Out of range float values",
    ),
    "a short column": (shown(columns={"x": (1, 2)}), good, "shown.columns.x has 2 values, allowed are 3"),
    "a common column": (shown(columns={"seeds": (1, 2, 3)}), good, "cells.csv has a common column of that name"),
    "unchecked": (lambda: Shown().model_copy(update={"notes": 5}), good, "notes=5: Input should be a valid"),
    "a claim's figure": (lambda: Shown(figures=(figure("claim-x"),)), good, "the figure claim-x: names that begin"),
    "a name twice": (lambda: Shown(figures=(figure("x"), figure("x"))), good, "two figures are named x"),
    "symbols raises": (Shown, lambda cell: cell["m"], "symbols() of the arm plain: KeyError: 'm'. The cells have"),
    "no symbols": (Shown, lambda cell: None, "symbols() of the arm plain: TypeError"),
    "a symbol NaN": (Shown, lambda cell: {"n": math.nan}, "n=nan, allowed is a finite number"),
    "an axis missing": (Shown, lambda cell: {}, "the axis n is missing"),
}


@pytest.mark.parametrize(("show", "symbols", "told"), CASES.values(), ids=CASES)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_a_defect_is_a_line_and_the_common_part_is_written(tmp_path, capsys, show, symbols, told):
    options = {"strict": False, "mutants": False, "as_json": False}
    faulty = Faulty(show, symbols)
    assert perform(faulty, *planned(faulty, Config(), (), 1), tmp_path, **options) == 70
    results = read_results(tmp_path / "results.json")
    (line,) = results.defects
    assert line.startswith("experiment faulty, ")
    assert told in line
    assert f"BROKEN, {line}" in " ".join(capsys.readouterr().out.split())
    assert f"BROKEN, {line}".replace("'", "&#39;") in (tmp_path / "report.html").read_text()
    assert [cell.symbols for cell in results.cells] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert (tmp_path / "report.html").exists()


class Armed(Faulty):
    overlays = {"more": {"world.draws": (4,), "compute.dtype": "float32"}}  # noqa: RUF012 - read only


def test_cells_of_an_arm_tell_what_it_overlays(tmp_path):
    config = Config(arms={"run": ("more",)})
    armed = Armed(Shown, good)
    perform(armed, *planned(armed, config, (), 1), tmp_path, strict=False, mutants=False, as_json=False)
    told = {(c.variant, c.symbols["n"]): c.overlay for c in read_results(tmp_path / "results.json").cells}
    assert told[("more", 4)] == {"world.draws": [4], "compute.dtype": "float32"}
    assert told[("plain", 1)] == {}


def test_seeds_in_scope_did_not_fail_and_meet_the_measured_premises():
    """One within the limit, one on it, one beyond, one without a value, one that failed."""
    gaps = {"pretraining_gap": (0.05, 0.1, 0.100001, None, 0.05)}
    table = CellTable(0, "main", {}, (3, 4, 5, 6, 7), frozenset({7}), gaps)
    assert in_scope(experiment(), table, Settings(premise_gap=0.1)) == [3, 4]


@pytest.mark.parametrize(
    ("sampled", "share", "looks", "limits"),
    [
        (True, True, True, "exact"),
        (True, True, False, "betting"),
        (True, False, True, "betting"),
        (False, False, True, None),
    ],
)
def test_limits_are_exact_for_shares_at_declared_looks_alone(sampled, share, looks, limits):
    counts = Counts(3, 0, 1, 0, 4) if share else None
    outcome = Outcome("toy", Scope.CELL, (0,), Verdict.UNDECIDED, "open", counts=counts, by_sampling=sampled)
    assert verdict_result(replace(outcome, looks=(16,) if looks else ())).limits == limits


def test_the_number_of_a_claim_at_a_cell_or_none():
    def at(item, *points):
        return bounds_at(item, [CellTable(0, "main", point, ()) for point in points])

    half_mean, point = claim("coverage-half-mean"), {"N_f": 5, "K": 3, "R": 10, "other": 7}
    missing, outside = {"N_f": 5, "K": 3}, {"N_f": 5, "K": 11, "R": 10}
    found = at(half_mean, missing, point, outside, {**point, "K": 2.5})
    assert [f is None for f in found] == [True, False, True, True]
    assert found[1].log_bound == pytest.approx(-5 * 9 / 200)
    assert found[1].bound == pytest.approx(math.exp(-5 * 9 / 200))
    assert at(half_mean) == []
    assert at(claim("covering-some-unseen"), {"N_f": 5, "K": 4, "R": 4})[0].model_dump() == {
        "bound": 0,
        "log_bound": None,
    }
    assert at(next(c for c in all_claims() if c.log_expression is None), point, point) == [None, None]


def test_curves_are_means_over_runs_at_the_steps_that_all_have():
    def run(failure="", **curves):
        return SimpleNamespace(
            failure=failure, curves={k: SimpleNamespace(steps=s, values=v) for k, (s, v) in curves.items()}
        )

    unit = SimpleNamespace(values=(("n", 2),))
    runs = [
        run(loss=((0, 10, 20), (3.0, 2.0, 1.0))),
        run(loss=((0, 20, 30), (5.0, 2.0, 0.0)), error=((0,), (0.5,))),
        run("it failed", loss=((0,), (99.0,))),
    ]
    alpha = 0.1
    arm = SimpleNamespace(name="main", settings=SimpleNamespace(verdict=SimpleNamespace(alpha=alpha)))
    experiment_ = SimpleNamespace(units=lambda _: [unit], column=str)
    loss, error = _curves(experiment_, arm, SimpleNamespace(of=lambda *_: runs))
    assert (loss.observable, loss.variant, loss.symbols, loss.steps) == ("loss", "main", {"n": 2}, [0, 20])
    assert loss.mean == [4.0, 1.5]
    half = stats.t.ppf(0.95, 1) * np.std([1.0, 2.0], ddof=1) / math.sqrt(2)
    assert (loss.lower[1], loss.upper[1]) == (pytest.approx(1.5 - half), pytest.approx(1.5 + half))
    assert (error.observable, error.mean, error.lower, error.upper) == ("error", [0.5], [None], [None])


def test_a_cell_in_which_a_bound_has_no_number_does_not_cost_the_others_theirs():
    stated = claim("coverage-half-mean")
    K = stated.notation["K"].symbol
    mine = replace(stated, log_expression=-1 / (K - 3), mutants=())
    tables = [CellTable(i, "main", {"N_f": 5, "K": k, "R": 10}, ()) for i, k in enumerate((4, 3, 5))]
    found = bounds_at(mine, tables)
    assert found[1] is None
    assert [found[i].log_bound for i in (0, 2)] == pytest.approx([-1.0, -0.5])
