"""``factbound check``: each thing that it guards is broken once, and caught."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import sympy as sp

import empirics.cli.verify  # takes ``verify`` from its module, so before a test replaces it there
import empirics.verification.verify
import theory.certify.record
from empirics.cli.app import run
from empirics.experiments.load import load_config
from empirics.verification.baseline import baseline_of, compare, read_baseline, write_baseline
from empirics.verification.document import FileResult, write_document
from empirics.verification.verify import verify
from theory import Premises, claim
from theory.fingerprint import fingerprint

STEPS = {"coverage-half-mean": {"half-mean-tail.1": True, "half-mean-tail.2": True}}
SETTINGS = [
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[6]",
    "world.multiplicity=[2,3]",
    "world.finetuned=[2,8]",
    "model.width=32",
    "pretraining.steps=800",
    "seeds.minimum=6",
    "seeds.maximum=6",
]


@pytest.fixture(scope="module")
def results():
    """A small verification."""
    return verify(load_config("quick", None, SETTINGS), workers=1)


@pytest.fixture
def baseline(results):
    return baseline_of("quick", results, STEPS)


@pytest.fixture
def checked(results, monkeypatch, tmp_path):
    """Run ``check`` against a file; the preset's run and the proofs are the small ones above."""
    file = tmp_path / "deep" / "baseline.json"
    now = {"results": results, "steps": STEPS}
    monkeypatch.setattr(empirics.verification.verify, "verify", lambda config, **options: now["results"])
    monkeypatch.setattr(theory.certify.record, "proved_steps", lambda _: now["steps"])

    def check(*arguments):
        return run(["check", "--baseline", str(file), *arguments])

    assert check("--update") == 0
    return check, now, file


def levels(findings):
    return [(f.level.value, f.claim) for f in findings]


def with_cell(baseline, identifier, where, **change):
    """The baseline with one cell changed."""
    item = baseline.claims[identifier]
    cells = item.cells | {where: item.cells[where].model_copy(update=change)}
    return baseline.model_copy(
        update={"claims": baseline.claims | {identifier: item.model_copy(update={"cells": cells})}}
    )


CELL = "|R|=6, K=3, N_f=8"


def test_nothing_changed(baseline):
    assert compare(baseline, baseline) == []


def test_a_baseline_survives_its_file(baseline, tmp_path):
    path = tmp_path / "b.json"
    write_baseline(baseline, path)
    assert read_baseline(path) == baseline
    text = path.read_text()
    json.loads(text)
    assert max(len(line) for line in text.splitlines()) < 500
    assert f'"{CELL}"' in text


def test_a_worse_verdict(baseline):
    for old, new in (
        ("HOLDS", "VIOLATED"),
        ("UNDECIDED", "VIOLATED"),
        ("HOLDS", "OUT OF SCOPE"),
        ("HOLDS", "NOT TESTED"),
    ):
        before = with_cell(baseline, "ood-error-literal", CELL, verdict=old)
        after = with_cell(baseline, "ood-error-literal", CELL, verdict=new)
        assert ("FAILURE", "ood-error-literal") in levels(compare(before, after)), (old, new)


def test_holds_to_undecided_with_overlapping_limits_is_a_warning(baseline):
    before = with_cell(baseline, "ood-error-literal", CELL, verdict="HOLDS", lower=0.0, upper=0.4)
    near = with_cell(baseline, "ood-error-literal", CELL, verdict="UNDECIDED", lower=0.1, upper=0.5)
    assert levels(compare(before, near)) == [("WARNING", "ood-error-literal")]
    far = with_cell(baseline, "ood-error-literal", CELL, verdict="UNDECIDED", lower=0.5, upper=0.9)
    assert ("FAILURE", "ood-error-literal") in levels(compare(before, far))


def with_whole(baseline, identifier, **change):
    """The baseline with the verdict or the pooled limits of one claim changed."""
    item = baseline.claims[identifier].model_copy(update=change)
    return baseline.model_copy(update={"claims": baseline.claims | {identifier: item}})


