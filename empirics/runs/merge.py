"""Stores made on several machines become one.

Rows are read in the order of their keys and written as they come, into a file beside the final one, which it becomes at
the end. What was known of a run's origin stays: its machine, when it was stored, and the plan under which it was first
made. Where stores differ in that plan, the more doubtful origin stays: none, or else the plan that was declared first.
"""

from __future__ import annotations

import heapq
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from empirics.errors import UsageError
from empirics.runs.rows import Row
from empirics.runs.store import Store
from theory.plural import counted

_BATCH = 500

Sourced = tuple[Row, Path]
"""A row, and the file it is from."""


@dataclass
class Merged:
    """What became of stores.

    Attributes:
        read: their rows.
        damaged: those of them that are not as they were written, in words; they are set aside in the joined store.
        written: rows of the joined store.
        repeated: rows that were written once already.
        conflicts: runs of which two stores hold different results, in words.
        machines: the kinds of machines in the joined store.
    """

    read: dict[Path, int]
    damaged: dict[Path, list[str]]
    written: int = 0
    repeated: int = 0
    conflicts: list[str] = field(default_factory=list)
    machines: set[str] = field(default_factory=set)


def merge(sources: Sequence[Path], output: Path, advanced: Callable[[int], object] = lambda rows: None) -> Merged:
    """Join stores into a new file; ``advanced`` is told how many more rows are written.

    Raises:
        StoreError: a store cannot be read, or is in use; or the new one cannot be written.
        UsageError: the new file is there already, or two stores hold different results of one run on one kind of
            machine. Nothing is written then.
    """
    _refuse_existing(output)
    with ExitStack() as stack:
        for path in sources:
            if path.stat().st_size == 0:
                raise UsageError(f"{path} is empty: no store of runs")
        stores = [stack.enter_context(Store(path)) for path in sources]
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=output.parent, prefix=".merge."))
        merged = Merged(dict.fromkeys(sources, 0), {path: [] for path in sources})
        with Store(Path(folder) / output.name) as joined:
            _join(stores, joined, merged, advanced)
        if merged.conflicts:
            others = len(merged.conflicts) - 1
            more = f" (and {counted(others, 'such run')} more)" if others else ""
            choice = "leave out one of the stores, or make its runs again (--fresh)"
            raise UsageError(f"{merged.conflicts[0]}{more}; nothing is written: {choice}")
        _refuse_existing(output)
        try:
            os.link(joined.path, output)  # fails if another program has made one meanwhile
        except FileExistsError:
            _refuse_existing(output)
        except OSError:  # no links on this file system
            os.replace(joined.path, output)
    return merged


def _refuse_existing(output: Path) -> None:
    """Neither a store may be there nor what SQLite left beside one, which it would play into the new one."""
    for path in (output, *(output.with_name(output.name + ending) for ending in ("-wal", "-shm"))):
        if path.exists():
            raise UsageError(f"{path} is there already; allowed is a directory without runs.sqlite")


def _join(stores: Sequence[Store], joined: Store, merged: Merged, advanced: Callable[[int], object]) -> None:
    declared: dict[str, str] = {}
    for plan, text, when in sorted((plan for store in stores for plan in store.plans()), key=lambda plan: plan[2]):
        if plan not in declared:
            joined.declare(plan, text, when)
            declared[plan] = when
    batch: list[Row] = []
    everything = heapq.merge(*map(_sourced, stores), key=_key)
    for _, group in groupby(everything, key=_key):
        found = list(group)
        for row, path in found:
            merged.read[path] += not row.aside
        batch += _settled(found, declared, merged)
        if len(batch) >= _BATCH:
            joined.take(batch)
            advanced(len(batch))
            batch = []
    joined.take(batch)
    advanced(len(batch))


def _sourced(store: Store) -> Iterator[Sourced]:
    return ((row, store.path) for row in store.rows())


def _key(sourced: Sourced) -> str:
    return str(sourced[0].key)


def _settled(found: Sequence[Sourced], declared: Mapping[str, str], merged: Merged) -> list[Row]:
    """The rows of one key as they stand in the joined store."""
    plans = {row.plan for row, _ in found}
    plan = min((p for p in plans if p is not None), key=lambda p: (declared.get(p, ""), p), default=None)
    origin = None if None in plans else plan
    kept: dict[str, Sourced] = {}
    aside: dict[Row, None] = {}
    for row, path in found:
        if not row.sound:
            aside[row._replace(plan=origin, aside=True)] = None
            if not row.aside:
                merged.damaged[path].append(f"{row.unit}, seed {row.seed}")
            continue
        merged.repeated += row.machine in kept
        other, place = kept.setdefault(row.machine, (row, path))
        if row[2:5] != other[2:5]:
            differ = f"{place} and {path} hold different results, both made on {row.machine}"
            merged.conflicts.append(f"{row.unit}, seed {row.seed}: {differ}")
        elif str(row.stored) < str(other.stored):
            kept[row.machine] = row, path
    merged.written += len(kept)
    merged.machines.update(kept)
    return [*(row._replace(plan=origin) for row, _ in kept.values()), *aside]
