"""C3: the pre-training rate of the full model.

Definition: the gap of pre-training is its loss less the floor log K, after t gradient steps.

Guarantee (rate): once the gap is under 1, the slope of log(gap t / log^2 t) against log t over the last decade of
steps is at most 0; an upper bound on the order, without a constant.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: the abstract gives
no rate, and the one tested here is ours.

>>> import theory
>>> theory.claim("pretraining-rate").observable
'pretraining_gap_slope'
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Premises, measured
from theory.claims.xu_chen.paper import reconstructed

CLAIMS = (
    Claim(
        id="pretraining-rate",
        title="Pre-training rate of the full model",
        statement="With the ReLU MLP and trained attention, the gap L_PT - log K falls at least as fast as log^2 t / t "
        "once it is below 1. That is: the slope of log(gap t / log^2 t) against log t over the last decade of steps "
        "is at most 0 (the verdict allows 0.1).",
        kind=Kind.RATE,
        observable="pretraining_gap_slope",
        source=reconstructed(
            number="C3",
            text="Abstract and summary: pre-training reaches near-optimal loss. The rate is this project's reading.",
        ),
        premises=Premises(
            assumptions=(
                Assumption(
                    "pretraining_gap", sp.Le(measured("pretraining_gap"), 1), "the run has reached a gap below 1"
                ),
                Assumption(
                    name="subject_attention",
                    relation=sp.Le(measured("subject_attention"), sp.Rational(19, 20)),
                    text="attention has not collapsed onto the subject: at least 5 % is left for other tokens",
                ),
            )
        ),
        measured=Measured(supporting=("pretraining_gap", "pretraining_gap_exponent", "subject_attention")),
    ),
)
