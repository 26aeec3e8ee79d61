"""Properties: the share of worlds in which they hold, by hand; ties, scope, undefined runs, trends, levels."""

import math

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from judging_builders import NEAR_OPTIMAL, OBSERVABLES, TWO_TEMPLATES, make_cell, make_claim, settings

from empirics.judging import confidence
from empirics.judging.judge import judge_claim
from empirics.judging.outcome import Verdict
from empirics.judging.share_verdicts import _percent
from empirics.judging.shares import lower_limit, upper_limit

LOOKS = (16, 32)
POSITIVE = make_claim("comparison", observable="slope")
FALLS = make_claim("trend", axis="N_f", direction=-1)
STRICTLY_FALLS = make_claim("comparison", axis="K", direction=-1)


def judge(claim, cells, looks=LOOKS, **options):
    return judge_claim(claim, cells, settings(**options), OBSERVABLES, looks)


def only(claim, cells, looks=LOOKS, **options):
    (outcome,) = judge(claim, cells, looks, **options).outcomes
    return outcome


def slopes(*groups, index=0, **more):
    """A cell of slopes from (number of seeds, value) in the order of the seeds."""
    values = [value for number, value in groups for _ in range(number)]
    return make_cell(values, index=index, observable="slope", **more)


def spread(no, n, bad=-1.0):
    """``no`` seeds on the wrong side: one in the first half, the others in the second."""
    return slopes((1, bad), (n - no, 1.0), (no - 1, bad)) if no else slopes((n, 1.0))


@pytest.mark.parametrize(
    ("cell", "verdict"),
    [
        (spread(0, 16), "HOLDS"),
        (spread(1, 16), "UNDECIDED"),
        (spread(2, 32), "HOLDS"),
        (spread(3, 32), "UNDECIDED"),
        (slopes((16, 1.0), (3, -1.0), (13, 1.0)), "HOLDS"),  # a crossing at the first look stands
        (spread(0, 15), "UNDECIDED"),  # the first look is not reached
        (slopes((16, -1.0)), "VIOLATED"),
    ],
)
def test_the_default_looks(cell, verdict):
    assert only(POSITIVE, [cell]).verdict == verdict


def test_an_early_look_spends_its_part_of_alpha_and_no_more():
    """0.8^16 = 0.0281: too much for the first of three looks (0.0179), and for the first of two at 0.04 (0.0248)."""
    cell = spread(0, 16)
    assert only(POSITIVE, [cell], looks=(16,)).verdict == "HOLDS"
    assert only(POSITIVE, [cell], looks=(16, 32, 64)).verdict == "UNDECIDED"
    assert only(POSITIVE, [cell], alpha=0.04).verdict == "UNDECIDED"
    assert only(POSITIVE, [cell], looks=(16,), alpha=0.04).verdict == "HOLDS"


def test_limits_shown_are_those_that_decide():
    outcome = only(POSITIVE, [spread(2, 32)])
    seen = ((16, 15, 0.5), (32, 30, 1.0))
    assert outcome.lower == lower_limit(seen, 0.05, 0.8)
    assert outcome.upper == pytest.approx(upper_limit(seen, 0.025, 0.8))
    assert outcome.lower >= outcome.bound == 0.8
    assert outcome.estimate == pytest.approx(30 / 32)
    assert (outcome.alpha, outcome.refuting, outcome.family_size) == (0.05, 0.025, 2)
    assert outcome.by_sampling
    assert "in 30 of 32 worlds; confirmed in at least 81.5 % of worlds" in outcome.reason
    mean, low, high = outcome.effect
    assert mean == pytest.approx(28 / 32)
    assert low < mean < high


def test_without_declared_looks_limits_are_time_uniform():
    values = [1.0] * 15
    outcome = only(POSITIVE, [slopes((15, 1.0))], looks=())
    assert outcome.lower == pytest.approx(confidence.lower_limit(values, 0.05))
    assert outcome.verdict == "HOLDS"
    assert only(POSITIVE, [slopes((14, 1.0))], looks=()).verdict == "UNDECIDED"


