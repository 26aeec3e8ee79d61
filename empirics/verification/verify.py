"""Orchestration: a configuration in, results out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from empirics.verification.adaptive import Arm as ArmUnit
from empirics.verification.adaptive import seeds_wanted
from empirics.experiments.arms import Arm, arms_of
from empirics.verification.assembly import Runs, assemble, tables_of
from empirics.experiments.one_layer.config import Config
from empirics.experiments.protocol import ExperimentConfig, UnitRun, units
from empirics.judging.judge import judge_claim
from empirics.judging.mutants import judge_mutants, mutated_claims
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.verification.results import Results
from empirics.runs.store import Store, run_key
from empirics.runs.pool import INTERNAL_ERROR, Task, available_cores, run_tasks, split
from theory import Claim, all_claims, claim

__all__ = ["Interrupted", "Progress", "RunSource", "exit_status", "verify"]


class Interrupted(Exception):
    """The user stopped the verification; ``results`` hold what was finished."""

    def __init__(self, results: Results) -> None:
        super().__init__("interrupted")
        self.results = results


@dataclass
class Progress:
    """What is told while runs come in; every callback may be replaced."""

    found: Callable[[int], None] = lambda runs: None
    planned: Callable[[int], None] = lambda more: None
    advanced: Callable[[Task, Sequence[UnitRun]], None] = lambda task, runs: None
    judged: Callable[[Sequence[ClaimOutcome]], None] = lambda outcomes: None


def verify(
    config: ExperimentConfig | None = None,
    *,
    experiment: str = "one-layer",
    arms: Sequence[Arm] | None = None,
    claims: Sequence[str] | None = None,
    workers: int | None = None,
    mutants: bool = False,
    progress: Progress | None = None,
    store: Store | None = None,
    fresh: bool = False,
    cluster: str | None = None,
) -> Results:
    """Run the configured grid and judge every claim on it.

    Every unit gets ``seeds.minimum`` seeds, then more in rounds, up to
    ``seeds.maximum``, where that can still decide a verdict.

    Args:
        config: the configuration, of the experiment's kind; the default preset of the one-layer model if None.
        experiment: its name (:data:`empirics.runs.pool.EXPERIMENTS`).
        arms: the leading arm and its variants; those of the one-layer model's configuration if None.
        claims: ids of the claims to judge; all if None.
        workers: processes; one per available core if None.
        mutants: judge the claims' mutants too, and draw seeds for them.
        progress: told as runs come in.
        store: where finished runs are kept and found again; None keeps them in memory only.
        fresh: do not look runs up in the store (they are still stored).
        cluster: address of a dask scheduler whose workers run the models, in place of local processes.

    Raises:
        empirics.runs.store.StoreError: a run could not be stored (disk full); what was stored is kept.
        theory.UnknownClaimError: an id in ``claims`` is not registered.
        Interrupted: Ctrl-C; carries the results of what was finished.
    """
    config = config or Config()
    chosen = all_claims() if claims is None else tuple(claim(identifier) for identifier in claims)
    if arms is None:
        if not isinstance(config, Config):
            raise TypeError(f"the arms of experiment {experiment!r} are missing")
        arms = arms_of(config) if claims is None else _needed(arms_of(config), chosen)
    progress = progress or Progress()
    start = time.monotonic()
    runs = Runs()
    interrupted = False
    try:
        configs = {arm.name: arm.config for arm in arms}
        source = RunSource(experiment, configs, workers or available_cores(), progress, store, fresh, cluster)
        _run_adaptively(config, arms, runs, chosen, source, mutants=mutants)
    except KeyboardInterrupt:
        interrupted = True
    tables = tables_of(arms, runs)
    results = assemble(
        config,
        arms,
        runs,
        tables,
        chosen,
        [judge_claim(item, tables, config.verdict) for item in chosen],
        judge_mutants(chosen, tables, config.verdict) if mutants else [],
        time.monotonic() - start,
        complete=not interrupted,
    )
    if interrupted:
        raise Interrupted(results)
    return results


def exit_status(results: Results, *, strict: bool = False, mutants: bool = False) -> int:
    """0; 1 if a required claim is violated; 3 if ``strict`` and a required one is undecided.

    With ``mutants``: 0 if every mutant is refuted, else 1. 70, before 0 and 3, if a
    defect of the program ended a run.
    """
    status = _judged_status(results, strict=strict, mutants=mutants)
    broken = any(reason.startswith(INTERNAL_ERROR) for cell in results.cells for reason in cell.failures.values())
    return 70 if broken and status != 1 else status


def _judged_status(results: Results, *, strict: bool, mutants: bool) -> int:
    if mutants:
        return 1 if any(m.refuted is False for c in results.claims for m in c.mutants) else 0
    required = {c.verdict for c in results.claims if c.required}
    if Verdict.VIOLATED in required:
        return 1
    return 3 if strict and Verdict.UNDECIDED in required else 0


@dataclass(frozen=True)
class RunSource:
    """Where the runs of each arm come from: the store, or else the workers, and then into the store.

    Attributes:
        experiment: what runs; its name in :data:`empirics.runs.pool.EXPERIMENTS`.
        configs: the configuration of each arm.
        workers: processes.
        progress: told as runs come in.
        store: where finished runs are found and kept, if anywhere.
        fresh: do not look runs up in the store.
        cluster: address of a dask scheduler in place of local processes.
    """

    experiment: str
    configs: Mapping[str, ExperimentConfig]
    workers: int
    progress: Progress
    store: Store | None
    fresh: bool
    cluster: str | None

    def runs(self, wanted: Mapping[ArmUnit, Sequence[int]]) -> Iterator[tuple[str, list[UnitRun]]]:
        """The runs of each arm at its seeds: those found first, then those computed, as they finish."""
        keys = {
            (arm, seed): run_key(self.experiment, self.configs[arm[0]], arm[1], seed)
            for arm, seeds in wanted.items()
            for seed in seeds
        }
        stored = self.store.find(keys.values()) if self.store is not None and not self.fresh else {}
        tasks: list[Task] = []
        for (variant, unit), seeds in wanted.items():
            found = [stored[k] for s in seeds if (k := keys[(variant, unit), s]) in stored]
            if found:
                self.progress.found(len(found))
                yield variant, found
            missing = [s for s in seeds if keys[(variant, unit), s] not in stored]
            tasks += split(self.experiment, variant, self.configs[variant], unit, missing)
        self.progress.planned(sum(len(task.seeds) for task in tasks))
        for task, finished in run_tasks(tasks, self.workers, self.cluster) if tasks else ():
            if self.store is not None:
                self.store.add({keys[(task.variant, r.unit), r.seed]: r for r in finished if not r.lost})
            self.progress.advanced(task, finished)
            yield task.variant, finished


def _needed(arms: Sequence[Arm], claims: Sequence[Claim]) -> list[Arm]:
    """The arms that the claims speak of or compare with, and the leading arm."""
    asked = {arms[0].name, *(c.variant for c in claims), *(c.reference for c in claims)}
    return [arm for arm in arms if arm.name in asked]


def _run_adaptively(
    config: ExperimentConfig,
    arms: Sequence[Arm],
    runs: Runs,
    claims: Sequence[Claim],
    source: RunSource,
    *,
    mutants: bool,
) -> None:
    current: dict[ArmUnit, int] = {(arm.name, unit): 0 for arm in arms for unit in units(arm.config)}
    wanted = dict.fromkeys(current, config.seeds.minimum)
    base = config.seeds.base
    while wanted:
        for variant, finished in source.runs({a: range(base + current[a], base + n) for a, n in wanted.items()}):
            runs.add(variant, finished)
        current |= wanted
        tables = tables_of(arms, runs)
        outcomes: list[ClaimOutcome] = [judge_claim(item, tables, config.verdict) for item in claims]
        if mutants:
            outcomes += [judge_claim(mutated, tables, config.verdict) for _, _, mutated in mutated_claims(claims)]
        source.progress.judged(outcomes)
        wanted = seeds_wanted(outcomes, tables, current, config.seeds)
