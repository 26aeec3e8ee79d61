"""C13: low-rank fine-tuning does as well as full fine-tuning.

RECONSTRUCTED, hence reported and not required: the source states that the
theory covers both; the margin is this project's.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Provenance
from theory.notation import epsilon, measured

CLAIMS = (
    Claim(
        id="low-rank",
        claim_number="C13",
        title="Rank-one fine-tuning matches full fine-tuning",
        statement=(
            "LoRA of rank 1 on W reaches, seed by seed, the out-of-distribution error of full fine-tuning within the "
            "stated margin."
        ),
        kind=Kind.EQUIVALENCE,
        provenance=Provenance.RECONSTRUCTED,
        source="Abstract and summary: its results hold for full and for low-rank fine-tuning alike.",
        observable="ood_error",
        required=False,
        assumptions=(
            Assumption(
                name="pretraining_gap",
                relation=sp.Le(measured("pretraining_gap"), epsilon),
                text="pre-training is near-optimal: its loss is within epsilon of the floor log K",
            ),
        ),
        variant="low-rank",
        reference="main",
    ),
)
