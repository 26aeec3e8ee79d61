"""Experiments, verdicts and reports."""
