"""Stores of several machines become one: every run once, conflicts named, origins kept, nothing half done."""

import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.experiments.protocol import Point, UnitRun
from empirics.runs import merge as module
from empirics.runs.merge import merge
from empirics.runs.store import Store

UNIT, CELL = Point.of(K=3), Point.of(K=3, N_f=2)


def a_run(seed=0, error=0.5):
    return UnitRun(UNIT, seed, {CELL: {"error": error}})


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Makes the store of a directory with these runs, as a kind of machine under a plan; gives its file."""

    def make(name, runs, machine="here", plan=None, declared=None):
        monkeypatch.setattr("empirics.runs.store.machine", lambda: machine)
        (tmp_path / name).mkdir(exist_ok=True)
        with Store(tmp_path / name / "runs.sqlite") as store:
            if plan:
                store.declare(plan, f"text of {plan}", declared)
            store.add(runs, plan)
        monkeypatch.setattr("empirics.runs.store.machine", lambda: "here")
        return tmp_path / name / "runs.sqlite"

    return make


def asked(path, question):
    connection = sqlite3.connect(path, isolation_level=None)
    found = connection.execute(question).fetchall()
    connection.close()
    return found


ROWS = "SELECT key, machine, unit, seed, run, digest, stored FROM runs ORDER BY key, machine"


@pytest.mark.parametrize("size", [1, 2, 500])
def test_every_run_is_there_once_and_as_it_was(stored, tmp_path, monkeypatch, size):
    monkeypatch.setattr(module, "_BATCH", size)
    a = stored("a", {"k1": a_run(1), "k3": a_run(3), "k5": a_run(5)})
    b = stored("b", {"k2": a_run(2), "k3": a_run(3)})
    c = stored("c", {"k3": a_run(3), "k9": a_run(9)})
    told = []
    merged = merge([a, b, c], tmp_path / "runs.sqlite", told.append)
    assert (merged.read, merged.written, merged.repeated) == ({a: 3, b: 2, c: 2}, 5, 2)
    assert sum(told) <= 5
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.find(f"k{n}" for n in range(10)) == {f"k{n}": a_run(n) for n in (1, 2, 3, 5, 9)}
        assert (store.damaged, len(store)) == ([], 5)
    single = {row for path in (a, b, c) for row in asked(path, ROWS)}
    assert set(asked(tmp_path / "runs.sqlite", ROWS)) <= single


def test_the_same_run_of_another_kind_of_machine_is_another_row(stored, tmp_path):
    a = stored("a", {"k": a_run(error=0.5)})
    b = stored("b", {"k": a_run(error=0.6)}, machine="there")
    merged = merge([a, b], tmp_path / "runs.sqlite")
    assert (merged.machines, merged.written, merged.repeated) == ({"here", "there"}, 2, 0)
    assert asked(tmp_path / "runs.sqlite", ROWS) == asked(a, ROWS) + asked(b, ROWS)


def test_of_equal_rows_the_earlier_is_kept(stored, tmp_path):
    a, b = (stored(name, {"k": a_run()}) for name in "ab")
    asked(a, "UPDATE runs SET stored = '2026-11-02 00:00:00'")
    asked(b, "UPDATE runs SET stored = '2026-11-01 00:00:00'")
    merge([a, b], tmp_path / "runs.sqlite")
    assert asked(tmp_path / "runs.sqlite", ROWS) == asked(b, ROWS)


def test_other_content_on_one_kind_of_machine_is_a_named_conflict(stored, tmp_path, capsys):
    stored("a", {"k1": a_run(1), "k2": a_run(2), "k3": a_run(3)})
    stored("b", {"k1": a_run(1), "k2": a_run(2, error=0.25), "k3": a_run(3, error=0.25)})
    output = tmp_path / "joined"
    assert run(["merge", str(tmp_path / "a"), str(tmp_path / "b"), "--output", str(output)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    files = f"{tmp_path}/a/runs.sqlite and {tmp_path}/b/runs.sqlite"
    assert err == (
        f"factbound: K=3, seed 2: {files} hold different results, both made on here (and 1 such run more); "
        "nothing is written: leave out one of the stores, or make its runs again (--fresh)\n"
    )
    assert list(output.iterdir()) == []


def test_plans_and_marks_are_kept(stored, tmp_path):
    a = stored("a", {"k1": a_run(1), "k2": a_run(2)}, plan="p1", declared="2026-11-01 00:00:00")
    stored("a", {"k3": a_run(3)})
    b = stored("b", {"k4": a_run(4)}, plan="p2", declared="2026-11-02 00:00:00")
    merge([a, b], tmp_path / "runs.sqlite")
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.plans_of(["k1", "k2", "k3", "k4"]) == {"k1": "p1", "k2": "p1", "k3": None, "k4": "p2"}
        assert store.plans() == [
            ("p1", "text of p1", "2026-11-01 00:00:00"),
            ("p2", "text of p2", "2026-11-02 00:00:00"),
        ]
        assert store.plan("p2") == "text of p2"


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (("a later one", "2026-11-03"), ("early", "2026-11-01"), "early"),
        ((None, None), ("early", "2026-11-01"), None),
        (("same", "2026-11-02"), ("same", "2026-11-01"), "same"),
    ],
)
def test_of_two_origins_the_more_doubtful_stays(stored, tmp_path, first, second, kept, swapped):
    paths = [
        stored("a", {"k": a_run()}, plan=first[0], declared=first[1]),
        stored("b", {"k": a_run()}, plan=second[0], declared=second[1]),
    ]
    merge(paths[::-1] if swapped else paths, tmp_path / "runs.sqlite")
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.plans_of(["k"]) == {"k": kept}
        assert min(when for _, _, when in store.plans()) == "2026-11-01"
        assert len(store.plans()) == len({first[0], second[0]} - {None})


def test_damaged_rows_are_told_and_left_out_and_still_count_as_made_before(stored, tmp_path, capsys):
    a = stored("a", {"k1": a_run(1), "k2": a_run(2), "k3": a_run(3)}, plan="p")
    b = stored("b", {"k1": a_run(1)}, plan="p")
    asked(a, "UPDATE runs SET run = replace(run, '0.5', '0.6') WHERE key IN ('k1', 'k2')")
    with Store(a) as store:
        store._set_aside("k3", "here")
    assert run(["merge", str(a), str(tmp_path / "b"), "--output", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{a}: runs: 2; damaged and left out: 2 (K=3, seed 1; K=3, seed 2)",
        f"{b}: runs: 1",
        f"{tmp_path}/runs.sqlite: runs: 1; kinds of machines: 1",
    ]
    assert asked(tmp_path / "runs.sqlite", "SELECT key FROM damaged ORDER BY key") == [("k1",), ("k2",), ("k3",)]
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.find(["k1", "k2", "k3"]) == {"k1": a_run(1)}
        store.add({"k2": a_run(2)}, "later")
        assert store.plans_of(["k2"]) == {"k2": "p"}


def test_rows_of_the_layout_before_are_kept(stored, tmp_path):
    a = stored("a", {"k": a_run()})
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / "runs.sqlite"
    asked(old, f"PRAGMA application_id = {0x66616374}")
    asked(old, "PRAGMA user_version = 2")
    asked(old, "CREATE TABLE runs (key TEXT PRIMARY KEY, unit TEXT, seed INTEGER, run TEXT, stored TEXT)")
    asked(old, "INSERT INTO runs VALUES ('old', 'K=3', 4, '{}', 'then')")
    merged = merge([a, old], tmp_path / "runs.sqlite")
    assert (merged.written, merged.damaged[old]) == (2, [])
    assert ("old", "", "K=3", 4, "{}", "", "then") in asked(tmp_path / "runs.sqlite", ROWS)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a", "b", "--output", "a"], "a/runs.sqlite is there already; allowed is a directory without runs.sqlite"),
        (["a", "none", "--output", "c"], "none holds no runs.sqlite; allowed are output directories of factbound"),
        (["a", "a/runs.sqlite", "--output", "c"], "a/runs.sqlite is named twice; allowed are different stores"),
        (["a", "--output", "c"], "a is one store; allowed are two or more"),
        (["a", "broken", "--output", "c"], "broken/runs.sqlite is corrupt or not a database of runs"),
    ],
)
def test_what_cannot_be_merged(stored, tmp_path, monkeypatch, capsys, words, told):
    stored("a", {"k": a_run()})
    stored("b", {"k": a_run()})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "runs.sqlite").write_bytes(b"no database" * 1000)
    monkeypatch.chdir(tmp_path)
    assert run(["merge", *words]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "c" / "runs.sqlite").exists()


def test_a_store_in_use_is_not_read(stored, tmp_path):
    a, b = stored("a", {"k": a_run()}), stored("b", {"k": a_run()})
    with Store(b), pytest.raises(UsageError, match=r"b/runs\.sqlite is in use by another factbound"):
        merge([a, b], tmp_path / "runs.sqlite")


KILLED = """
import os, signal, sys
from pathlib import Path
from empirics.runs import merge
merge._BATCH = 10
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell would ignore it
wrote = []
def advanced(rows):
    wrote.append(rows)
    if len(wrote) == 3:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
