"""The commands as a user meets them."""

import json
import math
import os
import subprocess
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path

import jsonschema
import pytest

from empirics.cli.app import run
from empirics.judging.levels import benjamini_yekutieli, holm
from empirics.report.tables import answer
from empirics.verification.document import schema_of
from empirics.verification.results import SCHEMA_FILE, Results, read_results
from empirics.verification.verify import exit_status
from theory import claim

TINY = [
    "--set=world.subjects=12",
    "--set=world.answers=12",
    "--set=world.templates=[6]",
    "--set=world.multiplicity=[1,3]",
    "--set=world.finetuned=[2,8]",
    "--set=model.width=32",
    "--set=pretraining.steps=1200",
    "--set=seeds.minimum=3",
    "--set=seeds.maximum=3",
    "--set=arms.run=[]",
]


@pytest.fixture(scope="module")
def verified(tmp_path_factory):
    """One tiny verification, run by two processes."""
    directory = tmp_path_factory.mktemp("tiny") / "deep" / "results"
    assert run(["verify", *TINY, "--workers", "2", "--output", str(directory)]) == 0
    return directory


def test_verify_writes_results_that_match_the_shipped_schema(verified):
    document = json.loads((verified / "results.json").read_text(), parse_constant=lambda c: pytest.fail(c))
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text()))
    assert document["schema_version"] == 2
    assert document["experiment"]["axes"] == {"R": "templates", "K": "multiplicity", "N_f": "finetuned"}
    assert document["cells"][0]["symbols"] == {
        "S": 12,
        "A": 12,
        "R": 6,
        "K": 1,
        "N_f": 2,
        "m": 32,
        "eta": 1.0,
        "t": 1200,
    }
    assert [(c["templates"], c["multiplicity"], c["finetuned"]) for c in document["cells"]] == [
        (6, 1, 2),
        (6, 1, 8),
        (6, 3, 2),
        (6, 3, 8),
    ]
    for cell in document["cells"]:
        assert cell["variant"] == "main"
        assert cell["seeds"] == [0, 1, 2]
        assert len(cell["observables"]["ood_error"]["values"]) == 3
    for verdict in document["verdicts"]:
        assert verdict["claim"] in {c["id"] for c in document["claims"]}
    assert document["environment"]["threads"] == 1


def test_the_shipped_schema_is_that_of_the_code():
    assert SCHEMA_FILE.read_text() == schema_of(Results)


def test_verdicts_of_a_tiny_run(verified):
    results = read_results(verified / "results.json")
    assert results.claim("pretraining-floor").verdict == "HOLDS"
    assert results.claim("covering-some-unseen").verdict == "HOLDS"
    assert results.claim("coverage-half-mean").verdict == "HOLDS"
    out_of_scope = results.verdict_of("ood-error-literal", 0)
    assert out_of_scope.verdict == "OUT OF SCOPE"
    assert "K >= 2 fails: K = 1" in out_of_scope.reason
    judged = results.verdict_of("ood-error-literal", 3)
    assert judged.verdict in ("HOLDS", "UNDECIDED")
    assert judged.bound == pytest.approx(math.exp(-8 * 9 * math.log(6) / 72))
    assert judged.alpha == 0.05
    assert judged.refuting == pytest.approx(0.05 / 5)
    assert judged.family_size == 5
    assert judged.premises[0].name == "pretraining_gap"
    assert judged.premises[0].limit == 0.1
    assert judged.limits == "betting"
    assert out_of_scope.limits is None
    assert {v.limits for v in results.verdicts if v.claim == "relation-features" and v.by_sampling} == {"exact"}


def test_results_do_not_depend_on_the_number_of_workers(verified, tmp_path):
    assert run(["verify", *TINY, "--workers", "1", "--output", str(tmp_path)]) == 0
    one, two = (read_results(d / "results.json") for d in (tmp_path, verified))
    assert one.cells == two.cells
    assert one.verdicts == two.verdicts
    assert one.curves == two.curves


def test_verify_writes_report_table_and_plots(verified):
    report = (verified / "report.html").read_text()
    for text in ("ood-error-literal", "No claim is violated", "OUT OF SCOPE", "<svg", "code_hash"):
        assert text in report
    assert report.count("<script") == 1
    assert "src=" not in report
    assert "http://" not in report.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )
    for name in ("ood-error", "pretraining-gap"):
        assert (verified / "plots" / f"{name}.svg").read_text().startswith("<?xml")
        assert len((verified / "plots" / f"{name}.csv").read_text().splitlines()) > 10
    header = (verified / "cells.csv").read_text().splitlines()[0].split(",")
    assert header[:4] == ["variant", "templates", "multiplicity", "finetuned"]
    assert "ood_error_mean" in header


