"""Orchestration: settings in, results out."""

from __future__ import annotations

import itertools
import time
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final, NamedTuple

from empirics.experiments.arms import Arm
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment, UnitRun
from empirics.experiments.registry import experiment_of
from empirics.judging.judge import fault, judge_claim
from empirics.judging.mutants import judge_mutants, mutated_claims
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.table import CellTable
from empirics.made import Made
from empirics.observables.catalogue import observables
from empirics.runs.environment import resolved_device
from empirics.runs.pool import available_cores
from empirics.runs.source import Progress, RunSource, keys_of, wanted
from empirics.runs.store import Store
from empirics.verification.again import inputs_of
from empirics.verification.assembly import Runs, assemble, tables_of
from empirics.verification.document import with_machines
from empirics.verification.plan import asked, declare, plan_of, standing
from empirics.verification.results import RESULTS, BrokenResult, Results, read_results
from empirics.verification.size import check_size, size_of
from theory import Claim
from theory.registry import origin
from theory.spelling import meant

_OPEN: Final = (Verdict.UNDECIDED, Verdict.SUPPORTED)


class Interrupted(Exception):
    """The user stopped the verification; ``results`` hold what was finished."""

    def __init__(self, results: Results) -> None:
        super().__init__("interrupted")
        self.results = results


def verify(
    config: Any = None,
    *,
    experiment: Experiment | str | None = None,
    claims: Sequence[str] | None = None,
    workers: int | None = None,
    mutants: bool = False,
    progress: Progress | None = None,
    store: Store | None = None,
    fresh: bool = False,
    cluster: str | None = None,
    made: Made | None = None,
) -> Results:
    """Run the configured grid and judge every claim that the experiment is about.

    Every unit of every arm gets the same seeds: those of the first of ``seeds.looks``, then those of the next one
    while some verdict is open. The plan is recorded before the first run, in the store and as plan.json beside it.

    Args:
        config: the settings, of the experiment's kind; its default preset if None.
        experiment: the experiment or its name; told by the kind of the settings, else the default one, if None.
        claims: ids of the claims to judge; those of the experiment if None.
        workers: processes; one per available core if None.
        mutants: judge the claims' mutants too, and draw seeds for them.
        progress: told as runs come in.
        store: where finished runs are kept and found again; None keeps them in memory only.
        fresh: do not look runs up in the store (they are still stored).
        cluster: address of a dask scheduler whose workers run the models, in place of local processes.
        made: the record of the store's directory: results.json there is the answer if nothing that decides it changed.

    Raises:
        empirics.runs.store.StoreError: a run could not be stored (disk full); what was stored is kept.
        UsageError: this machine cannot hold what the settings ask for.
        theory.UnknownClaimError: an id in ``claims`` is not registered.
        Interrupted: Ctrl-C; carries the results of what was finished.

    Example:
        >>> from empirics import load_config
        >>> sizes = ["world.templates=[6]", "world.multiplicity=[2]", "world.finetuned=[3]", "arms.run=[]"]
        >>> config = load_config("quick", settings=[*sizes, "pretraining.steps=50", "seeds.looks=[2]"])
        >>> verify(config, claims=["ood-error-literal"], workers=1).claim("ood-error-literal").verdict
        'OUT OF SCOPE'
    """
    trial = experiment_of(experiment, config) if experiment is None or isinstance(experiment, str) else experiment
    settings = load_settings(trial) if config is None else config
    settings = trial.settle(settings, resolved_device(settings.compute.device)[0])
    arms, chosen, without = asked(trial, settings, claims)
    broken = [BrokenResult(what=str(defect.plugin), reason=defect.reason) for defect in without]
    check_size(size_of(trial, arms, workers), None if store is None else store.path.parent)
    start = time.monotonic()
    runs = Runs()
    plan = plan_of(trial, settings, arms, chosen)
    all_runs = wanted(trial, arms, settings.seeds.base, settings.seeds.base + settings.seeds.maximum)
    keys = list(keys_of(trial, arms, all_runs).values())
    stands = standing(plan, store, keys)
    progress = progress or Progress()

    def decided() -> str | None:
        """The hash of all that decides the results, as the store stands now."""
        if store is None or made is None or without:
            return None
        return inputs_of(trial, settings, stands, (c.id for c in chosen), store, keys, mutants=mutants)

    if store is not None:
        declare(plan, store)
        if made and RESULTS in made and (inputs := decided()) and made.stands(RESULTS, inputs):
            progress.found(store.count(keys))
            return read_results(made.directory)
    for defect in without:
        defect.tell()
    _tell_broken(trial, arms, chosen, progress)
    if claims is not None:
        _tell_untested(trial, arms, chosen, progress)
    source = RunSource(trial, arms, workers or available_cores(), progress, store, fresh, cluster, plan.hash)
    interrupted = False
    try:
        judged = _run_looks(source, settings, runs, chosen, mutants=mutants)
    except KeyboardInterrupt:
        interrupted = True
        judged = _judged(source, settings, runs, chosen)
    results = assemble(
        trial,
        settings,
        arms,
        runs,
        judged.tables,
        chosen,
        judged.outcomes[: len(chosen)],
        judge_mutants(chosen, judged.tables, settings.verdict, settings.seeds.looks) if mutants else [],
        time.monotonic() - start,
        plan=stands,
        broken=[*broken, *judged.broken],
        complete=not interrupted,
    )
    if store is not None:
        results = with_machines(results, store.used_elsewhere)
    if interrupted:
        raise Interrupted(results)
    if made is not None and not runs.lost and not results.defects and (inputs := decided()):
        made.due[RESULTS] = inputs
    return results


