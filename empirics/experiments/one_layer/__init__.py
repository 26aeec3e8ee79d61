"""The one-layer transformer on synthetic worlds: its settings, arms, runs, observables, predictions and report."""

from empirics.experiments.one_layer.experiment import EXPERIMENT

__all__ = ["EXPERIMENT"]
