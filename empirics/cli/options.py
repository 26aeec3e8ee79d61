"""The options that several commands share, each with its text in ``--help``, and what they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from empirics.errors import UsageError

AnyMachine = Annotated[
    bool, typer.Option("--any-machine", help="Use stored runs of other kinds of machines too (last bits may differ).")
]
ClaimId = Annotated[str, typer.Argument(metavar="ID", help="A claim, as listed by 'factbound claims'.")]
Cluster = Annotated[str | None, typer.Option(metavar="ADDRESS", help="A dask scheduler whose workers run the models.")]
Config = Annotated[Path | None, typer.Option(metavar="FILE.toml", help="TOML file that overrides the preset.")]
Device = Annotated[str | None, typer.Option(metavar="cpu|cuda|auto", help="Where to train.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Ignore stored runs; train again.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Mutants = Annotated[bool, typer.Option("--mutants", help="Also test mutants; exit 0 only if all are refuted.")]
Output = Annotated[Path, typer.Option(metavar="DIR", help="Where results go.")]
Preset = Annotated[str, typer.Option(help="A preset of the experiment.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One setting, as in world.subjects=100.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit 3 if something required is undecided.")]
Workers = Annotated[int | None, typer.Option(metavar="N", help="Processes; one per core if not given.")]


def with_device(settings: list[str] | None, device: str | None) -> list[str]:
    """Single settings, with that of ``--device``."""
    return [*(settings or []), *([f"compute.device={device!r}"] if device else [])]


def with_short(settings: list[str] | None, short: Sequence[str]) -> list[str]:
    """Single settings, then those that options of their own stand for (UsageError: one is given in both ways)."""
    names = {setting.partition("=")[0].strip(): setting for setting in short}
    for setting in settings or []:
        if (other := names.get(setting.partition("=")[0].strip())) is not None:
            raise UsageError(f"--set {setting} is refused: an option of its own says {other}; give one of them")
    return [*(settings or []), *short]


def check_workers(workers: int | None) -> None:
    """Refuse a number of processes below 1."""
    if workers is not None and workers < 1:
        raise UsageError(f"--workers={workers} is refused: allowed is an integer >= 1")
