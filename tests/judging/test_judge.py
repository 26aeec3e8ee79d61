"""Bounds, rates and identities; every verdict, their order, premises, levels."""

import math
import re

import numpy as np
import pytest
from judging_builders import DECAY, NEAR_OPTIMAL, OBSERVABLES, TWO_TEMPLATES, make_cell, make_claim, settings

from empirics.judging.confidence import lower_limit, upper_limit
from empirics.judging.judge import judge_claim
from empirics.judging.outcome import Verdict, worst
from empirics.judging.premises import scopes_of
from empirics.verification.plan import falsifier


def judge(claim, cells, **options):
    return judge_claim(claim, cells, settings(**options), OBSERVABLES)


def only(claim, cells, **options):
    (outcome,) = judge(claim, cells, **options).outcomes
    return outcome


LOW, MIDDLE, HIGH = [0.1] * 40, [0.5, 0.3, 0.7] * 4, [0.9] * 40


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("upper", LOW, "HOLDS"),
        ("upper", MIDDLE, "UNDECIDED"),
        ("upper", HIGH, "VIOLATED"),
        ("lower", LOW, "VIOLATED"),
        ("lower", MIDDLE, "UNDECIDED"),
        ("lower", HIGH, "HOLDS"),
    ],
)
def test_bounds(kind, values, expected):
    outcome = only(make_claim(kind, bound="1/2"), [make_cell(values)])
    assert outcome.verdict == expected
    assert outcome.estimate == pytest.approx(np.mean(values))
    below, above = (0.025, 0.05) if kind == "upper" else (0.05, 0.025)  # refuting shares alpha with the pooled one
    assert outcome.lower == pytest.approx(lower_limit(values, below))
    assert outcome.upper == pytest.approx(upper_limit(values, above))
    assert (outcome.alpha, outcome.refuting, outcome.family_size) == (0.05, 0.025, 2)
    assert outcome.bound == pytest.approx(0.5)
    assert outcome.tightness == pytest.approx(0.5 / np.mean(values))


@pytest.mark.parametrize(("kind", "values"), [("upper", HIGH), ("lower", LOW)])
def test_the_falsifier_names_the_limit_that_refutes(kind, values):
    claim = make_claim(kind, bound="1/2")
    reason = only(claim, [make_cell(values)]).reason
    side, sign = re.search(r"(\w+) limit [\d.]+ ([<>]) 0.5", reason).groups()
    told = f"whose {side} confidence limit for the mean of error lies {'above' if sign == '>' else 'below'} the bound"
    assert told in falsifier(claim, settings())


def test_identity_is_judged_at_every_seed():
    claim = make_claim("identity", bound="1/2", tolerance=1e-9)
    assert only(claim, [make_cell([0.5, 0.5 + 5e-10])]).verdict == "HOLDS"
    assert only(claim, [make_cell([0.5] * 50 + [0.5 + 2e-9])]).verdict == "VIOLATED"


def test_comparison_with_zero_and_rate():
    positive, negative = [0.4, 0.5] * 30, [-0.4, -0.5] * 30
    claim = make_claim("comparison", observable="slope")
    assert only(claim, [make_cell(positive, observable="slope")]).verdict == "HOLDS"
    assert only(claim, [make_cell(negative, observable="slope")]).verdict == "VIOLATED"
    assert only(claim, [make_cell([0.4, -0.4] * 5, observable="slope")]).verdict == "UNDECIDED"
    rate = make_claim("rate", observable="slope")
    assert only(rate, [make_cell([-1.0, -1.2] * 30, observable="slope")]).verdict == "HOLDS"
    assert only(rate, [make_cell([1.5, 1.2] * 30, observable="slope")]).verdict == "VIOLATED"
    assert only(rate, [make_cell([0.1, 0.0] * 4, observable="slope")]).verdict == "UNDECIDED"


def test_vacuous_bounds():
    assert only(make_claim("upper", bound="1"), [make_cell(LOW)]).verdict == "VACUOUS"
    assert only(make_claim("upper", bound="3"), [make_cell(LOW)]).verdict == "VACUOUS"
    assert only(make_claim("upper", bound=DECAY), [make_cell(LOW, N_f=0)]).verdict == "VACUOUS"
    nothing = make_claim("lower", bound=DECAY * 10**9)
    assert only(nothing, [make_cell(LOW)]).verdict == "VACUOUS"


def test_exact_observables_need_no_sampling():
    claim = make_claim("upper", bound="1/2", observable="exact")
    assert only(claim, [make_cell([0.49], observable="exact")]).verdict == "HOLDS"
    outcome = only(claim, [make_cell([0.51], observable="exact")])
    assert outcome.verdict == "VIOLATED"
    assert "exact value" in outcome.reason
    # Every run is judged, not their mean: one beyond the bound refutes it.
    outcome = only(claim, [make_cell([0.49] * 9 + [0.51], observable="exact")])
    assert outcome.verdict == "VIOLATED"
    assert (outcome.lower, outcome.upper, outcome.reason) == (0.49, 0.51, "exact value 0.51 > 0.5")
    claim = make_claim("lower", bound="1/2", observable="exact")
    assert only(claim, [make_cell([0.49] + [0.51] * 9, observable="exact")]).verdict == "VIOLATED"


