"""``factbound map``: the map of regimes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from empirics.cli.output import console, print_json
from empirics.cli.root import app
from empirics.cli.verify import tell_found, training_progress
from empirics.errors import UsageError

__all__ = ["map_command"]


@app.command("map")
def map_command(
    preset: Annotated[str, typer.Option(help="quick or default.")] = "default",
    config: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="Configuration over the preset.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.subjects=100.")
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="KEY=[VALUE,...]", help="Vary this, in place of the preset's variations."),
    ] = None,
    success: Annotated[float, typer.Option(help="Extraction succeeds at a mean OOD error up to this.")] = 0.3,
    failure: Annotated[float, typer.Option(help="It fails from this on.")] = 0.7,
    resamples: Annotated[int, typer.Option(metavar="N", help="Bootstrap samples of seeds behind limits.")] = 100,
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")] = Path("results/map"),
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes; one per core if not given.")] = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="A dask scheduler whose workers run the models.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute again what runs.sqlite holds.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print map.json on standard output.")] = False,
) -> int:
    """Map where extraction succeeds and fails, the law of its error, and how well single facts are foretold.

    Example: factbound map --preset quick --vary model.width=[16,128] --output results/map
    """
    from empirics.files import prepare_directory
    from empirics.regimes.analysis import analyse
    from empirics.regimes.collect import collect
    from empirics.regimes.plan import VARIATIONS, load_map_config, map_arms, parse_variation
    from empirics.regimes.regime import Thresholds
    from empirics.report.map_files import MAP_FILES, print_map, write_map_files
    from empirics.runs.store import Store

    chosen = load_map_config(preset, config, settings or [])
    variations = VARIATIONS[preset] if vary is None else [parse_variation(text) for text in vary]
    arms = map_arms(chosen, variations)
    thresholds = Thresholds(success, failure)
    if workers is not None and workers < 1:
        raise UsageError(f"--workers={workers} is refused: allowed is an integer >= 1")
    if not 20 <= resamples <= 10**5:
        raise UsageError(f"--resamples={resamples} is refused: allowed is an integer from 20 to 100000")
    directory = prepare_directory(output, files=MAP_FILES, folders=("plots",))
    start = time.monotonic()
    found: list[int] = []
    with Store(directory / "runs.sqlite") as store, training_progress(found) as progress:
        runs, complete = collect(arms, workers=workers, progress=progress, store=store, fresh=fresh, cluster=cluster)
    document = analyse(
        chosen,
        arms,
        variations,
        runs,
        thresholds,
        complete=complete,
        wall_seconds=time.monotonic() - start,
        resamples=resamples,
    )
    write_map_files(document, directory)
    tell_found(found, directory)
    if as_json:
        print_json(document.model_dump(mode="json"))
    else:
        print_map(document, console(), directory)
    return 0 if complete else 130
