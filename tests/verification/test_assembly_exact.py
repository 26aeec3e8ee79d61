"""From runs to tables and from verdicts to results: every part by hand, with nothing trained."""

import math

import pytest
import sympy as sp

from empirics.experiments.arms import Arm
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import Curve, Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.judging.judge import judge_claim
from empirics.judging.levels import benjamini_yekutieli, holm
from empirics.judging.mutants import MutantOutcome
from empirics.judging.outcome import ClaimOutcome, Outcome, Pooled, Verdict
from empirics.judging.settings import Settings
from empirics.judging.table import CellTable
from empirics.observables.definition import Observable
from empirics.settings import Axis, Section
from empirics.verification.assembly import (
    Runs,
    _curves,
    _pooled,
    assemble,
    bounds_at,
    in_scope,
    latex_of,
    tables_of,
    verdict_result,
)
from empirics.verification.results import PlanResult
from theory import Scope, claim
from theory.claims.xu_chen.paper import NOTATION, K, N_f, R


class World(Section):
    multiplicity: Axis = (1, 2)
    finetuned: Axis = (5, 10)


class Config(ExperimentSettings):
    world: World = World()


class Small(Experiment):
    name = "small"
    title = "small things"
    notation = NOTATION
    axes = {"K": "world.multiplicity", "N_f": "world.finetuned"}  # noqa: RUF012 - read only
    settings = Config
    observables = (
        Observable("half", "half of N_f", "1", 0, 99, sampling="exact", exact=lambda symbols: symbols["N_f"] / 2),
    )

    def symbols(self, settings, cell):
        return {**dict(cell.values), "R": 20}


class Faulty(Small):
    def symbols(self, settings, cell):
        raise ValueError(f"not at {cell}")


def at(k, n):
    return Point.of(K=k, N_f=n)


def run(k, seed, ten=(), **five):
    """A run of K = k: its observables at N_f = 5, and at N_f = 10 if there are any."""
    return UnitRun(Point.of(K=k), seed, {at(k, 5): five, at(k, 10): dict(ten)})


ARMS = [Arm("main", {}, Config()), Arm("slow", {"world.finetuned": (5,)}, Config(world={"finetuned": (5,)}))]


def collected():
    runs = Runs()
    lost = UnitRun(Point.of(K=1), 7, {}, failure="it diverged")
    runs.add("main", [run(1, 4, ood_error=0.25), lost, run(1, 2, ood_error=0.5, more=1.0)])
    runs.add("main", [run(1, 4, ood_error=0.75, ten={"ood_error": None})])  # again: replaces itself
    runs.add("slow", [run(2, 1)])
    return runs


def test_runs_stand_by_seed_and_replace_themselves():
    runs = collected()
    assert [r.seed for r in runs.of("main", Point.of(K=1))] == [2, 4, 7]
    assert runs.of("main", Point.of(K=1))[1].observables[at(1, 5)] == {"ood_error": 0.75}
    assert runs.of("main", Point.of(K=2)) == runs.of("slow", Point.of(K=1)) == []


def test_one_table_for_each_declared_cell():
    tables = tables_of(Small(), ARMS, collected())
    assert [(t.index, t.variant, t.symbols["K"], t.symbols["N_f"]) for t in tables] == [
        (0, "main", 1, 5),
        (1, "main", 1, 10),
        (2, "main", 2, 5),
        (3, "main", 2, 10),
        (4, "slow", 1, 5),
        (5, "slow", 2, 5),
    ]
    axes = {"K": NOTATION["K"].label, "N_f": NOTATION["N_f"].label}
    five = {"ood_error": (0.5, 0.75, None), "more": (1.0, None, None), "half": (2.5, 2.5, None)}
    symbols = {"K": 1, "N_f": 5, "R": 20}
    assert tables[0] == CellTable(0, "main", symbols, (2, 4, 7), frozenset({7}), five, axes, ("K",))
    assert tables[1].observables == {"ood_error": (None, None, None), "half": (None, 5.0, None)}
    assert tables[2] == CellTable(2, "main", {"K": 2, "N_f": 5, "R": 20}, (), axes=axes, run_axes=("K",))
    assert (tables[5].seeds, tables[5].observables, tables[5].failed) == ((1,), {}, frozenset())  # it ran, without any


def test_without_symbols_nothing_is_computed_from_them():
    (first, *_) = tables_of(Faulty(), ARMS, collected())
    assert first.symbols == {"K": 1, "N_f": 5}
    assert list(first.observables) == ["ood_error", "more"]


