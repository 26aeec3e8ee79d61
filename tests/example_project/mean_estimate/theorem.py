"""Hoeffding's inequality for the mean of n tosses of a fair coin."""

import sympy as sp

from empirics.observables.definition import Observable
from theory import Claim, Evaluation, Kind, Mutant, Notation, Paper, Provenance, Source, Symbol

n = sp.Symbol("n", integer=True, positive=True)
eps = sp.Symbol("eps", positive=True)

NOTATION = Notation(
    "mean-estimate",
    Symbol(n, "samples in a mean", 1, shares_run=True),
    Symbol(eps, "error that is tolerated", 0, integer=False, strict=True, label="ε", latex=r"\varepsilon"),
)
PAPER = Paper(
    "hoeffding-1963",
    NOTATION,
    title="Probability inequalities for sums of bounded random variables",
    authors=("W. Hoeffding",),
    link="doi:10.1080/01621459.1963.10500830",
)

OBSERVABLE = Observable(
    "mean_off",
    "Fraction of a run's trials whose mean of n tosses is eps or more away from 1/2.",
    "fraction",
    0,
    1,
    trivial=1.0,
    better="lower",
)

CLAIM = Claim(
    id="hoeffding",
    title="Hoeffding's inequality for a fair coin",
    statement="The mean of n tosses is eps or more away from 1/2 with probability at most 2 exp(-2 n eps^2).",
    kind=Kind.UPPER,
    observable=OBSERVABLE.name,
    log_expression=sp.log(2) - 2 * n * eps**2,
    source=Source(paper=PAPER, provenance=Provenance.STATED, text="Theorem 2, for deviations to both sides."),
    evaluation=Evaluation(falls_in=("n",)),
    mutants=(
        Mutant("exponent-doubled", sp.log(2) - 4 * n * eps**2, "-4 n eps^2 for -2 n eps^2", refuted_by="measurement"),
    ),
    required=True,
)
