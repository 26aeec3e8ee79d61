"""The same command again judges and draws nothing; whatever decides the results makes them anew."""

import json
import shutil
import sqlite3
import sys
from importlib import import_module

import pytest
from planned_experiment import Instant, small

import empirics.cli.verify as command
import theory
from empirics.experiments.protocol import Plan
from empirics.files import hash_of
from empirics.made import RECORD, Made
from empirics.report.figures.figure import Figure
from empirics.runs import environment
from empirics.verification import again
from empirics.verification import verify as module
from empirics.verification.evidence import with_evidence
from empirics.verification.results import read_results
from theory.certify import formal_proofs
from theory.certify.evidence import KINDS

PLAN = Plan(workers=1)


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A directory with the results of one verification."""
    place = tmp_path_factory.mktemp("once")
    assert perform(place) == 0
    return place


@pytest.fixture
def place(once, tmp_path):
    shutil.copytree(once, tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def judged(monkeypatch):
    """The claims that were judged, one after another."""
    found, judge = [], module.judge_claim

    def counted(claim, *rest, **more):
        found.append(claim.id)
        return judge(claim, *rest, **more)

    monkeypatch.setattr(module, "judge_claim", counted)
    return found


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were drawn, one after another."""
    found, render = [], Figure.render

    def counted(self, form):
        found.append(self.name)
        return render(self, form)

    monkeypatch.setattr(Figure, "render", counted)
    return found


def perform(place, *settings, claims=("ood-error-literal", "trend-finetuned"), mutants=False, **more):
    given = {"claims": claims, "fresh": False, "cluster": None, **more}
    return command.perform(
        Instant(), small(*settings), PLAN, place, strict=False, mutants=mutants, as_json=False, **given
    )


def contents(place):
    return {
        str(p.relative_to(place)): (p.read_bytes(), p.stat().st_mtime_ns)
        for p in place.rglob("*")
        if p.suffix in (".json", ".csv", ".svg", ".html") and p.name not in (RECORD, "plan.json")
    }


def test_nothing_is_judged_drawn_or_written_again(place, judged, drawn, capsys):
    before = contents(place)
    assert perform(place) == 0
    again = capsys.readouterr()
    assert (judged, drawn) == ([], [])
    assert contents(place) == before
    assert "8 finished runs found" in again.err
    assert len(before) > 5
    assert perform(place, fresh=True) == 0
    assert set(judged) == {"ood-error-literal", "trend-finetuned"}
    assert drawn

    def without_seconds(text):
        return [line for line in text.splitlines() if "Written to" not in line]

    assert without_seconds(capsys.readouterr().out) == without_seconds(again.out)
    assert {name: data for name, (data, _) in contents(place).items() if name.endswith((".svg", ".csv"))} == {
        name: data for name, (data, _) in before.items() if name.endswith((".svg", ".csv"))
    }


@pytest.mark.parametrize(
    "change",
    [
        {"settings": ["verdict.alpha=0.01"]},
        {"settings": ["seeds.base=50"]},
        {"claims": ["ood-error-literal"]},
        {"mutants": True},
        {"any_machine": True},
    ],
    ids=str,
)
def test_what_decides_the_results_makes_them_anew(change, place, judged):
    change = dict(change)
    perform(place, *change.pop("settings", ()), **change)
    assert judged


def test_other_sources_versions_and_commits_make_them_anew(place, judged, monkeypatch):
    monkeypatch.setattr(environment, "_git", lambda: ("0" * 40, False))
    perform(place)
    assert judged


def test_a_file_of_the_users_makes_them_anew(place, judged, monkeypatch, tmp_path):
    (tmp_path / "mine.py").write_text("import theory\nCLAIM = theory.claim('rank-one')\n")
    monkeypatch.setenv("FACTBOUND_WITH", str(tmp_path / "mine.py"))
    from theory import plugins

    monkeypatch.setattr(plugins, "_named", {})
    perform(place)
    assert judged


def test_results_that_somebody_edited_are_made_anew(place, judged):
    before = (place / "results.json").read_text()
    (place / "results.json").write_text(before.replace('"verdict": "HOLDS"', '"verdict": "VIOLATED"'))
    assert perform(place) == 0
    assert judged
    found, expected = (json.loads(text) for text in ((place / "results.json").read_text(), before))
    assert found["claims"] == expected["claims"]


def test_a_damaged_run_is_run_again_and_not_believed(place, judged, capsys):
    with sqlite3.connect(place / "runs.sqlite") as store:
        store.execute("UPDATE runs SET run = replace(run, '0.0', '1.0') WHERE seed = 2")
    assert perform(place) == 0
    assert judged
    assert "damaged runs" in capsys.readouterr().err


def test_a_run_more_or_less_makes_them_anew(place, judged):
    with sqlite3.connect(place / "runs.sqlite") as store:
        store.execute("DELETE FROM runs WHERE seed = 2")
    assert perform(place) == 0
    assert judged


