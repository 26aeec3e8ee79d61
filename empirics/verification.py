"""Orchestration: a configuration in, results out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from empirics.adaptive import Arm, seeds_wanted
from empirics.assembly import Runs, assemble, tables_of
from empirics.config import Config
from empirics.experiment import UnitRun, units
from empirics.judging.judge import judge_claim
from empirics.judging.mutants import judge_mutants, mutated_claims
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.table import MAIN
from empirics.results import Results
from empirics.sweep import Task, available_cores, run_tasks, split
from theory import Claim, all_claims, claim

__all__ = ["Interrupted", "Progress", "exit_status", "verify"]


class Interrupted(Exception):
    """The user stopped the verification; ``results`` hold what was finished."""

    def __init__(self, results: Results) -> None:
        super().__init__("interrupted")
        self.results = results


@dataclass
class Progress:
    """What is told while runs come in; every callback may be replaced."""

    planned: Callable[[int], None] = lambda more: None
    advanced: Callable[[Task, Sequence[UnitRun]], None] = lambda task, runs: None


def verify(
    config: Config | None = None,
    *,
    claims: Sequence[str] | None = None,
    workers: int | None = None,
    mutants: bool = False,
    progress: Progress | None = None,
) -> Results:
    """Run the configured grid and judge every claim on it.

    Every unit gets ``seeds.minimum`` seeds, then more in rounds, up to
    ``seeds.maximum``, where that can still decide a verdict.

    Args:
        config: the configuration; the default preset if None.
        claims: ids of the claims to judge; all if None.
        workers: processes; one per available core if None.
        mutants: judge the claims' mutants too, and draw seeds for them.
        progress: told as runs come in.

    Raises:
        theory.UnknownClaimError: an id in ``claims`` is not registered.
        Interrupted: Ctrl-C; carries the results of what was finished.
    """
    config = config or Config()
    progress = progress or Progress()
    chosen = all_claims() if claims is None else tuple(claim(identifier) for identifier in claims)
    start = time.monotonic()
    runs = Runs()
    interrupted = False
    try:
        _run_adaptively(config, runs, chosen, workers or available_cores(), progress, mutants=mutants)
    except KeyboardInterrupt:
        interrupted = True
    tables = tables_of(config, runs)
    results = assemble(
        config,
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

    With ``mutants``: 0 if every mutant is refuted, else 1.
    """
    if mutants:
        return 1 if any(m.refuted is False for c in results.claims for m in c.mutants) else 0
    required = {c.verdict for c in results.claims if c.required}
    if Verdict.VIOLATED in required:
        return 1
    return 3 if strict and Verdict.UNDECIDED in required else 0


def _run_adaptively(
    config: Config, runs: Runs, claims: Sequence[Claim], workers: int, progress: Progress, *, mutants: bool
) -> None:
    current: dict[Arm, int] = {(MAIN, unit): 0 for unit in units(config)}
    wanted = dict.fromkeys(current, config.seeds.minimum)
    while wanted:
        tasks = []
        for (variant, unit), count in wanted.items():
            first = config.seeds.base + current[variant, unit]
            tasks += split("one-layer", variant, config, [unit], range(first, config.seeds.base + count))
        progress.planned(sum(len(task.seeds) for task in tasks))
        for task, finished in run_tasks(tasks, workers):
            runs.add(task.variant, finished)
            progress.advanced(task, finished)
        current |= wanted
        tables = tables_of(config, runs)
        outcomes: list[ClaimOutcome] = [judge_claim(item, tables, config.verdict) for item in claims]
        if mutants:
            outcomes += [judge_claim(mutated, tables, config.verdict) for _, _, mutated in mutated_claims(claims)]
        wanted = seeds_wanted(outcomes, tables, current, config.seeds)
