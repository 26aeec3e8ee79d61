"""A bound that is judged run by run: the share of worlds in which an observable of the run is at most 0."""

import dataclasses
import math

import pytest
import sympy as sp
from judging_builders import make_cell, make_claim, settings

from empirics.judging.judge import judge_claim
from empirics.judging.measurements import judge
from empirics.judging.mutants import judge_mutants
from empirics.observables.definition import Observable
from empirics.verification.plan import falsifier
from theory import Assumption, Mutant, claim, measured
from theory.claims.xu_chen.paper import K

KNOWN = {
    "error": Observable("error", "an error", "fraction", 0, 1, trivial=1.0),
    "excess": Observable("excess", "right answers beyond guessing", "facts", -math.inf, math.inf),
    "other": Observable("other", "the same of other facts", "facts", -math.inf, math.inf),
}
LOOKS = (16, 32)


def cell(excess, error=0.9, other=2.0, index=0):
    made = make_cell([error] * len(excess), index=index, K=1, N_f=5 + index)
    more = {"excess": tuple(excess), "other": tuple([other] * len(excess))}
    return dataclasses.replace(made, observables=made.observables | more)


def verdicts(item, *cells):
    outcome = judge_claim(item, cells, settings(), KNOWN, LOOKS)
    return outcome.verdict.value, [o.verdict.value for o in outcome.outcomes], outcome


def test_the_share_of_worlds_decides_and_not_the_mean():
    item = make_claim("lower", bound="0.95", per_run="excess")  # the mean, 0.9, would refute it
    found, cells, outcome = verdicts(item, cell([0.0] * 8 + [-1.0] * 8))  # 0 is no tie: at most 0
    assert (found, cells) == ("HOLDS", ["HOLDS"])
    (one,) = outcome.outcomes
    assert (one.counts.yes, one.counts.tie, one.counts.no, one.estimate, one.bound) == (16, 0, 0, 1.0, 0.8)
    assert outcome.pooled.statement == "fraction of worlds in which it holds"
    found, cells, _ = verdicts(item, cell([1.0] * 14 + [0.0] * 2))
    assert (found, cells) == ("VIOLATED", ["VIOLATED"])
    assert verdicts(item, cell([0.0] * 15 + [1.0]))[0] == "UNDECIDED"
    assert verdicts(item.on_the_mean(), cell([0.0] * 16))[0] != "HOLDS"


def test_runs_in_which_it_is_undefined_are_counted_apart():
    item = make_claim("lower", bound="0.5", per_run="excess")
    (one,) = verdicts(item, cell([0.0] * 14 + [None] * 2))[2].outcomes
    assert (one.counts.yes, one.counts.undefined, one.counts.ran) == (14, 2, 16)
    assert verdicts(item, cell([0.0] * 8 + [None] * 8))[1] == ["OUT OF SCOPE"]
    assert verdicts(item, make_cell([0.9] * 16))[1] == ["NOT TESTED"]  # the observable was not measured


def test_mutants_name_an_observable_or_are_judged_by_their_number():
    item = make_claim("lower", bound="0.5", per_run="excess")
    others = Mutant("others", sp.log(sp.Rational(1, 2)), "of other facts", "measurement", per_run="other")
    number = Mutant("number", sp.log(sp.Rational(99, 100)), "0.99 for 0.5", "measurement")
    cells = cell([0.0] * 16, error=0.2), cell([0.0] * 16, error=0.2, index=1)
    assert verdicts(item, *cells)[0] == "HOLDS"
    found, _, outcome = verdicts(item.mutated(others), *cells)
    assert (found, outcome.outcomes[0].bound) == ("VIOLATED", 0.8)
    found, _, outcome = verdicts(item.mutated(number), *cells)
    assert (found, outcome.outcomes[0].bound) == ("VIOLATED", pytest.approx(0.99))


