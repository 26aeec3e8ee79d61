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
    from empirics.config import Config, load_config
    from empirics.errors import UsageError
    from empirics.measurements import judge
    from empirics.one_run import run_single as run
    from empirics.results import Results, read_results
    from empirics.verification import verify

__all__ = ["Config", "Results", "UsageError", "judge", "load_config", "read_results", "run", "verify"]

_HOMES = {
    "Config": "empirics.config",
    "load_config": "empirics.config",
    "UsageError": "empirics.errors",
    "judge": "empirics.measurements",
    "run": "empirics.one_run:run_single",
    "Results": "empirics.results",
    "read_results": "empirics.results",
    "verify": "empirics.verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'empirics' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    return getattr(importlib.import_module(module), attribute or name)
