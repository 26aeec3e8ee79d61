"""Ranges and trivial values as verdicts use them; the catalogue with entry points of every kind."""

import math
from fractions import Fraction
from itertools import combinations, product
from types import SimpleNamespace

import pytest

from empirics.observables import catalogue, covering, extraction
from empirics.observables.covering import covering_observables
from empirics.observables.definition import NATS, SHARE, Observable
from theory import plugins

RANGES = {
    "ood_error": (0, 1, 1.0, "lower"),
    "ood_loss": (0, math.inf, None, "lower"),
    "finetuning_error": (0, 1, 1.0, "lower"),
    "own_template_error_share": (0, 1, None, "neither"),
    "unseen_own_templates": (0, math.inf, None, "neither"),
    "ood_error_unseen_0": (0, 1, None, "lower"),
    "ood_error_unseen_1": (0, 1, None, "lower"),
    "ood_error_unseen_2": (0, 1, None, "lower"),
    "ood_error_unseen_3_or_more": (0, 1, None, "lower"),
    "some_template_unseen": (0, 1, None, "neither"),
    "uncovered_extracted": (0, 1, None, "neither"),
    "finetuning_step": (0, math.inf, None, "neither"),
    "no_template_seen": (0, 1, None, "neither"),
    "templates_below_half": (0, 1, None, "neither"),
    "coverage_auc_excess": (-0.5, 0.5, 0.0, "neither"),
    "own_template_error_excess": (-1, 1, 0.0, "neither"),
    "prompt_subject_attention": (0, 1, None, "neither"),
}


def test_what_fine_tuning_leaves_has_the_range_that_limits_rest_on():
    found = {o.name: (o.lower, o.upper, o.trivial, o.better) for o in extraction.OBSERVABLES}
    assert found == RANGES
    assert {(o.sampling, o.per, o.exact) for o in extraction.OBSERVABLES} == {("seed", "cell", None)}
    units = {o.name: o.unit for o in extraction.OBSERVABLES}
    assert (units["ood_error"], units["ood_loss"]) == (SHARE, NATS)


def test_probabilities_of_coverage_are_exact_and_in_the_unit_interval():
    for item in covering.OBSERVABLES:
        assert (item.lower, item.upper, item.trivial, item.sampling) == (0, 1, 1.0, "exact")
        assert item.exact({"N_f": 3.0, "K": 2.0, "R": 5.0}) == covering_observables(3, 2, 5)[item.name]


@pytest.mark.parametrize(
    ("finetuned", "multiplicity", "templates"), [(1, 1, 3), (2, 1, 3), (2, 2, 4), (3, 2, 4), (2, 3, 4)]
)
def test_probabilities_of_coverage_by_enumeration_of_every_world(finetuned, multiplicity, templates):
    """Each fact has K templates, all choices alike; own ones are the first K."""
    own, choices = range(multiplicity), list(combinations(range(templates), multiplicity))
    worlds = list(product(choices, repeat=finetuned))
    counts = [[sum(r in fact for fact in world) for r in range(templates)] for world in worlds]

    def share(event):
        return float(Fraction(sum(map(event, counts)), len(worlds)))

    found = covering_observables(finetuned, multiplicity, templates)
    half = Fraction(finetuned * multiplicity, 2 * templates)
    assert found["covering_some_unseen"] == pytest.approx(share(lambda c: any(c[r] == 0 for r in own)), abs=1e-14)
    assert found["covering_none_seen"] == pytest.approx(share(lambda c: all(c[r] == 0 for r in own)), abs=1e-14)
    assert found["coverage_union"] == pytest.approx(share(lambda c: any(c[r] <= half for r in own)), abs=1e-14)
    assert found["coverage_half_mean_tail"] == pytest.approx(share(lambda c: c[0] <= half), abs=1e-14)


def test_only_ranges_with_two_finite_ends_are_bounded():
    for lower, upper, bounded in (
        (0, 1, True),
        (0, math.inf, False),
        (-math.inf, 1, False),
        (-math.inf, math.inf, False),
    ):
        assert Observable("x", "", "", lower, upper).bounded == bounded


def point(value, dist=None, found=None):
    def load():
        if isinstance(found, Exception):
            raise found
        return found

    return SimpleNamespace(value=value, name=value, group="g", load=load, dist=dist and SimpleNamespace(name=dist))


@pytest.fixture
def known(monkeypatch):
    """The catalogue with these entry points of experiments and of observables, and what is told on the way."""

    def made(experiments=(), single=()):
        groups = {"factbound.experiments": experiments, "factbound.observables": single}
        monkeypatch.setattr(plugins, "entry_points", lambda group: groups[group])
        found, broken = catalogue._known.__wrapped__(())
        return found, [(defect.plugin.source.value, defect.reason) for defect in broken]

    return made


X, Y, Z = (Observable(name, "", "", 0, 1) for name in "xyz")
SHARED = [o.name for o in catalogue.SHARED]


def test_shared_observables_come_first():
    assert list(catalogue.SHARED) == [*extraction.OBSERVABLES, *covering.OBSERVABLES]
    found, told = catalogue.observables(), []
    assert list(found)[: len(SHARED)] == SHARED
    assert told == []


def test_what_entry_points_give_is_added(known):
    mine = SimpleNamespace(observables=(X, catalogue.SHARED[0]))  # a shared one may be named again
    found, told = known([point("mine", "factbound", mine)], [point("one", found=Y), point("list", found=[Z])])
    assert (list(found), told) == ([*SHARED, "x", "y", "z"], [])
    with pytest.raises(TypeError):
        found["w"] = X


def test_our_own_experiments_go_before_those_of_others(known):
    other = Observable("x", "another", "", 0, 1)
    theirs, ours = SimpleNamespace(observables=(other, Y)), SimpleNamespace(observables=(X,))
    for dist in ("theirs", None):
        points = [point("theirs", dist, theirs), point("ours", "factbound", ours)]
        found, told = known(points if dist else [point("ours", "factbound", ours), *points[:1]])
        assert found["x"] is X
        assert "y" not in found  # all of it, or nothing
        assert told == [
            ("theirs", "ValueError: observable x is registered twice, the second time by entry point theirs (theirs)")
        ]


def test_what_is_broken_is_left_out_and_told(known):
    broken = point("broken", found=ImportError("no lab"))
    found, told = known([broken], [point("broken", found=ImportError("no lab")), point("fine", found=X)])
    assert list(found) == [*SHARED, "x"]
    assert told == [("broken", "ImportError: no lab")]  # a broken experiment is told where it is asked for
    found, told = known(
        [point("broken", found=ImportError()), point("mine", "factbound", SimpleNamespace(observables=(Y,)))],
        [point("five", found=5), point("pair", found=(X, "x")), point("fine", found=Z)],
    )
    assert list(found) == [*SHARED, "y", "z"]
    assert told == [
        ("five", "TypeError: it gives int, not an Observable"),
        ("pair", "TypeError: it gives str, not an Observable"),
    ]
    found, told = known(
        [point("none", found=SimpleNamespace(observables=None)), point("mine", found=SimpleNamespace(observables=[X]))]
    )
    assert list(found) == [*SHARED, "x"]
    assert told == []  # this too is told where the experiment is asked for
