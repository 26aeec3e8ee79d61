"""Experiments, verdicts and reports.

>>> import empirics
>>> config = empirics.load_config("quick")
>>> run = empirics.run(config, templates=10, multiplicity=3, finetuned=5, seed=0)  # doctest: +SKIP
>>> results = empirics.verify(config)  # doctest: +SKIP

Everything is loaded when first used: torch only where something is trained.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from empirics.errors import UsageError
    from empirics.experiments.load import load_config
    from empirics.experiments.predict import predict
    from empirics.experiments.registry import experiment
    from empirics.experiments.settings import ExperimentSettings as Config
    from empirics.experiments.single import run
    from empirics.judging.measurements import judge
    from empirics.report.notebook import plot
    from empirics.verification.results import Results, read_results
    from empirics.verification.verify import verify

__all__ = [
    "Config",
    "Results",
    "UsageError",
    "experiment",
    "judge",
    "load_config",
    "plot",
    "predict",
    "read_results",
    "run",
    "verify",
]

_HOMES = {
    "UsageError": "empirics.errors",
    "experiment": "empirics.experiments.registry",
    "load_config": "empirics.experiments.load",
    "predict": "empirics.experiments.predict",
    "run": "empirics.experiments.single",
    "judge": "empirics.judging.measurements",
    "plot": "empirics.report.notebook",
    "Results": "empirics.verification.results",
    "read_results": "empirics.verification.results",
    "verify": "empirics.verification.verify",
}


def __getattr__(name: str) -> Any:
    if name == "Config":  # the settings of the default experiment
        return importlib.import_module("empirics.experiments.registry").experiment().settings
    if name not in _HOMES:
        raise AttributeError(f"module 'empirics' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
