"""Definitions of the measured quantities, one file per subject; collected in :mod:`empirics.observable`."""
