"""The paper whose claims these are, and its symbols: here as in the paper, |R| written R."""

from functools import partial
from typing import Final

import sympy as sp

from theory import Assumption, Limit, Notation, Paper, Provenance, Source, Symbol, measured

__all__ = ["NOTATION", "PAPER", "A", "K", "N_f", "R", "S", "epsilon", "eta", "m", "t"]

S, A, R, K, m, t = sp.symbols("S A R K m t", integer=True, positive=True)
N_f: Final = sp.Symbol("N_f", integer=True, nonnegative=True)
eta, epsilon = sp.symbols("eta epsilon", positive=True)

NOTATION: Final = Notation(
    "xu-chen",
    Symbol(S, "number of subjects (facts)", 1),
    Symbol(A, "number of answers", 1),
    Symbol(R, "|R|, relation templates in the universe", 1, label="|R|", latex=r"|\mathcal{R}|"),
    Symbol(K, "multiplicity: distinct templates each fact was written with", 1),
    Symbol(N_f, "number of facts revisited in fine-tuning", 0, latex="N_f", shares_run=True),
    Symbol(m, "hidden width of the MLP", 1),
    Symbol(eta, "step size of gradient descent", 0, integer=False, strict=True),
    Symbol(t, "number of gradient steps", 1),
    Symbol(
        epsilon,
        "what counts as near-optimal pre-training, in nats",
        0,
        integer=False,
        strict=True,
        unit="nats",
        setting="premise_gap",
    ),
)

PAPER: Final = Paper(
    "xu-chen",
    NOTATION,
    title="Provable Knowledge Acquisition and Extraction in One-Layer Transformers",
    authors=("R. Xu", "K. Chen"),
    link="arXiv:2508.00901",
    proofs=(
        "theory.certify.loss_floor",
        "theory.certify.descent_lemma",
        "theory.certify.linear_memory_forms",
        "theory.certify.gradient_domination",
        "theory.certify.half_mean_tail",
        "theory.certify.frontier_proof",
        "theory.certify.covering_laws",
        "theory.certify.covering_bounds",
        "theory.certify.exact_laws",
        "theory.certify.rank_one",
        "theory.certify.linear_memory_extraction",
        "theory.certify.linear_memory_extraction_premise",
        "theory.certify.linear_memory_two_sided",
        "theory.certify.linear_memory_coverage",
    ),
    unknowns=("N_f", "K", "t"),
    default=True,
    plans=(
        "ood-error-literal",
        "ood-error-normalised",
        "coverage-union",
        "coverage-union-sharp",
        "covering-some-unseen-sharp",
        "covering-some-unseen",
        "covering-none-seen",
    ),
    usual=(
        {
            "N_f": (*range(1, 101), *range(110, 1000, 10), *range(1000, 3001, 50)),
            "K": (1, 2, 4, 8),
            "R": (40,),
            "S": (60,),
            "A": (60,),
            "m": (64,),
            "eta": (1.0,),
        },
        # Along gradient steps: a world in which this step is small enough.
        {"t": tuple(10**n for n in range(9)), "K": (1, 3, 8), "R": (8,), "S": (30,), "A": (30,), "eta": (10.0,)},
    ),
    limits=(
        Limit(
            sp.Lt(N_f, S),
            "N_f = {N_f} fine-tuned facts are needed, but at least one of the S = {S} facts must be held out, so N_f "
            "is at most {most}",
        ),
    ),
)

stated, reconstructed, derived = (partial(Source, paper=PAPER, provenance=kind) for kind in Provenance)
"""Where a claim of this paper comes from: to be called with its number and text, and for a theorem its proof."""

NEAR_OPTIMAL: Final = Assumption(
    name="pretraining_gap",
    relation=sp.Le(measured("pretraining_gap"), epsilon),
    text="pre-training is near-optimal: its loss is at most epsilon above the floor log K",
)
"""The premise that most claims about extraction share."""

COVERING: Final = (sp.Le(K, R), sp.Ge(N_f, 1))
"""Where the laws of covering a fact's templates, and bounds on them, are defined."""

EXACT_LAW: Final = (
    "The source requires fine-tuning to cover enough templates. This project derives the exact probability."
)
CLOSED_FORM: Final = (
    "The source says that fine-tuning must cover enough relation templates and that insufficient coverage leaves facts "
    "inaccessible. The closed form and its proof are this project's."
)
"""What the source says of covering templates, and what is this project's: of C6 and of C7."""
