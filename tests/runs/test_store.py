"""The store's faults: each a clear message, nothing lost."""

import errno
import json
import os
import platform
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest
from durability_tools import SETTINGS

from empirics.cli.app import run
from empirics.experiments.load import load_config
from empirics.experiments.one_layer.experiment import OneLayer
from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.experiments.registry import experiment
from empirics.runs import store as store_module
from empirics.runs.source import run_key
from empirics.runs.store import Store, StoreError
from empirics.verification.verify import verify


class Another(OneLayer):
    name = "another"


def some_run(seed=0, **more):
    observables = {
        Point.of(R=8, K=3, N_f=2): {"ood_error": 1 / 3, "own_template_error_share": None},
        Point.of(R=8, K=3, N_f=8): {"ood_error": 0.1},
    }
    return UnitRun(Point.of(R=8, K=3), seed, observables, {"pretraining_gap": Curve((0, 1), (2.5, 1e-17))}, **more)


def refused(capsys, output, *more):
    assert run(["verify", "--output", str(output), *SETTINGS, *more]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = (told for told in captured.err.strip().splitlines() if "defaults that follow your settings" not in told)
    return line


def test_runs_come_back_exactly_as_they_went_in(tmp_path):
    runs = {"a": some_run(), "b": some_run(1, failure="pre-training diverged")}
    with Store(tmp_path / "runs.sqlite") as store:
        store.add(runs)
        assert store.find(["a", "b", "c"]) == runs
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.find(["a", "b"]) == runs
        assert len(store) == 2


def test_a_copy_is_complete_in_one_file_and_always_the_same(tmp_path):
    runs = {"a": some_run(), "b": some_run(1)}
    with Store(tmp_path / "runs.sqlite") as store:
        store.add(runs)  # it lies in the write-ahead log still
        for folder in (tmp_path / "one", tmp_path / "two"):
            folder.mkdir()
            store.copy(folder / "c.sqlite")
    assert [file.name for file in (tmp_path / "one").iterdir()] == ["c.sqlite"]
    assert (tmp_path / "one" / "c.sqlite").read_bytes() == (tmp_path / "two" / "c.sqlite").read_bytes()
    with Store(tmp_path / "one" / "c.sqlite") as copy:
        assert copy.find(["a", "b"]) == runs


def test_keys_tell_apart_all_that_decides_a_result():
    base = load_config("default")
    unit = Point.of(R=20, K=3)
    key = run_key(experiment(), base, unit, 0)
    assert run_key(experiment(), load_config("default"), unit, 0) == key
    same = load_config("default", None, ["seeds.maximum=64", "verdict.alpha=0.01", "world.templates=[20,30]"])
    assert run_key(experiment(), same, unit, 0) == key
    others = [
        run_key(experiment(), base, unit, 1),
        run_key(experiment(), base, Point.of(R=20, K=4), 0),
        run_key(Another(), base, unit, 0),
    ]
    for setting in (
        "world.subjects=61",
        "world.finetuned=[2]",
        "model.width=65",
        "pretraining.steps=4001",
        "finetuning.learning_rate=0.5",
        "compute.dtype=float64",
    ):
        changed = [setting, "world.answers=61"] if "subjects" in setting else [setting]
        others.append(run_key(experiment(), load_config("default", None, changed), unit, 0))
    assert len({key, *others}) == len(others) + 1


def test_a_corrupt_database_is_refused_and_left_alone(tmp_path, capsys):
    path = tmp_path / "runs.sqlite"
    path.write_bytes(b"this is not a database" * 100)
    before = path.read_bytes()
    assert "corrupt or not a database of runs" in refused(capsys, tmp_path)
    assert path.read_bytes() == before


def test_a_damaged_database_is_refused(tmp_path, capsys):
    path = tmp_path / "runs.sqlite"
    with Store(path) as store:
        store.add({str(i): some_run(i) for i in range(200)})
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\x55" * 8192
    path.write_bytes(bytes(data))
    assert "corrupt" in refused(capsys, tmp_path)
    assert path.read_bytes() == bytes(data)


def test_a_foreign_database_is_refused_and_left_alone(tmp_path, capsys):
    path = tmp_path / "runs.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert "a database of another program" in refused(capsys, tmp_path)
    assert path.read_bytes() == before


def test_another_layout_is_refused(tmp_path, capsys):
    path = tmp_path / "runs.sqlite"
    with Store(path) as store:
        store._connection.execute("PRAGMA user_version = 99")
    line = refused(capsys, tmp_path)
    assert "layout 99" in line
    assert "another --output" in line


def test_runs_of_other_code_are_kept_and_not_used(tmp_path, monkeypatch):
    import empirics.runs.source as module

    config = load_config("default")
    mine = run_key(experiment(), config, Point.of(R=8, K=3), 0)
    monkeypatch.setattr(module, "_code", lambda *places: "older sources")
    older = run_key(experiment(), config, Point.of(R=8, K=3), 0)
    assert older != mine
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({older: some_run()})
        assert store.find([mine]) == {}
        store.add({mine: some_run()})
        assert len(store) == 2


def test_two_verifications_on_one_directory(tmp_path, capsys):
    with Store(tmp_path / "runs.sqlite"):
        assert "in use by another factbound" in refused(capsys, tmp_path)
    with pytest.raises(StoreError, match="in use"), Store(tmp_path / "runs.sqlite"), Store(tmp_path / "runs.sqlite"):
        pass


def test_the_second_of_two_is_told_who_holds_it_and_since_when(tmp_path):
    path = tmp_path / "runs.sqlite"
    holder = rf"process {os.getpid()} on .+ since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
    with Store(path) as store:
        for _ in range(2):  # the one that is refused leaves the name
            with pytest.raises(StoreError, match=rf"in use by another factbound \({holder}\); wait for it"):
                Store(path)
        assert not store.without_lock
    assert path.with_name("runs.sqlite.lock").read_text() == ""


HOLD = """
import fcntl, sys
if sys.argv[2] == "lies":
    fcntl.flock = lambda *_: None
else:
    def flock(*_):
        raise OSError(95, "Operation not supported")
    fcntl.flock = flock
from pathlib import Path
from empirics.runs.store import Store
with Store(Path(sys.argv[1])) as store:
    print(store.without_lock, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["lies", "lacks"])
def test_a_file_system_whose_locks_lie_or_lack_never_lets_two_in(how, tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    path = tmp_path / "runs.sqlite"

    def flock(*_):
        if how == "lacks":
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(store_module, "_PATIENCE", 0.1)
    asked = [sys.executable, "-c", HOLD, str(path), how]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(asked, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as first:
        assert first.stdout.readline() == f"{how == 'lacks'}\n"
        named = rf"held by another program .*its lock names process {first.pid} on .+ since "
        with pytest.raises(StoreError, match=named):
            Store(path)
        first.stdin.close()
        assert first.wait(timeout=30) == 0
    with Store(path) as store:
        store.add({"a": some_run()})
        assert store.without_lock == (how == "lacks")
        assert len(store) == 1


@pytest.mark.parametrize(
    ("holder", "alive"),
    [
        ("", False),
        ("something else", False),
        ("process 4194999 on {here} since now", False),  # no such process
        ("process {me} on {here} since now", False),
        ("process {parent} on {here} since now", True),
        ("process 5 on another machine since now", True),
    ],
)
def test_who_may_still_hold_a_lock(holder, alive, tmp_path):
    names = {"here": platform.node(), "me": os.getpid(), "parent": os.getppid()}
    path = tmp_path / "runs.sqlite"
    path.with_name("runs.sqlite.lock").write_text(holder.format(**names))
    with Store(path) as store:
        assert store._lock.doubtful is alive
        store.add({"a": some_run()})


@pytest.mark.parametrize(("free", "told"), [(1e9, "fails to read or write"), (0, "no space left to store runs")])
def test_a_disk_too_small_for_an_empty_store_is_not_called_corrupt(free, told, tmp_path, monkeypatch):
    """SQLite says I/O error there: at a real limit on the size of files."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(store_module, "_free", lambda path: free)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(StoreError) as error:
            Store(tmp_path / "runs.sqlite")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert told in str(error.value)
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"a": some_run()})


