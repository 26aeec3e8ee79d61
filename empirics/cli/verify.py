"""``factbound verify``: run the grid, judge the claims, write and print the answer."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.clock import waited
from empirics.cli.experiment_option import ExperimentName
from empirics.cli.output import (
    INTERRUPTED,
    console,
    print_json,
    tell_removed,
    unwritten,
    with_broken,
    with_unwritten,
    worst,
)
from empirics.cli.root import app
from empirics.cli.training import training
from empirics.errors import UsageError
from empirics.experiments.arms import arms_of
from empirics.experiments.load import load_settings
from empirics.experiments.papers import experiments_of
from empirics.experiments.protocol import Experiment, Plan
from empirics.experiments.registry import experiment as registered
from empirics.experiments.registry import on_facts
from empirics.runs.cluster import check_installed
from empirics.runs.environment import resolved_device
from empirics.runs.pool import available_cores
from empirics.verification.document import write_document
from empirics.verification.plan import PLAN_FILE, asked
from empirics.verification.results import RESULTS, Results, read_earlier
from empirics.verification.size import check_size, size_of
from empirics.verification.verify import Interrupted, exit_status, verify


@app.command("verify")
def verify_command(
    experiment: ExperimentName = None,
    preset: options.Preset = "default",
    config: options.Config = None,
    settings: options.Set = None,
    output: options.Output = Path("results"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    device: options.Device = None,
    facts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Real facts in PopQA's columns, or 'embedded'.")
    ] = None,
    relations: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="With --facts: facts of these relations only.")
    ] = None,
    claims: Annotated[str | None, typer.Option(metavar="ID,ID", help="Judge these claims only.")] = None,
    paper: Annotated[
        str | None, typer.Option(metavar="NAME,NAME|all", help="Judge the claims of these papers, by what tests them.")
    ] = None,
    fresh: options.Fresh = False,
    any_machine: options.AnyMachine = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the plan, its cost and what it could decide at best; write nothing."),
    ] = False,
    mutants: options.Mutants = False,
    strict: options.Strict = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json on standard output.")] = False,
) -> int:
    """Train on a grid of worlds, compare predicted with observed error, print and store the answer.

    Example: factbound verify --preset quick --set world.multiplicity=[1,2,4] --output results
    """
    if relations is not None and facts is None:
        raise UsageError(f"--relations={relations} goes with --facts")
    parts = _parts(experiment, paper, _named("--claims", claims))
    if len(parts) > 1 and (settings or config or facts or as_json):
        several = ", ".join(chosen.name for chosen, _ in parts)
        raise UsageError(f"--paper={paper} asks for {several}: --set, --config, --facts and --json go with one of them")

    def one(chosen: Experiment, judged: list[str] | None, place: Path) -> int:
        found = load_settings(chosen, preset, config, options.with_device(settings, device))
        lines: tuple[str, ...] = ()
        if facts is not None:
            found, lines = on_facts(chosen, found, facts, _named("--relations", relations) or [])
        settled, plan = planned(chosen, found, lines, workers)
        if dry_run:
            return _forecast(chosen, settled, plan, judged, place, as_json=as_json)
        more: dict[str, Any] = {"fresh": fresh, "cluster": cluster, "claims": judged, "any_machine": any_machine}
        return perform(chosen, settled, plan, place, strict=strict, mutants=mutants, as_json=as_json, **more)

    if len(parts) == 1:
        return one(*parts[0], output)
    statuses = []
    for chosen, judged in parts:
        print(f"factbound: {chosen.name}, in {output / chosen.name}", file=sys.stderr)
        statuses.append(one(chosen, judged, output / chosen.name))
        if statuses[-1] == INTERRUPTED:
            break
    if not dry_run:
        from empirics.report.front import write_front

        console().print(f"All papers: {write_front(output)}.", markup=False, soft_wrap=True)
    return worst(*statuses)


def _parts(
    experiment: str | None, paper: str | None, judged: list[str] | None
) -> list[tuple[Experiment, list[str] | None]]:
    """The experiments that are asked for, each with the claims to judge (None: all)."""
    if paper is None:
        return [(registered(experiment), judged)]
    among = None if experiment is None else [registered(experiment)]
    found: list[tuple[Experiment, list[str] | None]] = []
    for chosen, mine in experiments_of(_named("--paper", paper) or [], among):
        kept = mine if judged is None else [one for one in judged if one in mine]
        if kept:
            found.append((chosen, kept))
    if not found:
        raise UsageError(f"--claims={','.join(judged or [])} is refused: none of them is a claim of --paper={paper}")
    return found


def _forecast(
    chosen: Experiment, settled: Any, plan: Plan, judged: list[str] | None, output: Path, *, as_json: bool
) -> int:
    """Print the plan, its cost and what it could decide."""
    asked(chosen, settled, judged)  # what cannot be is refused before anything is timed
    from empirics.cli.dry_run import print_forecast
    from empirics.verification.forecast import forecast

    if not plan.lines:  # the experiment does not tell the time itself
        print("factbound: timing a few runs (Ctrl-C skips this)", file=sys.stderr)
    forecasted = forecast(
        chosen, settled, claims=judged, stored=output / "runs.sqlite", workers=plan.workers, timed=not plan.lines
    )
    if as_json:
        print_json({**forecasted.model_dump(mode="json"), "experiment_plan": dict(plan.document)})
    else:
        print_forecast(forecasted, console())
    return with_broken(forecasted.broken, 0)


def perform(
    experiment: Experiment,
    settled: Any,
    plan: Plan,
    output: Path,
    *,
    strict: bool,
    mutants: bool,
    any_machine: bool = False,
    as_json: bool,
    **more: Any,
) -> int:
    """Run, judge, write, print; the exit status. ``more`` goes to :func:`verify`."""
    from empirics.files import prepare_directory
    from empirics.made import Made
    from empirics.report.earlier import data_of, earlier, remove_outdated, replaced
    from empirics.report.files import RESULT_FILES, write_page

    if more.get("cluster") is not None:
        check_installed()
    _, judged, _ = asked(experiment, settled, more.get("claims"))
    directory = prepare_directory(output, files=(*RESULT_FILES, PLAN_FILE), folders=("plots",))
    made = Made(directory, fresh=more.get("fresh", False))
    before = earlier(read_earlier, directory / RESULTS)
    if line := replaced(before, [item.id for item in judged], directory / RESULTS):
        print(f"factbound: {line}", file=sys.stderr)
    more |= {"experiment": experiment, "workers": plan.workers, "mutants": mutants, "made": made}
    status: int | None = None
    with training(directory, any_machine=any_machine) as (store, progress):
        try:
            results = verify(settled, progress=progress, store=store, **more)
        except Interrupted as stop:
            results, status = stop.results, INTERRUPTED
            print("factbound: interrupted; the same command resumes where it stopped", file=sys.stderr)

    broken: list[str] = []

    def write() -> None:
        if RESULTS not in made.unchanged:
            write_document(results, directory / RESULTS)
            if RESULTS in made.due:
                made.remember(RESULTS, made.due[RESULTS])
        broken.extend(write_page(results, directory, made, plan.workers or available_cores()))
        if before is not None and RESULTS not in made.unchanged:
            tell_removed(remove_outdated(data_of(before), data_of(results), directory / "plots"))

    gc.freeze()  # the results' millions of objects stay: no search for garbage need pass through them
    try:
        reason = unwritten(write)
    finally:
        gc.unfreeze()
    tell(results, None if reason else directory, as_json=as_json, seconds=waited())
    found = exit_status(results, strict=strict, mutants=mutants) if status is None else status
    return with_broken(broken, with_unwritten(reason, found))


def tell(results: Results, directory: Path | None, *, as_json: bool, seconds: float | None = None) -> None:
    """The results on standard output: the tables, and how long the user has waited, or the document."""
    from empirics.report.terminal import print_results

    if as_json:
        print_json(results.model_dump(mode="json"))
    else:
        print_results(results, console(), directory, seconds)


def settled_plan(experiment: Experiment, settings: Any, workers: int | None) -> tuple[Any, Plan]:
    """The settings, settled, and the experiment's own plan (UsageError: this machine cannot hold what they ask for)."""
    options.check_workers(workers)
    device = resolved_device(settings.compute.device)[0]
    settled = experiment.settle(settings, device)
    check_size(size_of(experiment, arms_of(experiment, settled), workers))
    return settled, experiment.plan(settled, device, workers, available_cores())


def planned(experiment: Experiment, settings: Any, lines: Sequence[str], workers: int | None) -> tuple[Any, Plan]:
    """The same; the experiment's own plan is told on standard error after some lines."""
    settled, plan = settled_plan(experiment, settings, workers)
    for line in (*lines, *plan.lines):
        print(f"factbound: {line}", file=sys.stderr)
    return settled, plan


def _named(option: str, text: str | None) -> list[str] | None:
    """The names in ``NAME,NAME``, each once."""
    found = None if text is None else [part for part in dict.fromkeys(map(str.strip, text.split(","))) if part]
    if found == []:
        raise UsageError(f"{option}={text} is refused: it names nothing; allowed are names, separated by commas")
    return found
