"""The paper whose claims these are; its symbols are those of all papers about associative memories."""

from functools import partial
from typing import Final

from theory import Paper, Provenance, Source
from theory.claims.nichani.paper import NOTATION

PAPER: Final = Paper(
    "barnfield",
    NOTATION,
    title="Sharp Capacity Thresholds in Linear Associative Memory: From Winner-Take-All to Listwise Retrieval",
    authors=("Barnfield", "Kim", "Nichani", "Lee", "Lu"),
    link="arXiv:2605.05189",
    proofs=("theory.certify.hebbian_memory", "theory.certify.hebbian_share"),
    usual=({"d": tuple(range(10, 1001, 10)), "N": (100, 1000, 10000)},),
)

reconstructed, derived = (
    partial(Source, paper=PAPER, provenance=kind) for kind in (Provenance.RECONSTRUCTED, Provenance.DERIVED)
)
"""Where a claim of this paper comes from: to be called with its text, and for a theorem its proof."""

SCALE_ONLY: Final = (
    "Abstract: the correlation matrix memory recalls at d^2 of the order N log N, through a sharp phase transition. "
    "The "
    "bounds for finite N and d, their constants and proofs are this project's."
)
"""What the source says of the Hebbian memory, and what is this project's."""
