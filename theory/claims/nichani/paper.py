"""The paper whose claims these are, and the symbols of all papers about associative memories."""

from functools import partial
from typing import Final

import sympy as sp

from theory import Notation, Paper, Provenance, Source, Symbol

__all__ = ["NOTATION", "PAPER", "N", "c", "d", "fails_below", "m", "recalls_from"]

N = sp.Symbol("N", integer=True, positive=True)
d, m = sp.symbols("d m", integer=True, positive=True)
c: Final = sp.Symbol("c", positive=True)

NOTATION: Final = Notation(
    "associative-memories",
    Symbol(N, "number of facts, one input and one output each", 2),
    Symbol(c, "size asked for: d is the least with d^2 >= c N log N", 0, integer=False, strict=True),
    Symbol(d, "dimension of the embeddings; a linear memory has d^2 weights", 1),
    Symbol(m, "hidden width of an MLP memory, which has m d trained weights", 1),
)

PAPER: Final = Paper(
    "nichani",
    NOTATION,
    title="Understanding Factual Recall in Transformers via Associative Memories",
    authors=("Nichani", "Lee", "Bietti"),
    link="arXiv:2412.06538",
    usual=({"N": (50, 100, 200, 400, 800), "d": (50, 100)},),
)

reconstructed = partial(Source, paper=PAPER, provenance=Provenance.RECONSTRUCTED)
"""Where a claim of this paper comes from: to be called with its text."""

SCALE: Final = N * sp.log(N)
"""The scale of the number of weights at which all facts are recalled."""


def recalls_from(threshold: sp.Expr, weights: sp.Expr = d**2) -> sp.Expr:
    """The largest probability that some fact is lost: 1/2 from this number of weights on, 1 below it."""
    return sp.log(1 - _reached(threshold, weights) / 2)


def fails_below(threshold: sp.Expr, weights: sp.Expr = d**2) -> sp.Expr:
    """The least probability that some fact is lost: 1/2 below this number of weights, 0 from it on."""
    return sp.log((1 - _reached(threshold, weights)) / 2)


def _reached(threshold: sp.Expr, weights: sp.Expr) -> sp.Expr:
    return sp.Min(1, sp.floor(weights / threshold), evaluate=False)
