"""Where the runs of each arm come from: the store, or else the workers, and then into the store.

Equal keys identify equal results, bit for bit, on one kind of machine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from empirics.experiments import protocol
from empirics.experiments.arms import Arm
from empirics.experiments.protocol import Experiment, Point, UnitRun
from empirics.experiments.settings import ExperimentSettings
from empirics.files import hash_of
from empirics.judging.outcome import ClaimOutcome
from empirics.runs.environment import resolved_device
from empirics.runs.outlook import Outlook
from empirics.runs.pool import Task, run_together, split
from empirics.runs.store import Store

_version = lru_cache(version)

ArmUnit = tuple[str, Point]
"""A unit in one arm of the experiment."""

RunPlace = tuple[str, Point, int]
"""A seed of such a unit."""


@dataclass
class Progress:
    """What is told while runs come in; every callback may be replaced.

    ``left`` is told in how many seconds those planned should be there.
    """

    found: Callable[[int], None] = lambda runs: None
    planned: Callable[[int], None] = lambda more: None
    advanced: Callable[[Task, Sequence[UnitRun]], None] = lambda task, runs: None
    left: Callable[[float], None] = lambda seconds: None
    judged: Callable[[Sequence[ClaimOutcome]], None] = lambda outcomes: None
    told: Callable[[str], None] = lambda line: None


def wanted(experiment: Experiment, arms: Sequence[Arm], first: int, last: int) -> dict[ArmUnit, range]:
    """Every unit of every arm with the seeds from ``first`` to ``last`` - 1."""
    return {(arm.name, unit): range(first, last) for arm in arms for unit in experiment.units(arm.settings)}


def run_key(experiment: Experiment, settings: ExperimentSettings, unit: Point, seed: int) -> str:
    """The key of one run: settings (without seeds, verdicts, and axes that it does not touch), sources, versions."""
    return _key(_common(experiment, settings), unit, seed)


def _key(common: tuple[str, str], unit: Point, seed: int) -> str:
    """The hash of the JSON object, with sorted keys, of what the runs of an arm have in common, seed and unit."""
    before, between = common
    return hashlib.sha256(f"{before}{seed}{between}{json.dumps(unit.values)}}}".encode()).hexdigest()


def _common(experiment: Experiment, settings: ExperimentSettings) -> tuple[str, str]:
    """What the keys of an arm's runs have in common: the text before the seed, and that between it and the unit."""
    parts = {
        "code": code_of(experiment),
        "device": resolved_device(settings.compute.device),
        "experiment": experiment.name,
        "libraries": {name: _version(name) for name in experiment.libraries},
    }
    deciding = json.dumps(experiment.deciding(settings), sort_keys=True)
    return f'{json.dumps(parts, sort_keys=True)[:-1]}, "seed": ', f', "settings": {deciding}, "unit": '


def code_of(experiment: Experiment) -> str:
    """Hash of all files that decide a result: the experiment's folder or file, its further sources, the protocol."""
    return _code(experiment.folder, experiment.aside, experiment.sources)


@lru_cache(maxsize=16)
def _code(folder: Path, aside: tuple[str, ...], sources: tuple[Path, ...]) -> str:
    places = (folder, *sources, Path(protocol.__file__))
    return hash_of(found for place in places for found in _files(place, aside if place == folder else ()))


def _files(place: Path, aside: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    if not place.is_dir():
        yield place.name, place
        return
    for file in sorted(place.rglob("*")):
        name = file.relative_to(place)
        compiled = "__pycache__" in name.parts or file.suffix == ".pyc"
        if file.is_file() and not compiled and not {name.parts[0], name.as_posix()} & set(aside):
            yield name.as_posix(), file


def keys_of(
    experiment: Experiment, arms: Sequence[Arm], wanted: Mapping[ArmUnit, Sequence[int]]
) -> dict[RunPlace, str]:
    """The key of each run, by arm, unit and seed."""
    common = {arm.name: _common(experiment, arm.settings) for arm in arms}
    return {
        (variant, unit, seed): _key(common[variant], unit, seed)
        for (variant, unit), seeds in wanted.items()
        for seed in seeds
    }


@dataclass(frozen=True)
class RunSource:
    """Gives runs, wherever they come from.

    ``workers`` are processes. In ``store`` runs are kept, and found unless ``fresh``. ``cluster`` is the address of a
    dask scheduler in place of local processes, ``plan`` the hash of the plan under which runs are made.
    """

    experiment: Experiment
    arms: Sequence[Arm]
    workers: int
    progress: Progress
    store: Store | None = None
    fresh: bool = False
    cluster: str | None = None
    plan: str | None = None

    def __post_init__(self) -> None:
        """Load torch, which results name: what Ctrl-C leaves half loaded cannot be loaded again."""
        import torch  # noqa: F401

    def runs(self, *looks: Mapping[ArmUnit, Sequence[int]]) -> Generator[tuple[str, list[UnitRun]], None, None]:
        """The runs of each arm at its seeds: those found first, then those computed, as they finish.

        Those of an earlier look are begun before those of a later one. In other processes they go on while the caller
        thinks; whoever needs no more closes the iterator.

        Raises:
            empirics.runs.store.StoreError: a run could not be stored; what was stored is kept.
        """
        settings = {arm.name: arm.settings for arm in self.arms}
        keys = {place: key for look in looks for place, key in keys_of(self.experiment, self.arms, look).items()}
        stored: set[str] = set()
        if self.store is not None and not self.fresh:
            variants: dict[str, list[str]] = {}
            for (variant, _, _), key in keys.items():
                variants.setdefault(key, []).append(variant)
            for batch in self.store.stream(variants):
                stored.update(batch)
                found: dict[str, list[UnitRun]] = {}
                for key, run in batch.items():
                    for variant in variants[key]:
                        found.setdefault(variant, []).append(run)
                for variant, some in found.items():
                    self.progress.found(len(some))
                    yield variant, some
        tasks: list[Task] = []
        planned: list[int] = []
        costs: list[float] = []
        for rank, look in enumerate(looks):
            before = len(tasks)
            for (variant, unit), seeds in look.items():
                missing = [s for s in seeds if keys[variant, unit, s] not in stored]
                tasks += split(self.experiment, variant, settings[variant], unit, missing, rank)
            planned.append(sum(len(task.seeds) for task in tasks[before:]))
            costs.append(sum(task.cost for task in tasks[before:]))
        rank = 0
        self.progress.planned(planned[0])
        outlook = Outlook(costs[0], 2 * self.workers)
        for together in run_together(tasks, self.workers, self.cluster) if tasks else ():
            if self.store is not None:
                entries = {keys[task.variant, r.unit, r.seed]: r for task, runs in together for r in runs if not r.lost}
                self.store.add(entries, self.plan)
            if (left := outlook.after(sum(task.cost for task, _ in together))) is not None:
                self.progress.left(left)
            for task, finished in together:
                while task.rank > rank:
                    rank += 1
                    self.progress.planned(planned[rank])
                    outlook.more(costs[rank])
                self.progress.advanced(task, finished)
                yield task.variant, finished
