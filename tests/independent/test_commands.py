"""What the other commands print: bound, plan, judge, check, each as text and as one JSON document."""

import json
import math
import random
import re
from xml.etree import ElementTree

import mpmath
import pytest
from plain.audit import answers_of
from plain.printed import check_reason
from plain.readers import interval, terminal_table
from plain.recompute import Range, answer
from plain.stated import BY_ID, CLAIMS
from plain.tally import Tally
from plain.units import Cell, Rules

import empirics.cli.verify  # takes ``verify`` from its module, so before a test replaces it there
import empirics.verification.verify
import theory.certify.record
from empirics import read_results
from empirics.cli.app import run

GRID = [(20, 1, 2), (20, 3, 5), (60, 3, 40), (60, 6, 400), (10, 10, 3)]


@pytest.fixture
def printed(capsys, monkeypatch):
    """What a command prints."""
    monkeypatch.setenv("COLUMNS", "200")

    def of(*arguments, status=(0,)):
        assert run([str(a) for a in arguments]) in status
        return capsys.readouterr().out

    return of


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.formula], ids=lambda c: c.id)
def test_bound(printed, claim):
    tally = Tally()
    for r, k, n in GRID:
        symbols = {"R": r, "K": k, "N_f": n, "S": 60, "A": 60, "eta": 1, "t": 4000}
        known = json.loads(printed("claims", claim.id, "--json"))["symbols"]
        wanted = [f"{s}={v}" for s, v in symbols.items() if s in known]
        document = json.loads(printed("bound", claim.id, *wanted, "--json"))
        bound = claim.formula(symbols)
        log = float(mpmath.log(bound)) if bound > 0 else None
        tally.same(f"{claim.id} {wanted}", [float(bound), log], [document["bound"], document["log_bound"]])
        text = printed("bound", claim.id, *wanted)
        told = re.search(r"^ +bound +(\S+)", text, re.MULTILINE)
        tally.same("printed", True, math.isclose(float(told[1]), float(bound), rel_tol=1e-5, abs_tol=1e-300))
    assert tally.wrong == []


FALLING = ["ood-error-literal", "ood-error-normalised", "coverage-union", "covering-some-unseen", "covering-none-seen"]


@pytest.mark.parametrize(("k", "r", "target"), [(4, 40, 0.05), (2, 20, 0.3)])
def test_plan(printed, k, r, target):
    document = json.loads(printed("plan", FALLING[0], "--target", target, f"K={k}", f"R={r}", "--json"))
    rows = {row["id"]: row for row in [document, *document["beside"]]}
    assert set(FALLING) <= set(rows)
    for name in FALLING:

        def at(n, name=name):
            return float(BY_ID[name].formula({"K": k, "R": r, "N_f": n}))

        least = next(n for n in range(1, 5000) if at(n) <= target)
        assert rows[name]["value"] == least, name
        assert rows[name]["bound_at"] == pytest.approx(at(least))
        assert rows[name]["bound_before"] == pytest.approx(at(least - 1))


def table_of(seed):
    """A table of one's own for the headline bound: three cells, a failed run, a premise that fails now and then."""
    chance, cells, lines = random.Random(seed), [], ["N_f,K,R,seed,ood_error,pretraining_gap"]
    for index, (k, n) in enumerate([(1, 5), (3, 10), (3, 40)]):
        seeds = list(range(12))
        values = [chance.choice([0.0, 0.05, 0.9 * (n == 40)]) for _ in seeds]
        gaps = [0.01 if chance.random() < 0.9 else 0.5 for _ in seeds]
        failed = {chance.randrange(12)} if n == 10 else set()
        for s, value, gap in zip(seeds, values, gaps, strict=True):
            lines.append(f"{n},{k},20,{s},{'' if s in failed else value},{gap}")
        observables = {"ood_error": values, "pretraining_gap": gaps}
        cells.append(Cell(index, "main", {"R": 20, "K": k, "N_f": n}, seeds, failed, observables))
    return cells, "\n".join(lines) + "\n"


@pytest.mark.parametrize("seed", range(3))
def test_judge(printed, tmp_path, seed):
    cells, text = table_of(seed)
    file = tmp_path / "runs.csv"
    file.write_text(text, "utf-8")
    mine = answer(BY_ID["ood-error-literal"], cells, Rules(), {"ood_error": Range(0.0, 1.0, 1.0)})
    command = ("judge", file, "--claim", "ood-error-literal")
    document = json.loads(printed(*command, "--json", status=(0, 1)))
    tally = Tally()
    tally.same("claim", [mine.verdict, mine.pooled], [document["verdict"], document["pooled"]])
    for verdict, theirs in zip(mine.each, document["verdicts"], strict=True):
        tally.same(f"cell {verdict['cells']}", verdict, theirs)
        check_reason(tally, f"cell {verdict['cells']}", verdict, theirs["reason"])
    text = printed(*command, status=(0, 1))
    rows = terminal_table("Cells\n" + text, "Cells")
    for cell, verdict, row in zip(cells, mine.each, rows, strict=True):
        where = row["cell"]
        tally.same(where, f"|R|=20, K={cell.symbols['K']}, N_f={cell.symbols['N_f']}", where)
        tally.same(where, [verdict["verdict"], "12"], [row["verdict"], row["seeds"].split()[0]])
        for name, part in zip(("estimate", "lower", "upper"), interval(row["mean [limits]"]), strict=True):
            tally.printed(f"{where}: {name}", verdict[name], part or "")
        tally.printed(f"{where}: bound", verdict["bound"], row["bound"])
    said = re.search(r"averaged over (\d+) worlds.*?: (\S+) \[(\S+), (\S+)\], threshold", " ".join(text.split()))
    for name, part in zip(("worlds", "estimate", "lower", "upper"), said.groups(), strict=True):
        tally.printed(name, mine.pooled[name], part)
    assert f"ood-error-literal: {mine.verdict}" in text
    assert tally.wrong == []


