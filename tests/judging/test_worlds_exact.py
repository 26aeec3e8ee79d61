"""The answers, world by world, as the judge of a share gets them; every boundary of scope, margin and flatness."""

import math
from dataclasses import replace

import pytest
from judging_builders import NEAR_OPTIMAL, OBSERVABLES, make_cell, make_claim, settings

from empirics.judging.worlds import Answer, Step, Worlds, groups_of, worlds_of
from empirics.observables.definition import Observable
from theory.claims.xu_chen.paper import K, N_f

FREE = Observable("free", "without an upper end", "nats", 0, math.inf)
KNOWN = OBSERVABLES | {"free": FREE}
FALLS = make_claim("trend", axis="N_f", direction=-1)


def found(claim, cells, observable=None, **options):
    mine = [c for c in cells if c.variant == claim.arm]
    return worlds_of(claim, KNOWN[observable or claim.judged_on], mine, cells, settings(**options))


def only(claim, cells, observable=None, **options):
    (worlds,) = found(claim, cells, observable, **options)
    return worlds


def marks(worlds):
    return "".join({Answer.YES: "+", Answer.TIE: "=", Answer.NO: "-"}[a] for a in worlds.answers.values())


def test_worlds_are_judged_unless_something_says_otherwise():
    plain = Worlds((0,), "", "")
    assert plain.judged
    assert (plain.directed, plain.tested, plain.measured_scope, plain.flat) == (True, True, False, False)
    for other in ({"tested": False}, {"reason": "no"}, {"flat": True}):
        assert not replace(plain, **other).judged


def test_a_cell_by_itself():
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
    values, gaps = [2.0, 0.0, -1.0, None, 3.0, 4.0, 5.0, 6.0], [0.0] * 7 + [9.0]
    cell = make_cell(values, index=7, observable="slope", gaps=gaps, seeds=range(20, 28))
    worlds = only(claim, [cell], scope_share=0.5)
    assert (worlds.cells, worlds.label, worlds.asked) == ((7,), "|R|=20, K=2, N_f=5", "slope > 0")
    assert worlds.ran == tuple(range(20, 28))
    assert marks(worlds) == "+=-+++"
    assert worlds.effects == {20: 2.0, 21: 0.0, 22: -1.0, 24: 3.0, 25: 4.0, 26: 5.0}
    assert worlds.undefined == {23}
    assert (worlds.directed, worlds.reason, worlds.measured_scope) == (True, "", True)
    assert [p.name for p in worlds.premises] == ["gap"]
    empty = only(claim, [make_cell([], index=7, observable="slope")])
    assert (empty.cells, empty.reason, empty.tested) == ((7,), "no run finished", False)


def test_a_bound_that_is_judged_run_by_run_asks_for_at_most_0():
    claim = make_claim("lower", bound="1/2", per_run="slope")
    worlds = only(claim, [make_cell([-1.0, 0.0, 2.0], observable="slope")])
    assert (worlds.asked, marks(worlds), worlds.effects) == ("slope <= 0", "++-", {0: 1.0, 1: 0.0, 2: -2.0})


@pytest.mark.parametrize(
    ("have", "reason"), [(4, ""), (3, "only 3 of 5 worlds are in scope and have a value (slope > 0)")]
)
def test_four_fifths_of_the_worlds_are_enough_and_no_fewer(have, reason):
    claim = make_claim("comparison", observable="slope")
    worlds = only(claim, [make_cell([1.0] * have + [None] * (5 - have), observable="slope")])
    assert (worlds.reason, worlds.measured_scope) == (reason, True)
    assert not only(claim, [make_cell([1.0] * 5, observable="slope")]).measured_scope


def test_no_world_at_all_is_too_few():
    worlds = only(make_claim("comparison", observable="slope"), [make_cell([None] * 5, observable="slope")])
    assert worlds.reason == "only 0 of 5 worlds are in scope and have a value (slope > 0)"


def test_out_of_scope_for_a_premise_names_it_alone():
    claim = make_claim("comparison", observable="slope", assumptions=[NEAR_OPTIMAL])
    worlds = only(claim, [make_cell([1.0] * 5, observable="slope", gaps=[9.0] * 5)])
    assert worlds.reason == "premise gap <= 0.1 fails: median 9, satisfied by 0 of 5 seeds"


def arms(here, there, observable="error", index=0, seeds=None, **more):
    return [
        make_cell(there, index=index, observable=observable, **more),
        make_cell(here, index=index + 1, variant="lora", observable=observable, seeds=seeds, **more),
    ]


