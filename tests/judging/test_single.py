"""One cell judged on its mean or exactly: every field, and each side of each comparison."""

import math

import pytest
from judging_builders import OBSERVABLES, make_cell, make_claim, settings

from empirics.judging.confidence import bets_for, interval, lower_limit, upper_limit
from empirics.judging.outcome import Counts, Frame, Outcome, Verdict
from empirics.judging.rules import Rule, rule_of
from empirics.judging.settings import Settings
from empirics.judging.single import _sharpness, single
from empirics.judging.worlds import Answer, Worlds
from empirics.observables.definition import Observable
from theory import Kind, Scope

WIDE = Observable("wide", "a slope", "1", -1, 3)
KNOWN = OBSERVABLES | {"wide": WIDE}


def frame(*looks):
    return Frame("c", Scope.CELL, (3,), 0.05, 0.01, 5, (), looks)


def judge(kind, values, log_bound=None, *, looks=(), seeds=None, observable="error", alpha=0.05, **more):
    claim = make_claim(kind, observable=observable, bound="1/2" if kind in ("upper", "lower") else None, **more)
    cell = make_cell(list(values) + [None] * ((seeds or len(values)) - len(values)), observable=observable)
    return single(
        claim, KNOWN[observable], cell, dict(enumerate(values)), log_bound, frame(*looks), settings(alpha=alpha)
    )


HALF = math.log(0.5)


def test_every_field_of_an_upper_bound():
    values = [0.1] * 39 + [0.9]
    outcome, worlds = judge("upper", values, HALF, looks=(40,), alpha=0.1)
    mean = sum(values) / 40
    low, high = (
        lower_limit(values, 0.01, bets=bets_for((40,), 0.01)),
        upper_limit(values, 0.05, bets=bets_for((40,), 0.05)),
    )
    over = interval([0.0] * 39 + [1.0], 0.1)
    assert outcome == Outcome(
        claim="c",
        scope=Scope.CELL,
        cells=(3,),
        verdict=Verdict.HOLDS,
        reason=f"error: upper limit {high:.4g} <= 0.5 (40 seeds)",
        estimate=pytest.approx(mean),
        lower=low,
        upper=high,
        bound=0.5,
        log_bound=HALF,
        tightness=pytest.approx(0.5 / mean),
        alpha=0.05,
        refuting=0.01,
        family_size=5,
        exceedance=pytest.approx((over.mean, over.lower, over.upper), abs=4e-15),
        sharpness=pytest.approx(math.log(low) / HALF),
        by_sampling=True,
        looks=(40,),
    )
    answers = dict.fromkeys(range(39), Answer.YES) | {39: Answer.NO}
    assert worlds == Worlds((3,), "|R|=20, K=2, N_f=5", "error of a run <= 0.5", tuple(range(40)), answers)


def test_a_run_on_the_bound_meets_it():
    for kind, low, high in (("upper", Answer.YES, Answer.NO), ("lower", Answer.NO, Answer.YES)):
        outcome, worlds = judge(kind, [0.4, 0.5, 0.6], HALF)
        assert list(worlds.answers.values()) == [low, Answer.YES, high]
        assert outcome.exceedance[0] == pytest.approx(1 / 3)
        assert worlds.asked == f"error of a run {'<=' if kind == 'upper' else '>='} 0.5"
    assert judge("lower", [0.4], HALF)[0].sharpness is None


def test_a_rate_has_no_number_of_its_own():
    outcome, worlds = judge("rate", [0.0, 0.1, 0.3] * 30, observable="wide")
    assert (outcome.bound, outcome.log_bound, outcome.exceedance, outcome.tightness) == (0.1, None, None, None)
    assert worlds.asked == "wide of a run <= 0.1"
    assert [int(a) for a in worlds.answers.values()][:3] == [1, 1, -1]
    assert outcome.lower == lower_limit([0.0, 0.1, 0.3] * 30, 0.01, -1, 3)


def test_a_bound_without_a_number_is_a_programming_error():
    with pytest.raises(ValueError, match="test: a claim of kind upper needs a bound"):
        judge("upper", [0.1])


