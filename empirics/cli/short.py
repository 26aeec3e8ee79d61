"""``factbound NAME run|plan|report``: the short form for an experiment that declares a command of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli import options
from empirics.cli.output import console, print_json, with_broken
from empirics.cli.root import Commands, app, without_command
from empirics.cli.verify import perform, planned, settled_plan, tell
from empirics.errors import UsageError
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiments

Overriding = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="TOML file that overrides the defaults.")
]
SetOne = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.multiplicity=[1,4].")
]


def attach(experiment: Experiment) -> None:
    """Add the experiment's short command: ``run`` is ``verify --experiment``, ``plan`` says what it would do."""
    name, command = experiment.name, experiment.command
    example = f"\n\nExample: factbound {command} "
    group = typer.Typer(
        help=f"The experiment {name}: {experiment.title}.{example}plan",
        rich_markup_mode=None,
        cls=Commands,
    )

    group.callback(invoke_without_command=True)(without_command)

    @group.command("plan", help=f"Show what '{command} run' would do, and its time from a few steps.{example}plan")
    def plan_command(
        preset: options.Preset = "default",
        config: Overriding = None,
        settings: SetOne = None,
        workers: options.Workers = None,
        device: options.Device = None,
        as_json: options.Json = False,
    ) -> None:
        chosen = load_settings(experiment, preset, config, options.with_device(settings, device))
        _, found = settled_plan(experiment, chosen, workers)
        if as_json:
            print_json(dict(found.document))
            return
        for line in found.lines:
            console().print(line, markup=False, soft_wrap=True)

    @group.command("run", help=f"Short for 'factbound verify --experiment {name}'.{example}run")
    def run_command(
        preset: options.Preset = "default",
        config: Overriding = None,
        settings: SetOne = None,
        output: options.Output = Path(f"results-{command}"),
        workers: options.Workers = None,
        device: options.Device = None,
        fresh: options.Fresh = False,
        any_machine: options.AnyMachine = False,
        mutants: options.Mutants = False,
        strict: options.Strict = False,
        as_json: options.Json = False,
    ) -> int:
        chosen = load_settings(experiment, preset, config, options.with_device(settings, device))
        settled, plan = planned(experiment, chosen, (), workers)
        more = {"strict": strict, "mutants": mutants, "as_json": as_json, "fresh": fresh}
        return perform(experiment, settled, plan, output, any_machine=any_machine, **more)

    @group.command(
        "report",
        help="Write report.html, cells.csv and the plots again from results.json, and print the tables; nothing is "
        f"trained.{example}report results-{command}",
    )
    def report_command(
        directory: Annotated[Path, typer.Argument(metavar="DIR", help="Results of this experiment.")],
        as_json: options.Json = False,
    ) -> int:
        from empirics.report.files import read_directory, write_page

        results = read_directory(directory)
        if results.experiment.name != name:
            raise UsageError(
                f"{directory} holds results of {results.experiment.name}, not of {name}; 'factbound report' shows any"
            )
        broken = write_page(results, directory)
        tell(results, directory, as_json=as_json)
        return with_broken(broken, 0)

    app.add_typer(group, name=command)


for _experiment in experiments().values():
    if _experiment.command in {*(c.name for c in app.registered_commands), *(g.name for g in app.registered_groups)}:
        print(
            f"factbound: the command {_experiment.command} of the experiment {_experiment.name} is refused: the name "
            f"is taken; --experiment {_experiment.name} runs it",
            file=sys.stderr,
        )
    elif _experiment.command:
        attach(_experiment)