def test_a_truncated_database_is_refused_and_a_read_only_one_is_told(tmp_path, monkeypatch):
    path = tmp_path / "runs.sqlite"
    with Store(path) as store:
        store.add({str(i): some_run(i) for i in range(200)})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StoreError, match="is corrupt or not a database of runs"):
        Store(path)
    path.write_bytes(data)
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda p, **more: connect(f"file:{p}?mode=ro", uri=True, **more))
    with pytest.raises(StoreError, match=r"cannot write .*readonly.*use another --output"), Store(path) as store:
        store.add({"a": some_run()})


def test_a_read_only_directory(capsys):
    assert "cannot write to the output directory" in refused(capsys, "/proc/factbound")


def test_a_full_disk_keeps_what_was_stored(tmp_path, monkeypatch):
    """SQLite's own full-disk error, at a real limit on the database's pages."""
    monkeypatch.setattr("empirics.runs.portions.SECONDS", 0.0)  # each run by itself, as those of a second are
    config = load_config("default", None, [s.removeprefix("--set=") for s in SETTINGS] + ["pretraining.steps=5"])
    with Store(tmp_path / "runs.sqlite") as store:
        store._connection.execute("PRAGMA max_page_count = 9")
        with pytest.raises(StoreError, match="no space left"):
            verify(config, claims=["ood-error-literal"], workers=1, store=store)
        kept = len(store)
    assert 0 < kept < 24
    with Store(tmp_path / "runs.sqlite") as store:
        assert len(store) == kept
        results = verify(config, workers=1, store=store)
        assert results.complete
        assert len(store) == 24