def cell_outcome(identifier, **more):
    return ClaimOutcome(
        identifier, Verdict.HOLDS, (Outcome(identifier, Scope.CELL, (0,), Verdict.HOLDS, "so"),), **more
    )


def assembled(experiment, mutants=(), **more):
    claims = [claim("ood-error-literal"), claim("coverage-half-mean")]
    runs = Runs()
    curve = {"pretraining_gap": Curve((0, 10), (2.0, 1.0))}
    values = [(0.25, 0.05), (0.75, 0.3), (0.5, 0.1)]
    runs.add(
        "main",
        [
            UnitRun(Point.of(K=1), seed, {at(1, n): {"ood_error": e, "pretraining_gap": g} for n in (5, 10)}, curve)
            for seed, (e, g) in enumerate(values)
        ],
    )
    runs.add("main", [UnitRun(Point.of(K=1), 3, {}, failure="it diverged")])
    broken = []
    tables = [
        CellTable(
            t.index, t.variant, t.symbols, t.seeds, t.failed, {k: v for k, v in t.observables.items() if k != "half"}
        )
        for t in tables_of(experiment, ARMS, runs, broken)
    ]
    outcomes = [cell_outcome(c.id, **more) for c in claims]
    plan = PlanResult(hash="h", declared=True, reason="")
    return assemble(
        experiment,
        Config(),
        ARMS,
        runs,
        tables,
        claims,
        outcomes,
        mutants,
        1.23456,
        plan=plan,
        complete=False,
        broken=broken,
    )


class Scoped(Small):
    premises = {"pretraining_gap": "premise_gap", "absent": "premise_gap"}  # noqa: RUF012 - read only


def test_the_document_of_a_few_runs():
    mutants = [MutantOutcome("ood-error-literal", "m", True, "e"), MutantOutcome("another", "n", None, "f")]
    results = assembled(Scoped(), mutants)
    assert (results.complete, results.wall_seconds, results.shown) == (False, 1.235, Shown())
    # What was measured, and what the claims speak of; limits that are infinite are none.
    assert set(results.observables) == {"ood_error", "pretraining_gap", "coverage_half_mean_tail"}
    assert (results.observables["pretraining_gap"].lower, results.observables["pretraining_gap"].upper) == (0, None)
    first, *others, slow = results.cells
    assert (len(others), first.variant, slow.variant) == (4, "main", "slow")
    assert (first.at("multiplicity"), first.at("finetuned")) == (1, 5)
    assert (first.overlay, slow.overlay) == ({}, {"world.finetuned": [5]})
    assert (first.seeds, first.failed, first.failures) == ([0, 1, 2, 3], [3], {"3": "it diverged"})
    assert first.in_scope_seeds == [0, 2]
    assert first.observables["ood_error"].values == [0.25, 0.75, 0.5, None]
    assert first.observables["ood_error"].mean == 0.5
    assert set(first.bounds) == {"ood-error-literal", "coverage-half-mean"}
    assert first.bounds["coverage-half-mean"].bound == pytest.approx(math.exp(-5 * 1**2 / (2 * 20**2)))
    assert (slow.seeds, slow.observables, slow.in_scope_seeds) == ([], {}, [])
    assert [v.verdict for v in results.verdicts] == ["HOLDS", "HOLDS"]
    literal, half = results.claims
    assert [(m.name, m.refuted, m.evidence) for m in literal.mutants] == [("m", True, "e")]
    assert (half.mutants, literal.pooled, literal.variant, literal.paper) == ([], None, "main", NOTATION.name)
    assert [p.name for p in literal.premises] == [a.name for a in claim("ood-error-literal").assumptions]
    assert all("_" not in p.latex.replace(r"\_", "") or "_{" in p.latex for p in literal.premises)
    (curve,) = results.curves
    assert (curve.observable, curve.steps, curve.mean, curve.at("multiplicity")) == (
        "pretraining_gap",
        [0, 10],
        [2, 1],
        1,
    )


def test_of_several_defects_the_first_is_told_beside_the_experiments_own_notes():
    class Telling(Faulty):
        def show(self, subject):
            return Shown(notes=("mine",))

    found = assembled(Telling())
    assert found.shown.notes == ("mine",)
    (defect,) = found.broken
    assert defect.what == "experiment small, symbols() of the arm main"
    assert defect.reason.startswith("ValueError: not at K=1, N_f=5. The cells have the symbols of their axes alone")

    class Silent(Small):
        def show(self, subject):
            return Shown(notes=("mine",))

    assert assembled(Silent()).shown.notes == ("mine",)


