"""The pooled statement from answers alone, by hand; the claim's verdict; families of claims."""

import math

import pytest
from judging_builders import make_claim, settings

from empirics.judging.confidence import bets_for, log_wealth_path, lower_limit, upper_limit
from empirics.judging.levels import benjamini_yekutieli, claim_verdict, holm, pooled_verdict
from empirics.judging.outcome import Outcome, Pooled, Verdict
from empirics.judging.worlds import Answer, Worlds
from theory import Scope

BY_SHARE = make_claim("comparison", observable="slope")
ON_MEANS = make_claim("upper", bound="1/2")


def worlds(answers, **more):
    """``+``, ``=``, ``-`` for the seeds 0, 1, ..; ``.``: not in scope; ``x``: it did not run."""
    ran = tuple(i for i, a in enumerate(answers) if a != "x")
    found = {i: {"+": Answer.YES, "=": Answer.TIE, "-": Answer.NO}[answers[i]] for i in ran if answers[i] != "."}
    return Worlds((0,), "", "", ran, found, **more)


def pooled(*cells, claim=BY_SHARE, looks=(), **options):
    return pooled_verdict(claim, [worlds(c) if isinstance(c, str) else c for c in cells], settings(**options), looks)


@pytest.mark.parametrize("looks", [(), (7,)])
def test_every_field_of_the_pooled_statement(looks):
    cells = ["++=-+.+x", "+==-.--+", "++++..++", worlds("-" * 8, reason="out of scope")]
    # Seed 7 did not run everywhere; seed 5 is in scope in one cell alone.
    strict = [1.0, 2 / 3, 1 / 3, 1 / 3, 1.0, 0.0, 2 / 3]
    weak = [1.0, 1.0, 1.0, 1 / 3, 1.0, 0.0, 2 / 3]
    refuting = 0.05 / 5  # over four cells, in scope or not, and this statement
    bets, against = bets_for(looks, 0.05), bets_for(looks, refuting)
    path = log_wealth_path([1 - s for s in strict], 0.7, bets)
    assert pooled(*cells, looks=looks, property_share=0.3) == Pooled(
        estimate=pytest.approx(sum(strict) / 7),
        lower=lower_limit(strict, 0.05, bets=bets),
        upper=upper_limit(weak, refuting, bets=against),
        asked=0.3,
        alpha=0.05,
        refuting=refuting,
        worlds=7,
        without=0,
        confirmed=False,
        refuted=False,
        direction="",
        p_value=pytest.approx(min(1.0, math.exp(-path[-1]))),
        statement="fraction of worlds in which it holds",
    )


def test_worlds_without_a_cell_in_scope_are_counted_apart():
    found = pooled("+..+", "-.++")
    assert (found.worlds, found.without, found.estimate) == (3, 1, pytest.approx((0.5 + 1 + 1) / 3))


def test_there_is_no_pool_without_worlds():
    identity = make_claim("identity", bound="1/2")
    assert pooled("++", claim=identity) is None
    assert pooled() is None
    assert pooled(worlds("++", flat=True), worlds("++", tested=False)) is None
    assert pooled("..", "..") is None
    assert pooled("x+", "+x") is None


def test_the_limits_decide_at_the_share_itself():
    cells = ["+" * 30 + "-" * 2] * 2
    found = pooled(*cells, property_share=0.5)
    assert found.confirmed
    assert pooled(*cells, property_share=found.lower).confirmed
    assert not pooled(*cells, property_share=found.lower + 1e-9).confirmed
    refuted = pooled(*["-" * 30 + "+" * 2] * 2, property_share=0.5)
    assert refuted.refuted
    assert not pooled(*["-" * 30 + "+" * 2] * 2, property_share=refuted.upper).refuted
    assert pooled(*["-" * 30 + "+" * 2] * 2, property_share=refuted.upper + 1e-9).refuted