@pytest.mark.parametrize(("old", "new"), [("HOLDS", "SUPPORTED"), ("SUPPORTED", "UNDECIDED"), ("HOLDS", "UNDECIDED")])
def test_a_claim_that_is_less_sure_with_overlapping_limits_is_a_warning(baseline, old, new):
    before = with_whole(baseline, "ood-error-literal", verdict=old, lower=0.85, upper=1.0)
    near = with_whole(baseline, "ood-error-literal", verdict=new, lower=0.7, upper=0.99)
    assert levels(compare(before, near)) == [("WARNING", "ood-error-literal")]
    assert levels(compare(near, before)) == [("NOTE", "ood-error-literal")]
    far = with_whole(baseline, "ood-error-literal", verdict=new, lower=0.5, upper=0.8)
    assert set(levels(compare(before, far))) == {("FAILURE", "ood-error-literal")}


@pytest.mark.parametrize("old", ["HOLDS", "SUPPORTED", "UNDECIDED"])
def test_a_claim_that_becomes_violated_is_a_failure(baseline, old):
    before = with_whole(baseline, "ood-error-literal", verdict=old)
    after = with_whole(baseline, "ood-error-literal", verdict="VIOLATED")
    assert levels(compare(before, after)) == [("FAILURE", "ood-error-literal")]


def test_the_baseline_holds_the_limits_of_all_cells_together(baseline, results):
    for item in results.claims:
        known = baseline.claims[item.id]
        expected = (None, None) if item.pooled is None else (item.pooled.lower, item.pooled.upper)
        assert (known.lower, known.upper) == pytest.approx(expected, abs=1e-4) if item.pooled else expected
    assert baseline.claims["ood-error-literal"].lower is not None


@pytest.mark.parametrize("identifier", ["trend-finetuned", "mechanism", "failure-regime"])
def test_a_share_of_worlds_is_worse_when_it_is_lower(baseline, identifier):
    where = next(iter(baseline.claims[identifier].cells))
    high = with_cell(baseline, identifier, where, lower=0.8, upper=0.9)
    low = with_cell(baseline, identifier, where, lower=0.3, upper=0.5)
    assert levels(compare(high, low)) == [("FAILURE", identifier)]
    assert compare(low, high) == []
    high, low = (with_whole(baseline, identifier, lower=x, upper=x + 0.1) for x in (0.8, 0.3))
    assert levels(compare(high, low)) == [("FAILURE", identifier)]
    assert compare(low, high) == []


def test_limits_clear_of_the_old_ones_on_the_worse_side(baseline):
    before = with_cell(baseline, "ood-error-literal", CELL, lower=0.1, upper=0.2)
    worse = with_cell(baseline, "ood-error-literal", CELL, lower=0.3, upper=0.5)
    better = with_cell(baseline, "ood-error-literal", CELL, lower=0.0, upper=0.05)
    assert levels(compare(before, worse)) == [("FAILURE", "ood-error-literal")]
    assert compare(before, better) == []
    where = next(iter(baseline.claims["failure-regime"].cells))
    a = with_cell(baseline, "failure-regime", where, lower=0.5, upper=0.6)
    b = with_cell(baseline, "failure-regime", where, lower=0.1, upper=0.2)
    assert ("FAILURE", "failure-regime") in levels(compare(a, b))


def test_better_verdicts_and_new_things_are_notes(baseline):
    before = with_cell(baseline, "ood-error-literal", CELL, verdict="UNDECIDED")
    after = with_cell(baseline, "ood-error-literal", CELL, verdict="HOLDS")
    assert {level for level, _ in levels(compare(before, after))} <= {"NOTE"}
    fewer = baseline.model_copy(update={"claims": {k: v for k, v in baseline.claims.items() if k != "rank-one"}})
    assert levels(compare(fewer, baseline)) == [("NOTE", "rank-one")]


def test_a_vanished_claim_and_a_vanished_cell(checked, capsys):
    check, now, _ = checked
    assert check() == 0
    assert "No change" in capsys.readouterr().out
    whole = now["results"]
    fewer = [c for c in whole.claims if c.id != "ood-error-normalised"]
    now["results"] = whole.model_copy(update={"claims": fewer})
    assert check() == 1
    assert "no longer registered" in capsys.readouterr().out
    now["results"] = whole
    cells = now["results"].cells
    last = len(cells) - 1
    verdicts = [v for v in now["results"].verdicts if last not in v.cells]
    now["results"] = now["results"].model_copy(update={"verdicts": verdicts})
    assert check() == 1
    assert "no longer judged" in capsys.readouterr().out