def test_a_transaction_that_fails_stores_nothing_of_it(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"a": some_run()})
        with pytest.raises(AttributeError):
            store.add({"b": some_run(1), "c": None})
        assert set(store.find(["a", "b", "c"])) == {"a"}


def test_a_damaged_row_is_computed_again(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"a": some_run(), "b": some_run(1)})
        store._connection.execute("UPDATE runs SET run = '{\"unit\": [8,' WHERE key = 'a'")
        assert set(store.find(["a", "b"])) == {"b"}
        store.add({"a": some_run()})
        assert store.find(["a"]) == {"a": some_run()}


def test_a_flipped_byte_is_named_set_aside_and_never_believed(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"a": some_run(), "b": some_run(1)})
        (text,) = store._connection.execute("SELECT run FROM runs WHERE key = 'a'").fetchone()
        digit = next(i for i, c in enumerate(text) if c.isdigit())
        flipped = text[:digit] + str(9 - int(text[digit])) + text[digit + 1 :]
        store._connection.execute("UPDATE runs SET run = ? WHERE key = 'a'", (flipped,))
        assert set(store.find(["a", "b"])) == {"b"}
        assert store.damaged == [f"{some_run().unit}, seed {some_run().seed}"]
        assert store._connection.execute("SELECT run FROM damaged").fetchall() == [(flipped,)]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE runs SET (run, digest) = (SELECT run, digest FROM runs WHERE key = 'b') WHERE key = 'a'",
        "UPDATE runs SET run = CAST(x'f0' || run AS TEXT) WHERE key = 'a'",
        "UPDATE runs SET run = CAST(run AS BLOB) WHERE key = 'a'",
        "UPDATE runs SET seed = 9 WHERE key = 'a'",
    ],
    ids=["another's run and digest", "no UTF-8", "a blob", "another seed"],
)
def test_a_row_that_is_not_as_it_was_written_is_set_aside_and_still_counts_as_made_before(tmp_path, damage):
    with Store(tmp_path / "runs.sqlite") as store:
        store.add({"a": some_run(), "b": some_run(1)})
        store._connection.execute(damage)
        assert set(store.find(["a", "b"])) == {"b"}
        assert len(store.damaged) == 1
        store.add({"a": some_run()}, "a plan made later")
        assert store.find(["a"]) == {"a": some_run()}
        assert store.plans_of(["a", "b"]) == {"a": None, "b": None}