def test_a_claim_on_means_is_confirmed_by_runs_and_never_refuted_by_them():
    found = pooled("-" * 40, claim=ON_MEANS)
    assert (found.refuted, found.direction, found.statement) == (False, "", "fraction of runs that meet the bound")
    assert found.upper < 0.8
    assert pooled("+" * 40, claim=ON_MEANS).confirmed


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (["-" * 40] * 2, "reversed"),
        (["-" * 40, "+" * 40], "no direction: as often one way as the other"),
        (["-" * 40, "+" * 40, "+" * 5 + "=" * 35], "fewer than asked, though more often so than reversed"),
        (["-" * 40, "+" * 40, "+" * 4 + "=" * 36], "no direction: as often one way as the other"),
        (["-" * 40, "+" * 40, "-" * 5 + "=" * 35], "reversed"),
        (["-" * 40, "+" * 40, "-" * 4 + "=" * 36], "no direction: as often one way as the other"),
    ],
)
def test_each_world_goes_the_way_of_most_of_its_cells(cells, words):
    found = pooled(*cells, property_share=0.95)
    assert (found.refuted, found.direction) == (True, words)
    undirected = pooled(worlds(cells[0], directed=False), *cells[1:], property_share=0.95)
    assert undirected.direction == "fewer than asked"


def test_the_p_value_is_1_where_nothing_is_won():
    assert pooled("-" * 9).p_value == 1.0
    assert pooled("+" * 9, property_share=0.5).p_value == pytest.approx(
        math.exp(-log_wealth_path([0.0] * 9, 0.5, bets_for((), 0.05))[-1])
    )


def outcomes(*verdicts, flat=0):
    cells = [(v, False) for v in verdicts] + [("UNDECIDED", True)] * flat
    return [Outcome("c", Scope.CELL, (0,), Verdict(v), "", flat=f) for v, f in cells]


@pytest.mark.parametrize("other", ["UNDECIDED", "HOLDS", "VIOLATED", "OUT OF SCOPE"])
@pytest.mark.parametrize(("share", "sign"), [(0.5, "+"), (0.97, "-"), (0.8, "+-")])
def test_the_pool_supports_what_is_open_and_refutes_anything(other, share, sign):
    pool = pooled((sign * 40)[:40], property_share=share)
    assert (pool.confirmed, pool.refuted) == (sign == "+", sign != "+")
    alone = {"UNDECIDED": Verdict.UNDECIDED, "HOLDS": Verdict.HOLDS, "OUT OF SCOPE": Verdict.OUT_OF_SCOPE}
    expected = alone.get(other, Verdict.VIOLATED) if pool.confirmed else Verdict.VIOLATED
    if pool.confirmed and other == "UNDECIDED":
        expected = Verdict.SUPPORTED
    assert claim_verdict(outcomes(other), pool) is expected
    assert claim_verdict(outcomes(other), None) is alone.get(other, Verdict.VIOLATED)


def test_a_pool_that_is_open_changes_nothing():
    pool = pooled("+" * 5, property_share=0.8)
    assert not pool.confirmed
    assert claim_verdict(outcomes("UNDECIDED", "HOLDS"), pool) is Verdict.UNDECIDED


@pytest.mark.parametrize("rest", ["VACUOUS", "OUT OF SCOPE", "NOT TESTED"])
def test_flat_cells_leave_a_claim_open_if_there_is_nothing_else(rest):
    assert claim_verdict(outcomes(rest, flat=1), None) is Verdict.UNDECIDED
    assert claim_verdict(outcomes(rest), None) is Verdict(rest)
    assert claim_verdict(outcomes(rest, "HOLDS", flat=1), None) is Verdict.HOLDS


def test_adjusted_p_values_by_hand():
    assert holm([0.02, 0.5, 0.01]) == pytest.approx([0.04, 0.5, 0.03])
    assert holm([0.3, 0.2, 0.9]) == pytest.approx([0.6, 0.6, 0.9])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.0, 1.0]) == [0.0, 1.0]
    harmonic = 1 + 1 / 2 + 1 / 3
    assert benjamini_yekutieli([0.02, 0.5, 0.01]) == pytest.approx([0.03 * harmonic, 0.5 * harmonic, 0.03 * harmonic])
    assert benjamini_yekutieli([0.9, 0.8]) == [1.0, 1.0]
    assert benjamini_yekutieli([0.001, 0.9]) == pytest.approx([0.003, 1.0])
