"""Writes the table of observables from what is registered; called by ``conf.py``."""

from __future__ import annotations

import math
from pathlib import Path

from empirics.experiments.registry import experiments
from empirics.observables import covering, extraction
from empirics.observables.catalogue import SHARED
from empirics.observables.definition import Observable

__all__ = ["generate"]


def generate(destination: Path) -> None:
    """One section for what experiments share, one for what each measures alone; one line per observable."""
    shared = {item.name for item in SHARED}
    groups: list[tuple[str, tuple[Observable, ...]]] = [
        ("After fine-tuning", extraction.OBSERVABLES),
        ("Exact probabilities of a cell", covering.OBSERVABLES),
    ]
    for item in experiments().values():
        own = tuple(o for o in item.observables if o.name not in shared)
        groups.append((f"Of {item.title} alone (`{item.name}`)", own))
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text("\n".join(line for title, group in groups for line in _section(title, group)), "utf-8")


def _section(title: str, group: tuple[Observable, ...]) -> list[str]:
    lines = [f"## {title}", "", "| name | definition | unit | range | per |", "| --- | --- | --- | --- | --- |"]
    for o in group:
        low, high = (("−∞" if v < 0 else "∞") if math.isinf(v) else f"{v:g}" for v in (o.lower, o.upper))
        definition = o.definition.replace("|", r"\|")
        per = "pre-trained model" if o.per == "unit" else "cell"
        lines.append(f"| `{o.name}` | {definition} | {o.unit} | {low} to {high} | {per} |")
    return [*lines, ""]
