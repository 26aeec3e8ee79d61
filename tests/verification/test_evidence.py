"""Five kinds of evidence for every claim, from one place; with results, and without."""

import json
import re
from pathlib import Path

import pytest

import theory
from empirics.experiments.registry import experiment
from empirics.judging.outcome import Verdict
from empirics.observables.catalogue import observable
from empirics.report.html import report_html
from empirics.verification.evidence import evidence, with_evidence
from empirics.verification.results import MutantResult, read_results
from theory import claim
from theory.certify import formal_proofs, record
from theory.certify.evidence import KINDS

STORED = Path(theory.__file__).parents[1] / "docs" / "stored" / "default.json"
EXAMPLE = "ood-error-linear-memory"


@pytest.fixture(scope="module")
def results():
    """A real document, with a few of its claims: the page of all of them takes seconds."""
    kept = (EXAMPLE, "ood-error-literal", "low-rank", "covering-none-seen", "lm-trends")
    whole = read_results(STORED)
    return whole.model_copy(update={"claims": [c for c in whole.claims if c.id in kept]})


def rows_of(page, identifier):
    """The table of evidence in a report, as text."""
    part = page[page.index(f'aria-label="Evidence for {identifier}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    plain = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in plain]


@pytest.mark.parametrize("item", theory.all_claims(), ids=lambda item: item.id)
def test_without_results_a_claim_says_how_it_would_be_measured(item):
    rows = evidence(item)
    assert tuple(row.kind for row in rows) == KINDS
    measured = rows[3]
    assert (measured.present, measured.shows, measured.limits) == (False, "", "")
    what, command = measured.where
    assert what.startswith(f"{item.judged_on} in arm {item.arm}")
    assert (item.reference or "") in what
    assert what.endswith(f"along {item.axis}") == (item.axis is not None)
    words = command.split()
    assert words[:2] == ["factbound", "verify"], "an experiment of this project measures it"
    assert words[-2:] == ["--claims", item.id]
    chosen = experiment(words[words.index("--experiment") + 1] if "--experiment" in words else None)
    assert {item.arm, item.reference or item.arm} <= {chosen.leading, *chosen.overlays}
    assert item.judged_on in {o.name for o in chosen.observables}


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("covering-none-seen", "exact: the observable is computed"),
        ("pretraining-rate-linear", "exact: every run"),
        ("rank-one", "an exact comparison in float64"),
        ("trend-finetuned", "on the share of worlds"),
        ("singleton-floor", "on the share of worlds"),
        ("pretraining-rate", "on the mean slope"),
        ("ood-error-literal", "on the mean over worlds"),
    ],
)
def test_the_kind_of_verdict_is_told(identifier, words):
    assert evidence(claim(identifier))[3].state.startswith(f"not measured here; the verdict would be {words}")


@pytest.mark.parametrize("verdict", [*Verdict])
def test_only_a_decided_verdict_is_evidence(results, verdict):
    result = results.claim("low-rank").model_copy(update={"verdict": verdict.value})
    row = evidence(claim("low-rank"), result)[3]
    decided = verdict in (Verdict.HOLDS, Verdict.SUPPORTED, Verdict.VIOLATED)
    assert (row.present, bool(row.shows), bool(row.limits)) == (decided,) * 3
    assert row.shows.startswith("evidence against") == (verdict is Verdict.VIOLATED)
    if verdict is Verdict.NOT_TESTED:
        assert row == evidence(claim("low-rank"))[3]
    else:
        assert (row.state, row.where) == (
            verdict.value,
            ("ood_error in arm low-rank, against arm main", "these results"),
        )


def test_a_computed_observable_says_nothing_about_models(results):
    rows = {name: evidence(claim(name), results.claim(name))[3].limits for name in ("covering-none-seen", EXAMPLE)}
    assert "trained models" in rows["covering-none-seen"]
    assert rows[EXAMPLE].startswith("the claim for all cases")
    assert observable("covering_none_seen").exact is not None


def test_results_on_another_formula_are_not_used(results):
    other = results.claim(EXAMPLE).model_copy(update={"fingerprint": "other"})
    assert evidence(claim(EXAMPLE), other) == evidence(claim(EXAMPLE))


def test_mutants_of_results_stand_beside_those_of_the_proof(results):
    tried = [MutantResult(name="one-fact-fewer", refuted=True, evidence="")]
    row = evidence(claim(EXAMPLE), results.claim(EXAMPLE).model_copy(update={"mutants": tried}))[4]
    assert row.state == "6 of 6 refuted by the checks of its certificates; 1 of 1 refuted in these results"


def recorded(results):
    """The page of results that record the evidence for their claims."""
    claims = [with_evidence(claim(stated.id), stated) for stated in results.claims]
    return report_html(results.model_copy(update={"claims": claims}), [])


def test_the_report_shows_the_five_rows(results):
    page = recorded(results)
    for stated in results.claims:
        expected = [
            [row.kind, "yes" if row.present else "no", row.state, " ".join(row.where), row.shows, row.limits]
            for row in evidence(claim(stated.id), stated)
        ]
        shown = [[cell.replace("&#39;", "'") for cell in row] for row in rows_of(page, stated.id)]
        assert shown == expected


def test_the_report_of_earlier_results_says_that_they_have_none(results):
    earlier = [claim.model_copy(update={"evidence": []}) for claim in results.claims]
    page = report_html(results.model_copy(update={"claims": earlier}), [])
    assert 'aria-label="Evidence for' not in page
    assert page.count("Evidence is not recorded in these results") == len(results.claims)


def test_the_report_shows_that_a_record_is_gone(results, monkeypatch, tmp_path):
    """The mutant of this table: evidence is taken away, and the table must notice."""
    assert [row[1] for row in rows_of(recorded(results), EXAMPLE)] == ["yes"] * 5
    kept = json.loads(record.RECORD_FILE.read_text(encoding="utf-8"))
    del kept[EXAMPLE]
    monkeypatch.setattr(record, "_record", lambda: kept)
    coq = json.loads(formal_proofs.RECORD_FILE.read_text(encoding="utf-8"))
    del coq["claims"][EXAMPLE]
    (tmp_path / "formal.json").write_text(json.dumps(coq), encoding="utf-8")
    monkeypatch.setattr(formal_proofs, "RECORD_FILE", tmp_path / "formal.json")
    after = rows_of(recorded(results), EXAMPLE)
    assert [row[1] for row in after] == ["yes", "no", "no", "yes", "no"]
    assert [row[2].partition(":")[0] for row in after[1:3]] == ["NOT CHECKED"] * 2
