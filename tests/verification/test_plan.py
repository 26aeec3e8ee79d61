"""The plan: its hash holds all that decides, it stands before the first run, and a change after data is told."""

import hashlib
import json
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest
from planned_experiment import Instant, small

import empirics
from empirics.experiments.registry import experiment
from empirics.runs import pool, portions, source
from empirics.runs.source import Progress, run_key
from empirics.runs.store import Store
from empirics.verification import plan as plans
from empirics.verification import verify as module
from empirics.verification.plan import PLAN_FILE, asked, plan_of
from empirics.verification.verify import Interrupted, verify
from theory.plugins import UserFile

SAME = """
from empirics.experiments.one_layer.experiment import OneLayer

class Mine(OneLayer):
    name = "mine"

EXPERIMENT = Mine()
"""
CLAIMS = ["ood-error-literal", "trend-finetuned"]


def plan(*settings, claims=CLAIMS):
    found, experiment = small(*settings), Instant()
    arms, chosen, _ = asked(experiment, found, claims)
    return plan_of(experiment, found, arms, chosen)


def verified(directory, *settings, claims=CLAIMS, experiment=None, **more):
    """The plan as results tell it, of a verification with its store in a directory."""
    directory.mkdir(exist_ok=True)
    with Store(directory / "runs.sqlite") as store:
        return verify(
            small(*settings), experiment=experiment or Instant(), claims=claims, store=store, workers=1, **more
        ).plan


@pytest.mark.parametrize(
    "setting",
    [
        "verdict.alpha=0.01",
        "verdict.property_share=0.9",
        "verdict.equivalence_margin=0.1",
        "verdict.premise_gap=0.2",
        "verdict.scope_share=0.5",
        "seeds.looks=[4,8]",
        "seeds.base=1000",
        "world.finetuned=[5,10]",
        "world.multiplicity=[1,4]",
        "world.subjects=90",
        "pretraining.steps=10",
        "arms.run=['low-rank']",
    ],
)
def test_the_hash_holds_all_that_decides(setting):
    claims = ["ood-error-literal", "low-rank"]
    more = ["arms.templates=[]", "arms.multiplicity=[]", "arms.finetuned=[]", "world.answers=90"]
    assert plan(*more, setting, claims=claims).hash != plan(*more, claims=claims).hash


def test_the_hash_holds_claims_and_rules_but_neither_order_nor_machine(monkeypatch):
    assert plan().hash == plan(claims=CLAIMS[::-1]).hash
    assert plan("compute.device='auto'").hash == plan().hash
    assert plan(claims=CLAIMS[:1]).hash != plan().hash
    before = plan().hash
    monkeypatch.setattr(plans, "_judging_code", lambda: "other rules")
    assert plan().hash != before


def test_the_hash_holds_the_code_of_an_experiment_that_is_not_ours(monkeypatch, tmp_path):
    found, ours = small(), experiment("one-layer")
    arms, chosen, _ = asked(ours, found, CLAIMS)
    document = plan_of(ours, found, arms, chosen).document()
    assert "experiment_code" not in document, "as in every plan before there was such a key"
    file, hashes = tmp_path / "mine.py", []
    for text in (SAME, SAME, SAME + "ERROR = 1.0\n"):
        file.write_text(text)
        source._code.cache_clear()  # as in a new process
        monkeypatch.delitem(sys.modules, UserFile(file, b"").module_name, raising=False)
        mine = UserFile(file, file.read_bytes()).module().EXPERIMENT
        hashes.append(plan_of(mine, found, *asked(mine, found, CLAIMS)[:2]).hash)
    assert hashes[0] == hashes[1] != hashes[2]
    assert document["hash"] not in hashes


