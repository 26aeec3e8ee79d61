"""C1: the floor of the pre-training loss."""

import sympy as sp

from theory.claim import Claim, Kind, Mutant, Provenance
from theory.notation import K, R

CLAIMS = (
    Claim(
        id="pretraining-floor",
        claim_number="C1",
        title="Loss floor of pre-training",
        statement=(
            "For every parameter, the pre-training loss exceeds log K by exactly the mean divergence "
            "KL(uniform on T(s) || p(.|s)) plus the mean answer loss, both non-negative. The observable "
            "pretraining_floor is the loss less these two terms, measured in float64: it must equal log K."
        ),
        kind=Kind.IDENTITY,
        provenance=Provenance.DERIVED,
        source="The source says that pre-training reaches near-optimal loss; what optimal means is derived here.",
        observable="pretraining_floor",
        required=True,
        log_expression=sp.log(sp.log(K)),
        tolerance=1e-9,
        proof="claims/pretraining-floor",
        mutants=(
            Mutant(
                name="entropy-of-universe",
                log_bound=sp.log(sp.log(R)),
                text="the entropy of the whole universe of templates, log |R|, in place of log K",
                refuted_by="measurement",
            ),
            Mutant(
                name="one-template-more",
                log_bound=sp.log(sp.log(K + 1)),
                text="log(K + 1) in place of log K",
                refuted_by="measurement",
            ),
        ),
    ),
)
