"""Observables that are probabilities of a cell, computed exactly."""

from __future__ import annotations

from empirics.observables.definition import Observable

__all__ = ["OBSERVABLES"]

OBSERVABLES = (
    Observable(
        "covering_some_unseen",
        "P[some own template unseen] averaged over worlds, by the covering Markov chain in float64.",
        "probability",
        0,
        1,
        trivial=1.0,
        sampling="exact",
    ),
    Observable(
        "covering_none_seen",
        "P[no own template seen] averaged over worlds, as a product of hypergeometric factors in float64.",
        "probability",
        0,
        1,
        trivial=1.0,
        sampling="exact",
    ),
    Observable(
        "coverage_half_mean_tail",
        "P[C_r <= N_f K / (2|R|)] for C_r ~ Binomial(N_f, K/|R|), summed in exact integers.",
        "probability",
        0,
        1,
        trivial=1.0,
        sampling="exact",
    ),
    Observable(
        "coverage_union",
        "P[some own template has C_r <= N_f K / (2|R|)] averaged over worlds, by the chain on counts "
        "in float64 (theory.covering.some_below_half_by_chain); undefined where the chain is too "
        "large.",
        "probability",
        0,
        1,
        trivial=1.0,
        sampling="exact",
    ),
)