merge.merge([Path("a/runs.sqlite"), Path("b/runs.sqlite")], Path("c/runs.sqlite"), advanced)
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGINT"])
def test_a_merge_that_is_interrupted_leaves_no_half_store(stored, tmp_path, how):
    stored("a", {f"a{i}": a_run(i) for i in range(100)})
    stored("b", {f"b{i}": a_run(i) for i in range(100)})
    (tmp_path / "c").mkdir()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(os.path.abspath(p) for p in sys.path if p)}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, how],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (-signal.SIGKILL, -signal.SIGINT), done.stderr
    left = [path.name for path in (tmp_path / "c").iterdir()]
    assert "runs.sqlite" not in left
    if how == "SIGINT":
        assert left == []
    merge([tmp_path / "a" / "runs.sqlite", tmp_path / "b" / "runs.sqlite"], tmp_path / "c" / "runs.sqlite")
    with Store(tmp_path / "c" / "runs.sqlite") as store:
        assert len(store) == 200


@pytest.mark.parametrize("ending", ["-wal", "-shm"])
def test_what_sqlite_left_beside_a_store_is_not_played_into_the_new_one(stored, tmp_path, ending):
    source = stored("a", {"k": a_run()})
    (tmp_path / "c").mkdir()
    left = tmp_path / "c" / f"runs.sqlite{ending}"
    left.write_bytes(b"of another store")
    with pytest.raises(UsageError, match=f"{ending} is there already"):
        merge([source], tmp_path / "c" / "runs.sqlite")
    assert [path.name for path in (tmp_path / "c").iterdir()] == [left.name]


def test_a_store_that_is_made_meanwhile_is_not_replaced(stored, tmp_path):
    source, output = stored("a", {"k": a_run()}), tmp_path / "c" / "runs.sqlite"
    output.parent.mkdir()
    with pytest.raises(UsageError, match="is there already"):
        merge([source], output, lambda rows: output.write_bytes(b"theirs"))
    assert output.read_bytes() == b"theirs"
    assert [path.name for path in output.parent.iterdir()] == ["runs.sqlite"]
