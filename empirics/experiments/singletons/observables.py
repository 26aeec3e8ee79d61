"""What is measured in a run."""

from __future__ import annotations

import math
from typing import Final

from empirics.experiments.singletons.measure import FLOORS, MUTANTS
from empirics.observables.definition import SHARE, Observable


def _fraction(name: str, definition: str, trivial: float | None = None, better: str = "neither") -> Observable:
    return Observable(name, definition, SHARE, 0, 1, trivial, "lower" if better == "lower" else "neither")


def _gap(name: str, definition: str) -> Observable:
    return Observable(name, f"{definition} At most 0 where the bound holds.", SHARE, -1, math.inf)


OBSERVABLES: Final[tuple[Observable, ...]] = (
    _fraction("sampled_error", "Probability that a prompt is answered wrongly by a sampled answer.", 1.0, "lower"),
    _fraction("singleton_rate", "Prompts that occur exactly once in the training data, divided by N (Good-Turing)."),
    _fraction("missing_mass", "Probability of the prompts that do not occur in the training data."),
    _fraction(
        "calibration_delta",
        "|p(H) - q(H)|, the masses under the truth and the model of the pairs of prompt and answer to which the model "
        "gives more than 1 / (A - 1).",
        None,
        "lower",
    ),
    _fraction("abstained", "Probability that the model says I do not know."),
    _fraction("unseen_error", "Error on the prompts that do not occur in the training data."),
    _fraction("unseen_error_averaged", "The same, averaged over the right answers of these prompts."),
    *(
        _fraction(f"{name}_floor", f"The bound of {identifier}, with 0 for less.")
        for name, identifier in FLOORS.items()
    ),
    *(_gap(f"{name}_floor_gap", f"The bound of {identifier} less the error.") for name, identifier in FLOORS.items()),
    *(
        _gap(f"floor_gap_{name.replace('-', '_')}", f"The bound of the mutant {name} less the error.")
        for name in MUTANTS
    ),
    Observable("good_turing_excess", "Singleton rate less missing mass.", SHARE, -1, 1, trivial=1.0),
    _gap("good_turing_gap", "Singleton rate less missing mass, less the bound of good-turing."),
    _fraction("matching_bound", "The bound of singleton-matching, with 1 for more."),
    _gap("matching_gap", "The error less the bound of singleton-matching."),
)