def test_runs_of_another_kind_of_machine_are_kept_and_used_only_if_asked(tmp_path, monkeypatch):
    here, there = some_run(), replace(some_run(), failure="seen elsewhere")
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("empirics.runs.store.machine", lambda: "another machine")
        with Store(tmp_path / "runs.sqlite") as store:
            store.add({"a": there, "b": there})
    with Store(tmp_path / "runs.sqlite") as store:
        assert store.find(["a", "b", "c"]) == {}
        assert store.elsewhere == {"another machine": 2}
    with Store(tmp_path / "runs.sqlite", any_machine=True) as store:
        store.add({"a": here})
        assert store.find(["a", "b", "c"]) == {"a": here, "b": there}  # this machine's own first
        assert store.elsewhere == {"another machine": 1}
        assert len(store) == 2


def test_what_was_made_elsewhere_is_said_and_named_in_the_results(tmp_path, monkeypatch, capsys):
    settings = ["verify", "--output", str(tmp_path), "--workers", "1", *SETTINGS, "--set=pretraining.steps=5"]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("empirics.runs.store.machine", lambda: "another machine")
        run(settings)
    capsys.readouterr()
    run([*settings, "--any-machine"])
    told = capsys.readouterr().err
    assert "24 finished runs found" in told
    assert "24 runs in" in told
    assert "made on another kind of machine (another machine): they are used" in told
    assert json.loads((tmp_path / "results.json").read_text())["environment"]["other_machines"] == ["another machine"]
    run(settings)
    told = capsys.readouterr().err
    assert "finished runs found" not in told
    assert "they are not used without --any-machine" in told
    assert json.loads((tmp_path / "results.json").read_text())["environment"]["other_machines"] == []


def test_a_store_of_the_layout_before_is_read(tmp_path):
    path = tmp_path / "runs.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {0x66616374}")
    connection.execute("PRAGMA user_version = 2")
    connection.execute(
        "CREATE TABLE runs (key TEXT PRIMARY KEY, unit TEXT NOT NULL, seed INTEGER NOT NULL, run TEXT NOT NULL, "
        "stored TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO runs (key, unit, seed, run) VALUES ('old', 'R=8', 3, '{}')")
    connection.close()
    for _ in range(2):
        with Store(path) as store:
            assert len(store) == 1
            assert store.plans_of(["old"]) == {"old": None}


def test_a_held_database_is_not_called_corrupt(tmp_path):
    with Store(tmp_path / "runs.sqlite") as store:
        store._connection.execute("PRAGMA busy_timeout = 50")
        other = sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="held by another program"):
            store.add({"a": some_run()})
        other.execute("ROLLBACK")
        other.close()


def test_the_key_holds_the_device_itself_not_its_name(monkeypatch):
    config = load_config("default", None, ["compute.device=auto"])
    cpu = load_config("default")
    unit = Point.of(R=8, K=3)
    assert run_key(experiment(), config, unit, 0) == run_key(experiment(), cpu, unit, 0)
    import empirics.runs.source as module

    monkeypatch.setattr(module, "resolved_device", lambda name: ("cuda", "some accelerator"))
    on_one = run_key(experiment(), config, unit, 0)
    monkeypatch.setattr(module, "resolved_device", lambda name: ("cuda", "another accelerator"))
    assert run_key(experiment(), config, unit, 0) != on_one


def test_a_directory_in_place_of_a_result_file_is_found_before_anything_is_trained(tmp_path, capsys):
    (tmp_path / "results.json").mkdir()
    assert "a directory is in its place" in refused(capsys, tmp_path)
