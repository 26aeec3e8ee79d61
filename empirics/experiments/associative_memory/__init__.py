"""Linear associative memories of random facts: drawn, built, trained or solved for, measured. No claims live here."""

from empirics.experiments.associative_memory.experiment import EXPERIMENT

__all__ = ["EXPERIMENT"]
