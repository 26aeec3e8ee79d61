"""C3: the pre-training rate of the full model.

RECONSTRUCTED from "reaches near-optimal loss", hence reported and not required:
the source's abstract gives no rate, and the one tested here is ours.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Provenance, Scope
from theory.notation import measured

CLAIMS = (
    Claim(
        id="pretraining-rate",
        claim_number="C3",
        title="Pre-training rate of the full model",
        statement=(
            "With the ReLU MLP and trained attention, once the gap L_PT - log K is under 1 it falls at least like "
            "log^2 t / t: the slope of log(gap t / log^2 t) against log t over the last decade of steps is at most 0."
        ),
        kind=Kind.RATE,
        provenance=Provenance.RECONSTRUCTED,
        source="Abstract and summary: pre-training reaches near-optimal loss; the rate is this project's reading.",
        observable="pretraining_gap_slope",
        required=False,
        scope=Scope.SERIES,
        assumptions=(
            Assumption(
                name="pretraining_gap",
                relation=sp.Le(measured("pretraining_gap"), 1),
                text="the run has reached a gap under 1",
            ),
            Assumption(
                name="subject_attention",
                relation=sp.Le(measured("subject_attention"), sp.Rational(19, 20)),
                text="the run is not in the attention collapse: some attention is left for the template",
            ),
        ),
        supporting=("pretraining_gap", "pretraining_gap_exponent", "subject_attention"),
    ),
)
