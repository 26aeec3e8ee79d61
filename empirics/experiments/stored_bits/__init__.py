"""How many bits of facts a trained memory stores per parameter and per bit of its weights: settings, models, runs."""

from empirics.experiments.stored_bits.experiment import EXPERIMENT

__all__ = ["EXPERIMENT"]
