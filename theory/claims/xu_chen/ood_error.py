"""C5: the headline bound on the out-of-distribution error, in its two readings."""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance
from theory.notation import K, N_f, R, epsilon, measured

_PREMISES = (
    Assumption(
        name="pretraining_gap",
        relation=sp.Le(measured("pretraining_gap"), epsilon),
        text="pre-training is near-optimal: its loss is within epsilon of the floor log K",
    ),
    Assumption(
        name="K",
        relation=sp.Ge(K, 2),
        text="every fact was written with at least two templates",
    ),
)
_DOMAIN = (sp.Le(K, R), sp.Ge(R, 2))


def _mutants(log_bound: sp.Expr, exponent: sp.Expr) -> tuple[Mutant, ...]:
    return (
        Mutant(
            name="universe-not-squared",
            log_bound=log_bound * R,
            text="|R| in place of |R|^2 in the exponent",
            refuted_by="measurement",
        ),
        Mutant(
            name="without-universe",
            log_bound=log_bound * exponent,
            text="no |R|^2 at all in the exponent",
            refuted_by="measurement",
        ),
    )


_NORMALISED = -N_f * K**2 / (2 * R**2)
_LITERAL = -N_f * K**2 * sp.log(R) / (2 * R**2)

CLAIMS = (
    Claim(
        id="ood-error-normalised",
        claim_number="C5",
        title="Headline bound on the OOD error, N_f normalised by log|R|",
        statement=(
            "After near-optimal pre-training with multiplicity K >= 2, the mean out-of-distribution error after "
            "fine-tuning on N_f facts is at most exp(-N~_f K^2 log|R| / (2|R|^2)) with N~_f = N_f / log|R|, that is "
            "exp(-N_f K^2 / (2|R|^2)) in the raw count."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.STATED,
        source=(
            "The formula is in the abstract and summary, with a tilde on N_f; what the tilde normalises by is not "
            "stated. This reading takes it to be log|R|."
        ),
        observable="ood_error",
        required=True,
        log_expression=_NORMALISED,
        falls_in=("N_f", "K"),
        domain=_DOMAIN,
        assumptions=_PREMISES,
        supporting=("unseen_own_templates", "ood_loss"),
        mutants=_mutants(_NORMALISED, R**2),
    ),
    Claim(
        id="ood-error-literal",
        claim_number="C5",
        title="Headline bound on the OOD error, N_f the raw count",
        statement=(
            "After near-optimal pre-training with multiplicity K >= 2, the mean out-of-distribution error after "
            "fine-tuning on N_f facts is at most exp(-N_f K^2 log|R| / (2|R|^2)), N_f the raw count of facts."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.STATED,
        source=(
            "The formula is in the abstract and summary, with a tilde on N_f; what the tilde normalises by is not "
            "stated. This reading ignores it."
        ),
        observable="ood_error",
        required=True,
        log_expression=_LITERAL,
        falls_in=("N_f", "K"),
        domain=_DOMAIN,
        assumptions=_PREMISES,
        supporting=("unseen_own_templates", "ood_loss"),
        mutants=_mutants(_LITERAL, R**2),
    ),
)
