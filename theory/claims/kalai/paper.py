"""The papers whose claims these are, in the setting of arbitrary facts, and their symbols.

Prompts are drawn from a law; the right answer of each prompt is uniform over A answers, independently of everything
else; the training data are N independent prompts, each with its right answer.
"""

from functools import partial
from typing import Final

import sympy as sp

from theory import Assumption, Notation, Paper, Provenance, Source, Symbol, measured

N, M, A = sp.symbols("N M A", integer=True, positive=True)
s, sr, delta = sp.symbols("s sr delta", nonnegative=True)

NOTATION: Final = Notation(
    "kalai",
    Symbol(N, "number of training examples", 1),
    Symbol(M, "number of prompts", 1),
    Symbol(A, "number of answers, one of them right", 3),
    Symbol(s, "exponent of the law of prompts, mu_c proportional to c^-s", 0, integer=False),
    Symbol(sr, "singleton rate: prompts that occur exactly once in the training data, divided by N", 0, integer=False),
    Symbol(delta, "calibration error of the model", 0, integer=False, latex=r"\delta"),
)

PAPER: Final = Paper(
    "kalai",
    NOTATION,
    title="Why Language Models Hallucinate",
    authors=("A. T. Kalai", "O. Nachum", "S. S. Vempala", "E. Zhang"),
    link="arXiv:2509.04664",
    proofs=("theory.certify.singletons",),
    unknowns=("N",),
    usual=(
        {
            "N": tuple(sorted({round(10 ** (k / 40)) for k in range(40, 281)})),
            "A": (100,),
            "sr": (1.0, 0.5, 0.25),
            "delta": (0.0,),
        },
    ),
)

stated, derived = (partial(Source, paper=PAPER, provenance=kind) for kind in (Provenance.STATED, Provenance.DERIVED))
"""Where a claim of this paper comes from: to be called with its number and text, and for a theorem its proof."""

PROBABILITY: Final = 0.99
"""The probability with which the source's theorem holds, and the claims of this folder."""

UNIFORM: Final = sp.log(200)
"""log(2 / 0.01): each of two events fails with probability at most 0.005."""

WRONG: Final = 1 - 1 / A
"""The probability that a guess is wrong."""

EARLIER: Final = (1 - 1 / N) ** (N - 1) / N
"""The most by which E[singleton rate] exceeds E[missing mass]."""

SINGLETONS: Final = sp.sqrt(2 * UNIFORM / N)
"""How far the singleton rate may lie above its mean."""

ANSWERS: Final = Assumption(
    name="abstained",
    relation=sp.Le(measured("abstained"), 0),
    text="the model always answers: it never says I do not know",
)
"""The premise of claims without a calibration error."""


def floor(expression: sp.Expr) -> sp.Expr:
    """log of max(0, expression), for a lower bound on an error."""
    return sp.log(sp.Max(0, expression, evaluate=False))


def says_something(observable: str, relation: sp.core.relational.Relational) -> Assumption:
    """The premise without which a bound says nothing."""
    return Assumption(observable, relation, "the bound is stronger than the trivial value", vacuous=True)
