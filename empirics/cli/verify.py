"""``factbound verify``: run the grid, judge the claims, write and print the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from empirics.cli.output import console, print_json
from empirics.cli.progress import tell_found, training_progress
from empirics.cli.root import app
from empirics.errors import UsageError
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment, Plan
from empirics.experiments.registry import experiment as registered
from empirics.experiments.registry import experiments, on_facts
from empirics.runs.environment import resolved_device
from empirics.runs.pool import available_cores
from empirics.runs.store import Store
from empirics.verification.assembly import DEFECT
from empirics.verification.plan import PLAN_FILE
from empirics.verification.verify import Interrupted, exit_status, verify

__all__ = ["foresee", "perform", "verify_command"]


@app.command("verify")
def verify_command(
    experiment: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"What to run, one of: {', '.join(experiments())}.")
    ] = None,
    preset: Annotated[str, typer.Option(help="A preset of the experiment.")] = "default",
    config: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Configuration over the preset.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.subjects=100.")
    ] = None,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")] = Path("results"),
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes; one per core if not given.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A dask scheduler whose workers run the models.")
    ] = None,
    device: Annotated[str | None, typer.Option(metavar="cpu|cuda|auto", help="Where to train.")] = None,
    facts: Annotated[
        str | None, typer.Option(metavar="FILE", help="Real facts in PopQA's columns, or 'embedded'.")
    ] = None,
    relations: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="With --facts: facts of these relations only.")
    ] = None,
    claims: Annotated[str | None, typer.Option(metavar="ID,ID", help="Judge these claims only.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ignore stored runs; train again.")] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Print the plan, its cost and what it could decide at best; write nothing."),
    ] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Also test mutants; exit 0 only if all are refuted.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if something required is undecided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json on standard output.")] = False,
) -> int:
    """Train on a grid of worlds, compare predicted with observed error, print and store the answer.

    Example: factbound verify --preset quick --set world.multiplicity=[1,2,4] --output results
    """
    chosen = registered(experiment)
    found = load_settings(chosen, preset, config, with_device(settings, device))
    lines: tuple[str, ...] = ()
    if relations is not None and facts is None:
        raise UsageError(f"--relations={relations} goes with --facts")
    if facts is not None:
        found, lines = on_facts(chosen, found, facts, named(relations))
    judged = None if claims is None else named(claims)
    if dry_run:
        return foresee(chosen, found, lines, output, workers, claims=judged, as_json=as_json)
    return perform(
        chosen,
        found,
        lines,
        output,
        workers,
        cluster=cluster,
        claims=judged,
        fresh=fresh,
        mutants=mutants,
        strict=strict,
        as_json=as_json,
    )


def perform(
    experiment: Experiment,
    settings: Any,
    lines: tuple[str, ...],
    output: Path,
    workers: int | None,
    *,
    strict: bool,
    mutants: bool,
    as_json: bool,
    **options: Any,
) -> int:
    """Plan, run, judge, write, print; the exit status."""
    from empirics.files import prepare_directory
    from empirics.report.files import RESULT_FILES, write_all

    settled, plan = _planned(experiment, settings, lines, workers)
    directory = prepare_directory(output, files=(*RESULT_FILES, PLAN_FILE), folders=("plots",))
    found: list[int] = []
    status: int | None = None
    with Store(directory / "runs.sqlite") as store, training_progress(found) as progress:
        try:
            results = verify(
                settled,
                experiment=experiment,
                workers=plan.workers,
                mutants=mutants,
                progress=progress,
                store=store,
                **options,
            )
        except Interrupted as stop:
            results, status = stop.results, 130
    for note in results.shown.notes:
        if note.startswith(DEFECT):
            print(f"factbound: {note}", file=sys.stderr)
    write_all(results, directory)
    tell_found(found, directory)
    if as_json:
        print_json(results.model_dump(mode="json"))
    else:
        from empirics.report.terminal import print_results

        print_results(results, console(), directory)
    return exit_status(results, strict=strict, mutants=mutants) if status is None else status


def foresee(
    experiment: Experiment,
    settings: Any,
    lines: tuple[str, ...],
    output: Path,
    workers: int | None,
    *,
    claims: list[str] | None,
    as_json: bool,
) -> int:
    """Tell what would be run and what it could decide; write nothing."""
    from empirics.cli.dry_run import print_forecast
    from empirics.verification.forecast import forecast

    settled, plan = _planned(experiment, settings, lines, workers)
    if not plan.lines:  # the experiment does not tell the time itself
        print("factbound: timing the cheapest run (Ctrl-C goes on without)", file=sys.stderr)
    found = forecast(
        experiment,
        settled,
        claims=claims,
        stored=output / "runs.sqlite",
        workers=plan.workers,
        timed=not plan.lines,
    )
    if as_json:
        print_json({**found.model_dump(mode="json"), "experiment_plan": dict(plan.document)})
    else:
        print_forecast(found, console())
    return 0


def _planned(experiment: Experiment, settings: Any, lines: tuple[str, ...], workers: int | None) -> tuple[Any, Plan]:
    """The settings, settled, and the experiment's own plan, which is told."""
    check_workers(workers)
    device = resolved_device(settings.compute.device)[0]
    settled = experiment.settle(settings, device)
    plan = experiment.plan(settled, device, workers, available_cores())
    for line in (*lines, *plan.lines):
        print(f"factbound: {line}", file=sys.stderr)
    return settled, plan


def with_device(settings: list[str] | None, device: str | None) -> list[str]:
    """Single settings, with that of ``--device``."""
    return [*(settings or []), *([f"compute.device={device!r}"] if device else [])]


def check_workers(workers: int | None) -> None:
    """Refuse a number of processes below 1."""
    if workers is not None and workers < 1:
        raise UsageError(f"--workers={workers} is refused: allowed is an integer >= 1")


def named(text: str | None) -> list[str]:
    """The names in ``NAME,NAME``, each once."""
    return [] if text is None else list(dict.fromkeys(part.strip() for part in text.split(",")))
