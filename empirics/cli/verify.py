"""``factbound verify``: run the grid, judge the claims, write and print the answer."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.app import app
from empirics.cli.output import console, print_json, progress_console
from empirics.experiments.one_layer.config import Config, load_config
from empirics.errors import UsageError
from empirics.judging.outcome import ClaimOutcome, Verdict
from empirics.judging.table import MAIN
from empirics.verification.results import Results
from empirics.runs.store import Store
from empirics.verification.verify import Interrupted, Progress, exit_status, verify

__all__ = ["show", "tell_found", "training_progress", "verify_command"]


@app.command("verify")
def verify_command(
    preset: Annotated[str, typer.Option(help="quick, default or full.")] = "default",
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
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what runs.sqlite holds.")] = False,
    mutants: Annotated[bool, typer.Option("--mutants", help="Refute near misses too; exit 0 if all are.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if something required is undecided.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json on standard output.")] = False,
) -> int:
    """Train on a grid of worlds, compare predicted with observed error, print and store the answer.

    Example: factbound verify --preset quick --set world.multiplicity=[1,2,4] --output results
    """
    from empirics.files import prepare_directory
    from empirics.report.files import RESULT_FILES, write_all

    chosen = load_config(preset, config, [*(settings or []), *([f"compute.device={device!r}"] if device else [])])
    if workers is not None and workers < 1:
        raise UsageError(f"--workers={workers} is refused: allowed is an integer >= 1")
    _check_device(chosen)
    if relations is not None and facts is None:
        raise UsageError(f"--relations={relations} goes with --facts")
    if facts is not None:
        from empirics.experiments.language_models.bridge import on_facts

        named = [name.strip() for name in relations.split(",")] if relations is not None else []
        chosen, selection = on_facts(chosen, facts, named)
        for line in selection.lines:
            print(f"factbound: {line}", file=sys.stderr)
    directory = prepare_directory(output, files=RESULT_FILES, folders=("plots",))
    identifiers = list(dict.fromkeys(c.strip() for c in claims.split(","))) if claims is not None else None
    interrupted = False
    found: list[int] = []
    with Store(directory / "runs.sqlite") as store, training_progress(found) as progress:
        try:
            results = verify(
                chosen,
                claims=identifiers,
                workers=workers,
                mutants=mutants,
                progress=progress,
                store=store,
                fresh=fresh,
                cluster=cluster,
            )
        except Interrupted as stop:
            results, interrupted = stop.results, True
    write_all(results, directory)
    show(results, directory, found, as_json=as_json)
    return 130 if interrupted else exit_status(results, strict=strict, mutants=mutants)


def show(results: Results, directory: Path, found: Sequence[int], *, as_json: bool) -> None:
    """Print results: as one JSON document, or as tables; first, how many of the runs were found in the store."""
    tell_found(found, directory)
    if as_json:
        print_json(results.model_dump(mode="json"))
    else:
        from empirics.report.terminal import print_results

        print_results(results, console(), directory)


def tell_found(found: Sequence[int], directory: Path) -> None:
    """One line on standard error if runs were found in the store."""
    if found:
        print(f"factbound: {sum(found)} finished runs found in {directory / 'runs.sqlite'}", file=sys.stderr)


def _check_device(config: Config) -> None:
    if config.compute.device == "cuda":
        from empirics.experiments.one_layer.run import resolve_device

        resolve_device(config.compute.device)


def _counts(outcomes: Sequence[ClaimOutcome]) -> str:
    """Verdicts so far, as in ``21 HOLDS, 4 UNDECIDED``."""
    counts = Counter(o.verdict for claim in outcomes for o in claim.outcomes)
    shown = (Verdict.VIOLATED, Verdict.HOLDS, Verdict.UNDECIDED)
    return ", ".join(f"{counts[v]} {v.value}" for v in shown if counts[v])


@contextmanager
def training_progress(found: list[int]) -> Iterator[Progress]:
    """A bar on standard error while models are trained; ``found`` gets the numbers of stored runs."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("models"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[verdicts]}"),
        console=progress_console(),
        transient=True,
    ) as bar:
        task = bar.add_task("training", total=None, verdicts="")
        yield Progress(
            found=found.append,
            planned=lambda more: bar.update(task, total=(bar.tasks[0].total or 0) + more),
            judged=lambda outcomes: bar.update(task, verdicts=_counts(outcomes)),
            advanced=lambda work, runs: bar.update(
                task,
                advance=len(runs),
                description=f"training {'' if work.variant == MAIN else work.variant + ' '}"
                f"|R|={work.unit.templates} K={work.unit.multiplicity}",
            ),
        )
