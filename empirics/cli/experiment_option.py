"""The option that names an experiment; its help lists them, so it loads them."""

from __future__ import annotations

from typing import Annotated

import typer

from empirics.experiments.registry import experiments

ExperimentName = Annotated[
    str | None, typer.Option(metavar="NAME", help=f"What to run, one of: {', '.join(experiments())}.")
]
