"""Majority votes of noisy copies: an experiment and the theorem about it."""