def test_the_failure_regime_and_its_mutants():
    regime = claim("failure-regime")
    made = make_cell([0.9] * 16, observable="ood_error", R=20, K=1, N_f=10)

    def measured(unseen, shown, held_out):
        values = {"unseen": unseen, "shown": shown, "held_out": held_out}
        more = {f"{name}_right_excess": (float(v),) * 16 for name, v in values.items()}
        return [dataclasses.replace(made, observables=made.observables | more | {"pretraining_gap": (0.01,) * 16})]

    assert judge_claim(regime, measured(-1, 4, 2), settings(), looks=(16,)).verdict == "HOLDS"
    refuted = {o.mutant: o.refuted for o in judge_mutants([regime], measured(-1, 4, 2), settings(), (16,))}
    assert refuted == {"coverage-useless": True, "shown-instead": True, "universe-squared": True}
    assert judge_claim(regime, measured(3, 4, 5), settings(), looks=(16,)).verdict == "VIOLATED"
    # Where every held-out fact fails, nothing tells the mutants from the claim.
    refuted = {o.mutant: o.refuted for o in judge_mutants([regime], measured(-1, -1, -2), settings(), (16,))}
    assert refuted["coverage-useless"] is refuted["shown-instead"] is False
    assert "unseen_right_excess is at most 0 in fewer than 80% of worlds" in falsifier(regime, settings())


def test_a_table_without_that_column_is_judged_by_the_bound_on_the_mean():
    rows = [{"R": 20, "K": 1, "N_f": 10, "A": 60, "seed": s, "ood_error": 0.95} for s in range(60)]
    found = judge(rows, "failure-regime", assume=["pretraining_gap"])
    (one,) = found.outcome.outcomes
    assert (found.verdict, one.counts) == ("HOLDS", None)
    assert one.bound == pytest.approx(claim("failure-regime").bound(R=20, K=1, N_f=10, A=60))
    with_column = [{**row, "unseen_right_excess": 1} for row in rows]
    found = judge(with_column, "failure-regime", assume=["pretraining_gap"])
    (one,) = found.outcome.outcomes
    assert (found.verdict, one.counts.no) == ("VIOLATED", 60)


def test_a_claim_may_state_its_own_share_of_worlds():
    item = make_claim("lower", bound="0.5", per_run="excess", share=0.99)
    (one,) = verdicts(item, cell([0.0] * 32))[2].outcomes
    assert (one.verdict, one.bound) == ("UNDECIDED", 0.99)
    assert one.observations_needed > 299 - 1
    outcome = judge_claim(item, [cell([0.0] * 299)], settings(), KNOWN, (299,))
    assert outcome.verdict == "HOLDS"
    assert outcome.pooled.asked == 0.99
    assert judge_claim(item, [cell([0.0] * 298)], settings(), KNOWN, (298,)).verdict == "UNDECIDED"
    assert judge_claim(item, [cell([0.0] * 290 + [1.0] * 9)], settings(), KNOWN, (299,)).verdict == "VIOLATED"
    assert "in fewer than 99% of worlds" in falsifier(item, settings())
    assert "in fewer than 80% of worlds" in falsifier(make_claim("lower", bound="0.5", per_run="excess"), settings())


SAYS_SOMETHING = Assumption("other", sp.Gt(measured("other"), 0), "the bound is above 0", vacuous=True)


@pytest.mark.parametrize("per_run", ["excess", None])
def test_where_a_claim_says_nothing_it_is_vacuous_and_not_out_of_scope(per_run):
    item = make_claim("lower", bound="0.5", per_run=per_run, assumptions=[SAYS_SOMETHING])
    good, nothing = cell([0.0] * 16), cell([0.0] * 16, other=-1.0, index=1)
    assert verdicts(item, nothing)[:2] == ("VACUOUS", ["VACUOUS"])
    assert verdicts(item, good, nothing)[1][1] == "VACUOUS"
    (one,) = verdicts(item, nothing)[2].outcomes
    assert one.reason == "premise other > 0 fails: median -1, satisfied by 0 of 16 seeds"
    small = Assumption("K", sp.Ge(K, 2), "K is at least 2")  # cells have K = 1
    both = make_claim("lower", bound="0.5", per_run=per_run, assumptions=[SAYS_SOMETHING, small])
    assert verdicts(both, nothing)[0] == "OUT OF SCOPE"
    assert verdicts(both, good)[0] == "OUT OF SCOPE"
