"""Observables of predictions made before fine-tuning."""

from __future__ import annotations

from typing import Final

from empirics.observables.definition import SHARE, Observable

__all__ = ["OBSERVABLES"]


def _predicted(name: str, how: str) -> Observable:
    definition = f"Share of the held-out facts that {how} says will not be extracted; no fine-tuning run is used."
    return Observable(f"predicted_ood_error_{name}", definition, SHARE, 0, 1, better="lower")


OBSERVABLES: Final = (
    _predicted("coverage", "coverage (extracted if and only if every own template is shown by a fine-tuned fact)"),
    _predicted("prompt", "fine-tuning of the prompt's row of the MLP alone, W e_p,"),
    _predicted("linearised", "fine-tuning of the network linearised at its pre-trained weights"),
    _predicted("displaced", "the network at the weights that fine-tuning of the linearised network reaches"),
)
