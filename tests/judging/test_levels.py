"""Two levels: the pooled statement and the claim; many claims at once."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging_builders import NEAR_OPTIMAL, OBSERVABLES, TWO_TEMPLATES, make_cell, make_claim, settings

from empirics.judging import confidence
from empirics.judging.judge import judge_claim
from empirics.judging.levels import benjamini_yekutieli, claim_verdict, holm
from empirics.judging.outcome import Outcome, Verdict
from theory import Scope

LOOKS = (16, 32)
POSITIVE = make_claim("comparison", observable="slope")


def judge(claim, cells, looks=LOOKS, **options):
    return judge_claim(claim, cells, settings(**options), OBSERVABLES, looks)


def cell(index, values, **more):
    return make_cell(list(values), index=index, observable="slope", N_f=index + 2, **more)


def mostly(no, n=32):
    """``no`` seeds on the wrong side, spread evenly."""
    wrong = {round(i * n / no) for i in range(no)} if no else set()
    return [-1.0 if i in wrong else 1.0 for i in range(n)]


def test_supported_where_the_pool_is_confirmed_and_a_cell_is_open():
    cells = [cell(i, mostly(0)) for i in range(5)] + [cell(5, mostly(4))]
    outcome = judge(POSITIVE, cells)
    assert [o.verdict for o in outcome.outcomes] == ["HOLDS"] * 5 + ["UNDECIDED"]
    assert outcome.verdict is Verdict.SUPPORTED
    pooled = outcome.pooled
    fractions = [1.0 if v > 0 else 5 / 6 for v in mostly(4)]
    assert pooled.estimate == pytest.approx(np.mean(fractions))
    assert pooled.lower == pytest.approx(confidence.lower_limit(fractions, 0.05))
    assert pooled.upper == pytest.approx(confidence.upper_limit(fractions, 0.05 / 7))
    assert (pooled.alpha, pooled.refuting) == (0.05, pytest.approx(0.05 / 7))
    assert pooled.confirmed
    assert not pooled.refuted
    assert (pooled.worlds, pooled.without, pooled.asked) == (32, 0, 0.8)


def test_a_refuted_cell_outweighs_the_pool():
    cells = [cell(i, mostly(0)) for i in range(9)] + [cell(9, mostly(16))]
    outcome = judge(POSITIVE, cells)
    assert outcome.pooled.confirmed
    assert outcome.verdict is Verdict.VIOLATED


def test_the_pool_is_refuted_where_no_cell_is():
    cells = [cell(i, np.roll(mostly(13), i).tolist()) for i in range(20)]
    outcome = judge(POSITIVE, cells)
    assert {o.verdict.value for o in outcome.outcomes} == {"UNDECIDED"}
    assert outcome.pooled.refuted
    assert outcome.pooled.direction == "fewer than asked, though more often so than reversed"
    assert outcome.verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("wrong", "words"), [(27, "reversed"), (16, "no direction: as often one way as the other"), (0, "")]
)
def test_a_refutation_of_the_pool_says_which_way(wrong, words):
    """The worlds are counted, not the cells: each goes the way of most of its cells; half and half is no way."""
    split = [cell(0, [1.0] * 32), cell(1, [-1.0] * 32)] if wrong else []
    assert judge(POSITIVE, [*split, cell(2, mostly(wrong))]).pooled.direction == words
    for tipped, way in ((4, "no direction: as often one way as the other"), (5, "reversed")):  # 2**-5 < 0.05
        halves = [cell(0, [1.0] * 32), cell(1, [-1.0] * 32), cell(2, [-1.0] * tipped + [0.0] * (32 - tipped))]
        assert judge(POSITIVE, halves).pooled.direction == way


def test_a_refuted_equivalence_has_no_direction():
    claim = make_claim("equivalence", observable="slope", arm="frozen", reference="main")
    arms = [([0.0] * 32, "main"), ([0.4] * 32, "frozen")]
    cells = [make_cell(v, index=i, variant=arm, observable="slope") for i, (v, arm) in enumerate(arms)]
    assert judge(claim, cells).pooled.direction == "fewer than asked"


def test_with_one_look_the_pool_bets_for_it():
    cells = [cell(i, mostly(3 + i, 16)) for i in range(2)]
    fractions = [((a > 0) + (b > 0)) / 2 for a, b in zip(mostly(3, 16), mostly(4, 16), strict=True)]
    pooled = judge(POSITIVE, cells, looks=(16,)).pooled
    assert pooled.lower == confidence.lower_limit(fractions, 0.05, bets=confidence.bets_for((16,), 0.05))
    assert pooled.upper == confidence.upper_limit(fractions, 0.05 / 3, bets=confidence.bets_for((16,), 0.05 / 3))
    assert pooled.lower > judge(POSITIVE, cells).pooled.lower


def test_only_seeds_that_ran_in_every_cell_enter():
    """A cell that stopped early; one that ran everywhere and is undefined in some cells does enter."""
    short = cell(0, [1.0] * 16)
    undefined = cell(1, [None] * 3 + [1.0] * 13 + [-1.0] * 16)
    outcome = judge(POSITIVE, [short, undefined])
    assert outcome.pooled.worlds == 16
    assert outcome.pooled.estimate == 1.0
    everywhere = judge(POSITIVE, [cell(0, [1.0] * 32), undefined]).pooled
    assert everywhere.worlds == 32
    assert everywhere.estimate == pytest.approx((16 * 1.0 + 16 * 0.5) / 32)


def test_seeds_without_a_cell_in_scope_do_not_enter_and_are_counted():
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
    gaps = [1.0] * 2 + [0.0] * 30
    cells = [cell(0, mostly(0), gaps=gaps), cell(1, mostly(0), gaps=gaps[:2] + [1.0] + [0.0] * 29)]
    pooled = judge(claim, cells).pooled
    assert (pooled.worlds, pooled.without) == (30, 2)
    assert pooled.estimate == 1.0


def test_cells_out_of_scope_do_not_enter_the_pool():
    claim = make_claim("comparison", observable="slope", assumptions=[TWO_TEMPLATES])
    outcome = judge(claim, [cell(0, mostly(0)), cell(1, mostly(32), K=1), make_cell([], index=2)])
    assert outcome.verdict is Verdict.HOLDS
    assert outcome.pooled.estimate == 1.0
    assert outcome.pooled.refuting == pytest.approx(0.05 / 4)  # divided over all, before scope is known


def test_ties_count_for_the_upper_limit_of_the_pool_alone():
    pooled = judge(POSITIVE, [cell(i, [0.0] * 32) for i in range(2)]).pooled
    assert (pooled.estimate, pooled.lower, pooled.upper, pooled.p_value) == (0.0, 0.0, 1.0, 1.0)
    assert not pooled.refuted


def test_the_pooled_statement_of_a_bound_is_the_share_of_runs_that_meet_it():
    """Another statement than the mean: one run in six far above, the mean open, 30 of 36 runs meet the bound."""
    claim = make_claim("upper", bound="1/2")
    values = [0.1] * 31 + [0.9]
    cells = [make_cell(np.roll(values, i).tolist(), index=i, N_f=i + 2) for i in range(5)]
    outcome = judge(claim, cells)
    assert outcome.pooled.statement == "fraction of runs that meet the bound"
    assert outcome.pooled.estimate == pytest.approx(31 / 32)
    assert outcome.verdict is Verdict.HOLDS
    open_cell = make_cell([0.1] * 22 + [0.9] * 10, index=5, N_f=9)
    assert judge(claim, [*cells, open_cell]).verdict is Verdict.SUPPORTED


def test_the_pooled_statement_of_a_bound_never_refutes_it():
    """The mean is far below the bound, and half of the runs are above it."""
    claim = make_claim("upper", bound="1/2")
    pooled = judge(claim, [make_cell([0.0, 0.55] * 60)]).pooled
    assert pooled.upper < 0.8
    assert not pooled.refuted
    assert judge(claim, [make_cell([0.0, 0.55] * 60)]).verdict is Verdict.HOLDS
    lower = make_claim("lower", bound="1/2")
    assert judge(lower, [make_cell([0.9] * 60)]).pooled.estimate == 1.0
    rate = make_claim("rate", observable="slope")
    assert judge(rate, [cell(0, [0.05, 0.2] * 8)]).pooled.estimate == 0.5


def test_identities_and_vacuous_bounds_have_no_pool():
    assert judge(make_claim("identity", bound="1/2"), [make_cell([0.5])]).pooled is None
    assert judge(make_claim("upper", bound="1"), [make_cell([0.5] * 16)]).pooled is None


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=4, max_size=60))
def test_p_value_and_limit_of_the_pool_agree(fractions):
    """At most alpha if, and only if, confirmed: one wealth for both."""
    rows = [[1.0 if f > k / 4 else -1.0 for f in fractions] for k in range(4)]
    pooled = judge(POSITIVE, [cell(k, row) for k, row in enumerate(rows)], looks=()).pooled
    assert pooled.estimate == pytest.approx(np.mean(fractions))
    assert pooled.confirmed == (pooled.p_value <= 0.05)
    assert 0 < pooled.p_value <= 1


def outcome_of(verdict, *, flat=False):
    return Outcome("test", Scope.CELL, (0,), verdict, "", flat=flat)


@pytest.mark.parametrize(
    ("verdicts", "flat", "expected"),
    [
        (["HOLDS", "HOLDS"], 0, "HOLDS"),
        (["HOLDS", "UNDECIDED"], 0, "UNDECIDED"),
        (["HOLDS", "VIOLATED"], 1, "VIOLATED"),
        (["HOLDS"], 2, "HOLDS"),
        ([], 2, "UNDECIDED"),
        (["OUT OF SCOPE", "NOT TESTED"], 1, "UNDECIDED"),
        (["OUT OF SCOPE", "NOT TESTED"], 0, "OUT OF SCOPE"),
        (["HOLDS", "OUT OF SCOPE"], 0, "HOLDS"),
    ],
)
def test_the_claim_from_its_cells(verdicts, flat, expected):
    outcomes = [outcome_of(Verdict(v)) for v in verdicts]
    outcomes += [outcome_of(Verdict.UNDECIDED, flat=True)] * flat
    assert claim_verdict(outcomes, None) == expected


def test_holm_against_known_values():
    """Holm 1979 by hand: 4 * 0.005, 3 * 0.01, 2 * 0.03, then never less than before."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_benjamini_yekutieli_against_known_values():
    """n p / rank times 1 + 1/2 + 1/3 + 1/4, from the greatest down: R's p.adjust(p, "BY")."""
    factor = 25 / 12
    by_hand = [0.02 * factor, 0.04 * factor, 0.04 * factor, 0.02 * factor]
    assert benjamini_yekutieli([0.01, 0.04, 0.03, 0.005]) == pytest.approx(by_hand)
    assert benjamini_yekutieli([0.9]) == pytest.approx([0.9])
    assert benjamini_yekutieli([]) == []


p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p_values)
def test_adjusted_p_values_by_the_step_down_and_step_up_procedures(values):
    """Independent route: the procedures themselves, at each level."""
    n, order = len(values), sorted(values)
    factor = sum(1 / k for k in range(1, n + 1))
    for alpha in (0.01, 0.05, 0.3):
        kept = next((i for i, p in enumerate(order) if (n - i) * p > alpha), n)
        assert sum(p <= alpha for p in holm(values)) == kept
        found = max((i + 1 for i, p in enumerate(order) if p * n * factor / (i + 1) <= alpha), default=0)
        assert sum(p <= alpha for p in benjamini_yekutieli(values)) == found
    assert all(a >= p or math.isclose(a, p) for a, p in zip(holm(values), values, strict=True))
