"""``factbound NAME run|plan|report``: the short form for an experiment that declares a command of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.cli.verify import check_workers, perform, with_device
from empirics.errors import UsageError
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiments
from empirics.runs.environment import resolved_device
from empirics.runs.pool import available_cores

__all__ = ["attach"]

ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="TOML file that overrides the defaults.")
]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.multiplicity=[1,4].")
]
PresetOption = Annotated[str, typer.Option(help="A preset of the experiment.")]
WorkersOption = Annotated[int | None, typer.Option(metavar="N", help="Processes; one per core if not given.")]
DeviceOption = Annotated[str | None, typer.Option(metavar="cpu|cuda|auto", help="Where to train.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def attach(experiment: Experiment) -> None:
    """Add the experiment's short command: ``run`` is ``verify --experiment``, ``plan`` says what it would do."""
    group = typer.Typer(
        name=experiment.command,
        help=f"The experiment {experiment.name}: {experiment.title}.\n\n{_example(experiment, 'plan')}",
        rich_markup_mode=None,
        no_args_is_help=True,
    )

    @group.command(
        "plan",
        help=f"What '{experiment.command} run' would do, and the time it takes, from a few steps.\n\n"
        f"{_example(experiment, 'plan')}",
    )
    def plan_command(
        preset: PresetOption = "default",
        config: ConfigOption = None,
        settings: SetOption = None,
        workers: WorkersOption = None,
        device: DeviceOption = None,
        as_json: JsonOption = False,
    ) -> None:
        check_workers(workers)
        chosen = load_settings(experiment, preset, config, with_device(settings, device))
        kind = resolved_device(chosen.compute.device)[0]
        found = experiment.plan(experiment.settle(chosen, kind), kind, workers, available_cores())
        if as_json:
            print_json(dict(found.document))
            return
        for line in found.lines:
            console().print(line, markup=False, soft_wrap=True)

    @group.command(
        "run",
        help=f"Short for 'factbound verify --experiment {experiment.name}'.\n\n{_example(experiment, 'run')}",
    )
    def run_command(
        preset: PresetOption = "default",
        config: ConfigOption = None,
        settings: SetOption = None,
        output: Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")] = Path(
            f"results-{experiment.command}"
        ),
        workers: WorkersOption = None,
        device: DeviceOption = None,
        fresh: Annotated[bool, typer.Option("--fresh", help="Ignore stored runs; train again.")] = False,
        mutants: Annotated[
            bool, typer.Option("--mutants", help="Also test mutants; exit 0 only if all are refuted.")
        ] = False,
        strict: Annotated[bool, typer.Option("--strict", help="Exit 3 if something required is undecided.")] = False,
        as_json: JsonOption = False,
    ) -> int:
        chosen = load_settings(experiment, preset, config, with_device(settings, device))
        return perform(
            experiment, chosen, (), output, workers, strict=strict, mutants=mutants, as_json=as_json, fresh=fresh
        )

    @group.command(
        "report",
        help="Write report.html, cells.csv and the plots again from results.json, and print the tables; nothing is "
        f"trained.\n\n{_example(experiment, f'report results-{experiment.command}')}",
    )
    def report_command(
        directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of this experiment.")],
        as_json: JsonOption = False,
    ) -> None:
        from empirics.report.files import read_directory, write_page
        from empirics.report.terminal import print_results

        results = read_directory(directory)
        if results.experiment.name != experiment.name:
            raise UsageError(
                f"{directory} holds results of {results.experiment.name}, not of {experiment.name}; "
                "'factbound report' shows any"
            )
        write_page(results, directory)
        if as_json:
            print_json(results.model_dump(mode="json"))
        else:
            print_results(results, console(), directory)

    app.add_typer(group)


def _example(experiment: Experiment, words: str) -> str:
    return f"Example: factbound {experiment.command} {words}"


for _experiment in experiments().values():
    if _experiment.command in {*(c.name for c in app.registered_commands), *(g.name for g in app.registered_groups)}:
        print(
            f"factbound: the command {_experiment.command} of the experiment {_experiment.name} is refused: the name "
            f"is taken; --experiment {_experiment.name} runs it",
            file=sys.stderr,
        )
    elif _experiment.command:
        attach(_experiment)
