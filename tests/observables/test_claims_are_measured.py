"""Claims and observables meet by name: each claim speaks of one that is defined."""

import pytest

import theory
from empirics.judging.settings import Settings
from empirics.observables.catalogue import observables
from theory import Claim, Kind


@pytest.mark.parametrize("claim", theory.all_claims(), ids=lambda claim: claim.id)
def test_every_observable_named_by_a_claim_is_defined(claim: Claim) -> None:
    known = observables()
    names = {claim.observable, claim.judged_on, *claim.supporting, *(m.per_run for m in claim.mutants if m.per_run)}
    for assumption in claim.assumptions:
        names |= assumption.observables
    assert names <= set(known)
    if claim.axis or claim.kind in (Kind.RATE, Kind.COMPARISON, Kind.EQUIVALENCE):
        assert known[claim.observable].bounded, "means of unbounded observables have no distribution-free limits"
    if claim.observable.startswith(("covering_", "coverage_union", "coverage_half")):
        assert known[claim.observable].sampling == "exact"
        assert claim.tolerance is not None  # bound and observable may be equal (K = 1), both rounded


@pytest.mark.parametrize("claim", [c for c in theory.all_claims() if c.by_share], ids=lambda claim: claim.id)
def test_a_claim_judged_by_the_share_of_worlds_says_which_share(claim: Claim) -> None:
    asked = Settings().asked_by(claim).property_share
    assert f"in at least {100 * asked:.0f} % of " in claim.statement.replace("In at", "in at")
    for word in ("on average, seed", "seed by seed", "the mean out-of-distribution error does", "margin of 0.02"):
        assert word not in claim.statement
