"""runs.sqlite: every finished run is durable at once, and found again.

One row per (unit, seed) and kind of machine; its key (:func:`empirics.runs.source.run_key`) hashes all that decides
the result. Beside it stand a digest of the row, without which it is not believed, and the hash of the plan under which
it was first made (:mod:`empirics.verification.plan`). A run is written in one transaction, in write-ahead mode with
full synchronisation: kill -9 at any moment loses nothing that was reported finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.runs.environment import machine

_APPLICATION_ID = 0x66616374  # "fact"
_LAYOUT = 3
_RUNS = (
    "(key TEXT NOT NULL, machine TEXT NOT NULL, unit TEXT NOT NULL, seed INTEGER NOT NULL, run TEXT NOT NULL, "
    "digest TEXT NOT NULL, stored TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (key, machine)) WITHOUT ROWID"
)


class StoreError(UsageError):
    """The store cannot be used; the message says why and what to do."""


class Store:
    """The durable runs of one output directory, in a file that is made if there is none; one process at a time.

    Use as a context manager. With ``any_machine`` runs that were made on another kind of machine are found too.

    Attributes:
        elsewhere: number of the runs looked up that are there from another kind of machine only, by its name.
        damaged: the runs looked up whose rows were damaged, in words; the rows are set aside in a table of their own.

    Raises:
        StoreError: the file is corrupt, foreign, of another layout, unwritable, or
            in use by another process.
    """

    def __init__(self, path: Path, *, any_machine: bool = False) -> None:
        self.path, self.any_machine = path, any_machine
        self.elsewhere: Counter[str] = Counter()
        self.damaged: list[str] = []
        self._lock = _lock(path)
        try:
            with _explained(path):
                self._connection = sqlite3.connect(path, isolation_level=None)
                self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # the digest tells
                self._prepare()
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        os.close(self._lock)

    @property
    def used_elsewhere(self) -> set[str]:
        """The other kinds of machines whose runs were used."""
        return set(self.elsewhere) if self.any_machine else set()

    def __len__(self) -> int:
        with _explained(self.path):
            return int(self._one("SELECT count(DISTINCT key) FROM runs"))

    def _one(self, question: str) -> Any:
        """The answer to a question that has exactly one."""
        ((answer,),) = self._connection.execute(question).fetchall()
        return answer

    def _asked(self, question: str, keys: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """The answer to a question for each key that has one."""
        with _explained(self.path):
            for key in keys:
                for (answer,) in self._connection.execute(question, (key,)).fetchall():
                    yield key, answer

    def find(self, keys: Iterable[str]) -> dict[str, UnitRun]:
        """Those of the runs that are stored, by key; those of this kind of machine first."""
        question = "SELECT machine, unit, seed, run, digest FROM runs WHERE key = ? ORDER BY machine = ? DESC, machine"
        found, here = {}, machine()
        with _explained(self.path):
            for key in keys:
                for place, unit, seed, text, digest in self._connection.execute(question, (key, here)).fetchall():
                    if digest != _digest(key, place, unit, seed, text):
                        self._set_aside(key, place)
                        self.damaged.append(f"{unit}, seed {seed}")
                        continue
                    if place != here:
                        self.elsewhere[place] += 1
                    if place == here or self.any_machine:
                        found[key] = _decode(text)
                    break
        return found

    def _set_aside(self, *row: str) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT INTO damaged SELECT * FROM runs WHERE key = ? AND machine = ?", row)
            self._connection.execute("DELETE FROM runs WHERE key = ? AND machine = ?", row)

    def add(self, entries: Mapping[str, UnitRun], plan: str | None = None) -> None:
        """Store runs in one transaction; on return they are on the disk.

        A run that is new here is marked with the hash of the ``plan`` under which it was made; one that is made again
        keeps its first mark, or none.
        """
        with _explained(self.path), self._connection:  # commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            if plan is not None:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO planned (key, plan) SELECT :key, :plan "
                    "WHERE :key NOT IN (SELECT key FROM runs UNION SELECT key FROM damaged)",
                    [{"key": key, "plan": plan} for key in entries],
                )
            self._connection.executemany(
                "INSERT OR REPLACE INTO runs (key, machine, unit, seed, run, digest) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (*row, _digest(*row))
                    for key, run in entries.items()
                    for row in [(key, machine(), str(run.unit), run.seed, _encode(run))]
                ],
            )

    def plans_of(self, keys: Iterable[str]) -> dict[str, str | None]:
        """Those of the runs that are stored, each with the hash of the plan under which it was first made, if any."""
        question = "SELECT planned.plan FROM runs LEFT JOIN planned USING (key) WHERE runs.key = ?"
        return dict(self._asked(question, keys))

    def declare(self, plan: str, text: str) -> None:
        """Record a plan by its hash; on return it is on the disk."""
        with _explained(self.path):
            self._connection.execute("INSERT OR IGNORE INTO plans (hash, plan) VALUES (?, ?)", (plan, text))

    def plan(self, plan: str) -> str | None:
        """The text of the plan with that hash, or None."""
        return dict(self._asked("SELECT plan FROM plans WHERE hash = ?", [plan])).get(plan)

    def _prepare(self) -> None:
        ask = self._connection.execute
        tables = self._one("SELECT count(*) FROM sqlite_master")
        if tables and self._one("PRAGMA application_id") != _APPLICATION_ID:
            raise StoreError(f"{self.path} is a database of another program; use another --output")
        layout = self._one("PRAGMA user_version")
        if tables and layout not in (2, _LAYOUT):
            raise StoreError(
                f"{self.path} has layout {layout}, this version of factbound writes {_LAYOUT}; "
                "use another --output, or the version that wrote it"
            )
        if tables and self._one("PRAGMA quick_check(1)") != "ok":
            raise sqlite3.DatabaseError("integrity check failed")
        ask("PRAGMA journal_mode = WAL")
        ask("PRAGMA synchronous = FULL")
        if not tables:
            ask(f"PRAGMA application_id = {_APPLICATION_ID}")
            ask(f"PRAGMA user_version = {_LAYOUT}")
        if tables and layout == 2:  # its keys held the machine: kept, and found no more
            with self._connection:
                ask("BEGIN IMMEDIATE")
                ask("ALTER TABLE runs RENAME TO earlier")
                ask(f"CREATE TABLE runs {_RUNS}")
                ask("INSERT INTO runs SELECT key, '', unit, seed, run, '', stored FROM earlier")
                ask("DROP TABLE earlier")
                ask(f"PRAGMA user_version = {_LAYOUT}")
        ask(f"CREATE TABLE IF NOT EXISTS runs {_RUNS}")
        ask("CREATE TABLE IF NOT EXISTS damaged AS SELECT * FROM runs LIMIT 0")
        # Stores of earlier versions lack these two: their runs were made without a plan.
        ask("CREATE TABLE IF NOT EXISTS planned (key TEXT PRIMARY KEY, plan TEXT NOT NULL) WITHOUT ROWID")
        ask(
            "CREATE TABLE IF NOT EXISTS plans (hash TEXT PRIMARY KEY, plan TEXT NOT NULL, "
            "declared TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) WITHOUT ROWID"
        )


def _digest(*row: object) -> str:
    """Of a run together with its place: a sound run in the row of another one is damage too."""
    return hashlib.sha256(repr(row).encode()).hexdigest()


def size_of(run: UnitRun) -> int:
    """Bytes that a run takes in a store, about."""
    return len(_encode(run))


def _encode(run: UnitRun) -> str:
    return json.dumps(
        {
            "unit": run.unit.values,
            "seed": run.seed,
            "observables": [[cell.values, dict(found)] for cell, found in run.observables.items()],
            "curves": {name: [curve.steps, curve.values] for name, curve in run.curves.items()},
            "details": [[cell.values, dict(found)] for cell, found in run.details.items()],
            "failure": run.failure,
        }
    )


def _decode(text: str) -> UnitRun:
    """The run that was encoded; its digest has told that the text is whole."""
    data: dict[str, Any] = json.loads(text)
    return UnitRun(
        unit=_point(data["unit"]),
        seed=data["seed"],
        observables={_point(cell): found for cell, found in data["observables"]},
        curves={name: Curve(tuple(steps), tuple(values)) for name, (steps, values) in data["curves"].items()},
        details={_point(cell): {k: tuple(v) for k, v in found.items()} for cell, found in data["details"]},
        failure=data["failure"],
    )


def _point(values: list[tuple[str, int | float]]) -> Point:
    return Point(tuple((name, value) for name, value in values))


def _lock(path: Path) -> int:
    """A lock held while the store is open; released by the system if the process dies."""
    try:
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(f"cannot write beside {path}: {error.strerror}") from None
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:  # no such locks on this system: SQLite's own still protect each transaction
        pass
    except OSError:
        os.close(handle)
        raise StoreError(f"{path} is in use by another factbound; wait for it, or use another --output") from None
    return handle


_TOLD = {
    ("full",): "no space left to store runs in {path}: everything stored so far is kept; free some and run again",
    ("readonly", "unable to open"): "cannot write {path}: {text}; use another --output",
    ("locked", "busy"): "{path} is held by another program ({text}); close it there and run again",
    ("",): "{path} is corrupt or no database of runs ({text}); move it away or use another --output",
}


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """SQLite's errors as one line that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        told = next(told for words, told in _TOLD.items() if any(word in text for word in words))
        raise StoreError(told.format(path=path, text=text)) from None
