"""What is measured in a run, and the bounds of the claims there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from empirics.experiments.singletons.models import Behaviour
from empirics.experiments.singletons.world import World
from theory import Claim, claim

FLOORS: Final = {"stated": "singleton-floor", "sharp": "singleton-floor-sharp", "answering": "answering-floor"}
MUTANTS: Final = {
    "without-corrections": "singleton-floor",
    "sample-term-added": "singleton-floor",
    "without-calibration": "singleton-floor-abstaining",
}


def measured(world: World, found: Behaviour) -> dict[str, float | None]:
    """All observables of a run."""
    rate, missing = world.singleton_rate, world.missing_mass
    at = {"N": world.examples, "A": world.number_of_answers, "sr": rate, "delta": found.delta}
    values: dict[str, float | None] = {
        "sampled_error": found.error,
        "singleton_rate": rate,
        "missing_mass": missing,
        "calibration_delta": found.delta,
        "abstained": found.abstained,
        "unseen_error": found.unseen_error,
        "unseen_error_averaged": found.unseen_error_averaged,
        "good_turing_excess": rate - missing,
        "good_turing_gap": rate - missing - _bound(claim("good-turing"), at),
    }
    for name, identifier in FLOORS.items():
        bound = _bound(claim(identifier), at)
        values |= {f"{name}_floor": bound, f"{name}_floor_gap": bound - found.error}
    for name, identifier in MUTANTS.items():
        item = claim(identifier)
        mutated = item.mutated(next(m for m in item.mutants if m.name == name))
        values[f"floor_gap_{name.replace('-', '_')}"] = _bound(mutated, at) - found.error
    most = _bound(claim("singleton-matching"), at)
    return values | {"matching_bound": most, "matching_gap": found.error - most}


def _bound(item: Claim, at: Mapping[str, float]) -> float:
    return float(item.bound(**{name: at[name] for name in item.symbols}))