@pytest.mark.parametrize("factor", [1, 2])
def test_seeds_needed_are_told_in_all_seeds(factor):
    """Zeros against 1/20: n of them in scope, of so many times as many in all."""
    values = [0.0] * 10
    n = next(n for n in range(10, 400) if upper_limit([0.0] * n, 0.05) <= 0.05)
    outcome, _ = judge("upper", values, math.log(0.05), seeds=10 * factor)
    assert (outcome.observations_needed, outcome.decidable_at) == (n * factor, n * factor)
    limits = f"limits 0 and {outcome.upper:.4g}, threshold 0.05 (10 seeds)"
    assert outcome.reason == f"error: {limits}; about {n * factor} seeds like these would confirm it"
    against = next(n for n in range(1, 400) if lower_limit([1.0] * n, 0.01) > 0.9)
    outcome, _ = judge("upper", [1.0] * 10, math.log(0.9), seeds=10 * factor)
    assert (outcome.observations_needed, outcome.decidable_at) == (None, against * factor)
    assert outcome.reason.endswith(f"(10 seeds); about {against * factor} seeds like these would refute it")
    outcome, _ = judge("upper", [0.5] * 2, HALF, seeds=2 * factor)
    assert (outcome.observations_needed, outcome.decidable_at) == (None, None)
    assert outcome.reason.endswith("(2 seeds); more seeds like these will not decide it")


def test_the_sooner_of_confirming_and_refuting_is_told():
    """An upper limit may be reached only if the mean is below, a lower one only if it is above: one of the two."""
    outcome, _ = judge("upper", [0.1, 0.6, 0.2], HALF)
    assert outcome.decidable_at == outcome.observations_needed is not None
    decided, _ = judge("upper", [0.0] * 400, HALF)
    assert (decided.observations_needed, decided.decidable_at) == (None, None)


@pytest.mark.parametrize(
    ("kind", "observable", "log_bound", "vacuous"),
    [
        ("upper", "error", 0.0, True),
        ("upper", "error", -1e-9, False),
        ("upper", "error", 1.0, True),
        ("upper", "wide", 5.0, False),  # without a trivial value
        ("upper", "zero", -5.0, True),  # no number exp(x) is below a trivial 0
        ("upper", "zero", -math.inf, True),
        ("upper", "two", math.log(2), True),
        ("upper", "two", math.nextafter(math.log(2), 0), False),
        ("lower", "error", -math.inf, True),
        ("lower", "error", -5.0, False),
        ("lower", "error", 1.0, False),
        ("lower", "half", HALF, True),
        ("lower", "half", HALF + 1e-9, False),
        ("lower", "half", HALF - 1e-9, True),
    ],
)
def test_a_bound_that_says_nothing_is_vacuous(kind, observable, log_bound, vacuous, monkeypatch):
    monkeypatch.setitem(KNOWN, "zero", Observable("zero", "", "", -1, 1, trivial=0.0))
    monkeypatch.setitem(KNOWN, "two", Observable("two", "", "", 0, 3, trivial=2.0))
    monkeypatch.setitem(KNOWN, "half", Observable("half", "", "", 0.5, 1, trivial=0.0))
    outcome, worlds = judge(kind, [0.6, 0.6], log_bound, observable=observable)
    assert (outcome.verdict is Verdict.VACUOUS) == vacuous
    assert worlds.judged != vacuous
    if vacuous:
        trivial = KNOWN[observable].trivial if kind == "upper" else KNOWN[observable].lower
        stated = f"the bound {math.exp(log_bound):.4g}"
        assert outcome.reason == f"{stated} is no stronger than the trivial value {trivial:g}"
        assert (outcome.estimate, outcome.bound, outcome.by_sampling) == (0.6, math.exp(log_bound), False)
        assert worlds.reason == "not judged by sampling"
        assert outcome.log_bound == (log_bound if math.isfinite(log_bound) else None)