def test_worlds_beyond_the_last_look_do_not_enter():
    outcome = only(POSITIVE, [slopes((32, 1.0), (32, -1.0))])
    assert outcome.counts.ran == 32
    assert outcome.estimate == 1.0
    early = only(POSITIVE, [slopes((16, 1.0), (4, -1.0))])
    assert (early.counts.ran, early.counts.no) == (16, 0)


def test_a_strict_property_counts_ties_for_the_upper_limit_alone():
    outcome = only(POSITIVE, [slopes((16, 0.0), (16, 0.0))])
    assert outcome.verdict == "UNDECIDED"
    assert (outcome.lower, outcome.upper) == (0.0, 1.0)
    assert (outcome.counts.yes, outcome.counts.tie, outcome.counts.no) == (0, 32, 0)
    assert "32 ties" in outcome.reason
    assert outcome.observations_needed is None
    assert only(POSITIVE, [slopes((15, 1.0), (1, 0.0))]).verdict == "UNDECIDED"
    # It never holds, and that does not refute it while ties may count: four against in 16 leave 12 of 16.
    assert only(POSITIVE, [make_cell([-1.0, 0.0, 0.0, 0.0] * 8, observable="slope")]).verdict == "UNDECIDED"
    assert only(POSITIVE, [make_cell([-1.0, 0.0] * 16, observable="slope")]).verdict == "VIOLATED"


@pytest.mark.parametrize(
    ("yes", "no", "word"),
    [(2, 30, "reversed"), (15, 17, "no direction: as often one way"), (64, 36, "more often so than reversed")],
)
def test_a_refutation_says_which_way(yes, no, word):
    n = yes + no
    cell = make_cell([1.0 if i * yes // n < (i + 1) * yes // n else -1.0 for i in range(n)], observable="slope")
    outcome = only(POSITIVE, [cell], looks=(n,))
    assert outcome.counts.yes == yes
    assert outcome.verdict == "VIOLATED"
    assert word in outcome.reason
    assert f"; at most {math.ceil(1000 * outcome.upper) / 10:g} % of worlds" in outcome.reason


@pytest.mark.parametrize(("share", "least", "most"), [(0.8751, "87.5 %", "87.6 %"), (0.875, "87.5 %", "87.5 %")])
def test_percents_are_rounded_to_the_safe_side(share, least, most):
    assert (_percent(share), _percent(share, up=True)) == (least, most)


def test_seeds_to_confirm_and_to_refute():
    undecided = only(POSITIVE, [spread(3, 32)])
    assert undecided.observations_needed == undecided.decidable_at > 32
    assert f"about {undecided.observations_needed} seeds like these would confirm it" in undecided.reason
    doubtful = only(POSITIVE, [make_cell([1.0, -1.0, 1.0, 1.0] * 8, observable="slope")])
    assert doubtful.observations_needed is None
    assert doubtful.decidable_at > 32
    assert "would refute it" in doubtful.reason
    hopeless = only(POSITIVE, [make_cell([1.0, 0.0] * 16, observable="slope")])
    assert (hopeless.observations_needed, hopeless.decidable_at) == (None, None)
    assert "more seeds like these will not decide it" in hopeless.reason


def test_the_seeds_told_would_decide():
    """At the number told, a single look at the same rate confirms (or refutes)."""
    for no in (3, 4, 5):
        outcome = only(POSITIVE, [spread(no, 32)])
        n = outcome.observations_needed
        found = only(POSITIVE, [spread(n - int(n * (32 - no) / 32), n)], looks=(n,))
        assert found.verdict == "HOLDS"


def test_undefined_runs_are_out_of_scope_counted_and_shown():
    cell = slopes((3, None), (29, 1.0))
    outcome = only(POSITIVE, [cell])
    assert outcome.verdict == "HOLDS"
    counts = outcome.counts
    assert (counts.yes, counts.undefined, counts.ran, counts.defined) == (29, 3, 32, 29)
    assert "in 29 of the 29 of 32 worlds in which the premises hold and it is defined (3 undefined)" in outcome.reason
    assert outcome.lower == lower_limit(((13, 13, 0.5), (29, 29, 1.0)), 0.05, 0.8)
    missing = only(POSITIVE, [slopes((7, None), (25, 1.0))])
    assert missing.verdict == "OUT OF SCOPE"
    assert "only 25 of 32 worlds are in scope and have a value" in missing.reason


def test_scope_and_definition_count_together():
    """Three worlds out of scope and four undefined: neither is a fifth of 32, together they are more."""
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
    cell = slopes((4, None), (28, 1.0), gaps=[0.0] * 29 + [1.0] * 3)
    assert only(claim, [cell]).verdict == "OUT OF SCOPE"
    fewer = slopes((3, None), (29, 1.0), gaps=[0.0] * 29 + [1.0] * 3)
    outcome = only(claim, [fewer])
    assert outcome.verdict == "HOLDS"
    assert (outcome.counts.defined, outcome.counts.undefined, outcome.counts.ran) == (26, 3, 32)


def test_limits_are_conditional_on_scope():
    """The worlds out of scope are dropped look by look; they do not count against the claim."""
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
    cell = slopes((2, -1.0), (30, 1.0), gaps=[1.0] * 2 + [0.0] * 30)
    outcome = only(claim, [cell])
    assert outcome.verdict == "HOLDS"
    assert outcome.lower == lower_limit(((14, 14, 0.5), (30, 30, 1.0)), 0.05, 0.8)
    assert "in 30 of the 30 of 32 worlds in which the premises hold" in outcome.reason


def test_cells_whose_scope_is_measured_share_alpha():
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL, TWO_TEMPLATES])

    def cell(index, *, failing=0, undefined=0, failed=(), K=2):
        gaps = [0.0] * (32 - failing) + [1.0] * failing
        groups = ((undefined, None), (32 - undefined, 1.0))
        return slopes(*groups, index=index, gaps=gaps, failed=failed, K=K, N_f=2 + index)

    cells = [cell(0), cell(1, failing=1), cell(2, undefined=1), cell(3, failed=(5,)), cell(4, K=1)]
    outcomes = judge(claim, cells).outcomes
    assert [o.alpha for o in outcomes] == pytest.approx([0.05, 0.05 / 3, 0.05 / 3, 0.05 / 3, 0.05])
    assert {o.refuting for o in outcomes} == {0.05 / 6}
    assert [o.verdict for o in outcomes] == ["HOLDS"] * 4 + ["OUT OF SCOPE"]
    # One of 31 is forgiven at 0.05, and not at 0.05 / 7.
    missing = slopes((1, -1.0), (31, 1.0), gaps=[0.0] * 31 + [1.0])
    assert only(claim, [missing]).verdict == "HOLDS"
    others = [cell(i, failing=1) for i in range(1, 7)]
    first, *rest = judge(claim, [missing, *others]).outcomes
    assert (first.verdict, first.alpha) == ("UNDECIDED", pytest.approx(0.05 / 7))
    assert {o.verdict.value for o in rest} == {"HOLDS"}


