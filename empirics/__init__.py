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
    from empirics.experiments.one_layer.config import Config, load_config
    from empirics.errors import UsageError
    from empirics.judging.measurements import judge
    from empirics.experiments.one_layer.single import run_single as run
    from empirics.verification.results import Results, read_results
    from empirics.verification.verify import verify

__all__ = ["Config", "Results", "UsageError", "judge", "load_config", "read_results", "run", "verify"]

_HOMES = {
    "Config": "empirics.experiments.one_layer.config",
    "load_config": "empirics.experiments.one_layer.config",
    "UsageError": "empirics.errors",
    "judge": "empirics.judging.measurements",
    "run": "empirics.experiments.one_layer.single:run_single",
    "Results": "empirics.verification.results",
    "read_results": "empirics.verification.results",
    "verify": "empirics.verification.verify",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'empirics' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute or name)