def test_json_on_standard_output_is_one_document_and_nothing_else(capsys, tmp_path):
    assert (
        run(["verify", *TINY, "--workers", "1", "--json", "--output", str(tmp_path), "--claims", "ood-error-literal"])
        == 0
    )
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert [c["id"] for c in document["claims"]] == ["ood-error-literal"]
    assert captured.err.startswith("factbound: defaults that follow your settings: arms.templates=")
    assert len(captured.err.splitlines()) == 1


def test_strict_exits_3_when_something_required_is_undecided(tmp_path, capsys):
    assert run(["verify", *TINY, "--workers", "1", "--strict", "--output", str(tmp_path)]) == 3


def test_all_cells_together_stand_with_their_limits(verified):
    results = read_results(verified / "results.json")
    found = [(c, c.pooled) for c in results.claims if c.pooled is not None]
    assert {"ood-error-literal", "trend-finetuned"} <= {c.id for c, _ in found}
    adjusted = holm([p.p_value for _, p in found]), benjamini_yekutieli([p.p_value for _, p in found])
    for (item, pooled), *expected in zip(found, *adjusted, strict=True):
        assert 0 <= pooled.lower <= pooled.estimate <= 1
        assert pooled.lower < pooled.upper
        assert (pooled.holm, pooled.benjamini_yekutieli) == tuple(expected)
        assert pooled.confirmed == (pooled.lower >= pooled.asked == 0.8)
        cells = sum(v.claim == item.id for v in results.verdicts)
        assert (pooled.alpha, pooled.refuting) == (0.05, pytest.approx(0.05 / (cells + 1)))
        assert pooled.worlds + pooled.without == 3
        assert pooled.statement.endswith("in which it holds" if item.by_share else "that meet the bound")


def test_exit_statuses_by_verdict(verified):
    whole = read_results(verified / "results.json")

    def status(verdict, *, required=True, **options):
        claims = [c.model_copy(update={"verdict": "HOLDS"}) for c in whole.claims]
        claims[4] = claims[4].model_copy(update={"verdict": verdict, "required": required})
        return exit_status(whole.model_copy(update={"claims": claims}), **options)

    verdicts = ("HOLDS", "SUPPORTED", "UNDECIDED", "VIOLATED")
    assert [status(v) for v in verdicts] == [0, 0, 0, 1]
    assert [status(v, strict=True) for v in verdicts] == [0, 0, 3, 1]
    assert [status(v, strict=True, required=False) for v in verdicts] == [0, 0, 0, 0]
    assert (status("NOT TESTED"), status("NOT TESTED", strict=True)) == (0, 3)


def test_where_nothing_was_tested_the_first_line_and_the_status_say_so(verified):
    whole = read_results(verified / "results.json")
    assert whole.untested == ""
    failed = [c.model_copy(update={"failed": c.seeds, "failures": {c.seeds[0]: "no memory"}}) for c in whole.cells]
    lost = whole.model_copy(update={"cells": failed})
    assert exit_status(lost) == 3
    assert answer(lost).startswith("No claim was tested: every run failed. ")
    assert "failed run" in answer(lost).split(".")[1]
    assert "no memory" in answer(lost)
    assert exit_status(lost.model_copy(update={"complete": False})) == 0
    unasked = [c.model_copy(update={"verdict": "NOT TESTED"}) for c in whole.claims]
    assert exit_status(whole.model_copy(update={"claims": unasked})) == 3
    outside = [c.model_copy(update={"verdict": "OUT OF SCOPE"}) for c in whole.claims]
    for claims in (outside, [*outside[:1], *unasked[1:]]):
        out = whole.model_copy(update={"claims": claims})
        assert (exit_status(out), exit_status(out.model_copy(update={"complete": False}))) == (3, 0)
        assert answer(out).startswith("No claim was tested: no measured cell is in scope. ")
    vacuous = whole.claims[0].model_copy(update={"verdict": "VACUOUS"})
    assert exit_status(whole.model_copy(update={"claims": [vacuous, *outside[1:]]})) == 0
    one = whole.cells[0].model_copy(update={"failed": whole.cells[0].seeds})
    assert whole.model_copy(update={"cells": [one, *whole.cells[1:]]}).untested == ""


def test_results_and_claims_are_short_where_a_notebook_shows_them(verified):
    whole = read_results(verified / "results.json")
    counts = Counter(c.verdict for c in whole.claims)
    assert repr(whole) == str(whole)
    assert repr(whole).startswith(f"Results(one-layer: {len(whole.cells)} cells; {len(whole.claims)} claims: ")
    assert all(f"{n} {verdict}" in repr(whole) for verdict, n in counts.items())
    assert len(repr(whole)) < 200
    page = whole._repr_html_()
    assert page.count("<tr>") == len(whole.claims)
    assert "<td>ood-error-literal</td><td>" in page
    assert repr(claim("rank-one")).startswith("Claim(rank-one: ")
    assert repr(claim("ood-error-literal")) == f"Claim(ood-error-literal: {claim('ood-error-literal').formula})"


