"""Which seeds are in scope, and what is told of premises: by hand, at the share that is asked for."""

import pytest
import sympy as sp
from judging_builders import NEAR_OPTIMAL, TWO_TEMPLATES, make_cell, make_claim, settings

from empirics.judging.premises import Scoped, scopes_of
from theory import Assumption, Premise, measured
from theory.claims.xu_chen.paper import epsilon

ALSO = Assumption("error", sp.Le(measured("error"), sp.Rational(1, 2)), "small")


def scope(gaps, values=None, failed=(), assumptions=(NEAR_OPTIMAL,), share=0.8, **more):
    cell = make_cell(values or [0.25] * len(gaps), gaps=gaps, failed=failed, **more)
    claim = make_claim("upper", bound="1/2", assumptions=assumptions)
    other = make_cell([0.25] * 3, gaps=[9.0] * 3, index=1)  # cells are judged together, and do not touch each other
    return scopes_of(claim, [other, cell, other], settings(scope_share=share))[1]


def gap(value, holds):
    return Premise("gap", value, 0.1, holds, "gap <= epsilon")


def test_every_field():
    assert scope([0.05, 0.1, 0.0, 0.1, 0.2], seeds=(4, 3, 2, 1, 0)) == Scoped(
        (4, 3, 2, 1), True, (gap(0.1, True),), "", 1
    )
    reason = "premise gap <= 0.1 fails: median 0.2, satisfied by 2 of 5 seeds"
    assert scope([0.05, 0.1, 0.3, 0.2, 0.2]) == Scoped((0, 1), False, (gap(0.2, False),), reason, 3)
    assert scope([]) == Scoped((), False, (), "no run finished")
    assert scope([0.5] * 3, assumptions=()) == Scoped((0, 1, 2), True, (), "")


@pytest.mark.parametrize(
    ("good", "share", "in_scope"), [(4, 0.8, True), (3, 0.8, False), (5, 1.0, True), (4, 1.0, False)]
)
def test_the_share_of_seeds_that_is_asked_for(good, share, in_scope):
    found = scope([0.0] * good + [9.0] * (5 - good), share=share)
    assert (found.in_scope, found.reason == "", found.premises[0].holds) == (in_scope,) * 3
    assert found.measured_failures == 5 - good


def test_seven_tenths_of_ten_are_seven_whatever_the_rounding():
    assert 0.7 * 10 <= 7 < 0.7 * 10 + 1e-9
    assert scope([0.0] * 7 + [9.0] * 3, share=0.7).in_scope
    assert scope([0.0] * 3 + [9.0] * 27, share=0.1).in_scope
    assert 0.1 * 30 > 3 - 1e-9


def test_no_seed_at_all_is_never_enough():
    found = scope([9.0] * 5, share=1e-12)
    assert (found.seeds, found.in_scope) == ((), False)
    assert found.reason == "only 0 of 5 seeds satisfy every premise"


def test_premises_that_hold_apart_may_fail_together():
    found = scope([9.0] + [0.0] * 4, values=[0.25] * 4 + [0.75], assumptions=(NEAR_OPTIMAL, ALSO))
    assert found.seeds == (1, 2, 3)
    assert [p.holds for p in found.premises] == [True, True]
    assert found.reason == "only 3 of 5 seeds satisfy every premise"
    assert found.measured_failures == 2


def test_failed_runs_are_the_reason_where_without_them_it_would_hold():
    found = scope([0.0, 0.0, 0.0, 9.0, None], failed=(4,))
    assert found.reason == "only 3 of 5 seeds satisfy every premise, 1 failed (diverged, or their process died)"
    assert found.measured_failures == 2
    found = scope([0.0, 0.0, 9.0, 9.0, None], failed=(4,))
    assert found.reason == "premise gap <= 0.1 fails: median 4.5, satisfied by 2 of 5 seeds"
    both = scope([0.0, 0.0, 0.0, 9.0, None], values=[0.75] * 5, failed=(4,), assumptions=(NEAR_OPTIMAL, ALSO))
    assert both.reason == "premise error <= 0.5 fails: median 0.75, satisfied by 0 of 5 seeds"


def test_a_failed_run_counts_whatever_its_premises_say():
    found = scope([0.0] * 5, failed=(0,), assumptions=(TWO_TEMPLATES,))
    assert (found.seeds, found.in_scope, found.measured_failures) == ((1, 2, 3, 4), True, 1)


def test_premises_on_symbols_are_told_by_their_value():
    found = scope([0.0] * 5, assumptions=(TWO_TEMPLATES, NEAR_OPTIMAL), K=1)
    assert (found.reason, found.seeds) == ("premise K >= 2 fails: K = 1", ())
    assert found.premises == (Premise("K", 1.0, 2.0, False, "K >= 2"), gap(0.0, True))
    assert found.measured_failures == 0
    two = scope([9.0] * 5, assumptions=(TWO_TEMPLATES, NEAR_OPTIMAL), K=1)
    assert two.reason == ("premise K >= 2 fails: K = 1; premise gap <= 0.1 fails: median 9, satisfied by 0 of 5 seeds")


def test_what_nobody_measured():
    found = scope([None] * 5)
    assert found.reason == "premise gap <= 0.1 fails: it was not measured"
    assert found.premises[0].value is None
    unlimited = Assumption("gap", sp.Le(measured("gap"), measured("other")), "beside another")
    found = scope([0.0] * 5, assumptions=(unlimited,))
    assert found.reason == "premise gap fails: median 0, satisfied by 0 of 5 seeds"


def test_the_median_is_of_the_values_that_there_are():
    assert scope([0.01, None, 0.05, 0.03, 0.02]).premises[0].value == pytest.approx(0.025)
    assert scope([0.01, 0.07, 0.05]).premises[0].value == 0.05


def test_the_limit_is_the_setting():
    cell = make_cell([0.25] * 4, gaps=[0.3] * 4)
    claim = make_claim("upper", bound="1/2", assumptions=(NEAR_OPTIMAL,))
    assert epsilon.name == "epsilon"
    assert scopes_of(claim, [cell], settings(premise_gap=0.3))[0].in_scope
    assert not scopes_of(claim, [cell], settings(premise_gap=0.29))[0].in_scope
