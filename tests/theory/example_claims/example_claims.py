"""A claim about factbound's observables, by someone else."""

import sympy as sp

from theory import Claim, Kind, Paper, Premises, Provenance, Source
from theory.claims.xu_chen.paper import NOTATION, K, N_f, R

PAPER = Paper("example", NOTATION)

CLAIMS = (
    Claim(
        id="example-first-template-unseen",
        title="The first own template is unseen",
        statement="A given own template is shown by no fine-tuned fact with probability (1 - K/|R|)^N_f.",
        kind=Kind.UPPER,
        observable="covering_none_seen",
        log_expression=N_f * sp.log(1 - K / R),
        source=Source(paper=PAPER, provenance=Provenance.DERIVED, text="An example of a third party's claim."),
        premises=Premises(domain=(sp.Le(K, R),)),
    ),
)
