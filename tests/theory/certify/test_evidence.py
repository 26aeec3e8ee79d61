"""What speaks for each claim agrees with the records, read here once more as plain JSON."""

import json
from dataclasses import replace

import pytest

import theory
from theory import Provenance, claim
from theory.certify import evidence, formal_proofs, record

CERTIFICATES = json.loads(record.RECORD_FILE.read_text(encoding="utf-8"))
COQ = json.loads(formal_proofs.RECORD_FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("item", theory.all_claims(), ids=lambda item: item.id)
def test_rows_agree_with_the_records(item):
    entry, theorem = CERTIFICATES.get(item.id), item.provenance is Provenance.DERIVED
    found = record.recorded_of(item)
    words, coq = evidence.prose(item), evidence.formal(item)
    steps, mutants = evidence.certificate(item, found), evidence.mutants(item, found)
    assert [row.kind for row in (words, coq, steps, mutants)] == [
        "prose proof", "formal proof", "certificate", "mutants",
    ]  # fmt: skip
    assert words.present == theorem
    assert coq.present == (item.id in COQ["claims"])
    assert steps.present == (theorem and entry is not None)
    assert mutants.present == (theorem and entry is not None and entry["refuted"] > 0)
    if words.present:
        assert words.where == (f"docs/claims/{item.id}.md",)
    if coq.present:
        printed = (formal_proofs.FOLDER / "assumptions.txt").read_text(encoding="utf-8")
        assert all(f"\n{name}\n" in f"\n{printed}" for name in coq.state.partition(": ")[2].split(", "))
        assert coq.state.startswith(f"on record, Coq {COQ['coq']}: ")
    if entry is not None:
        count = len(entry["steps"])
        assert steps.state.endswith(f"PROVED: {count} of {count} step{'s' * (count != 1)}")
        assert {f"docs/proofs/{s['step'].rpartition('.')[0]}.md" for s in entry["steps"]} < set(steps.where)
        if entry["mutants"]:
            assert f"{entry['refuted']} of {entry['mutants']} refuted" in mutants.state
    for row in (words, coq, steps, mutants):
        assert bool(row.shows) == bool(row.limits) == row.present


def test_every_theorem_has_a_certificate_and_only_theorems_count():
    present = {c.id for c in theory.all_claims() if evidence.certificate(c, record.recorded_of(c)).present}
    assert present == {c.id for c in theory.all_claims() if c.provenance is Provenance.DERIVED}
    assert set(CERTIFICATES) > present
    about = evidence.certificate(claim("ood-error-literal"), record.recorded_of(claim("ood-error-literal")))
    assert about.state.startswith("none of the claim; statements about its formula are PROVED: ")


def test_a_certificate_that_is_gone_is_missing(monkeypatch):
    item, bare = claim("rank-one"), {name: entry for name, entry in CERTIFICATES.items() if name != "rank-one"}
    monkeypatch.setattr(record, "_record", lambda: bare)
    row = evidence.certificate(item, record.recorded_of(item))
    assert (row.present, row.state) == (False, "NOT CHECKED: no certificate is on record")
    tried = evidence.mutants(item, record.recorded_of(item))
    assert (tried.present, tried.state) == (False, "not tested here: without-coherence, one-fact-more")
    literal = claim("ood-error-literal")
    monkeypatch.setattr(record, "_record", dict)
    assert evidence.certificate(literal, record.recorded_of(literal)).state == "no step is checked by machine"


@pytest.mark.parametrize("what", ["step", "mutant", "claim"])
def test_a_certificate_that_fails_or_is_out_of_date_counts_for_nothing(monkeypatch, what):
    item, entry = claim("rank-one"), json.loads(json.dumps(CERTIFICATES["rank-one"]))
    if what == "step":
        entry["steps"][0]["proved"] = False
    elif what == "mutant":
        entry["refuted"] -= 1
    else:
        entry["fingerprint"] = "other"
    monkeypatch.setattr(record, "_record", lambda: {"rank-one": entry})
    row = evidence.certificate(item, record.recorded_of(item))
    assert (row.present, row.shows, row.limits) == (False, "", "")
    count, tried = len(entry["steps"]), entry["mutants"]
    assert (
        row.state
        == {
            "step": f"NOT PROVED: {count - 1} of {count} steps, {tried} of {tried} mutants refuted",
            "mutant": f"NOT PROVED: {count} of {count} steps, {tried - 1} of {tried} mutants refuted",
            "claim": "NOT CHECKED: the claim has changed since its certificates were recorded",
        }[what]
    )


def test_a_formal_record_that_is_gone_or_out_of_date_is_missing(monkeypatch, tmp_path):
    item = claim("coverage-union")
    assert evidence.formal(item).present
    without = tmp_path / "formal.json"
    without.write_text(json.dumps(COQ | {"claims": {k: v for k, v in COQ["claims"].items() if k != item.id}}))
    with monkeypatch.context() as patch:
        patch.setattr(formal_proofs, "RECORD_FILE", without)
        row = evidence.formal(item)
        assert (row.present, row.shows) == (False, "")
        assert row.state == "NOT CHECKED: the claim has changed since its proof was recorded"
    with monkeypatch.context() as patch:
        patch.setattr(formal_proofs, "digest", lambda: "other")
        assert evidence.formal(item).state.startswith("NOT CHECKED: the Coq sources have changed")
    monkeypatch.delitem(formal_proofs.FORMAL, item.id)
    assert (evidence.formal(item).present, evidence.formal(item).state) == (False, "no theorem in Coq")


def test_what_coq_leaves_out_is_told():
    told = {name: evidence.formal(claim(name)).limits for name in formal_proofs.FORMAL}
    assert {name for name, limits in told.items() if "Not proved in Coq: " in limits} == {
        "covering-some-unseen-sharp", "ood-error-linear-memory",
    }  # fmt: skip
    assert "the case K = 1" in told["ood-error-linear-memory"]


def test_mutants_of_results_are_counted_and_survivors_named():
    item = claim("trend-finetuned")
    row = evidence.mutants(item, None, [("a", True), ("b", False), ("c", None)])
    assert (row.present, row.state) == (True, "1 of 2 refuted in these results; NOT REFUTED: b")
    none = evidence.mutants(item, None, [("b", False)])
    assert (none.present, none.shows) == (False, "")
    untested = evidence.mutants(item, None, [("c", None)])
    assert untested.state == "not tested here: reversed"
    assert evidence.mutants(replace(item, mutants=()), None).state == "none are stated"


def test_a_claim_without_a_proof_says_why():
    stated, ours = claim("ood-error-literal"), claim("mechanism")
    derived = replace(claim("rank-one"), source=replace(claim("rank-one").source, proof=None))
    assert [evidence.prose(c).state.partition(" ")[0] for c in (stated, ours, derived)] == ["the", "our", "a"]
    assert not evidence.prose(derived).present
