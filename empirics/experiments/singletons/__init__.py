"""Arbitrary facts, some seen once: counting models and a one-layer transformer against the singleton rate."""

from empirics.experiments.singletons.experiment import EXPERIMENT

__all__ = ["EXPERIMENT"]
