"""The verdict of one cell on a property: every field of it, at each boundary."""

import math

import pytest
from judging_builders import settings
from scipy.stats import binom

from empirics.judging import confidence, shares
from empirics.judging.outcome import Counts, Frame, Outcome, Verdict
from empirics.judging.share_verdicts import _of, _percent, _sizes, direction, seeds_needed, share_verdict
from empirics.judging.worlds import Answer, Step, Worlds
from theory import Premise, Scope

PREMISES = (Premise("K", 2.0, 2.0, True, ">="),)


def frame(*looks, alpha=0.05, refuting=0.025):
    return Frame("c", Scope.CELL, (3,), alpha, refuting, 2, PREMISES, looks)


def worlds(answers, ran=None, undefined=(), **more):
    """Seeds 10, 11, ..; ``+``: it holds, ``=``: a tie, ``-``: it does not, ``.``: out of scope."""
    found = {10 + i: {"+": Answer.YES, "=": Answer.TIE, "-": Answer.NO}[a] for i, a in enumerate(answers) if a != "."}
    seeds = tuple(range(10, 10 + (ran or len(answers))))
    effects = {s: 0.5 * a for s, a in found.items()}
    return Worlds((3,), "here", "it falls", seeds, found, effects, frozenset(undefined), **more)


def judge(answers, *looks, share=0.8, undefined=(), alpha=0.05, refuting=0.025, **more):
    made = worlds(answers, undefined=undefined, **more)
    return share_verdict(made, frame(*looks, alpha=alpha, refuting=refuting), settings(property_share=share))


def test_every_field_of_a_verdict():
    step = Step("n from 1 to 2", 3, 0, 0)
    outcome = judge("+" * 4 + "=-" + "+" * 6, 4, 8, 12, share=0.3, undefined=(15, 40), steps=(step,))
    seen = ((4, 4, 4 / 12), (8, 6, 8 / 12), (12, 10, 1.0))
    effects = [0.5] * 4 + [0.0, -0.5] + [0.5] * 6
    low, high = confidence.student_t(effects, 0.05)
    assert outcome == Outcome(
        claim="c",
        scope=Scope.CELL,
        cells=(3,),
        verdict=Verdict.HOLDS,
        reason=f"it falls: in 10 of 12 worlds (1 tie, 1 undefined); confirmed in at least {_percent(outcome.lower)} "
        "of worlds",
        estimate=10 / 12,
        lower=shares.lower_limit(seen, 0.05, 0.3),
        upper=1 - shares.lower_limit(((4, 0, 4 / 12), (8, 1, 8 / 12), (12, 1, 1.0)), 0.025, 0.7),
        bound=0.3,
        alpha=0.05,
        refuting=0.025,
        family_size=2,
        premises=PREMISES,
        counts=Counts(10, 1, 1, 1, 12),
        effect=(pytest.approx(4.5 / 12), low, high),
        steps=(step,),
        by_sampling=True,
        looks=(4, 8, 12),
    )


def test_what_is_not_judged():
    nothing = worlds("", tested=False, reason="no run finished")
    assert share_verdict(nothing, frame(4), settings()) == frame(4).outcome(Verdict.NOT_TESTED, "no run finished")
    outside = worlds("+++++", reason="premise K fails")
    assert share_verdict(outside, frame(4), settings()) == frame(4).outcome(Verdict.OUT_OF_SCOPE, "premise K fails")
    waits = frame(4, 8, 12).outcome(Verdict.UNDECIDED, "it falls: the first look is at 4 seeds")
    assert judge("+++", 4, 8, 12) == waits
    assert judge("....", 4, 8, 12) == waits  # nothing in scope up to there
    assert judge("....++++", 4, 8, 12).counts == Counts(4, 0, 0, 0, 8)


