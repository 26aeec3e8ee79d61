"""Language models on real facts: settings, arms, facts and their texts, training, scoring, report."""

from empirics.experiments.language_models.experiment import EXPERIMENT

__all__ = ["EXPERIMENT"]