def _tell_broken(trial: Experiment, arms: Sequence[Arm], chosen: Sequence[Claim], progress: Progress) -> None:
    """Before the first run, which claims of third parties are broken: the user may stop here."""
    theirs = [item for item in chosen if origin(item.id)]
    tables = tables_of(trial, arms, Runs()) if theirs else []
    for item in theirs:
        if item.judged_on not in observables():
            why = f"nothing measures {item.judged_on}; {meant(item.judged_on, observables())}"
            progress.told(f"claim {item.id} cannot be tested: {why}")
        elif why := fault(item, tables):
            progress.told(f"claim {item.id} is BROKEN: {why}; the other claims are judged")


def _tell_untested(trial: Experiment, arms: Sequence[Arm], chosen: Sequence[Claim], progress: Progress) -> None:
    """Before the first run, which of the claims that were asked for no run will test."""
    measured, run = {item.name for item in trial.observables}, {arm.name for arm in arms}
    for item in chosen:
        needed = [item.judged_on, *sorted({name for premise in item.assumptions for name in premise.observables})]
        if missing := [name for name in needed if name not in measured]:
            progress.told(f"claim {item.id} will not be tested: {trial.name} does not measure {', '.join(missing)}")
        elif item.arm not in run:
            progress.told(f"claim {item.id} will not be tested: the arm {item.arm} is not run")


def exit_status(results: Results, *, strict: bool = False, mutants: bool = False) -> int:
    """0; 1 if a required claim is violated; 3 if no claim was tested, or ``strict`` and a required one is not decided.

    A claim that is OUT OF SCOPE was not tested, as one that is NOT TESTED.

    With ``mutants``: 0 if every mutant is refuted, else 1. 70, before all others, if something of the program or of a
    plug-in that was asked for is broken.
    """
    if results.defects:
        return 70
    required = {c.verdict for c in results.claims if c.required}
    missed = any(m.refuted is False for c in results.claims for m in c.mutants)
    if missed if mutants else Verdict.VIOLATED in required:
        return 1
    open_ones = {Verdict.UNDECIDED, Verdict.NOT_TESTED} & required
    return 3 if (results.untested and results.complete) or (strict and not mutants and open_ones) else 0


class _Judged(NamedTuple):
    """What stands after a look: the cells, what the claims come to, and what the experiment failed to give."""

    tables: list[CellTable]
    outcomes: list[ClaimOutcome]
    broken: list[BrokenResult]


def _run_looks(source: RunSource, settings: Any, runs: Runs, claims: Sequence[Claim], *, mutants: bool) -> _Judged:
    """All units up to each look in turn; until every verdict is final. While one look is judged the next is begun.

    Returns:
        the last look's; the outcomes are those of the claims, then of their mutants.
    """
    experiment, arms, seeds = source.experiment, source.arms, settings.seeds
    asked = [*claims, *(mutated for _, _, mutated in mutated_claims(claims) if mutants)]
    looks = [
        wanted(experiment, arms, seeds.base + first, seeds.base + last)
        for first, last in itertools.pairwise((0, *seeds.looks))
    ]
    left = [sum(map(len, look.values())) for look in looks]
    early: list[list[tuple[str, UnitRun]]] = [[] for _ in looks]  # what came before its look
    now = 0
    with closing(source.runs(*looks)) as arriving:
        for variant, finished in itertools.chain([("", [])], arriving):
            for run in finished:
                look = bisect_right(seeds.looks, run.seed - seeds.base)
                left[look] -= 1
                early[look].append((variant, run))
            while True:
                for arm, run in early[now]:
                    runs.add(arm, [run])
                early[now].clear()
                if left[now]:
                    break
                judged = _judged(source, settings, runs, asked)
                source.progress.judged(judged.outcomes)
                now += 1
                if now == len(looks) or not any(o.verdict in _OPEN for o in judged.outcomes):
                    return judged
    raise AssertionError("the source ended before its last look")


def _judged(source: RunSource, settings: Any, runs: Runs, claims: Sequence[Claim]) -> _Judged:
    broken: list[BrokenResult] = []
    tables = tables_of(source.experiment, source.arms, runs, broken)
    outcomes = [judge_claim(item, tables, settings.verdict, looks=settings.seeds.looks) for item in claims]
    return _Judged(tables, outcomes, broken)