def test_a_changed_formula(checked, capsys):
    check, now, _ = checked
    literal, whole = claim("ood-error-literal"), now["results"]
    halved = replace(literal, log_expression=literal.log_expression * sp.Rational(1, 2), mutants=())
    unpremised = replace(literal, premises=Premises(domain=literal.domain))
    for changed in (halved, unpremised):
        assert fingerprint(changed) != fingerprint(literal)
        claims = [
            c.model_copy(update={"formula": changed.formula, "fingerprint": fingerprint(changed)})
            if c.id == literal.id
            else c
            for c in whole.claims
        ]
        now["results"] = whole.model_copy(update={"claims": claims})
        assert check() == 1
        assert "formula, premises or domain changed" in " ".join(capsys.readouterr().out.split())


def test_a_lost_certificate(checked, capsys):
    check, now, _ = checked
    now["steps"] = {"coverage-half-mean": {"half-mean-tail.1": True, "half-mean-tail.2": False}}
    assert check() == 1
    assert "no longer proved" in " ".join(capsys.readouterr().out.split())
    now["steps"] = {}
    assert check() == 1


def test_update_rewrites_and_shows_the_difference(checked, capsys):
    check, now, file = checked
    before = file.read_text()
    now["steps"] = {}
    assert check("--update") == 0
    out = capsys.readouterr().out
    assert "is gone" in out
    assert "rewritten" in out
    assert file.read_text() != before
    assert check() == 0


def test_the_first_baseline_is_not_said_to_be_the_same(checked, capsys):
    check, _, file = checked
    file.unlink()
    assert check("--update") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "There was no baseline: " in out
    assert "No change" not in out
    assert f"{file} written" in out


def test_markdown_junit_and_json(checked, capsys, tmp_path):
    check, now, _ = checked
    now["steps"] = {}
    assert check("--markdown", str(tmp_path / "s.md"), "--junit", str(tmp_path / "j.xml"), "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert {f["level"] for f in document["findings"]} == {"FAILURE"}
    assert "| FAILURE | coverage-half-mean | half-mean-tail.1 |" in (tmp_path / "s.md").read_text()
    suite = ElementTree.fromstring((tmp_path / "j.xml").read_text())
    assert suite.get("failures") == "1"
    (case,) = [c for c in suite if c.find("failure") is not None]
    assert case.get("name") == "coverage-half-mean"


def test_bad_baselines(tmp_path, capsys):
    assert run(["check", "--baseline", str(tmp_path / "none.json")]) == 2
    assert "factbound check --update" in capsys.readouterr().err
    (tmp_path / "bad.json").write_text('{"preset": "quick"}')
    assert run(["check", "--baseline", str(tmp_path / "bad.json")]) == 2
    assert "is not a baseline" in capsys.readouterr().err


def test_finished_results_are_checked_without_a_run(results, checked, tmp_path, capsys, monkeypatch):
    check, now, _ = checked
    now["results"] = None  # nothing is run
    monkeypatch.setattr("empirics.cli.check.load_config", lambda *_, **__: load_config("quick", None, SETTINGS))
    write_document(results, tmp_path / "results.json")
    capsys.readouterr()
    assert check("--results", str(tmp_path)) == 0

    def refused(**changes):
        write_document(results.model_copy(update=changes), tmp_path / "results.json")
        assert check("--results", str(tmp_path)) == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line

    capsys.readouterr()
    assert "interrupted" in refused(complete=False)
    assert "other sources" in refused(environment=results.environment.model_copy(update={"code_hash": "0" * 16}))
    config = results.config | {"pretraining": results.config["pretraining"] | {"steps": 900}}
    line = refused(config=config)
    assert "has pretraining.steps=900, and the preset 800; run 'factbound verify --preset quick --output" in line
    assert "is not on the claims of one-layer: " in refused(claims=results.claims[1:])
    changed = results.claims[0].model_copy(update={"fingerprint": "0" * 8})
    assert "another formula or premise" in refused(claims=[changed, *results.claims[1:]])
    assert "other files (--with)" in refused(files=[FileResult(path="/mine.py", sha256="0" * 64)])
    (tmp_path / "results.json").write_text("[]")
    assert check("--results", str(tmp_path)) == 2
    assert "no results document" in capsys.readouterr().err
    assert check("--results", str(tmp_path / "none")) == 2
    assert "No such file" in capsys.readouterr().err