def test_worlds_count_up_to_the_last_look_that_is_reached():
    answers = "+-+-" + "+++-" + "++++" + "--"
    for ran, counts in ((4, (2, 2)), (5, (2, 2)), (7, (2, 2)), (8, (5, 3)), (11, (5, 3)), (12, (9, 3)), (14, (9, 3))):
        found = judge(answers[:ran], 4, 8, 12).counts
        assert (found.yes, found.no, found.ran) == (*counts, ran // 4 * 4)
    assert judge(answers).counts == Counts(9, 0, 5, 0, 14)
    assert judge(answers[:9], 4, 8, 12, undefined=(10, 17, 18, 99)).counts.undefined == 2  # of the first eight


def test_without_looks_limits_are_bets_on_all_worlds():
    outcome = judge("+" * 20 + "=-", share=0.5)
    assert outcome.lower == confidence.lower_limit([1.0] * 20 + [0.0] * 2, 0.05)
    assert outcome.upper == 1 - confidence.lower_limit([0.0] * 21 + [1.0], 0.025)
    assert (outcome.verdict, outcome.looks) == (Verdict.HOLDS, ())


def test_a_limit_on_the_share_that_is_asked_for_decides():
    """Without looks a limit can be asked for itself: on it is confirmed, a little above is not."""
    reached = confidence.lower_limit([1.0] * 9, 0.05)
    assert judge("+" * 9, share=reached).verdict is Verdict.HOLDS
    assert judge("+" * 9, share=reached + 1e-9).verdict is Verdict.UNDECIDED
    assert judge("-" * 9, share=0.9).verdict is Verdict.VIOLATED


def test_flat_worlds_are_neither_for_nor_against():
    for answers in ("+" * 40, "-" * 40):
        outcome = judge(answers, flat=True)
        assert (outcome.verdict, outcome.flat) == (Verdict.UNDECIDED, True)
        ends = "in most worlds both ends of the axis are at the same end of the observable's range"
        assert outcome.reason == f"it falls: flat ({ends})"
        assert not judge(answers).flat


def test_a_refutation_rounds_up_and_says_which_way():
    outcome = judge("-" * 20 + "+")
    most = math.ceil(outcome.upper * 1000) / 10
    assert outcome.reason == f"it falls: in 1 of 21 worlds; at most {most:g} % of worlds, reversed"
    assert outcome.verdict is Verdict.VIOLATED
    assert judge("-" * 20 + "+", directed=False).reason.endswith("% of worlds, fewer than asked")


def test_an_open_verdict_says_how_many_seeds_would_do():
    for answers, words in (("+" * 9 + "-", "confirm"), ("+" * 6 + "-" * 4, "refute"), ("+" * 6 + "=" * 4, None)):
        outcome = judge(answers)
        confirm, refute = seeds_needed(outcome.counts, 0.8, 0.05, 0.025)
        told = confirm or refute
        more = f"about {told} seeds like these would {words} it" if words else "more seeds like these will not"
        limits = f"limits {outcome.lower:.3g} and {outcome.upper:.3g}, threshold 0.8; {more}"
        assert limits in outcome.reason
        assert (outcome.observations_needed, outcome.decidable_at) == (confirm, told)
        assert (confirm is None, refute is None) == (words != "confirm", words != "refute")


def needed(yes, tie, no, share, alpha=0.05, refuting=0.025, ran=None):
    return seeds_needed(Counts(yes, tie, no, 0, ran or yes + tie + no), share, alpha, refuting)


def test_seeds_needed_against_binomial_tails():
    """The first of the sizes at which floor(9/10 size) successes reject "at most 0.8"; 7/10 "at least 0.8"."""
    sizes = _sizes(10)
    confirm = next(n for n in sizes if binom.sf(n * 9 // 10 - 1, n, 0.8) <= 0.05)
    refute = next(n for n in sizes if binom.cdf(-(-n * 7 // 10), n, 0.8) <= 0.025)
    assert needed(9, 0, 1, 0.8) == (confirm, None)
    assert needed(5, 2, 3, 0.8) == (None, refute)  # a tie counts for it
    assert needed(5, 2, 3, 0.8, ran=13) == (None, math.ceil(refute * 13 / 10))
    assert needed(9, 0, 1, 0.8, ran=15) == (math.ceil(confirm * 1.5), None)


def test_seeds_needed_where_a_tail_is_the_level_itself():
    size = _sizes(10)[3]
    for_it, against = float(binom.sf(size - 1, size, 0.5)), float(binom.cdf(0, size, 0.5))
    assert for_it == against == 0.5**size
    assert needed(10, 0, 0, 0.5, alpha=for_it) == (size, None)
    assert needed(10, 0, 0, 0.5, alpha=for_it * 0.99) == (_sizes(10)[4], None)
    assert needed(0, 0, 10, 0.5, refuting=against) == (None, size)
    assert needed(0, 0, 10, 0.5, refuting=against * 0.99) == (None, _sizes(10)[4])


def test_a_share_that_is_the_one_asked_for_is_never_decided():
    assert needed(4, 0, 1, 0.8, alpha=0.7, refuting=0.7) == (None, None)
    assert needed(9, 0, 2, 0.8, alpha=0.7, refuting=0.7)[0] is not None
    assert needed(9, 0, 3, 0.8, alpha=0.7, refuting=0.7)[1] is not None


def test_sizes_grow_by_a_tenth_up_to_a_hundred_thousand():
    assert _sizes(5)[:12] == [6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 21, 24]
    for start in (0, 5, 41):
        found = _sizes(start)
        assert found[-2] < 100_000 <= found[-1] < 111_000
    assert _sizes(99_998) == [99_999, 109_999]
    assert _sizes(99_999) == [100_000]


@pytest.mark.parametrize(
    ("yes", "no", "words"),
    [
        (0, 5, "reversed"),
        (0, 4, "no direction: as often one way as the other"),
        (4, 0, "no direction: as often one way as the other"),
        (5, 0, "fewer than asked, though more often so than reversed"),
        (2, 8, "no direction: as often one way as the other"),  # 56 of 1024 paths
        (5, 1, "no direction: as often one way as the other"),  # 7 of 64
        (1, 8, "reversed"),  # 10 of 512
        (8, 1, "fewer than asked, though more often so than reversed"),
    ],
)
def test_the_sign_test_by_hand(yes, no, words):
    assert direction(yes, no, directed=True) == words
    assert direction(yes, no, directed=False) == "fewer than asked"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(3, 0, 1, 0, 4), "of 4 worlds"),
        (Counts(2, 1, 1, 0, 4), "of 4 worlds (1 tie)"),
        (Counts(2, 0, 1, 0, 4), "of the 3 of 4 worlds in which the premises hold"),
        (
            Counts(2, 2, 1, 3, 9),
            "of the 5 of 9 worlds in which the premises hold and it is defined (2 ties, 3 undefined)",
        ),
    ],
)
def test_worlds_in_words(counts, words):
    assert _of(counts) == words


@pytest.mark.parametrize(
    ("share", "least", "most"),
    [(0.0, "0 %", "0 %"), (0.8758, "87.5 %", "87.6 %"), (0.1231, "12.3 %", "12.4 %"), (1.0, "100 %", "100 %")],
)
def test_percents_err_on_the_safe_side(share, least, most):
    assert (_percent(share), _percent(share, up=True)) == (least, most)


def test_one_world_has_an_effect_without_limits():
    assert judge("+").effect is None
    assert judge("+-").effect[0] == 0.0
