"""The figure of each claim as data: the claim's bound and the cells' observed values, in the right panel."""

from dataclasses import replace
from pathlib import Path

import pytest

from empirics.judging.settings import Settings
from empirics.verification.assembly import latex_of
from empirics.verification.figures import claim_figures
from empirics.verification.plan import falsifier
from empirics.verification.results import read_results
from theory import Kind, all_claims, claim

STORED = Path(__file__).parents[2] / "docs" / "stored" / "default.json"
AXES = {"templates": "R", "multiplicity": "K", "finetuned": "N_f"}


@pytest.fixture(scope="module")
def results():
    return read_results(str(STORED))


@pytest.fixture(scope="module")
def figures(results):
    return {f.name: f for f in claim_figures(results, [claim(c.id) for c in results.claims])}


def at(row):
    return {symbol: row[column] for column, symbol in AXES.items()}


def test_a_bound_over_the_last_axis_is_a_line_with_the_observed_cells(results, figures):
    data = figures["claim-ood-error-literal"]
    assert data.kind == "panels"
    rows = data.mappings()
    observed = [row for row in rows if row["series"] == "observed"]
    assert len(observed) == len(results.cells)
    for row, cell in zip(observed, results.cells, strict=True):
        assert at(row) == {s: cell.symbols[s] for s in AXES.values()}
        verdict = results.verdict_of("ood-error-literal", results.cells.index(cell))
        if verdict.estimate is None:  # nothing decides here: the mean of all seeds, alone
            assert verdict.verdict == "OUT OF SCOPE"
            assert (row["value"], row["lower"], row["upper"]) == (cell.observables["ood_error"].mean, None, None)
        else:
            assert (row["value"], row["lower"], row["upper"]) == (verdict.estimate, verdict.lower, verdict.upper)
        assert row["seeds"] == len(cell.seeds)
    lines = [row for row in rows if row["series"] == "ood-error-literal"]
    for R, K in {(row["templates"], row["multiplicity"]) for row in observed}:
        mine = [row for row in lines if (row["templates"], row["multiplicity"]) == (R, K)]
        assert [row["finetuned"] for row in mine] == list(range(1, max(c.symbols["N_f"] for c in results.cells) + 1))
    for row in lines:
        assert row["value"] == pytest.approx(claim("ood-error-literal").bound(**at(row)), rel=1e-14)
        assert row["lower"] is row["upper"] is row["seeds"] is None


def test_the_line_leaves_out_where_the_bound_is_not_defined(results):
    item = claim("ood-error-literal")
    N_f = next(s.symbol for s in item.notation.values() if s.name == "N_f")
    narrow = replace(item, premises=replace(item.premises, domain=(*item.premises.domain, N_f >= 4)))
    others = [claim(c.id) for c in results.claims if c.id != item.id]
    data = {f.name: f for f in claim_figures(results, [narrow, *others])}["claim-ood-error-literal"]
    line = [row["finetuned"] for row in data.mappings() if row["series"] == "ood-error-literal"]
    assert sorted(set(line)) == list(range(4, max(c.symbols["N_f"] for c in results.cells) + 1))


def test_panels_are_named_by_the_symbols_of_their_columns(figures):
    options = figures["claim-ood-error-literal"].options
    assert options["x"] == "finetuned"
    assert (options["down"], options["across"]) == (["templates"], ["multiplicity"])
    assert options["names"] == {"templates": "|R|", "multiplicity": "K"}
    assert options["xlabel"].startswith("$N_f$, ")
    assert options["lines"] == {"ood-error-literal": "bound"}
    assert figures["claim-covering-some-unseen"].options["lines"] == {"covering-some-unseen": "formula"}
    assert figures["claim-covering-some-unseen"].options["points"] == "exact value"


def test_a_claim_without_such_a_bound_has_its_verdicts_side_by_side(results):
    verdict = next(v for v in results.verdicts if v.estimate is not None)
    moved = verdict.model_copy(update={"claim": "mechanism", "lower": 0.125, "upper": 0.875, "estimate": 0.25})
    changed = results.model_copy(update={"verdicts": [moved]})
    found = {f.name: f for f in claim_figures(changed, [claim(c.id) for c in results.claims])}
    (row,) = found["claim-mechanism"].mappings()
    assert row == {
        "where": results.where(verdict),
        "estimate": 0.25,
        "lower": 0.125,
        "upper": 0.875,
        "threshold": verdict.bound,
        "verdict": verdict.verdict,
    }
    assert found["claim-mechanism"].kind == "forest"
    assert found["claim-mechanism"].options == {"xlabel": "share of worlds in which it holds"}
    flat = results.model_copy(update={"verdicts": [moved.model_copy(update={"flat": True})]})
    found_flat = {f.name: f for f in claim_figures(flat, [claim(c.id) for c in results.claims])}
    assert [row["verdict"] for row in found_flat["claim-mechanism"].mappings()] == ["flat"]
    assert "claim-rank-one" not in found, "nothing of it is stored"


def test_a_bound_that_is_judged_run_by_run_shows_the_shares_that_decide(results):
    by_share = results.claim("ood-error-literal").model_copy(update={"by_share": True})
    changed = results.model_copy(update={"claims": [by_share]})
    (data,) = claim_figures(changed, [claim("ood-error-literal")])
    assert (data.kind, data.options) == ("forest", {"xlabel": "share of worlds in which it holds"})
    judged = [v for v in results.verdicts if v.claim == by_share.id and v.estimate is not None]
    assert [(r["estimate"], r["lower"], r["upper"]) for r in data.mappings()] == [
        (v.estimate, v.lower, v.upper) for v in judged
    ]


def test_every_kind_of_claim_says_what_would_falsify_it():
    settings = Settings(property_share=0.65, equivalence_margin=0.03125)
    texts = {item.kind: falsifier(item, settings) for item in all_claims()}
    assert set(texts) == set(Kind)
    assert len(set(texts.values())) == len(Kind)
    for kind in (Kind.COMPARISON, Kind.TREND, Kind.EQUIVALENCE):
        assert "65%" in texts[kind]
    assert "0.03125" in texts[Kind.EQUIVALENCE]
    assert "above 0.1" in texts[Kind.RATE]


def test_relations_are_written_with_the_notation_and_upright_observables():
    item = claim("ood-error-literal")
    premises = [latex_of(a.relation, item.notation) for a in item.assumptions]
    assert any(r"\mathrm{pretraining\_gap}" in text for text in premises)
    domain = [latex_of(relation, item.notation) for relation in item.domain]
    assert any(r"|\mathcal{R}|" in text for text in domain)
