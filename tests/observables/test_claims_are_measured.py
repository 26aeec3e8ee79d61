"""Claims and observables meet by name: each claim speaks of one that is defined."""

import pytest

import theory
from empirics.observables.catalogue import observables
from theory import Claim, Kind


@pytest.mark.parametrize("claim", theory.all_claims(), ids=lambda claim: claim.id)
def test_every_observable_named_by_a_claim_is_defined(claim: Claim) -> None:
    known = observables()
    names = {claim.observable, *claim.supporting}
    for assumption in claim.assumptions:
        names |= assumption.observables
    assert names <= set(known)
    if claim.axis or claim.kind in (Kind.RATE, Kind.COMPARISON, Kind.EQUIVALENCE):
        assert known[claim.observable].bounded, "means of unbounded observables have no distribution-free limits"
    if claim.observable.startswith(("covering_", "coverage_union", "coverage_half")):
        assert known[claim.observable].sampling == "exact"
        assert claim.tolerance is not None  # bound and observable may be equal (K = 1), both rounded