def test_of_several_missing_axes_the_first_is_named():
    class Without(Small):
        def symbols(self, settings, cell):
            return {"R": 20}

    (defect,) = assembled(Without()).broken
    assert "ValueError: the axis K is missing." in defect.reason


def pool(p_value):
    return Pooled(0.9, 0.8, 1.0, 0.8, 0.05, 0.025, 16, 1, True, False, "", p_value, "so")


def test_p_values_are_adjusted_over_the_claims_that_have_one():
    outcomes = [cell_outcome("a", pooled=pool(0.01)), cell_outcome("b"), cell_outcome("c", pooled=pool(0.04))]
    found = _pooled(outcomes)
    assert list(found) == ["a", "c"]
    assert [found[name].holm for name in "ac"] == holm([0.01, 0.04]) == [0.02, 0.04]
    assert [found[name].benjamini_yekutieli for name in "ac"] == benjamini_yekutieli([0.01, 0.04])
    assert (found["a"].p_value, found["a"].worlds, found["a"].without, found["a"].confirmed) == (0.01, 16, 1, True)
    assert assembled(Small(), pooled=pool(0.01)).claims[0].pooled.p_value == 0.01


def test_intervals_of_a_verdict_are_named():
    outcome = Outcome("c", Scope.CELL, (0,), Verdict.HOLDS, "", exceedance=(0.5, 0.25, 0.75), effect=(0.1, 0.0, 0.2))
    found = verdict_result(outcome)
    assert found.exceedance.model_dump() == {"share": 0.5, "lower": 0.25, "upper": 0.75}
    assert found.effect.model_dump() == {"mean": 0.1, "lower": 0.0, "upper": 0.2}
    none = verdict_result(Outcome("c", Scope.CELL, (0,), Verdict.HOLDS, ""))
    assert (none.exceedance, none.effect, none.limits) == (None, None, None)


@pytest.mark.parametrize(
    ("relation", "latex"),
    [
        (N_f * K >= R, r"K N_{f} \geq R"),
        (sp.Symbol("pretraining_gap") <= sp.Symbol("epsilon"), r"\mathrm{pretraining\_gap} \leq \epsilon"),
        (sp.Symbol("x_1") <= sp.Symbol("x_ab"), r"x_{1} \leq \mathrm{x\_ab}"),
        (sp.Symbol("x_a1") <= 2, r"x_{a1} \leq 2"),
        (sp.Symbol("a_b_cd") <= 2, r"\mathrm{a\_b\_cd} \leq 2"),
    ],
)
def test_relations_in_latex(relation, latex):
    plain = latex.replace("N_{f}", NOTATION["N_f"].latex).replace(" R", f" {NOTATION['R'].latex}")
    assert latex_of(relation, NOTATION) == plain.replace(r"\epsilon", NOTATION["epsilon"].latex)


def test_an_observable_that_no_cell_has_puts_no_seed_out_of_scope():
    table = CellTable(0, "main", {}, (0, 1), frozenset({1}), {"other": (9.0, 9.0)})
    assert in_scope(Scoped(), table, Settings()) == [0]


def test_a_claim_without_a_number_has_none_anywhere():
    assert bounds_at(claim("trend-finetuned"), [CellTable(0, "main", {"N_f": 5, "K": 3, "R": 10}, ())]) == [None]
    assert judge_claim(claim("trend-finetuned"), [], Settings()).verdict is Verdict.NOT_TESTED


def test_what_does_not_belong_together_is_no_document():
    claims, runs = [claim("ood-error-literal")], collected()
    plan = PlanResult(hash="h", declared=True, reason="")
    for tables, outcomes in (
        (tables_of(Small(), ARMS, runs)[1:], [cell_outcome(claims[0].id)]),
        (tables_of(Small(), ARMS, runs), [cell_outcome(claims[0].id)] * 2),
    ):
        for table in tables:
            object.__setattr__(table, "observables", {})
        with pytest.raises(ValueError, match="argument 2"):
            assemble(Small(), Config(), ARMS, runs, tables, claims, outcomes, [], 1.0, plan=plan, complete=True)
    short = Runs()
    short.add("main", [UnitRun(Point.of(K=1), 0, {}, {"loss": Curve((0, 1), (0.5,))})])
    with pytest.raises(ValueError, match="argument 2"):
        _curves(Small(), ARMS[0], short)