def test_pairs_of_arms():
    main = make_cell([0.1] * 32)

    def arm(*values):
        return make_cell([v for v in values for _ in range(32 // len(values))], index=1, variant="lora")

    more = make_claim("comparison", arm="lora", reference="main")
    assert only(more, [main, arm(0.2)]).verdict == "HOLDS"
    assert only(more, [main, arm(0.0)]).verdict == "VIOLATED"
    assert only(more, [main, arm(0.1)]).verdict == "UNDECIDED"
    same = make_claim("equivalence", arm="lora", reference="main")
    outcome = only(same, [main, arm(0.12)])
    assert outcome.verdict == "HOLDS"
    assert outcome.cells == (1, 0)
    refuted = only(same, [main, arm(0.3)])
    assert refuted.verdict == "VIOLATED"
    assert "fewer than asked" in refuted.reason
    assert only(same, [main, arm(0.12, 0.3)], looks=(32,)).verdict == "VIOLATED"
    assert judge(same, [main]).verdict == "NOT TESTED"


def test_the_margin_of_an_equivalence_is_in_it_whatever_the_rounding():
    """0.4 - 0.35 exceeds 0.05 in float64, 0.35 - 0.3 does not."""
    same = make_claim("equivalence", arm="lora", reference="main")
    for a, b in ((0.35, 0.4), (0.3, 0.35), (0.4, 0.35)):
        cells = [make_cell([a] * 16), make_cell([b] * 16, index=1, variant="lora")]
        assert only(same, cells).verdict == "HOLDS"


@pytest.mark.parametrize(("arm", "verdict"), [(0.13, "HOLDS"), (0.17, "HOLDS"), (0.07, "VIOLATED"), (0.23, "VIOLATED")])
def test_the_margin_of_an_equivalence_is_the_same_on_both_sides(arm, verdict):
    same = make_claim("equivalence", arm="lora", reference="main")
    cells = [make_cell([0.15] * 16), make_cell([arm] * 16, index=1, variant="lora")]
    assert only(same, cells).verdict == verdict


def test_pairing_is_by_seed_not_by_position():
    values = [i / 32 for i in range(32)]
    main = make_cell(values)
    backwards = make_cell(values[::-1], index=1, variant="lora", seeds=range(31, -1, -1))
    outcome = only(make_claim("equivalence", arm="lora", reference="main"), [main, backwards])
    assert outcome.verdict == "HOLDS"
    assert outcome.effect[0] == pytest.approx(0.0, abs=1e-12)


def test_an_observable_of_a_run_is_compared_once_for_each_run():
    claim = make_claim("comparison", observable="rest", arm="slow", reference="main")
    fast = [1e-4 * (i + 1) for i in range(16)]
    cells = [make_cell(fast, index=i, observable="rest", N_f=n) for i, n in enumerate((5, 10))]
    slow = [v + 1e-4 for v in fast]
    cells += [make_cell(slow, index=2 + i, variant="slow", observable="rest", N_f=n) for i, n in enumerate((5, 10))]
    (verdict,) = judge(claim, cells).outcomes
    assert verdict.verdict is Verdict.HOLDS
    assert verdict.cells == (2, 0)
    assert verdict.family_size == 2  # this one, and the pooled one


def chain(*rows, axis="N_f", start=0, **more):
    """Cells along an axis, each a list of values by seed."""
    return [make_cell(list(row), index=start + i, **{axis: 2 + i}, **more) for i, row in enumerate(rows)]


def test_a_trend_is_weak_and_between_the_ends():
    half, low = [0.5] * 16, [0.2] * 16
    assert judge(FALLS, chain(half, low)).verdict == "HOLDS"
    assert judge(FALLS, chain(half, half)).verdict == "HOLDS"  # a tie does not rise
    assert judge(FALLS, chain(low, half)).verdict == "VIOLATED"
    assert judge(FALLS, chain(half, [0.9] * 16, low)).verdict == "HOLDS"  # between neighbours is a table
    rises = make_claim("trend", axis="R", direction=1)
    assert judge(rises, chain(low, half, axis="R")).verdict == "HOLDS"
    assert judge(rises, chain(half, low, axis="R")).verdict == "VIOLATED"
    assert judge(FALLS, chain(half)).verdict == "NOT TESTED"


def test_moves_of_a_trend_are_counted():
    cells = chain([0.5] * 16, [0.5] * 4 + [0.9] * 12, [0.2] * 15 + [0.5])
    outcome = only(FALLS, cells)
    assert outcome.cells == (0, 1, 2)
    assert outcome.verdict == "HOLDS"
    ends, first, second = outcome.steps
    assert (ends.between, ends.falls, ends.ties, ends.rises) == ("N_f from 2 to 4", 15, 1, 0)
    assert (first.falls, first.ties, first.rises) == (0, 4, 12)
    assert (second.falls, second.ties, second.rises) == (16, 0, 0)
    assert len(only(FALLS, cells[:2]).steps) == 1


def test_moves_are_counted_in_scope():
    claim = make_claim("trend", axis="N_f", direction=-1, assumptions=[NEAR_OPTIMAL])
    gaps = [0.0] * 15 + [1.0]
    cells = chain([0.5] * 16, [0.2] * 15 + [0.9], gaps=gaps)
    (step,) = only(claim, cells).steps
    assert (step.falls, step.rises) == (15, 0)


def test_the_strict_fall_between_the_ends():
    high, low = [0.9] * 16, [0.1] * 16
    assert judge(STRICTLY_FALLS, chain(high, [0.95] * 16, low, axis="K")).verdict == "HOLDS"
    assert judge(STRICTLY_FALLS, chain(low, high, axis="K")).verdict == "VIOLATED"
    assert judge(STRICTLY_FALLS, chain(high, high, axis="K")).verdict == "UNDECIDED"
    assert "K from 2 to 4" in only(STRICTLY_FALLS, chain(high, low, low, axis="K")).reason


def test_flat_series_count_neither_for_nor_against():
    flat, falls = chain([1.0] * 16, [1.0] * 13 + [0.5] * 3), chain([0.9] * 16, [0.1] * 16, start=2, K=5)
    both = judge(FALLS, flat + falls)
    assert [o.flat for o in both.outcomes] == [True, False]
    assert [o.verdict for o in both.outcomes] == ["UNDECIDED", "HOLDS"]
    assert both.verdict == "HOLDS"
    assert both.pooled.estimate == 1.0
    alone = judge(FALLS, flat)
    assert alone.verdict == "UNDECIDED"
    assert alone.pooled is None
    assert "flat" in alone.outcomes[0].reason
    # Twelve of 16 at the end of the range is not most; one end at 0 and one at 1 is no flat series.
    assert not only(FALLS, chain([1.0] * 16, [1.0] * 12 + [0.5] * 4)).flat
    assert not only(FALLS, chain([1.0] * 16, [0.0] * 16)).flat
    assert only(FALLS, chain([0.0] * 16, [0.0] * 16)).flat
    assert not only(FALLS, chain([0.5] * 16, [0.5] * 16)).flat


def test_flat_and_out_of_scope_alone_are_undecided():
    claim = make_claim("trend", axis="N_f", direction=-1, assumptions=[TWO_TEMPLATES])
    cells = chain([1.0] * 16, [1.0] * 16) + chain([0.5] * 16, [0.1] * 16, start=2, K=1)
    outcome = judge(claim, cells)
    assert [o.verdict for o in outcome.outcomes] == ["UNDECIDED", "OUT OF SCOPE"]
    assert outcome.verdict == "UNDECIDED"


def test_a_flat_series_does_not_hide_a_refuted_one():
    cells = chain([1.0] * 16, [1.0] * 16) + chain([0.1] * 16, [0.9] * 16, start=2, K=5)
    assert judge(FALLS, cells).verdict == "VIOLATED"


answers = st.lists(st.sampled_from([1.0, 0.0, -1.0, None]), min_size=32, max_size=32)


@hypothesis_settings(max_examples=60, deadline=None)
@given(answers, st.booleans())
def test_a_verdict_is_its_limit(values, declared):
    looks = LOOKS if declared else ()
    outcome = only(POSITIVE, [make_cell(values, observable="slope")], looks=looks)
    if outcome.verdict == "OUT OF SCOPE":
        assert sum(v is not None for v in values) < 0.8 * 32
        return
    assert outcome.counts.ran == 32
    assert outcome.counts.defined + outcome.counts.undefined == 32
    expected = "UNDECIDED"
    if outcome.lower >= 0.8:
        expected = "HOLDS"
    if outcome.upper <= 0.8:
        expected = "VIOLATED"
    assert outcome.verdict == expected


@hypothesis_settings(max_examples=40, deadline=None)
@given(answers.filter(lambda v: sum(x is not None for x in v) > 26), st.integers(0, 31))
def test_a_better_world_never_makes_a_verdict_worse(values, position):
    order = {"VIOLATED": 0, "UNDECIDED": 1, "HOLDS": 2}
    better = list(values)
    if better[position] is not None:
        better[position] = 1.0
    before, after = (only(POSITIVE, [make_cell(v, observable="slope")]) for v in (values, better))
    assert order[after.verdict] >= order[before.verdict]
    assert after.lower >= before.lower
    assert after.upper >= before.upper - 1e-12


def test_a_pair_without_runs_to_compare_is_not_tested():
    claim = make_claim("equivalence", observable="slope", arm="frozen", reference="main")
    alone = make_cell([0.0] * 32, variant="frozen", observable="slope")
    partner = make_cell([0.0] * 32, index=1, variant="main", observable="slope")
    for cells in ([alone], [make_cell([], variant="frozen", observable="slope"), partner]):
        outcome = only(claim, cells)
        assert outcome.verdict == "NOT TESTED"
        assert "no runs of the arms frozen and main to compare" in outcome.reason
