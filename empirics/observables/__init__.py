"""Definitions of measured quantities: what an observable is, those that experiments share, and the catalogue of all."""
