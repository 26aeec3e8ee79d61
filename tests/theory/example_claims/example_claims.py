"""A claim about factbound's observables, by someone else."""

import sympy as sp

from theory.claim import Claim, Kind, Provenance
from theory.notation import K, N_f, R

CLAIMS = (
    Claim(
        id="example-first-template-unseen",
        title="The first own template is unseen",
        statement="A given own template is shown by no fine-tuned fact with probability (1 - K/|R|)^N_f.",
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source="An example of a third party's claim.",
        observable="covering_none_seen",
        required=False,
        log_expression=N_f * sp.log(1 - K / R),
        domain=(sp.Le(K, R),),
    ),
)