def test_a_pair_is_the_arm_less_its_reference():
    claim = make_claim("comparison", arm="lora", reference="main")
    worlds = only(claim, arms([0.5, 0.25, 0.5, 0.75], [0.25, 0.5, 0.5, None], seeds=(0, 1, 2, 3)), scope_share=0.5)
    assert (worlds.cells, worlds.label) == ((1, 0), "lora: |R|=20, K=2, N_f=5")
    assert worlds.asked == "error larger in lora than in main"
    assert worlds.effects == {0: 0.25, 1: -0.25, 2: 0.0}
    assert (marks(worlds), worlds.ran, worlds.undefined, worlds.directed) == ("+-=", (0, 1, 2, 3), {3}, True)


def test_a_pair_has_the_seeds_of_both():
    claim = make_claim("comparison", arm="lora", reference="main")
    worlds = only(claim, arms([0.5, 0.25, 0.5], [0.0, 0.0, 0.0, 0.0], seeds=(9, 2, 1)))
    assert (worlds.ran, worlds.effects) == ((2, 1), {2: 0.25, 1: 0.5})
    assert not worlds.measured_scope


def test_a_pair_needs_runs_in_both_arms():
    claim = make_claim("comparison", arm="lora", reference="main")
    for here, there in (([0.5], []), ([], [0.5])):
        worlds = only(claim, arms(here, there))
        assert (worlds.cells, worlds.tested) == ((1,), False)
        assert worlds.reason == "no runs of the arms lora and main to compare at lora: |R|=20, K=2, N_f=5"
    elsewhere = [make_cell([0.5], K=3), make_cell([0.5], index=1, variant="lora", K=2)]
    assert not only(claim, elsewhere).tested


def test_premises_that_fail_in_the_reference_are_the_reason_and_told_once():
    claim = make_claim("comparison", arm="lora", reference="main", assumptions=[NEAR_OPTIMAL])
    there, here = arms([0.5] * 4, [0.25] * 4, gaps=[9.0] * 4)
    worlds = only(claim, [there, here])
    assert worlds.reason == "premise gap <= 0.1 fails: median 9, satisfied by 0 of 4 seeds"
    good = replace(here, observables=here.observables | {"gap": (0.0,) * 4})
    assert only(claim, [there, good]).premises[0].value == 9.0
    bad = replace(there, observables=there.observables | {"gap": (0.0,) * 4})
    assert only(claim, [bad, here]).premises[0].value == 9.0
    both = only(claim, [bad, replace(good, observables=good.observables | {"gap": (0.05,) * 4})])
    assert (both.premises[0].value, both.reason, both.measured_scope) == (0.05, "", False)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_margin_is_in_up_to_a_thousand_millionth_of_it(sign):
    claim = make_claim("equivalence", observable="slope", arm="lora", reference="main")
    edge = 0.25 * (1.0 + 1e-9)
    for distance, mark in ((0.0, "+"), (0.2, "+"), (edge, "+"), (math.nextafter(edge, 1), "-"), (0.3, "-"), (0.6, "-")):
        cells = arms([sign * distance], [0.0], "slope")
        worlds = only(claim, cells, equivalence_margin=0.25)
        assert (marks(worlds), worlds.directed) == (mark, False)
        assert worlds.asked == "slope of lora within 0.25 of main's"


def test_a_measurement_of_a_run_is_compared_once_in_the_first_of_its_cells():
    claim = make_claim("comparison", observable="rest", arm="lora", reference="main")
    cells = []
    for i, (templates, finetuned) in enumerate([(20, 5), (20, 9), (30, 5), (30, 9), (40, 5)]):
        cells += arms([0.5], [0.25], "rest", index=2 * i, R=templates, N_f=finetuned)
    assert [w.cells for w in found(claim, cells)] == [(1, 0), (5, 4), (9, 8)]
    per_cell = replace(KNOWN["rest"], per="cell")
    mine = [c for c in cells if c.variant == "lora"]
    assert [w.cells[0] for w in worlds_of(claim, per_cell, mine, cells, settings())] == [1, 3, 5, 7, 9]


