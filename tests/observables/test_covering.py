"""The exact observables of covering against the claims' formulas."""

import pytest

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