def test_the_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"factbound {metadata.version('factbound')}\n"


def test_certify_says_first_that_a_stated_bound_is_not_proved(capsys, monkeypatch):
    monkeypatch.setattr("theory.certify.count_of_steps", lambda identifier: int(identifier != "rank-one"))
    monkeypatch.setattr("theory.certify.certificates", lambda identifier: ())
    monkeypatch.setattr("theory.certify.mutants", lambda identifier: ())
    for identifier, word in (("ood-error-literal", "STATED: the source's formula, not proved here"), ("rank-one", "")):
        run(["certify", identifier])
        first = capsys.readouterr().out.splitlines()[0]
        assert first.startswith(f"{identifier}: {word}")
        assert ("not proved here" in first) == bool(word)


def test_claims_lists_and_shows(capsys):
    assert run(["claims"]) == 0
    listing = capsys.readouterr().out
    for identifier in ("pretraining-floor", "ood-error-literal", "ood-error-normalised", "covering-none-seen"):
        assert identifier in listing
    assert run(["claims", "ood-error-literal"]) == 0
    shown = capsys.readouterr().out
    for text in ("STATED", "near-optimal", "K >= 2", "exp(-K**2*N_f*log(R)/(2*R**2))"):
        assert text in shown
    assert run(["claims", "--json"]) == 0
    assert {"id", "provenance", "formula", "required"} <= set(json.loads(capsys.readouterr().out)[0])
    assert run(["claims", "ood-error-literal", "--latex"]) == 0
    assert "\\log" in capsys.readouterr().out


def test_bound_gives_value_and_log_value(capsys):
    assert run(["bound", "ood-error-literal", "N_f=40", "K=3", "R=60", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    expected = -40 * 9 * math.log(60) / (2 * 3600)
    assert document["id"] == "ood-error-literal"
    assert document["log_bound"] == pytest.approx(expected, rel=1e-12)
    assert document["bound"] == pytest.approx(math.exp(expected), rel=1e-12)
    assert document["vacuous"] is False
    assert document["status"].startswith("STATED")
    assert run(["bound", "ood-error-literal", "N_f=1000000", "K=64", "R=100", "--json"]) == 0
    far = json.loads(capsys.readouterr().out)
    assert far["bound"] == 0.0
    assert far["log_bound"] == pytest.approx(-(10**6) * 64**2 * math.log(100) / 20000)
    assert run(["bound", "ood-error-literal", "N_f=0", "K=3", "R=60"]) == 0
    assert "vacuous    yes" in capsys.readouterr().out


def test_run_prints_and_saves_one_model(capsys, tmp_path):
    arguments = ["run", *TINY, "--templates", "6", "--multiplicity", "3", "--finetuned", "8", "--seed", "1"]
    assert run([*arguments, "--json", "--save", str(tmp_path / "model")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["observables"]["pretraining_accuracy"] == 1.0
    assert document["curves"]["pretraining_loss"]["steps"][-1] == 1200
    from safetensors.torch import load_file

    weights = load_file(tmp_path / "model" / "finetuned.safetensors")
    assert weights["input"].shape == (31, 32)
    assert run(arguments) == 0
    assert "ood_error" in capsys.readouterr().out


def test_run_agrees_with_the_sweep(verified, capsys):
    arguments = ["run", *TINY, "--templates", "6", "--multiplicity", "3", "--finetuned", "8", "--seed", "1", "--json"]
    assert run(arguments) == 0
    observables = json.loads(capsys.readouterr().out)["observables"]
    cell = read_results(verified / "results.json").cells[3]
    for name, value in observables.items():
        assert cell.observables[name].values[1] == value


def test_help_and_no_arguments(capsys):
    assert run(["--help"]) == 0
    assert "verify" in capsys.readouterr().out
    assert run([]) == 2
    assert "verify" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["claims"],
        ["bound", "ood-error-literal", "N_f=4", "K=3", "R=60"],
        ["plan", "ood-error-literal", "--target", "0.05", "K=3", "R=60"],
    ],
)
def test_theory_commands_never_load_torch(arguments):
    code = (
        "import sys; from empirics.cli.app import run; "
        f"status = run({arguments!r}); assert 'torch' not in sys.modules; sys.exit(status)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_the_shell_completes_commands_and_options():
    def completed(words):
        environment = {
            **os.environ,
            "_FACTBOUND_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        command = Path(sys.executable).with_name("factbound")
        return subprocess.run([command], env=environment, capture_output=True, text=True, check=True).stdout.split()

    assert completed(["factbound", "ve"]) == ["verify"]
    assert "--format" in completed(["factbound", "plot", "--fo"])