def test_the_median_of_an_even_number_of_seeds_lies_between():
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    assert only(claim, [make_cell([0.1] * 2, gaps=[0.02, 5.0])]).premises[0].value == pytest.approx(2.51)


def test_premises_are_judged_per_seed():
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL, TWO_TEMPLATES])
    # One seed in ten fails: in scope, judged on the nine.
    gaps = [0.01] * 36 + [1.4] * 4
    cell = make_cell([0.1] * 36 + [1.0] * 4, gaps=gaps)
    outcome = only(claim, [cell])
    assert outcome.verdict == "HOLDS"
    assert outcome.estimate == pytest.approx(0.1)
    # Half fail: out of scope, with value and limit.
    outcome = only(claim, [make_cell([0.1] * 10, gaps=[0.01] * 4 + [1.39] * 6)])
    assert outcome.verdict == "OUT OF SCOPE"
    assert "gap <= 0.1 fails: median 1.39, satisfied by 4 of 10 seeds" in outcome.reason
    assert [(p.name, p.holds) for p in outcome.premises] == [("gap", False), ("K", True)]
    assert outcome.premises[0].limit == 0.1
    assert only(claim, [make_cell(LOW, gaps=[0.0] * 40, K=1)]).reason == "premise K >= 2 fails: K = 1"
    # An unmeasured premise fails.
    assert only(claim, [make_cell(LOW)]).verdict == "OUT OF SCOPE"


def test_diverged_seeds_fail_the_premise_and_stay_counted():
    claim = make_claim("upper", bound="1/2")
    values = [0.1] * 8 + [None] * 2
    assert only(claim, [make_cell(values, failed=(8, 9))]).verdict != "OUT OF SCOPE"
    outcome = only(claim, [make_cell([0.1] * 7 + [None] * 3, failed=(7, 8, 9))])
    assert outcome.verdict == "OUT OF SCOPE"
    assert "7 of 10 seeds" in outcome.reason
    assert "3 failed" in outcome.reason


def test_cells_are_confirmed_at_alpha_and_refuted_at_alpha_over_all_statements():
    """Before scope is known: a cell out of scope, one without runs, and the pooled statement are counted."""
    claim = make_claim("upper", bound="1/2", assumptions=[TWO_TEMPLATES])
    cells = [make_cell(LOW, index=0), make_cell(LOW, index=1, K=1), make_cell([], index=2, K=3)]
    outcome = judge(claim, cells)
    assert {o.family_size for o in outcome.outcomes} == {4}
    assert {o.alpha for o in outcome.outcomes} == {0.05}
    assert all(o.refuting == pytest.approx(0.05 / 4) for o in outcome.outcomes)
    assert [o.verdict for o in outcome.outcomes] == ["HOLDS", "OUT OF SCOPE", "NOT TESTED"]


def test_bounds_of_cells_whose_scope_is_measured_share_alpha():
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    gaps = ([0.0] * 40, [0.0] * 39 + [1.0], [0.0] * 38 + [1.0] * 2)
    cells = [make_cell(LOW, index=i, gaps=g, N_f=2 + i) for i, g in enumerate(gaps)]
    assert [o.alpha for o in judge(claim, cells).outcomes] == [0.05, 0.025, 0.025]
    cells[0] = make_cell([*LOW[:-1], None], gaps=[0.0] * 40, N_f=2)  # without a value: out of scope by measurement too
    assert [o.alpha for o in judge(claim, cells).outcomes] == pytest.approx([0.05 / 3] * 3)


def test_a_cell_without_runs_takes_none_of_alpha():
    """Nothing was measured there that could have put a seed out of scope."""
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    cells = [make_cell(LOW, gaps=[0.0] * 39 + [1.0]), make_cell([], index=1, N_f=3)]
    assert [o.alpha for o in judge(claim, cells).outcomes] == [0.05, 0.05]
    assert scopes_of(claim, [cells[1]], settings())[0].measured_failures == 0


def test_one_measurement_of_the_pretrained_model_is_one_verdict():
    claim = make_claim("identity", bound="1/2", observable="gap")
    cells = [make_cell([0.5], index=i, observable="gap", N_f=n) for i, n in enumerate((2, 5, 10))]
    outcome = judge(claim, cells)
    assert len(outcome.outcomes) == 1
    assert outcome.outcomes[0].cells == (0, 1, 2)
    assert outcome.outcomes[0].scope == "series"


def test_order_of_verdicts():
    v = Verdict
    assert worst([v.HOLDS, v.UNDECIDED, v.VIOLATED, v.VACUOUS]) is v.VIOLATED
    assert worst([v.HOLDS, v.UNDECIDED, v.OUT_OF_SCOPE]) is v.UNDECIDED
    assert worst([v.HOLDS, v.SUPPORTED]) is v.SUPPORTED
    assert worst([v.HOLDS, v.VACUOUS, v.OUT_OF_SCOPE, v.NOT_TESTED]) is v.HOLDS
    assert worst([v.VACUOUS, v.OUT_OF_SCOPE]) is v.VACUOUS
    assert worst([v.OUT_OF_SCOPE, v.NOT_TESTED]) is v.OUT_OF_SCOPE
    assert worst([]) is v.NOT_TESTED


