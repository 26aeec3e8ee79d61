"""``factbound lm run|plan|report``: the same questions on language models and real facts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empirics.cli.app import app
from empirics.cli.output import console, print_json
from empirics.errors import UsageError
from empirics.experiments.language_models.extra import require_extra
from empirics.experiments.language_models.config import LMConfig, load_lm_config

if TYPE_CHECKING:
    from empirics.experiments.language_models.plan import LMPlan

__all__ = ["lm_app", "plan_command", "report_command", "run_command"]

lm_app = typer.Typer(
    name="lm",
    help="Language models on real facts: GPT-2, Llama, or any causal model of transformers.\n\n"
    "Example: factbound lm plan",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(lm_app)

ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE.toml", help="Over the defaults.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.multiplicity=[1,4].")
]
WorkersOption = Annotated[int | None, typer.Option(metavar="N", help="Processes; one per core if not given.")]
DeviceOption = Annotated[str | None, typer.Option(metavar="cpu|cuda|auto", help="Where to train.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@lm_app.command("plan")
def plan_command(
    config: ConfigOption = None,
    settings: SetOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What 'lm run' would do: facts, models, and the time it takes, from a few steps timed here.

    Example: factbound lm plan --set facts.source=popqa.tsv --set facts.number=300
    """
    plan = _plan(_config(config, settings, device), workers)
    if as_json:
        print_json(_document(plan))
        return
    out = console()
    for line in _lines(plan):
        out.print(line, markup=False, soft_wrap=True)


@lm_app.command("run")
def run_command(
    config: ConfigOption = None,
    settings: SetOption = None,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")] = Path("results-lm"),
    workers: WorkersOption = None,
    device: DeviceOption = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what runs.sqlite holds.")] = False,
    mutants: Annotated[bool, typer.Option("--mutants", help="Refute near misses too; exit 0 if all are.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if something required is undecided.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Train language models on statements, fine-tune them on questions, score held-out facts, judge the trends.

    Example: factbound lm run --set model.architecture=llama --output results-llama
    """
    from empirics.files import prepare_directory
    from empirics.report.files import RESULT_FILES, write_all

    chosen = _config(config, settings, device)
    plan = _plan(chosen, workers)
    for line in _lines(plan):
        print(f"factbound: {line}", file=sys.stderr)

    from empirics.cli.verify import show, training_progress
    from empirics.experiments.language_models.plan import run_language_models
    from empirics.runs.store import Store
    from empirics.verification.verify import Interrupted, exit_status

    directory = prepare_directory(output, files=RESULT_FILES, folders=("plots",))
    interrupted = False
    found: list[int] = []
    with Store(directory / "runs.sqlite") as store, training_progress(found) as progress:
        try:
            results = run_language_models(plan, store=store, progress=progress, fresh=fresh, mutants=mutants)
        except Interrupted as stop:
            results, interrupted = stop.results, True
    write_all(results, directory)
    show(results, directory, found, as_json=as_json)
    return 130 if interrupted else exit_status(results, strict=strict, mutants=mutants)


@lm_app.command("report")
def report_command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of 'factbound lm run'.")],
    as_json: JsonOption = False,
) -> None:
    """Write report.html, cells.csv and the plots again from results.json, and print the tables; nothing is trained.

    Example: factbound lm report results-lm
    """
    from empirics.cli.plot import read_directory
    from empirics.files import prepare_directory
    from empirics.report.files import RESULT_FILES, write_page
    from empirics.experiments.language_models.report import is_language_models
    from empirics.report.terminal import print_results

    results = read_directory(directory)
    if not is_language_models(results):
        raise UsageError(f"{directory} holds no results of 'factbound lm run'; 'factbound report' shows others")
    prepare_directory(directory, files=RESULT_FILES, folders=("plots",))
    write_page(results, directory)
    if as_json:
        print_json(results.model_dump(mode="json"))
    else:
        print_results(results, console(), directory)


def _config(file: Path | None, settings: list[str] | None, device: str | None) -> LMConfig:
    return load_lm_config(file, [*(settings or []), *([f"compute.device={device!r}"] if device else [])])


def _plan(config: LMConfig, workers: int | None) -> LMPlan:
    if workers is not None and workers < 1:
        raise UsageError(f"--workers={workers} is refused: allowed is an integer >= 1")
    require_extra()
    from empirics.experiments.language_models.plan import plan_language_models

    return plan_language_models(config, workers)


def _lines(plan: LMPlan) -> list[str]:
    """The plan in words."""
    seeds = plan.config.seeds
    grid = plan.config.world
    least, most = plan.models(seeds.minimum), plan.models(seeds.maximum)
    span = f"{least}" if least == most else f"{least} to {most}"
    timing = plan.timing
    return [
        *plan.selection.lines,
        f"arms: {', '.join(arm.name for arm in plan.arms)}; |R| in {list(grid.templates)}, K in "
        f"{list(grid.multiplicity)}, N_f in {list(grid.finetuned)}; {span} runs on {plan.workers} "
        f"process{'es' if plan.workers > 1 else ''}",
        f"a step on statements takes {timing.pretraining_step * 1000:.0f} ms, on questions "
        f"{timing.finetuning_step * 1000:.0f} ms, a batch of greedy answers {timing.decoding * 1000:.0f} ms here",
        f"estimated time: {_duration(plan.seconds(seeds.minimum))}"
        + ("" if least == most else f", up to {_duration(plan.seconds(seeds.maximum))} if more seeds can decide"),
    ]


def _document(plan: LMPlan) -> dict[str, Any]:
    seeds = plan.config.seeds
    return {
        "facts": {
            "source": plan.selection.source,
            "taking_part": len(plan.selection.facts),
            "available": plan.selection.available,
            "relations": plan.selection.relations,
            "left_out": plan.selection.left_out,
            "read": list(plan.selection.read),
        },
        "arms": [arm.name for arm in plan.arms],
        "grid": plan.config.world.model_dump(mode="json"),
        "runs": {"minimum": plan.models(seeds.minimum), "maximum": plan.models(seeds.maximum)},
        "workers": plan.workers,
        "seconds": {
            "preparing": plan.timing.preparing,
            "pretraining_step": plan.timing.pretraining_step,
            "finetuning_step": plan.timing.finetuning_step,
            "scoring_batch": plan.timing.forward,
            "decoding_batch": plan.timing.decoding,
            "estimate_minimum": plan.seconds(seeds.minimum),
            "estimate_maximum": plan.seconds(seeds.maximum),
        },
    }


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