@pytest.mark.parametrize(
    ("kind", "values", "tolerance", "verdict"),
    [
        ("upper", [0.3, 0.5], None, "HOLDS"),
        ("upper", [0.3, 0.5 + 1e-12], None, "VIOLATED"),
        ("upper", [0.3, 0.5 * (1 + 1e-3)], 1e-3, "HOLDS"),
        ("upper", [0.3, 0.501], 1e-3, "VIOLATED"),
        ("lower", [0.7, 0.5], None, "HOLDS"),
        ("lower", [0.7, 0.5 - 1e-12], None, "VIOLATED"),
        ("lower", [0.7, 0.5 * (1 - 1e-3)], 1e-3, "HOLDS"),
        ("lower", [0.7, 0.499], 1e-3, "VIOLATED"),
    ],
)
def test_exact_values_have_the_relative_tolerance_and_no_more(kind, values, tolerance, verdict):
    outcome, worlds = judge(kind, values, HALF, observable="exact", tolerance=tolerance)
    assert outcome.verdict == verdict
    assert (outcome.lower, outcome.upper, outcome.bound) == (min(values), max(values), 0.5)
    assert outcome.reason.startswith(f"exact value {values[1]:.4g} ")
    assert (outcome.by_sampling, worlds.judged) == (False, False)


def test_a_mean_of_zero_has_no_tightness():
    assert judge("upper", [0.0] * 3, HALF)[0].tightness is None
    assert judge("upper", [-0.5] * 3, HALF, observable="slope")[0].tightness is None
    assert judge("upper", [0.25] * 3, HALF)[0].tightness == 2.0


def test_a_bound_of_zero_has_no_logarithm():
    outcome, worlds = judge("upper", [0.25] * 3, -math.inf)
    assert (outcome.bound, outcome.log_bound, outcome.sharpness) == (0.0, None, None)
    assert worlds.asked == "error of a run <= 0"
    assert set(worlds.answers.values()) == {Answer.NO}


def test_sharpness_by_hand():
    assert _sharpness(0.25, HALF) == pytest.approx(2.0)
    assert _sharpness(1e-300, -1.0) == pytest.approx(300 * math.log(10))
    for lower, log_bound in ((None, -1.0), (0.0, -1.0), (-0.5, -1.0), (0.5, 0.0), (0.5, 1.0), (0.5, -math.inf)):
        assert _sharpness(lower, log_bound) is None
    assert _sharpness(0.5, 0.5 * HALF) == pytest.approx(2.0)
    assert _sharpness(2.0, -2.0) == pytest.approx(-math.log(2) / 2)


@pytest.mark.parametrize(
    ("values", "log_bound", "tolerance", "verdict"),
    [
        ([0.5, 0.75], HALF, 0.25, "HOLDS"),
        ([0.5, 0.76], HALF, 0.25, "VIOLATED"),
        ([0.25, 0.5], HALF, 0.25, "HOLDS"),
        ([0.24, 0.5], HALF, 0.25, "VIOLATED"),
        ([0.0, 1e-10], None, None, "HOLDS"),
        ([0.0, 1.1e-10], None, None, "VIOLATED"),
        ([0.0, 1e-300], None, 0.0, "VIOLATED"),
        ([0.0], -math.inf, 0.0, "HOLDS"),
    ],
)
def test_an_identity_holds_up_to_its_tolerance_at_every_seed(values, log_bound, tolerance, verdict):
    outcome, worlds = judge("identity", values, log_bound, tolerance=tolerance)
    target = 0.0 if log_bound is None else math.exp(log_bound)
    deviation = max(abs(v - target) for v in values)
    asked = 1e-10 if tolerance is None else tolerance
    finite = log_bound if log_bound is not None and math.isfinite(log_bound) else None
    assert outcome == Outcome(
        claim="c",
        scope=Scope.CELL,
        cells=(3,),
        verdict=Verdict(verdict),
        reason=f"largest deviation {deviation:.3g} in float64, tolerance {asked:g}",
        estimate=pytest.approx(sum(values) / len(values)),
        lower=min(values),
        upper=max(values),
        bound=target,
        log_bound=finite,
        alpha=0.05,
        refuting=0.01,
        family_size=5,
    )
    assert worlds == Worlds((3,), "|R|=20, K=2, N_f=5", "")


def rule(at_most, threshold=0.5, looks=(), observable=WIDE):
    return Rule(observable, threshold, at_most, 0.05, 0.01, looks)


