"""runs.sqlite: every finished run is durable at once, and found again.

One row per (unit, seed) and kind of machine; its key (:func:`empirics.runs.source.run_key`) hashes all that decides
the result. Beside it stand a digest of the row, without which it is not believed, and the hash of the plan under which
it was first made (:mod:`empirics.verification.plan`). Runs that finish together are written in one transaction, in
write-ahead mode with full synchronisation, and reported afterwards: kill -9 at any moment loses nothing that was
reported finished.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import heapq
import math
import os
import platform
import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from empirics.errors import UsageError
from empirics.experiments.protocol import UnitRun
from empirics.runs.environment import machine
from empirics.runs.rows import Row, decoded, digest, encoded

_APPLICATION_ID = 0x66616374  # "fact"
_LAYOUT = 3
_BATCH = 200  # rows that are read at a time
_PATIENCE = 5.0  # seconds in which another program may let go of the database
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
        without_lock: the file system has no locks that last as long as a process; SQLite's own are used.
        damaged: the runs looked up whose rows were damaged, in words; the rows are set aside in a table of their own.

    Raises:
        StoreError: the file is corrupt, foreign, of another layout, unwritable, or
            in use by another process.
    """

    def __init__(self, path: Path, *, any_machine: bool = False) -> None:
        self.path, self.any_machine = path, any_machine
        self.elsewhere: Counter[str] = Counter()
        self.damaged: list[str] = []
        self._lock = _Lock(path)
        try:
            with _explained(path):
                self._connection = sqlite3.connect(path, isolation_level=None, timeout=_PATIENCE)
                self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # the digest tells
                self._prepare()
            self._lock.sign()
        except BaseException as error:
            self._lock.release()
            if isinstance(error, StoreError) and self._lock.doubtful and self._lock.holder:
                raise StoreError(f"{error}; its lock names {self._lock.holder}") from None
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._lock.release()

    @property
    def without_lock(self) -> bool:
        """See the class."""
        return self._lock.missing

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

    def _asked(self, question: str, keys: Iterable[str]) -> Iterator[list[Any]]:
        """The rows about some keys, a batch at a time, in the order in which they lie in the file."""
        wanted = sorted(set(keys))
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            with _explained(self.path):
                rows = self._connection.execute(question.format(",".join("?" * len(batch))), batch).fetchall()
            yield rows

    def find(self, keys: Iterable[str]) -> dict[str, UnitRun]:
        """Those of the runs that are stored, by key; those of this kind of machine first."""
        return {key: run for found in self.stream(keys) for key, run in found.items()}

    def stream(self, keys: Iterable[str]) -> Iterator[dict[str, UnitRun]]:
        """What :meth:`find` gives, a batch at a time in the order of the keys: not all runs need fit in memory."""
        here = machine()
        for rows in self._asked("SELECT key, machine, unit, seed, run, digest FROM runs WHERE key IN ({})", keys):
            found: dict[str, UnitRun] = {}
            answered = ""  # the last key of which a sound run was seen
            rows.sort(key=lambda row: (row[0], row[1] != here, str(row[1])))
            for key, place, unit, seed, text, known in rows:
                if key == answered:
                    continue
                if known != digest(key, place, unit, seed, text):
                    self._set_aside(key, place)
                    self.damaged.append(f"{unit}, seed {seed}")
                    continue
                answered = key
                if place != here:
                    self.elsewhere[place] += 1
                if place == here or self.any_machine:
                    found[key] = decoded(text)
            yield found

    def count(self, keys: Iterable[str]) -> int:
        """How many of the runs are stored."""
        return sum(int(n) for ((n,),) in self._asked("SELECT count(DISTINCT key) FROM runs WHERE key IN ({})", keys))

    def fingerprint(self, keys: Iterable[str]) -> str | None:
        """Hash of what is stored of some runs, by every kind of machine; None if a row of theirs is damaged."""
        found = hashlib.sha256()
        for rows in self._asked("SELECT key, machine, unit, seed, run, digest FROM runs WHERE key IN ({})", keys):
            for *row, stored in sorted(rows, key=str):
                if stored != digest(*row):
                    return None
                found.update(f"{row[0]} {row[1]} {stored}\n".encode())
        return found.hexdigest()

    def _set_aside(self, *row: str) -> None:
        with _explained(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute("INSERT INTO damaged SELECT * FROM runs WHERE key = ? AND machine = ?", row)
            self._connection.execute("DELETE FROM runs WHERE key = ? AND machine = ?", row)

    def add(self, entries: Mapping[str, UnitRun], plan: str | None = None) -> None:
        """Store runs in one transaction; on return they are on the disk.

        A run that is new here is marked with the hash of the ``plan`` under which it was made; one that is made again
        keeps its first mark, or none.
        """
        here = machine()
        with _explained(self.path), self._connection:  # commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            if plan is not None:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO planned (key, plan) SELECT :key, :plan "
                    "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE key = :key) "
                    "AND NOT EXISTS (SELECT 1 FROM damaged WHERE key = :key)",
                    [{"key": key, "plan": plan} for key in entries],
                )
            self._connection.executemany(
                "INSERT OR REPLACE INTO runs (key, machine, unit, seed, run, digest) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (*row, digest(*row))
                    for key, run in entries.items()
                    for row in [(key, here, str(run.unit), run.seed, encoded(run))]
                ],
            )

    def rows(self) -> Iterator[Row]:
        """Every row, those set aside among them, in the order of their keys; meanwhile nothing may be written."""
        fields = "key, machine, unit, seed, run, digest, stored, plan"
        ask = self._connection.execute
        with _explained(self.path):
            aside = ask(f"SELECT {fields}, 1 FROM damaged LEFT JOIN planned USING (key) ORDER BY key").fetchall()
            sound = ask(f"SELECT {fields}, 0 FROM runs LEFT JOIN planned USING (key) ORDER BY runs.key, machine")
            yield from heapq.merge(map(Row._make, aside), map(Row._make, sound), key=lambda row: str(row.key))

    def take(self, rows: Iterable[Row]) -> None:
        """Store rows of other stores as they are, with their plans, in one transaction."""
        taken = list(rows)
        with _explained(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for table, aside in (("runs", False), ("damaged", True)):
                self._connection.executemany(
                    f"INSERT OR IGNORE INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)",
                    [row[:7] for row in taken if row.aside == aside],
                )
            self._connection.executemany(
                "INSERT OR IGNORE INTO planned (key, plan) VALUES (?, ?)",
                [(row.key, row.plan) for row in taken if row.plan is not None],
            )

    def plans_of(self, keys: Iterable[str]) -> dict[str, str | None]:
        """Those of the runs that are stored, each with the hash of the plan under which it was first made, if any."""
        question = "SELECT runs.key, planned.plan FROM runs LEFT JOIN planned USING (key) WHERE runs.key IN ({})"
        return dict(row for rows in self._asked(question, keys) for row in rows)

    def declare(self, plan: str, text: str, when: str | None = None) -> None:
        """Record a plan by its hash, and when it was declared (now if None); on return it is on the disk."""
        question = "INSERT OR IGNORE INTO plans VALUES (?, ?, coalesce(?, CURRENT_TIMESTAMP))"
        with _explained(self.path):
            self._connection.execute(question, (plan, text, when))

    def plans(self) -> list[tuple[str, str, str]]:
        """Every plan: its hash, its text, and when it was declared."""
        with _explained(self.path):
            return self._connection.execute("SELECT hash, plan, declared FROM plans ORDER BY hash").fetchall()

    def plan(self, plan: str) -> str | None:
        """The text of the plan with that hash, or None."""
        with _explained(self.path):
            found = self._connection.execute("SELECT plan FROM plans WHERE hash = ?", (plan,)).fetchone()
        return None if found is None else str(found[0])

    def copy(self, path: Path) -> None:
        """A consistent copy in a new file, complete without a write-ahead log beside it."""
        with _explained(path), contextlib.closing(sqlite3.connect(path)) as target:
            self._connection.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")

    def _prepare(self) -> None:
        ask = self._connection.execute
        if self._lock.doubtful:  # SQLite's own lock, and no memory that processes share
            ask("PRAGMA locking_mode = EXCLUSIVE")
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


class _Lock:
    """A lock held while the store is open; released by the system if the process dies.

    The file that carries it says who holds it. ``doubtful``: the file system has no such locks (``missing``), or gave
    this one although the file names another process that may be alive.
    """

    def __init__(self, path: Path) -> None:
        self._signed = False
        try:
            self._handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreError(f"cannot write beside {path}: {error.strerror}") from None
        self.holder = os.read(self._handle, 200).decode("utf-8", "replace").strip()
        try:
            import fcntl

            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (ImportError, OSError) as error:
            if isinstance(error, OSError) and error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                os.close(self._handle)
                who = f" ({self.holder})" if self.holder else ""
                raise StoreError(
                    f"{path} is in use by another factbound{who}; wait for it, or use another --output"
                ) from None
            self.doubtful, self.missing = True, True
        else:
            self.doubtful, self.missing = _may_live(self.holder), False

    def sign(self) -> None:
        """Say who holds it."""
        self._signed = True
        self._write(f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}\n")

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a disk without room: the lock holds, without a name
            os.ftruncate(self._handle, 0)
            os.pwrite(self._handle, text.encode(), 0) if hasattr(os, "pwrite") else os.write(
                self._handle, text.encode()
            )

    def release(self) -> None:
        """Nobody holds it any more."""
        if self._signed:
            self._write("")
        os.close(self._handle)


def _may_live(holder: str) -> bool:
    """Whether the process that a lock's file names may be alive: it is here, or on another machine."""
    found = re.fullmatch(r"process (\d+) on (.*) since .*", holder)
    if found is None or int(found[1]) == os.getpid():
        return False
    if found[2] != platform.node():
        return True
    try:
        os.kill(int(found[1]), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


_FULL = "no space left to store runs in {path}; stored runs are kept; free some space and run again"
_FAILED = (
    "the disk of {path} fails to read or write ({text}): it may be full, over quota, or unreachable; "
    "stored runs are kept"
)
_TOLD = {
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": _FAILED,
    "SQLITE_READONLY": "cannot write {path}: {text}; use another --output",
    "SQLITE_CANTOPEN": "cannot write {path}: {text}; use another --output",
    "SQLITE_PERM": "cannot write {path}: {text}; use another --output",
    "SQLITE_LOCKED": "{path} is held by another program ({text}); close it there and run again",
    "SQLITE_BUSY": "{path} is held by another program ({text}); close it there and run again",
    "": "{path} is corrupt or not a database of runs ({text}); move it away or use another --output",
}
_LITTLE = 1 << 20
"""Bytes of free space below which a failed write is attributed to a full disk."""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """SQLite's errors as one line that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")  # this module's own errors have none
        told = next(told for beginning, told in _TOLD.items() if name.startswith(beginning))
        if told is _FAILED and _free(path) < _LITTLE:
            told = _FULL
        raise StoreError(told.format(path=path, text=str(error))) from None


def _free(path: Path) -> float:
    """Bytes that are free where the file lies."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return math.inf