def test_scope_comes_before_vacuity_and_vacuity_before_measurement():
    claim = make_claim("upper", bound="1", assumptions=[TWO_TEMPLATES])
    assert only(claim, [make_cell(HIGH, K=1)]).verdict == "OUT OF SCOPE"
    assert only(claim, [make_cell(HIGH)]).verdict == "VACUOUS"
    assert judge(claim, [make_cell([], K=1)]).verdict == "NOT TESTED"


def test_an_observable_nobody_measured():
    outcome = judge(make_claim("upper", bound="1/2", observable="slope"), [make_cell(LOW)])
    assert outcome.verdict == "NOT TESTED"
    assert "no run measured slope" in outcome.outcomes[0].reason


def test_power_is_told():
    outcome = only(make_claim("upper", bound="1/10"), [make_cell([0.0] * 8)])
    assert outcome.verdict == "UNDECIDED"
    assert f"about {outcome.observations_needed} seeds like these would confirm it" in outcome.reason
    n = outcome.observations_needed
    assert upper_limit([0.0] * n, 0.05) <= 0.1 < upper_limit([0.0] * (n - 1), 0.05)
    assert outcome.decidable_at == n
    hopeless = only(make_claim("upper", bound="1/2"), [make_cell([0.5, 0.5])])
    assert hopeless.decidable_at is None
    assert "more seeds like these will not decide it" in hopeless.reason
    against = only(make_claim("upper", bound="1/2"), [make_cell([0.9] * 3)])
    assert against.observations_needed is None
    assert f"about {against.decidable_at} seeds like these would refute it" in against.reason


def test_exceedance_and_sharpness():
    values = [0.6] * 30 + [0.2] * 30
    outcome = only(make_claim("upper", bound=DECAY, assumptions=[]), [make_cell(values, N_f=200)])
    bound = math.exp(-200 * 4 / 800)
    assert outcome.bound == pytest.approx(bound)
    share, low, high = outcome.exceedance
    assert share == 0.5
    assert low < 0.5 < high
    refuted = only(make_claim("upper", bound=DECAY * 5), [make_cell(values, N_f=200)])
    assert refuted.verdict == "VIOLATED"
    # At the sharpness factor the bound equals the lower limit: a little more is refuted, a little less is not.
    factor = outcome.sharpness
    assert math.exp(factor * outcome.log_bound) == pytest.approx(outcome.lower)


@pytest.mark.parametrize(("kind", "beyond"), [("upper", 10), ("lower", 30)])
def test_exceedance_is_the_share_of_runs_on_the_wrong_side(kind, beyond):
    """10 of 40 runs above 1/2, 30 below; limits of a share by the same betting, each side at alpha/2."""
    outcome = only(make_claim(kind, bound="1/2"), [make_cell([0.9] * 10 + [0.1] * 30)])
    wrong = [1.0] * beyond + [0.0] * (40 - beyond)
    assert outcome.exceedance == pytest.approx(
        (beyond / 40, lower_limit(wrong, 0.025), upper_limit(wrong, 0.025)), abs=1e-12
    )


def test_values_undefined_in_most_seeds_are_not_judged():
    """The mean over the seeds where a quantity happens to be defined is another mean."""
    claim = make_claim("upper", bound="1/2")
    outcome = only(claim, [make_cell([0.1] * 12 + [None] * 88)])
    assert outcome.verdict == "NOT TESTED"
    assert "defined in 12 of 100 runs" in outcome.reason
    assert only(claim, [make_cell([0.1] * 90 + [None] * 10)]).verdict == "HOLDS"
    # In scope and defined: of all runs, not of those in scope.
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    cell = make_cell([0.1] * 72 + [None] * 28, gaps=[0.01] * 90 + [5.0] * 10)
    assert only(claim, [cell]).verdict == "NOT TESTED"


def test_a_comparison_is_strict():
    observable = OBSERVABLES["error"]
    assert observable.lower == 0
    assert only(make_claim("comparison"), [make_cell([0.0] * 500)]).verdict == "UNDECIDED"


def test_needed_seeds_count_those_that_fall_out():
    claim = make_claim("upper", bound="1/10", assumptions=[NEAR_OPTIMAL])
    full = only(claim, [make_cell([0.0] * 10, gaps=[0.01] * 10)])
    some = only(claim, [make_cell([0.0] * 12, gaps=[0.01] * 10 + [1.4] * 2)])
    assert some.observations_needed == math.ceil(full.observations_needed * 12 / 10)


def test_failed_runs_are_named_as_the_reason_not_a_premise():
    claim = make_claim("upper", bound="1/2", assumptions=[NEAR_OPTIMAL])
    cell = make_cell([0.1, None, None, None], gaps=[0.01, None, None, None], failed=(1, 2, 3))
    outcome = only(claim, [cell])
    assert outcome.verdict == "OUT OF SCOPE"
    assert "3 failed" in outcome.reason
    assert "gap" not in outcome.reason
