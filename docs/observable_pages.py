"""Writes the table of observables from the registry; called by ``conf.py``."""

from __future__ import annotations

import math
from pathlib import Path

from empirics.experiments.language_models import observables as language_models
from empirics.experiments.one_layer import observables_mechanism as mechanism
from empirics.experiments.one_layer import observables_prediction as prediction
from empirics.experiments.one_layer import observables_pretraining as pretraining
from empirics.observables import covering, extraction

__all__ = ["generate"]

GROUPS = (
    ("After fine-tuning", extraction),
    ("The pre-trained model", pretraining),
    ("The mechanism", mechanism),
    ("Exact probabilities of a cell", covering),
    ("Language models", language_models),
    ("Predictions before fine-tuning (`factbound map`)", prediction),
)


def generate(destination: Path) -> None:
    """One section per subject, one line per observable."""
    lines: list[str] = []
    for title, group in GROUPS:
        lines += [f"## {title}", "", "| name | definition | unit | range | per |", "| --- | --- | --- | --- | --- |"]
        for o in group.OBSERVABLES:
            low, high = (("−∞" if v < 0 else "∞") if math.isinf(v) else f"{v:g}" for v in (o.lower, o.upper))
            definition = o.definition.replace("|", r"\|")
            per = "pre-trained model" if o.per == "unit" else "cell"
            lines.append(f"| `{o.name}` | {definition} | {o.unit} | {low} to {high} | {per} |")
        lines.append("")
    destination.parent.mkdir(parents=True, exist_ok=True)
    destination.write_text("\n".join(lines), encoding="utf-8")
