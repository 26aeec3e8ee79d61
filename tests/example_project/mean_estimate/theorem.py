"""Hoeffding's inequality for the mean of n fair coin tosses."""

import sympy as sp

from empirics.observables.definition import Observable
from theory import Claim, Kind, Mutant, Notation, Paper, Provenance, Source, Symbol

n = sp.Symbol("n", integer=True, positive=True)
eps = sp.Symbol("eps", positive=True)

NOTATION = Notation(
    "mean-estimate",
    Symbol(n, "samples that the mean is taken of", 1, shares_run=True),
    Symbol(eps, "error that is tolerated", 0, integer=False, strict=True, label="ε", latex=r"\varepsilon"),
)
PAPER = Paper("mean-estimate", NOTATION, title="Probability inequalities", authors=("W. Hoeffding",))

OBSERVABLE = Observable(
    "mean_off",
    "Share of the trials of a run whose mean is eps or more away from 1/2.",
    "fraction",
    0,
    1,
    trivial=1.0,
    better="lower",
)

_BOUND = sp.log(2) - 2 * n * eps**2

CLAIM = Claim(
    id="hoeffding",
    title="Hoeffding's inequality for a fair coin",
    statement="The mean of n fair tosses is eps or more away from 1/2 with probability at most 2 exp(-2 n eps^2).",
    kind=Kind.UPPER,
    observable="mean_off",
    log_expression=_BOUND,
    source=Source(PAPER, Provenance.DERIVED, text="Theorem 2 of Hoeffding (1963), for two-sided deviations."),
    mutants=(Mutant("exponent-doubled", sp.log(2) - 4 * n * eps**2, "4 for 2", refuted_by="measurement"),),
    required=True,
)
