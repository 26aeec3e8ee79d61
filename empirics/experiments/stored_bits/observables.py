"""What is measured of a stored model."""

from __future__ import annotations

import math

from empirics.observables.definition import SHARE, Observable

_PER_PARAMETER = "bits per parameter"

OBSERVABLES = (
    Observable(
        "stored_fraction",
        "Stored bits as a fraction of the S log2(A) bits of all answers.",
        SHARE,
        0,
        1,
        trivial=1.0,
        better="higher",
    ),
    Observable(
        "stored_bits",
        "S log2(A) less the loss in bits of all facts together, of the weights as written, at the best of 16 "
        "temperatures (one of them makes all answers equally likely, hence never below 0).",
        "bits",
        0,
        math.inf,
        better="higher",
    ),
    Observable(
        "bits_per_parameter",
        "Stored bits over the number of trained parameters.",
        _PER_PARAMETER,
        0,
        math.inf,
        better="higher",
    ),
    Observable(
        "bits_per_written_bit",
        "Stored bits over the bits in which the weights are written, scales and temperature included.",
        "bits per bit",
        0,
        math.inf,
        better="higher",
    ),
    Observable("wrong_answers", "Fraction of facts whose likeliest answer is wrong.", SHARE, 0, 1, better="lower"),
    Observable(
        "bits_lost",
        "Stored bits per parameter of the weights as trained, less those of the weights as written.",
        _PER_PARAMETER,
        -math.inf,
        math.inf,
        better="lower",
    ),
    Observable(
        "rounding_excess",
        "Bits lost per parameter less 1/20: at most 0 where rounding loses at most that.",
        _PER_PARAMETER,
        -math.inf,
        math.inf,
        better="lower",
    ),
    Observable(
        "rounding_excess_half",
        "The same with the weights written in half as many bits.",
        _PER_PARAMETER,
        -math.inf,
        math.inf,
        better="lower",
    ),
    Observable(
        "rounding_shortfall",
        "1/20 less the bits lost per parameter: at most 0 where rounding loses at least that.",
        _PER_PARAMETER,
        -math.inf,
        math.inf,
    ),
    Observable(
        "rounding_shortfall_fourfold",
        "The same with the weights written in four times as many bits.",
        _PER_PARAMETER,
        -math.inf,
        math.inf,
    ),
)