@pytest.fixture
def check(quick, monkeypatch, printed, tmp_path):
    """``check`` against a changed baseline; the preset's run is the one that is there, and nothing is proved."""
    results = read_results(quick.directory / "results.json")
    monkeypatch.setattr(empirics.verification.verify, "verify", lambda config, **options: results)
    monkeypatch.setattr(theory.certify.record, "proved_steps", lambda _: {})
    file = tmp_path / "baseline.json"
    printed("check", "--baseline", file, "--update")

    def checked(change):
        baseline = json.loads(file.read_text("utf-8"))
        change(baseline["claims"])
        other, junit, markdown = (tmp_path / name for name in ("other.json", "junit.xml", "summary.md"))
        other.write_text(json.dumps(baseline), "utf-8")
        command = ("check", "--baseline", other, "--junit", junit, "--markdown", markdown)
        text = printed(*command, status=(0, 1))
        found = json.loads(printed("check", "--baseline", other, "--json", status=(0, 1)))["findings"]
        return text, found, ElementTree.parse(junit).getroot(), markdown.read_text("utf-8")

    return checked, json.loads(file.read_text("utf-8"))["claims"]


def test_the_baseline_says_what_was_recomputed(quick, check):
    _, claims = check
    answers, tally = answers_of(quick.results), Tally()
    for key, found in answers.items():
        tally.same(key, found.verdict, claims[key]["verdict"])
        if found.pooled:
            for name in ("lower", "upper"):
                tally.printed(f"{key}: {name}", found.pooled[name], f"{claims[key][name]:.4f}")
        for verdict, cell in zip(found.each, claims[key]["cells"].values(), strict=False):
            tally.same(key, verdict["verdict"], cell["verdict"])
            for name in ("lower", "upper") if verdict["by_sampling"] else ():
                tally.printed(f"{key}: {name}", verdict[name], f"{cell[name]:.4f}")
    assert tally.wrong == []


HERE = "|R|=10, K=3, N_f=2"
BEFORE = {
    "a limit clear of the old one": ("FAILURE", lambda c: c["cells"][HERE].update(lower=0.0, upper=1e-4)),
    "a cell that vanished": ("FAILURE", lambda c: c["cells"].update({"|R|=10, K=9, N_f=2": c["cells"][HERE]})),
    "a formula": ("FAILURE", lambda c: c.update(formula="ood_error <= 1", fingerprint="0")),
    "a cell less sure": ("WARNING", lambda c: c["cells"]["|R|=10, K=3, N_f=20"].update(verdict="HOLDS")),
    "a claim less sure": ("WARNING", lambda c: c.update(verdict="HOLDS")),
    "a cell that can no longer be judged": (
        "FAILURE",
        lambda c: c["cells"]["|R|=10, K=1, N_f=2"].update(verdict="HOLDS", lower=0.0, upper=0.1),
    ),
}


@pytest.mark.parametrize("change", BEFORE)
def test_check_tells_the_same_three_times(check, change):
    level, alter = BEFORE[change]
    checked, _ = check
    text, found, junit, markdown = checked(lambda claims: alter(claims["ood-error-literal"]))
    assert [(f["level"], f["claim"]) for f in found] == [(level, "ood-error-literal")]
    cases = {case.get("name"): case for case in junit.iter("testcase")}
    assert len(cases) == int(junit.get("tests")) == len(CLAIMS)
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == (["ood-error-literal"] if level == "FAILURE" else [])
    assert int(junit.get("failures")) == len(failed)
    (what,) = (f["what"] for f in found)
    inner = cases["ood-error-literal"]
    assert what in "".join(inner.itertext()) + "".join(e.get("message", "") for e in inner.iter())
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in markdown.splitlines() if level in line]
    assert any(row[0] == level and "ood-error-literal" in row[1] for row in rows)
    assert re.search(rf"^{level}\s+ood-error-literal", text, re.MULTILINE)


def test_check_of_nothing_changed(check):
    text, found, junit, markdown = check[0](lambda claims: None)
    assert found == []
    assert junit.get("failures") == "0"
    assert f"{len(CLAIMS)} claims" in text
    assert f"{len(CLAIMS)} claims" in markdown
