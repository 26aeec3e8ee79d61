"""What decides the results of a verification: while it is the same, so are they, and nothing is judged again."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import theory
from empirics.experiments.protocol import Experiment
from empirics.files import hash_of as hash_of_files
from empirics.made import hash_of
from empirics.runs.environment import provenance
from empirics.runs.store import Store
from empirics.verification.results import PlanResult
from theory.certify import formal_proofs
from theory.certify.record import RECORD_FILE
from theory.plugins import files

_GROUPS = ("factbound.claims", "factbound.observables", "factbound.experiments")
_LIBRARIES = ("numpy", "scipy", "sympy", "mpmath", "python-flint", "pydantic")


def inputs_of(
    experiment: Experiment,
    settings: Any,
    plan: PlanResult,
    claims: Iterable[str],
    store: Store,
    keys: Iterable[str],
    *,
    mutants: bool,
) -> str | None:
    """The hash of all that decides the results; None while a stored run of theirs is damaged.

    What is stored of the runs (``keys``), the plan and its standing, settings, claims, sources, versions, machine, and
    whatever third parties and the user have added.
    """
    stored = store.fingerprint(keys)
    if stored is None:
        return None
    parts = {
        "runs": stored,
        "any machine": store.any_machine,
        "plan": plan.model_dump(mode="json"),
        "settings": settings.model_dump(mode="json"),
        "claims": list(claims),
        "mutants": mutants,
        "made by": provenance((*experiment.libraries, *_LIBRARIES)),
        "proofs": hash_of(RECORD_FILE.read_bytes()),
        "formal proofs": [hash_of(formal_proofs.RECORD_FILE.read_bytes()), formal_proofs.digest()],
        "files": [(str(file.path), file.sha256) for file in files()],
        "imported": hash_of_files(_imported()) if files() else "",
        "plugins": [
            (group, point.name, point.value, hash_of_files(_sources(point)))
            for group in _GROUPS
            for point in entry_points(group=group)
            if point.dist is None or point.dist.name != "factbound"
        ],
    }
    return hash_of(json.dumps(parts, sort_keys=True))


def _imported() -> list[tuple[str, Path]]:
    """The loaded modules that no installation brought: what a user's file may have imported from beside it."""
    installed = {Path(place).resolve() for place in (sys.prefix, sys.base_prefix, theory.__path__[0])}
    installed |= {Path(place).parent.resolve() for place in theory.__path__}
    found = {}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py") and os.path.isfile(file):
            path = Path(file).resolve()
            if not installed & set(path.parents):
                found[name] = path
    return sorted(found.items())


def _sources(point: EntryPoint) -> Iterator[tuple[str, Path]]:
    """The Python sources of the package, or the module, that an entry point leads to."""
    top = point.module.partition(".")[0]
    module = sys.modules.get(top)
    spec = importlib.util.find_spec(top) if module is None else module.__spec__
    if spec is None:
        return
    folders = [Path(place) for place in spec.submodule_search_locations or ()]
    for folder in folders:
        yield from ((file.relative_to(folder).as_posix(), file) for file in sorted(folder.rglob("*.py")))
    if not folders and spec.origin and Path(spec.origin).is_file():
        yield top, Path(spec.origin)