@pytest.mark.parametrize(
    "name", ["plots/claim-ood-error-literal.svg", "plots/claim-ood-error-literal.csv", "cells.csv", "report.html"]
)
@pytest.mark.parametrize("damage", ["removed", "changed"])
def test_a_file_that_is_gone_or_changed_is_made_again_alone(name, damage, place, judged, drawn):
    before = contents(place)
    if damage == "removed":
        (place / name).unlink()
    else:
        (place / name).write_text("mine")
    assert perform(place) == 0
    assert judged == []
    assert drawn == (["claim-ood-error-literal"] if name.endswith(".svg") else [])
    after = contents(place)
    assert after[name][0] == before[name][0]
    assert {k: v for k, v in after.items() if k != name} == {k: v for k, v in before.items() if k != name}


@pytest.mark.parametrize("text", ["", "[]", '{"results.json": 3}', "\x00", '{"results.json": ["a"]}'])
def test_a_damaged_record_is_as_none(text, place, judged):
    (place / RECORD).write_text(text)
    assert perform(place) == 0
    assert judged
    assert Made(place).text("cells.csv", "nothing") is None


def test_an_interrupted_verification_is_not_taken_for_a_whole_one(tmp_path, judged):
    ran = []

    def stop():
        ran.append(1)
        if len(ran) == 2:
            raise KeyboardInterrupt

    given = {"claims": None, "fresh": False, "cluster": None}
    more = {"strict": False, "mutants": False, "as_json": False}
    assert command.perform(Instant(stop), small(), PLAN, tmp_path, **more, **given) == 130
    judged.clear()
    assert perform(tmp_path, claims=None) == 0
    assert judged
    assert json.loads((tmp_path / "results.json").read_text())["complete"]


def test_a_run_that_a_defect_ended_is_tried_again(tmp_path, capsys):
    ran = []

    def fails():
        ran.append(1)
        if len(ran) == 2:
            raise ValueError("once")

    given = {"claims": ["ood-error-literal", "trend-finetuned"], "fresh": False, "cluster": None}
    more = {"strict": False, "mutants": False, "as_json": False}
    experiment = Instant(fails)
    assert command.perform(experiment, small(), PLAN, tmp_path, **more, **given) == 70
    assert "once" in capsys.readouterr().out
    before = experiment.ran
    assert command.perform(experiment, small(), PLAN, tmp_path, **more, **given) == 0
    assert experiment.ran == before + 1
    assert "once" not in capsys.readouterr().out
    command.perform(experiment, small(), PLAN, tmp_path, **more, **given)
    assert experiment.ran == before + 1


def test_the_plan_is_written_again_where_it_is_gone(place):
    (place / "plan.json").unlink()
    assert perform(place) == 0
    assert json.loads((place / "plan.json").read_text())["hash"]


def test_results_with_a_defect_are_not_kept(tmp_path, judged, monkeypatch):
    def fails(self, subject):
        raise RuntimeError("not installed")

    with monkeypatch.context() as patch:
        patch.setattr(Instant, "show", fails)
        assert perform(tmp_path) == 70
    judged.clear()
    assert perform(tmp_path) == 0
    assert judged


def test_other_proofs_on_record_make_them_anew(place, judged, monkeypatch, tmp_path):
    (tmp_path / "certificates.json").write_text("{}")
    monkeypatch.setattr(again, "RECORD_FILE", tmp_path / "certificates.json")
    perform(place)
    assert judged


@pytest.mark.parametrize("changed", ["RECORD_FILE", "digest"])
def test_other_formal_proofs_on_record_make_them_anew(place, judged, monkeypatch, tmp_path, changed):
    (tmp_path / "formal.json").write_text(
        formal_proofs.RECORD_FILE.read_text(encoding="utf-8") + "\n", encoding="utf-8"
    )
    other = tmp_path / "formal.json" if changed == "RECORD_FILE" else lambda: "other"
    monkeypatch.setattr(formal_proofs, changed, other)
    perform(place)
    assert judged


def test_results_hold_the_evidence_for_their_claims(place):
    found = read_results(place).claims
    assert found
    for result in found:
        assert tuple(row.kind for row in result.evidence) == KINDS
        assert result.evidence == with_evidence(theory.claim(result.id), result).evidence


def test_what_a_file_of_the_users_imports_from_beside_it_counts(tmp_path, monkeypatch):
    (tmp_path / "mylab.py").write_text("LIMIT = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import_module("mylab")
    try:
        before = hash_of(again._imported())
        assert "mylab" in dict(again._imported())
        assert not {"numpy", "json", "empirics", "theory"} & set(dict(again._imported()))
        (tmp_path / "mylab.py").write_text("LIMIT = 2\n")
        assert hash_of(again._imported()) != before
    finally:
        del sys.modules["mylab"]
