"""``factbound map``: the map of regimes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from empirics.cli import options
from empirics.cli.experiment_option import those_with
from empirics.cli.output import console, print_json, tell_removed, unwritten, with_broken, with_unwritten
from empirics.cli.root import app
from empirics.cli.training import training
from empirics.experiments.registry import experiment as registered

if TYPE_CHECKING:
    from empirics.experiments.map_design import MapDesign, Variation
    from empirics.regimes.regime import Thresholds


@app.command("map")
def map_command(
    experiment: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"What to map, one of: {those_with('map_design')}.")
    ] = None,
    preset: Annotated[str, typer.Option(help="A preset of the map: quick or default.")] = "default",
    config: options.Config = None,
    settings: options.Set = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=[VALUE,...]", help="Vary this setting instead of those of the preset."),
    ] = None,
    success: Annotated[float, typer.Option(help="Mean error at or below which a cell counts as a success.")] = 0.3,
    failure: Annotated[float, typer.Option(help="Mean error at or above which a cell counts as a failure.")] = 0.7,
    resamples: Annotated[int, typer.Option(metavar="N", help="Bootstrap samples of seeds for the limits.")] = 100,
    output: options.Output = Path("results/map"),
    workers: options.Workers = None,
    cluster: options.Cluster = None,
    fresh: options.Fresh = False,
    any_machine: options.AnyMachine = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would run and its cost; write nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print map.json on standard output.")] = False,
) -> int:
    """Map where an experiment succeeds and fails, the law of its error, and how well single items are predicted.

    Example: factbound map --preset quick --vary model.width=[16,128] --output results/map
    """
    from empirics.files import prepare_directory
    from empirics.regimes.document import read_map
    from empirics.regimes.make import check_resamples, load_map_settings, make_map, map_arms, variations_of
    from empirics.regimes.regime import Thresholds
    from empirics.report.earlier import earlier, remove_outdated
    from empirics.report.map_files import MAP_FILES, data_of, print_map, write_map_files
    from empirics.runs.environment import resolved_device
    from empirics.verification.size import check_size, size_of

    design: MapDesign = registered(experiment).map_design()
    chosen = load_map_settings(design, preset, config, settings or [])
    variations = variations_of(design, preset, vary)
    arms = map_arms(design, chosen, variations)
    thresholds = Thresholds(success, failure)
    options.check_workers(workers)
    check_resamples(resamples)
    resolved_device(chosen.compute.device)
    check_size(size_of(design.experiment, arms, workers))  # all of it is refused before anything is written
    if dry_run:
        return _dry_run(design, chosen, variations, thresholds, output, workers, as_json=as_json)
    directory = prepare_directory(output, files=MAP_FILES, folders=("plots",))
    before = earlier(read_map, directory / "map.json")
    with training(directory, any_machine=any_machine) as (store, progress):
        document = make_map(
            design,
            chosen,
            variations,
            thresholds,
            resamples=resamples,
            workers=workers,
            progress=progress,
            store=store,
            fresh=fresh,
            cluster=cluster,
        )

    def write() -> None:
        write_map_files(document, directory)
        if before is not None:
            tell_removed(remove_outdated(data_of(before), data_of(document), directory / "plots"))

    reason = unwritten(write)
    if as_json:
        print_json(document.model_dump(mode="json"))
    else:
        print_map(document, console(), None if reason else directory)
    return with_broken(document.broken, with_unwritten(reason, 0 if document.complete else 130))


def _dry_run(
    design: MapDesign,
    chosen: Any,
    variations: Sequence[Variation],
    thresholds: Thresholds,
    output: Path,
    workers: int | None,
    *,
    as_json: bool,
) -> int:
    from empirics.cli.dry_run import print_map_forecast
    from empirics.regimes.forecast import forecast_map
    from empirics.runs.pool import available_cores

    print("factbound: timing a few runs (Ctrl-C skips this)", file=sys.stderr)
    stored, processes = output / "runs.sqlite", workers or available_cores()
    found = forecast_map(design, chosen, variations, thresholds, stored=stored, workers=processes)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_map_forecast(found, console())
    return with_broken(found.broken, 0)
