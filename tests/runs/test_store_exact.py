"""What the file of runs holds, and which run is found in it: one small question each."""

import os
import sqlite3
from dataclasses import replace

import pytest

from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.runs.rows import size_of
from empirics.runs.store import Store, StoreError

UNIT, CELL = Point.of(K=3), Point.of(K=3, N_f=2)


def a_run(seed=0, error=0.5):
    curves, details = {"gap": Curve((0, 1), (2.5, 1e-17))}, {CELL: {"held_out": (1.0, 0.0)}}
    return UnitRun(UNIT, seed, {CELL: {"error": error, "share": None}}, curves, details=details)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def machine(monkeypatch):
    """Sets the kind of machine."""
    return lambda name: monkeypatch.setattr("empirics.runs.store.machine", lambda: name)


def asked(path, question):
    connection = sqlite3.connect(path, isolation_level=None)
    found = connection.execute(question).fetchall()
    connection.close()
    return found


def test_the_file_tells_whose_it_is_and_how_it_is_laid_out(path):
    for _ in range(2):
        with Store(path):
            pass
        assert asked(path, "PRAGMA application_id") == [(int.from_bytes(b"fact"),)]
        assert asked(path, "PRAGMA user_version") == [(3,)]
    asked(path, "PRAGMA application_id = 5")
    with pytest.raises(StoreError, match="a database of another program"):
        Store(path)


@pytest.mark.parametrize("layout", [0, 1, 4])
def test_other_layouts_are_refused(path, layout):
    with Store(path):
        pass
    asked(path, f"PRAGMA user_version = {layout}")
    with pytest.raises(StoreError, match=f"has layout {layout}, this version of factbound writes 3"):
        Store(path)


def test_the_layout_before_is_taken_over_once_and_its_runs_are_kept(path):
    asked(path, f"PRAGMA application_id = {0x66616374}")
    asked(path, "PRAGMA user_version = 2")
    asked(path, "CREATE TABLE runs (key TEXT PRIMARY KEY, unit TEXT, seed INTEGER, run TEXT, stored TEXT)")
    asked(path, "INSERT INTO runs VALUES ('old', 'K=3', 4, '{}', 'then')")
    with Store(path) as store:
        assert len(store) == 1
        store.add({"new": a_run()})
    row = "SELECT key, machine, unit, seed, run, digest, stored FROM runs WHERE key = 'old'"
    assert asked(path, row) == [("old", "", "K=3", 4, "{}", "", "then")]
    assert asked(path, "PRAGMA user_version") == [(3,)]
    with Store(path) as store:
        assert (len(store), store.find(["new"])) == (2, {"new": a_run()})


def test_a_file_that_fails_its_check_is_refused(path, monkeypatch):
    with Store(path):
        pass
    one = Store._one
    monkeypatch.setattr(
        Store, "_one", lambda self, q: "row 1 missing from index" if "quick_check" in q else one(self, q)
    )
    with pytest.raises(StoreError, match=r"corrupt or not a database of runs \(integrity check failed\)"):
        Store(path)


def test_the_lock_can_be_read_by_all_and_written_by_its_owner(path):
    before = os.umask(0)
    try:
        with Store(path), pytest.raises(StoreError, match="in use by another factbound"):
            Store(path)
    finally:
        os.umask(before)
    assert os.stat(f"{path}.lock").st_mode & 0o777 == 0o644
    with Store(path):
        pass


def test_runs_come_back_as_they_were(path):
    runs = {"a": a_run(), "b": a_run(1, 0.25)}
    with Store(path) as store:
        assert (len(store), store.find(["a"])) == (0, {})
        store.add(runs)
        assert (len(store), store.find(["c", "b", "a"])) == (2, runs)
        store.add({"a": a_run(error=0.75)})
        assert (len(store), store.find(["a"])) == (2, {"a": a_run(error=0.75)})
        assert (store.damaged, store.elsewhere, store.used_elsewhere) == ([], {}, set())
    assert size_of(a_run()) == len(asked(path, "SELECT run FROM runs WHERE key = 'b'")[0][0]) - len("0.25") + len("0.5")


@pytest.mark.parametrize("any_machine", [False, True])
def test_runs_of_this_kind_of_machine_go_before_those_of_others(path, machine, any_machine):
    for name, error in (("aa", 0.1), ("mine", 0.5), ("zz", 0.9)):
        machine(name)
        with Store(path) as store:
            store.add({"both": a_run(error=error)})
            if name != "mine":
                store.add({name: a_run(error=error)})
    machine("mine")
    with Store(path, any_machine=any_machine) as store:
        others = {"aa": a_run(error=0.1), "zz": a_run(error=0.9)} if any_machine else {}
        assert store.find(["both", "aa", "zz", "none"]) == {"both": a_run()} | others
        assert store.elsewhere == {"aa": 1, "zz": 1}
        assert store.used_elsewhere == ({"aa", "zz"} if any_machine else set())
        assert len(store) == 3
        store.find(["aa"])
        assert store.elsewhere["aa"] == 2
    with Store(path) as store:
        assert store.find(["aa"]) == {}


def test_behind_a_damaged_run_another_machines_is_found(path, machine):
    for name, error in (("other", 0.25), ("mine", 0.5)):
        machine(name)
        with Store(path) as store:
            store.add({"a": a_run(error=error), "b": a_run(1, error)})
    asked(path, "UPDATE runs SET run = replace(run, '0.5', '0.6') WHERE machine = 'mine' AND key = 'a'")
    with Store(path, any_machine=True) as store:
        assert store.find(["a", "b"]) == {"a": a_run(error=0.25), "b": a_run(1, 0.5)}
        assert store.damaged == ["K=3, seed 0"]
        assert store.elsewhere == {"other": 1}
    assert asked(path, "SELECT key, machine FROM damaged") == [("a", "mine")]


def test_a_run_is_marked_with_the_plan_under_which_it_was_first_made(path):
    with Store(path) as store:
        store.add({"a": a_run()})
        store.add({"b": a_run(1)}, "first")
        store.add({"a": a_run(), "b": a_run(1), "c": a_run(2)}, "second")
        assert store.plans_of(["a", "b", "c", "d"]) == {"a": None, "b": "first", "c": "second"}
        store.declare("first", "text")
        store.declare("first", "another")
        assert (store.plan("first"), store.plan("second")) == ("text", None)
    assert asked(path, "SELECT count(*) FROM planned") == [(2,)]


def test_runs_come_in_batches_in_the_order_of_their_keys(path, monkeypatch):
    monkeypatch.setattr("empirics.runs.store._BATCH", 2)
    runs = {name: a_run(seed) for seed, name in enumerate("dacbe")}
    with Store(path) as store:
        store.add(runs)
        assert [list(batch.items()) for batch in store.stream(["e", "b", "x", "a", "b", "d"])] == [
            [("a", runs["a"]), ("b", runs["b"])],
            [("d", runs["d"]), ("e", runs["e"])],
            [],
        ]
        assert store.plans_of("dacbe") == dict.fromkeys("abcde")


def test_what_only_a_patient_reader_of_json_reads_comes_back(path):
    runs = {"half": replace(a_run(), failure="half a pair: \udc80"), "large": replace(a_run(), seed=2**62)}
    with Store(path) as store:
        store.add(runs)
        assert store.find(["half", "large"]) == runs
