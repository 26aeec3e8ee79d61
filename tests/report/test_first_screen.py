"""The first screen's sentences: each says what the document says, and nothing where there is nothing to say."""

import pytest

from empirics.report import first_screen
from empirics.report.claim_views import claim_views


def lines(results):
    return dict(first_screen.answers(results, claim_views(results, [])))


def with_claim(toy, identifier, **values):
    claims = [c.model_copy(update=values) if c.id == identifier else c for c in toy.claims]
    return toy.model_copy(update={"claims": claims})


def test_what_was_tested(toy):
    told = toy.model_copy(
        update={
            "papers": {toy.claims[0].paper: "toy: A title (A. Author)"},
            "config": dict(toy.config)
            | {"model": {"width": 64, "mlp": True, "residual": False, "facts": "", "gates": []}},
        }
    )
    found = dict(first_screen.tested(told))
    assert found["Paper"] == "toy: A title (A. Author)"
    assert found["Model"] == "toy machines: width 64, mlp"
    assert found["Grid and seeds"].startswith("21 runs of toy machines, 14 cells")
    bare = dict(first_screen.tested(toy.model_copy(update={"papers": {}})))
    assert bare["Paper"] == toy.claims[0].paper
    assert bare["Model"] == "toy machines"
    several = with_claim(toy, "toy-bound", paper="another")
    assert dict(first_screen.tested(several))["Papers"].startswith("another; ")


def test_where_it_does_not_hold(toy):
    violated = with_claim(toy, "toy-bound", verdict="VIOLATED", title="The bound")
    found = lines(with_claim(violated, "toy-trend", verdict="UNDECIDED", title="The trend"))["Where it does not hold"]
    assert "VIOLATED: The bound" in found
    assert "UNDECIDED: The trend" in found
    assert found.endswith("A paragraph.")
    sound = toy.model_copy(update={"claims": [c.model_copy(update={"verdict": "HOLDS"}) for c in toy.claims]})
    assert lines(sound)["Where it does not hold"].startswith("No claim is violated or undecided.")


def test_how_sure_counts_what_is_confirmed_alone_and_what_over_all_claims(toy):
    assert (
        "of worlds: 1; confirmed over all cells together: 1; also with one error rate over all claims (Holm): 1."
        in lines(toy)["How sure"]
    )
    pooled = toy.claim("toy-arms").pooled
    late = with_claim(toy, "toy-arms", pooled=pooled.model_copy(update={"holm": 0.2}))
    assert "cells together: 1; also with one error rate over all claims (Holm): 0." in lines(late)["How sure"]
    without = with_claim(toy, "toy-arms", pooled=None)
    assert lines(without)["How sure"].endswith("A world is one seed: its data, initialisation and order.")
    exact = toy.model_copy(update={"verdicts": [v.model_copy(update={"by_sampling": False}) for v in toy.verdicts]})
    assert lines(exact)["How sure"] == "No verdict rests on sampling."


def test_assumptions_count_origins_and_cells_out_of_scope(toy):
    stated = with_claim(toy, "toy-bound", provenance="STATED", verdict="HOLDS")
    found = lines(stated)["On which assumptions"]
    assert found.startswith("Claims tested: 1 STATED (the source's words), 2 DERIVED (proved here).")
    outside = sum(v.verdict == "OUT OF SCOPE" for v in toy.verdicts)
    assert ("OUT OF SCOPE" in found) == bool(outside)
    moved = toy.model_copy(
        update={"verdicts": [v.model_copy(update={"verdict": "OUT OF SCOPE"}) for v in toy.verdicts]}
    )
    assert f"({len(toy.verdicts)} verdicts here)" in lines(moved)["On which assumptions"]


@pytest.mark.parametrize(
    ("provenance", "verdict", "where"),
    [("STATED", "HOLDS", "sentences"), ("DERIVED", "HOLDS", "theorems"), ("STATED", "NOT TESTED", "untested")],
)
def test_claims_stand_with_their_like(toy, provenance, verdict, where):
    views = claim_views(with_claim(toy, "toy-bound", provenance=provenance, verdict=verdict), [])
    found = first_screen.groups(views)
    assert sum(len(group.claims) for group in found) == len(toy.claims)
    assert all(group.claims for group in found)
    (group,) = [g for g in found if "toy-bound" in {view.stated.id for view in g.claims}]
    assert group.id == where
    assert verdict in group.counts


def test_how_tight_is_told_of_the_sources_bounds_alone(toy):
    assert "How tight" not in lines(toy)
    stated = with_claim(toy, "toy-bound", provenance="STATED", title="The bound")
    mine = [v for v in toy.verdicts if v.claim == "toy-bound"]
    tight = [v.model_copy(update={"tightness": 2.0 + i}) if v in mine else v for i, v in enumerate(toy.verdicts)]
    text = lines(stated.model_copy(update={"verdicts": tight}))["How tight"]
    assert text.startswith("The bound: bound / measured mean: 2 to ")
    assert ("beyond it" in text) == any(v.exceedance and v.exceedance.share for v in mine)


def test_a_supported_claim_is_named_among_the_open_ones_and_a_share_with_what_is_asked(toy):
    supported = with_claim(toy, "toy-arms", verdict="SUPPORTED", title="The arms")
    assert lines(supported)["Where it does not hold"].endswith(
        "Undecided in some cells: 1 SUPPORTED claim. A paragraph."
    )
    refuted = toy.claim("toy-arms").pooled.model_copy(update={"confirmed": False, "upper": 0.305, "asked": 0.8})
    violated = with_claim(toy, "toy-arms", verdict="VIOLATED", title="The arms", pooled=refuted)
    assert "The arms (in at most 31 % of worlds). The threshold is 80 %." in lines(violated)["Where it does not hold"]
