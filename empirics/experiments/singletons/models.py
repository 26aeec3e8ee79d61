"""What a model does in a world: its error, its calibration error, what it leaves unanswered; in closed form.

The counting models repeat what they saw and differ in what they do on prompts that they never saw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from empirics.experiments.singletons.world import Floats, World
from empirics.experiments.world import stream


@dataclass(frozen=True)
class Behaviour:
    """Masses under the law of prompts.

    Attributes:
        error: of wrong answers; I do not know is none.
        delta: |p(H) - q(H)|, H the pairs of prompt and answer to which the model gives more than 1 / (A - 1).
        abstained: of I do not know.
        unseen_error: of wrong answers among the prompts that were not seen, divided by their mass; None if all were.
        unseen_error_averaged: the same, averaged over the right answers of these prompts.
    """

    error: float
    delta: float
    abstained: float
    unseen_error: float | None
    unseen_error_averaged: float | None


def back_off(world: World, seed: int) -> Behaviour:
    """An unseen prompt gets each answer with probability 1/A, which is not above 1 / (A - 1)."""
    wrong = 1 - 1 / world.number_of_answers
    missing = world.missing_mass
    average = wrong if missing else None
    return Behaviour(wrong * missing, 0.0, 0.0, average, average)


def abstaining(world: World, seed: int) -> Behaviour:
    """As back-off, but to every second prompt, if unseen, it says I do not know, with probability 1."""
    missing, left = world.missing_mass, float(world.masses[1::2][world.unseen[1::2]].sum())
    error = (1 - 1 / world.number_of_answers) * (missing - left)
    average = error / missing if missing else None
    return Behaviour(error, left, left, average, average)


def guessing(world: World, seed: int) -> Behaviour:
    """Certain of one answer to each unseen prompt, drawn at random."""
    guesses = stream(seed, "guesses").integers(world.number_of_answers, size=len(world.masses))
    error = float(world.masses[world.unseen & (guesses != world.answers)].sum())
    missing = world.missing_mass
    wrong = 1 - 1 / world.number_of_answers
    return Behaviour(error, error, 0.0, error / missing if missing else None, wrong if missing else None)


def of_probabilities(world: World, given: Floats, idle: Floats) -> Behaviour:
    """By definition: from the probability of each answer to each prompt, shape [M, A], and of I do not know, [M]."""
    right = given[np.arange(len(given)), world.answers]
    threshold = 1 / (world.number_of_answers - 1)
    claimed = np.where(given > threshold, given, 0).sum(axis=1) + np.where(idle > threshold, idle, 0)
    wrong = 1 - right - idle
    unseen, missing = world.unseen, world.missing_mass
    averaged = 1 - idle - given.mean(axis=1)

    def share(values: Floats) -> float | None:
        return float(world.masses[unseen] @ values[unseen]) / missing if missing else None

    return Behaviour(
        error=float(world.masses @ wrong),
        delta=abs(float(world.masses @ (claimed - (right > threshold)))),
        abstained=float(world.masses @ idle),
        unseen_error=share(wrong),
        unseen_error_averaged=share(averaged),
    )
