"""The world: a law of prompts, an answer for each prompt, and how often each prompt occurs in the training data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from empirics.experiments.singletons.config import World as Settings
from empirics.experiments.world import stream

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@lru_cache(maxsize=4)
def law(prompts: int, exponent: float) -> tuple[Floats, Floats]:
    """Probability of each prompt, proportional to c^-exponent, and the sums of these up to each; shapes [M]."""
    weights = np.arange(1, prompts + 1, dtype=np.float64) ** -exponent
    masses = weights / weights.sum()
    upto = np.cumsum(masses)
    return masses, upto / upto[-1]


@dataclass(frozen=True)
class World:
    """One draw: probabilities of prompts, their right answers, how often each was seen; shapes [M]."""

    masses: Floats
    answers: Integers
    counts: Integers
    examples: int
    number_of_answers: int

    @property
    def unseen(self) -> NDArray[np.bool_]:
        """Prompts that do not occur in the training data."""
        found: NDArray[np.bool_] = self.counts == 0
        return found

    @property
    def missing_mass(self) -> float:
        """Probability that the next prompt is unseen."""
        return float(self.masses[self.unseen].sum())

    @property
    def singleton_rate(self) -> float:
        """Prompts that occur exactly once, divided by N."""
        return int((self.counts == 1).sum()) / self.examples


def draw_world(settings: Settings, examples: int, exponent: float, seed: int) -> World:
    """The world of a seed."""
    masses, upto = law(settings.prompts, exponent)
    answers = stream(seed, "answers").integers(settings.answers, size=settings.prompts)
    # N independent uniform numbers in rising order: sums of exponential times, divided by the last.
    times = np.cumsum(stream(seed, "examples", examples).standard_exponential(examples + 1))
    prompts = np.searchsorted(upto, times[:-1] / times[-1], side="right")
    counts = np.bincount(prompts, minlength=settings.prompts)
    return World(masses, answers, counts, examples, settings.answers)
