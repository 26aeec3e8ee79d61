"""The paper whose claims these are, and its symbols: facts, answers, parameters, and the bits they are written in."""

from functools import partial
from typing import Final

import sympy as sp

from theory import Assumption, Notation, Paper, Provenance, Source, Symbol

__all__ = ["NOTATION", "PAPER", "A", "B", "P", "S", "b", "c", "h", "t"]

S, A, P, B, b, t = sp.symbols("S A P B b t", integer=True, positive=True)
h: Final = sp.Symbol("h", integer=True, nonnegative=True)
c: Final = sp.Symbol("c", positive=True)

NOTATION: Final = Notation(
    "allen-zhu-li",
    Symbol(S, "number of facts", 1),
    Symbol(A, "number of answers, each equally likely", 2),
    Symbol(P, "number of trained parameters", 1),
    Symbol(B, "bits in which the weights are written, scales and temperature included", 1, unit="bits"),
    Symbol(
        c, "load: bits of knowledge per parameter that training asks for", 0, integer=False, strict=True, unit="bits"
    ),
    Symbol(h, "hidden units of the model; 0: a linear memory", 0),
    Symbol(t, "exposures: how often each fact was seen in training", 1),
    Symbol(b, "bits in which one parameter is written; 32: as trained", 1, unit="bits", shares_run=True),
)

PAPER: Final = Paper(
    "allen-zhu-li",
    NOTATION,
    title="Physics of Language Models: Part 3.3, Knowledge Capacity Scaling Laws",
    authors=("Z. Allen-Zhu", "Y. Li"),
    link="arXiv:2404.05405",
    proofs=("theory.certify.stored_bits",),
    unknowns=("S",),
    usual=({"S": (*range(50, 2000, 25),), "A": (16,), "P": (1280,), "B": (1316, 2628, 5188, 10308)},),
)

stated, reconstructed, derived = (partial(Source, paper=PAPER, provenance=kind) for kind in Provenance)
"""Where a claim of this paper comes from: to be called with its number and text, and for a theorem its proof."""

SUFFICIENT: Final = Assumption("t", sp.Ge(t, 1000), "exposures are sufficient: each fact was seen at least 1000 times")
"""The source's number for full capacity."""

AS_TRAINED: Final = Assumption("b", sp.Ge(b, 16), "weights are written in 16 bits or more")

HIDDEN: Final = Assumption("h", sp.Ge(h, 1), "the model has a hidden layer")


def fraction(bits: sp.Expr) -> sp.Expr:
    """Logarithm of so many bits as a fraction of the S log2(A) bits that training asks for."""
    return sp.log(bits * sp.log(2) / (S * sp.log(A)))
