"""The paper whose claims these are; its symbols are those of all papers about associative memories."""

from functools import partial
from typing import Final

from theory import Paper, Provenance, Source
from theory.claims.nichani.paper import NOTATION

PAPER: Final = Paper(
    "giorlandino",
    NOTATION,
    title="Factual recall in linear associative memories: sharp asymptotics and mechanistic insights",
    authors=("Giorlandino", "Goldt", "Maillard"),
    link="arXiv:2605.10795",
)

reconstructed = partial(Source, paper=PAPER, provenance=Provenance.RECONSTRUCTED)
"""Where a claim of this paper comes from: to be called with its text."""
