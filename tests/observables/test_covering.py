"""The exact observables of covering against the claims' formulas."""

import pytest

from empirics.observables.catalogue import observables
from empirics.observables.covering import covering_observables
from theory import claim


@pytest.mark.parametrize(
    ("finetuned", "multiplicity", "templates"), [(1, 1, 1), (2, 1, 20), (5, 3, 20), (40, 6, 20), (3, 4, 4)]
)
def test_exact_observables_agree_with_the_claims_formulas(finetuned, multiplicity, templates):
    observed = covering_observables(finetuned, multiplicity, templates)
    symbols = {"N_f": finetuned, "K": multiplicity, "R": templates}
    for name in ("covering-some-unseen", "covering-none-seen"):
        item = claim(name)
        assert observed[item.observable] == pytest.approx(item.bound(**symbols), abs=1e-12)
    assert observed["coverage_half_mean_tail"] <= claim("coverage-half-mean").bound(**symbols) + 1e-15


def test_counterexamples_are_looked_for_among_440_small_worlds():
    """With every number of own templates, from one fact up to where nothing is left unseen."""
    for name in ("covering_some_unseen", "covering_none_seen", "coverage_union", "coverage_half_mean_tail"):
        points = observables()[name].small
        assert len(points) == len({tuple(p.values()) for p in points}) == 440
        for universe in (2, 3, 4, 6, 8, 12, 20):
            here = [p for p in points if p["R"] == universe]
            assert {p["K"] for p in here} == set(range(1, universe + 1))
            assert {p["N_f"] for p in here} == {1, 2, 3, 5, 10, 20, 40, 80}