def test_cells_share_a_measurement_of_a_run_unless_the_claim_speaks_of_what_tells_them_apart():
    cells = [
        make_cell([0.5], index=i, observable="gap", R=r, N_f=n) for i, (r, n) in enumerate([(20, 5), (20, 9), (30, 5)])
    ]

    def groups(observable, bound="1/2"):
        claim = make_claim("upper", bound=bound, observable=observable)
        return [[c.index for c in group] for group in groups_of(claim, KNOWN[observable], cells)]

    assert groups("gap") == [[0, 1], [2]]
    assert groups("error") == [[0], [1], [2]]
    assert groups("gap", -K) == [[0, 1], [2]]
    assert groups("gap", -N_f) == [[0], [1], [2]]


def chain(*rows, observable="error", **more):
    """Cells along N_f = 2, 3, .., handed over backwards."""
    cells = [make_cell(list(row), index=i, N_f=2 + i, observable=observable, **more) for i, row in enumerate(rows)]
    return cells[::-1]


def test_an_axis_is_walked_from_its_least_value():
    rows = [0.5, 0.5, 0.5, 0.5], [0.25, 0.75, 0.5, 0.5], [0.5, 0.75, 0.5, None]
    worlds = only(FALLS, chain(*rows), scope_share=0.5)
    assert worlds.cells == (0, 1, 2)
    assert (worlds.label, worlds.asked) == ("|R|=20, K=2", "error does not rise, N_f from 2 to 4")
    assert worlds.effects == {0: 0.0, 1: -0.25, 2: 0.0}
    assert marks(worlds) == "+-+"
    assert worlds.steps == (
        Step("N_f from 2 to 4", 0, 2, 1),
        Step("N_f from 2 to 3", 1, 2, 1),
        Step("N_f from 3 to 4", 0, 2, 1),
    )
    assert only(FALLS, chain(*rows[:2])).steps == (Step("N_f from 2 to 3", 1, 2, 1),)


@pytest.mark.parametrize(
    ("kind", "direction", "verb", "answers"),
    [
        ("trend", 1, "does not fall", "+-+"),
        ("trend", -1, "does not rise", "-++"),
        ("comparison", 1, "rises", "+-="),
        ("comparison", -1, "falls", "-+="),
    ],
)
def test_the_direction_along_an_axis(kind, direction, verb, answers):
    claim = make_claim(kind, axis="N_f", direction=direction)
    worlds = only(claim, chain([0.25, 0.5, 0.5], [0.5, 0.25, 0.5]))
    assert (worlds.asked, marks(worlds)) == (f"error {verb}, N_f from 2 to 3", answers)
    assert list(worlds.effects.values()) == [0.25 * direction, -0.25 * direction, 0.0]


def test_each_series_has_its_own_answers():
    claim = make_claim("trend", axis="N_f", direction=-1)
    cells = [make_cell([0.5], index=i, K=k, N_f=n) for i, (k, n) in enumerate([(2, 5), (3, 5), (2, 9), (3, 7)])]
    assert [(w.cells, w.label) for w in found(claim, cells)] == [((0, 2), "|R|=20, K=2"), ((1, 3), "|R|=20, K=3")]


def test_an_axis_needs_two_values_with_runs():
    (one,) = found(FALLS, chain([0.5]))
    assert (one.cells, one.reason, one.tested) == ((0,), "a claim along N_f needs at least two values", False)
    for rows in (([0.5], []), ([], [0.5])):
        worlds = only(FALLS, chain(*rows))
        assert (worlds.cells, worlds.reason, worlds.tested) == ((0, 1), "no run finished", False)
    assert only(FALLS, chain([0.5], [], [0.5])).tested


@pytest.mark.parametrize(("end", "at_it", "flat"), [(1.0, 4, True), (1.0, 3, False), (0.0, 4, True), (0.0, 3, False)])
def test_a_series_is_flat_where_both_ends_are_the_same_end_of_the_range_in_four_of_five(end, at_it, flat):
    moved = [0.5] * (5 - at_it)
    assert only(FALLS, chain([end] * at_it + moved, [end] * at_it + moved)).flat == flat
    assert not only(FALLS, chain([end] * 5, [0.5] * 5)).flat
    assert not only(FALLS, chain([0.5] * 5, [end] * 5)).flat
    assert not only(FALLS, chain([end] * 5, [1 - end] * 5)).flat


def test_what_has_no_upper_end_or_no_answer_is_not_flat():
    claim = make_claim("trend", observable="free", axis="N_f", direction=-1)
    assert not only(claim, chain([0.0] * 5, [0.0] * 5, observable="free")).flat
    assert not only(FALLS, chain([None] * 5, [None] * 5)).flat