@pytest.mark.parametrize(
    ("at_most", "lower", "upper", "verdict", "words"),
    [
        (True, 0.2, 0.5, "HOLDS", "upper limit 0.5 <= 0.5"),
        (True, 0.2, 0.51, "UNDECIDED", "limits 0.2 and 0.51, threshold 0.5"),
        (True, 0.5, 0.6, "UNDECIDED", "limits 0.5 and 0.6, threshold 0.5"),
        (True, 0.51, 0.6, "VIOLATED", "lower limit 0.51 > 0.5"),
        (False, 0.5, 0.7, "HOLDS", "lower limit 0.5 >= 0.5"),
        (False, 0.49, 0.7, "UNDECIDED", "limits 0.49 and 0.7, threshold 0.5"),
        (False, 0.3, 0.5, "UNDECIDED", "limits 0.3 and 0.5, threshold 0.5"),
        (False, 0.3, 0.49, "VIOLATED", "upper limit 0.49 < 0.5"),
    ],
)
def test_a_rule_on_both_sides_of_its_threshold(at_most, lower, upper, verdict, words):
    assert rule(at_most).decide(lower, upper) == (Verdict(verdict), words)


@pytest.mark.parametrize("looks", [(), (6,)])
def test_each_side_of_a_rule_has_its_level(looks):
    values = [0.5, -0.5, 2.0, 1.0, 0.0, 0.25]
    for at_most, below, above in ((True, 0.01, 0.05), (False, 0.05, 0.01)):
        found = rule(at_most, looks=looks).limits(values)
        low = lower_limit(values, below, -1, 3, bets_for(looks, below))
        assert found == (low, upper_limit(values, above, -1, 3, bets_for(looks, above)))
    for lower, upper in ((0, math.inf), (-math.inf, 0)):
        with pytest.raises(ValueError, match="half has no finite range"):
            rule(True, observable=Observable("half", "", "", lower, upper)).limits(values)


@pytest.mark.parametrize("looks", [(), (6,)])
def test_a_rule_knows_how_many_observations_it_needs(looks):
    """The least n at which a limit of n equal observations lies beyond the threshold."""

    def least(limit, value, threshold, level, sign):
        def beyond(n):
            return sign * (threshold - limit([value] * n, level, -1, 3, bets_for(looks, level))) >= 0

        return next(n for n in range(1, 300) if beyond(n))

    for value, threshold in ((0.0, 0.5), (-0.5, 0.0)):
        up = least(upper_limit, value, threshold, 0.05, 1), least(upper_limit, value, threshold, 0.01, 1)
        assert up[0] < up[1]
        assert rule(True, threshold, looks).decidable_at([value] * 4) == (up[0], None)
        assert rule(False, threshold, looks).decidable_at([value] * 4) == (None, up[1])
    for value, threshold in ((2.0, 1.5), (1.0, 0.25)):
        down = least(lower_limit, value, threshold, 0.05, -1), least(lower_limit, value, threshold, 0.01, -1)
        assert rule(True, threshold, looks).decidable_at([value] * 4) == (None, down[1])
        assert rule(False, threshold, looks).decidable_at([value] * 4) == (down[0], None)


def test_the_rule_of_each_kind():
    assert rule_of(Kind.UPPER, WIDE, 0.05, 0.01, (6,), 0.5) == rule(True, looks=(6,))
    assert rule_of(Kind.LOWER, WIDE, 0.05, 0.01, bound=0.5) == rule(False)
    assert rule_of(Kind.UPPER, WIDE, 0.05, 0.01).threshold == 0.0
    assert rule_of(Kind.RATE, WIDE, 0.05, 0.01, bound=0.5) == rule(True, 0.1)


def test_worlds_that_are_defined():
    assert Counts(1, 2, 4, 8, 16).defined == 7


def test_what_holds_unless_it_is_said():
    assert Settings().model_dump() == {
        "alpha": 0.05,
        "premise_gap": 0.1,
        "property_share": 0.8,
        "equivalence_margin": 0.05,
        "scope_share": 0.8,
    }
    plain = Outcome("c", Scope.CELL, (0,), Verdict.HOLDS, "")
    assert (plain.family_size, plain.flat, plain.by_sampling) == (1, False, False)


def test_values_of_a_cell():
    cell = make_cell([0.5, None, 0.25], failed=(7,), seeds=(5, 6, 7), variant="lora", K=3.5)
    assert [cell.value("error", s) for s in (5, 6, 7)] == [0.5, None, None]
    assert cell.value("other", 5) is None
    assert (cell.label, cell.at(("K", "R"))) == ("lora: |R|=20, K=3.5, N_f=5", (3.5, 20))
    assert make_cell([0.5]).label == "|R|=20, K=2, N_f=5"
