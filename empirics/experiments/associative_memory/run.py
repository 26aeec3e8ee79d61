"""One memory of one world, and which of its facts it recalls."""

from __future__ import annotations

from empirics.experiments.associative_memory.config import Config, dimension, hidden_width
from empirics.experiments.associative_memory.memories import Found, best, hebbian, trained
from empirics.experiments.associative_memory.world import Facts, draw
from empirics.experiments.protocol import Point


def measure(settings: Config, unit: Point, seed: int) -> dict[str, float | None]:
    """The observables of one memory of the world of a seed."""
    d = dimension(unit["N"], unit["c"])
    width = hidden_width(settings, d)
    facts = draw(unit["N"], d, seed, width=width, decoupled=settings.world.decoupled)
    found = _found(settings, facts)
    recalled = (facts.gaps(found.memory) > 0).all(axis=1)
    return {
        "share_recalled": float(recalled.mean()),
        "share_lost": float((~recalled).mean()),
        "all_recalled": float(recalled.all()),
        "some_lost": float(not recalled.all()),
        "finished": float(found.finished),
    }


def _found(settings: Config, facts: Facts) -> Found:
    if settings.memory.rule == "trained":
        return trained(facts, settings.memory.steps)
    return best(facts) if settings.memory.rule == "best" else hebbian(facts)
