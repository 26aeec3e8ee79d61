"""The front page: its table follows from the stored results, and no verdict is typed by hand."""

import importlib.util
import re
from pathlib import Path

import pytest

import theory
from empirics.report.tables import pooled_share
from empirics.verification.results import read_results

DOCS = Path(__file__).resolve().parents[2] / "docs"
VERDICT = re.compile(r"HOLDS|SUPPORTED|VIOLATED|UNDECIDED|NOT TESTED")


@pytest.fixture(scope="module")
def sentences():
    spec = importlib.util.spec_from_file_location("sentences", DOCS / "sentences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def results():
    return read_results(DOCS / "stored" / "default.json")


def test_each_verdict_is_that_of_the_stored_results(sentences, results):
    rows = sentences.sentences_table([("factbound verify", results)]).splitlines()[2:]
    told = {}
    for line in rows:
        for verdict, name, sure in re.findall(r"\*\*([A-Z ]+)\*\* \[`([\w-]+)`\]\(claims/[\w-]+\.md\)([^<|]*)", line):
            told[name] = (verdict, sure.strip())
    asked = {name for _, claims in sentences.SENTENCES for name in claims}
    assert set(told) == asked <= {claim.id for claim in theory.all_claims()}
    assert {name: verdict for name, (verdict, _) in told.items()} == {
        name: results.claim(name).verdict for name in asked
    }
    assert told["low-rank"][1] == pooled_share(results.claim("low-rank")) != ""
    assert told["rank-one"][1] == "in every cell in scope"
    assert told["lm-trends"] == ("NOT TESTED", "")
    claim = results.claim("mechanism")
    other = claim.model_copy(update={"pooled": claim.pooled.model_copy(update={"lower": 0.923})})
    assert sentences._sure(other) == "in at least 92 % of worlds"


def test_what_the_first_results_did_not_test_comes_from_the_next(sentences, results):
    language = read_results(DOCS / "stored" / "smollm2.json")
    table = sentences.sentences_table([("factbound verify", results), ("factbound lm run", language)])
    assert f"**{language.claim('lm-trends').verdict}** [`lm-trends`](claims/lm-trends.md)" in table
    assert table.endswith("\n(a) `factbound lm run`.\n")
    assert table.count("(a)") == 1 + sum(language.claim(n).verdict != "NOT TESTED" for n in sentences.SENTENCES[-1][1])


def test_the_page_types_no_verdict_itself():
    page = (DOCS / "index.md").read_text(encoding="utf-8")
    assert "{include} generated/sentences.md" in page
    assert not VERDICT.search(page)
    assert all(door in page for door in ("(start.md)", "(tutorial.md)", "(howto/ci.md)"))


def test_every_figure_has_a_white_ground(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    import figures

    for figure in figures.figures():
        ground = figure.svg.partition('<g id="patch_1">')[2].partition("/>")[0]
        assert "fill: #ffffff" in ground, f"{figure.name} is unreadable in dark mode"