def test_a_store_whose_plans_do_not_hold_the_code_is_read(tmp_path, monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(plans, "code_of", lambda _: pytest.fail("it has no such key"))
        earlier.setattr(plans, "_PACKAGE", Path(__file__).parents[2])
        earlier.setattr(plans, "_judging_code", lambda: "0" * 16)
        first = verified(tmp_path)
    assert "experiment_code" not in json.loads((tmp_path / PLAN_FILE).read_text("utf-8"))
    monkeypatch.setattr(plans, "_judging_code", lambda: "0" * 16)
    second = verified(tmp_path)
    assert second.reason.endswith(f"made under the plan {first.hash[:12]}, which has other experiment_code")
    assert len(json.loads((tmp_path / PLAN_FILE).read_text("utf-8"))["experiment_code"]) == 16
    assert not second.declared


def test_the_plan_stands_before_the_first_run_and_anybody_can_check_its_hash(tmp_path):
    seen = []
    told = verified(
        tmp_path, experiment=Instant(lambda: seen.append(json.loads((tmp_path / PLAN_FILE).read_text("utf-8"))))
    )
    document = seen[0]
    assert document == json.loads((tmp_path / PLAN_FILE).read_text("utf-8"))
    claimed = document.pop("hash")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == claimed == told.hash
    assert [c["id"] for c in document["claims"]] == CLAIMS
    assert document["verdict"]["alpha"] == 0.05
    assert document["seeds"] == {"looks": [4], "base": 0}
    assert "fewer than 80% of worlds" in document["claims"][1]["falsifier"]


def test_without_a_store_nothing_existed():
    told = empirics.verify(small(), experiment=Instant(), claims=CLAIMS, workers=1).plan
    assert told.declared
    assert told.reason == "none of its runs existed before it"


def test_stopped_and_resumed_it_stays_declared(tmp_path, monkeypatch):
    monkeypatch.setattr(portions, "SECONDS", 0.0)

    def stop(*_):
        raise KeyboardInterrupt

    with pytest.raises(Interrupted) as interrupted:
        verified(tmp_path, progress=Progress(advanced=stop))
    assert interrupted.value.results.plan.declared
    experiment = Instant()
    told = verified(tmp_path, experiment=experiment)
    assert told == interrupted.value.results.plan
    assert experiment.ran == 7
    assert told.declared
    assert verified(tmp_path, fresh=True) == told


@pytest.mark.parametrize(
    ("settings", "claims", "named"),
    [
        (["verdict.alpha=0.01"], CLAIMS, "verdict.alpha"),
        (["verdict.property_share=0.7"], CLAIMS, "verdict.property_share"),
        (["seeds.looks=[4,8]"], CLAIMS, "seeds.looks"),
        (["seeds.looks=[3]"], CLAIMS, "seeds.looks"),
        (["world.multiplicity=[3]"], CLAIMS, "arms.grid"),
        ([], CLAIMS[:1], "claims"),
    ],
)
def test_a_plan_changed_after_its_data_is_exploratory(tmp_path, settings, claims, named):
    first = verified(tmp_path)
    second = verified(tmp_path, *settings, claims=claims)
    assert not second.declared
    assert f"made under the plan {first.hash[:12]}, which has other {named}" in second.reason
    assert json.loads((tmp_path / PLAN_FILE).read_text("utf-8"))["hash"] == second.hash
    assert not verified(tmp_path, *settings, claims=claims).declared  # saying it twice does not help
    assert verified(tmp_path).declared  # the first plan did stand before its runs


def test_how_many_runs_existed_is_told(tmp_path):
    verified(tmp_path)
    assert verified(tmp_path, "seeds.looks=[4,8]").reason.startswith("8 of its 16 runs existed before it: 8 made under")


def test_training_again_does_not_make_a_changed_plan_a_declared_one(tmp_path):
    verified(tmp_path)
    experiment = Instant()
    assert not verified(tmp_path, "verdict.alpha=0.01", fresh=True, experiment=experiment).declared
    assert experiment.ran == 8
    assert not verified(tmp_path, "verdict.alpha=0.01").declared
    assert verified(tmp_path).declared


def test_a_plan_that_was_declared_and_never_run_spoils_nothing(tmp_path):
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        verified(tmp_path, experiment=Instant(stop))
    assert verified(tmp_path, "verdict.alpha=0.01").declared


def test_a_copied_store_keeps_what_it_knows(tmp_path):
    first = verified(tmp_path / "here")
    (tmp_path / "there").mkdir()
    shutil.copy(tmp_path / "here" / "runs.sqlite", tmp_path / "there")
    assert not verified(tmp_path / "there", "verdict.alpha=0.01").declared
    assert verified(tmp_path / "there") == first


def test_runs_made_without_a_plan_are_told(tmp_path):
    experiment, config = Instant(), small()
    unit = experiment.units(config)[0]
    ((run,),) = experiment.run_arms([config], unit, [2], "cpu")
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({run_key(experiment, config, unit, 2): run})
    told = verified(tmp_path)
    assert not told.declared
    assert told.reason == "1 of its 8 runs existed before it: 1 made without a plan"


def test_a_store_of_an_earlier_version_holds_runs_without_a_plan(tmp_path):
    verified(tmp_path)
    connection = sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)
    connection.execute("DROP TABLE planned")
    connection.execute("DROP TABLE plans")
    connection.close()
    assert verified(tmp_path).reason == "8 of its 8 runs existed before it: 8 made without a plan"


def test_fresh_seeds_in_an_old_store_are_declared_and_the_old_runs_are_told(tmp_path):
    verified(tmp_path)
    told = verified(tmp_path, "seeds.base=1000", "verdict.alpha=0.01")
    assert told.declared
    assert told.reason == (
        "none of its runs existed before it; the store also holds 8 runs of other settings, seeds or sources"
    )


def test_a_look_that_decides_ends_the_runs_and_what_came_early_waits_for_its_look(tmp_path, monkeypatch):
    """Runs of a later look that are there before it do not enter the verdicts of an earlier one."""
    monkeypatch.setattr(portions, "SECONDS", 0.0)
    found, at = small("seeds.looks=[4,8]"), []
    experiment, judge = Instant(), module.judge_claim

    def judged(claim, tables, settings, **more):
        at.append({len(table.seeds) for table in tables if table.seeds})
        return judge(claim, tables, settings, **more)

    monkeypatch.setattr(module, "judge_claim", judged)
    order = pool.bundled

    def latest_first(tasks):
        return order(tasks)[::-1]

    monkeypatch.setattr(pool, "bundled", latest_first)
    results = verify(found, experiment=experiment, claims=["trend-finetuned"], workers=1)
    assert at[0] == {4}
    assert at[-1] == {8}
    assert experiment.ran == 2 * 8
    assert {len(cell.seeds) for cell in results.cells} == {8}

    monkeypatch.setattr(pool, "bundled", order)
    decided = Instant()
    found = small("seeds.looks=[40,80]")
    results = verify(found, experiment=decided, claims=["ood-error-normalised"], workers=1)
    assert results.claim("ood-error-normalised").verdict == "HOLDS"
    assert decided.ran == 2 * 40
    assert {len(cell.seeds) for cell in results.cells} == {40}
