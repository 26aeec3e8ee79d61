"""Theorem 1: the majority of N_f answers, each right with probability 3/4, errs with probability <= exp(-N_f / 8).

Proof (Hoeffding): the number of right answers is Binomial(N_f, 3/4). The majority errs only if it is at most
N_f / 2, that is N_f / 4 below its mean, which has probability at most exp(-2 N_f (1/4)^2) = exp(-N_f / 8).
"""

import sympy as sp

from empirics.observables.definition import Observable
from theory import Claim, Kind, Mutant, Provenance
from theory.notation import N_f

OBSERVABLE = Observable(
    "majority_error",
    "Share of questions that the majority gets wrong.",
    "share of 1",
    0,
    1,
    trivial=1.0,
    better="lower",
)

CLAIM = Claim(
    id="majority-vote",
    title="Majority of noisy answers",
    statement="The majority of N_f independent answers, each right with probability 3/4, errs at most exp(-N_f / 8).",
    kind=Kind.UPPER,
    provenance=Provenance.DERIVED,
    source="Theorem 1 of this repository.",
    observable="majority_error",
    required=True,
    log_expression=-N_f * sp.Rational(1, 8),
    mutants=(
        Mutant("four-times-the-rate", -N_f * sp.Rational(1, 2), "four times the exponent", refuted_by="measurement"),
    ),
)
