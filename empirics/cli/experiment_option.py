"""The option that names an experiment; its help lists them, so it loads them."""

from __future__ import annotations

from typing import Annotated

import typer

from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import experiments


def those_with(method: str) -> str:
    """The experiments that have something which not every one has, in words."""
    own = [name for name, e in experiments().items() if getattr(type(e), method) is not getattr(Experiment, method)]
    return ", ".join(own)


ExperimentName = Annotated[
    str | None, typer.Option(metavar="NAME", help=f"What to run, one of: {', '.join(experiments())}.")
]
