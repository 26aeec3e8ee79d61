"""One claim on all its cells: which verdict a cell gets before its numbers count, and levels, by hand."""

import math
from dataclasses import replace

import pytest
import sympy as sp
from judging_builders import NEAR_OPTIMAL, OBSERVABLES, make_cell, make_claim, settings

from empirics.judging.judge import judge_claim
from theory import Premises, Scope
from theory.claims.xu_chen.paper import K, N_f, R

HALF = make_claim("upper", bound="1/2")


def judge(claim, cells, looks=(), **options):
    return judge_claim(claim, cells, settings(**options), OBSERVABLES, looks)


def test_what_nobody_measured_is_not_tested():
    for claim, why in ((HALF, "no run measured error"), (HALF.on("slow"), "no run measured error in the arm slow")):
        for cells in ([], [make_cell([0.5], observable="slope"), make_cell([0.5], variant="other")]):
            (outcome,) = judge(claim, cells).outcomes
            assert (outcome.verdict, outcome.reason, outcome.scope, outcome.cells) == ("NOT TESTED", why, Scope.RUN, ())
    unknown = make_claim("upper", bound="1/2", observable="nobody's")
    assert judge(unknown, [make_cell([0.5], observable="nobody's")]).verdict == "NOT TESTED"


@pytest.mark.parametrize(("have", "tested"), [(8, True), (7, False)])
def test_a_mean_needs_a_value_in_four_fifths_of_the_runs(have, tested):
    outcome = judge(HALF, [make_cell([0.25] * have + [None] * (10 - have))]).outcomes[0]
    assert (outcome.verdict != "NOT TESTED") == tested
    if not tested:
        assert outcome.reason == (
            "error is in scope and defined in 7 of 10 runs: its mean over all runs cannot be judged by these"
        )
    assert outcome.alpha == 0.05  # one cell shares with none


def test_no_value_at_all_is_too_few_whatever_is_asked():
    cells = [make_cell([None] * 5), make_cell([0.5] * 5, index=1, N_f=6)]
    assert judge(HALF, cells, scope_share=1e-12).outcomes[0].verdict == "NOT TESTED"
    assert judge(HALF, [make_cell([None] * 4 + [0.5])], scope_share=1e-12).outcomes[0].verdict != "NOT TESTED"


def test_a_bound_that_is_not_defined_at_a_cell_is_out_of_scope_there():
    claim = replace(make_claim("upper", bound=-N_f * K / R), premises=Premises(domain=(K <= R,)))
    assert judge(claim, [make_cell([0.0] * 5, K=21)]).outcomes[0].reason == (
        "the bound is undefined here: test at K=21, R=20: needs K <= R"
    )
    inside, outside = judge(claim, [make_cell([0.0] * 5, K=20), make_cell([0.0] * 5, K=21, index=1)]).outcomes
    assert inside.bound == pytest.approx(math.exp(-5))
    assert outside.verdict == "OUT OF SCOPE"
    cell = make_cell([0.0] * 5)
    lacking = replace(cell, symbols={k: v for k, v in cell.symbols.items() if k != "R"}, axes={})
    assert judge(claim, [lacking]).outcomes[0].verdict == "OUT OF SCOPE"


def test_levels_and_scopes():
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    gaps = [[0.0] * 10, [0.0] * 9 + [9.0], [0.0] * 9 + [None], [0.0] * 10]
    values = [[0.1] * 10, [0.1] * 10, [0.1] * 10, [0.1] * 9 + [None]]
    cells = [make_cell(v, index=i, gaps=g, N_f=i + 1) for i, (v, g) in enumerate(zip(values, gaps, strict=True))]
    outcomes = judge(claim, cells, looks=(10,)).outcomes
    assert [o.alpha for o in outcomes] == pytest.approx([0.05, 0.05 / 3, 0.05 / 3, 0.05 / 3])
    assert {(o.refuting, o.family_size, o.scope, o.looks) for o in outcomes} == {(0.05 / 5, 5, Scope.CELL, (10,))}
    only = judge(claim, cells[1:2]).outcomes[0]
    assert (only.alpha, only.refuting, only.family_size) == (0.05, 0.025, 2)
    shared = judge(
        make_claim("upper", bound="1/2", observable="rest"),
        [make_cell([0.1], index=i, observable="rest", N_f=i + 1) for i in (0, 1)],
    )
    assert [(o.scope, o.cells) for o in shared.outcomes] == [(Scope.SERIES, (0, 1))]
    series = judge(make_claim("trend", axis="N_f"), [make_cell([0.1], index=i, N_f=i + 1) for i in (0, 1)])
    assert [(o.scope, o.cells) for o in series.outcomes] == [(Scope.SERIES, (0, 1))]
    per_run = make_claim("upper", bound="1/2", observable="rest", per_run="rest")
    grouped = judge(per_run, [make_cell([0.1] * 5, index=i, observable="rest", N_f=i + 1) for i in (0, 1)])
    assert [(o.scope, o.cells) for o in grouped.outcomes] == [(Scope.CELL, (0, 1))]


def test_cells_that_cannot_be_judged_do_not_enter_the_pool():
    claim = replace(make_claim("upper", bound=-N_f * K / R + sp.log(2)), premises=Premises(domain=(K <= R,)))
    cells = [make_cell([0.0] * 9, N_f=9), make_cell([1.0] * 9, index=1, K=21), make_cell([], index=2, N_f=3)]
    found = judge(claim, cells)
    assert [o.verdict.value for o in found.outcomes] == ["HOLDS", "OUT OF SCOPE", "NOT TESTED"]
    assert (found.pooled.estimate, found.pooled.worlds, found.pooled.refuting) == (1.0, 9, 0.05 / 4)
    assert found.outcomes[2].reason == "no run finished"
