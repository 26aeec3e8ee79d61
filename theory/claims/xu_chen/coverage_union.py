"""C7: closed-form bounds on insufficient coverage of a fact's own templates, by counting alone."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.claim import Claim, Kind, Mutant, Provenance
from theory.notation import K, N_f, R
from theory.numbers.floats import Approximation

_SOURCE = (
    "The source says that fine-tuning must cover enough relation templates and that insufficient coverage leaves facts "
    "inaccessible; the closed form and its proof are this project's."
)
_DOMAIN = (sp.Le(K, R), sp.Ge(N_f, 1))
_p = K / R
_c = sp.floor(N_f * K / (2 * R))
_UNION = sp.log(sp.Min(1, K * sp.exp(-N_f * K**2 / (2 * R**2))))
_UNSEEN = sp.log(sp.Min(1, K * (1 - _p) ** N_f))


def _tail(cut: sp.Expr) -> sp.Expr:
    """log of min(1, K pmf(cut) / (1 - rho(cut)))."""
    pmf = sp.binomial(N_f, cut) * _p**cut * (1 - _p) ** (N_f - cut)
    ratio = cut * (1 - _p) / ((N_f - cut + 1) * _p)
    return sp.log(sp.Min(1, K * pmf / (1 - ratio)))


def _least_facts(
    good: Callable[[int], bool], target: Fraction, low: int, high: int, **values: int
) -> tuple[int | None, int | None]:
    from theory.planning.least import least_facts_below_half

    return least_facts_below_half(good, target, low, high, K=values["K"], R=values["R"])


def _log_tail(**values: Any) -> Approximation:
    from theory.numbers.deviance import log_some_below_half_bound

    return log_some_below_half_bound(**values)


CLAIMS = (
    Claim(
        id="coverage-union",
        claim_number="C7",
        title="Some own template covered at most half its mean, simple form",
        statement=(
            "Averaged over worlds, with p = K/|R|, the probability that some own template of a held-out fact has "
            "coverage C_r <= N_f p / 2 is at most min(1, K exp(-N_f p^2 / 2))."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source=_SOURCE,
        observable="coverage_union",
        required=True,
        log_expression=_UNION,
        falls_in=("N_f",),
        domain=_DOMAIN,
        tolerance=1e-12,
        proof="claims/coverage-union",
        mutants=(
            Mutant(
                name="without-union",
                log_bound=-N_f * K**2 / (2 * R**2),
                text="the factor K of the union over own templates dropped",
                refuted_by="certification",
            ),
            Mutant(
                name="without-half",
                log_bound=sp.log(sp.Min(1, K * sp.exp(-N_f * K**2 / R**2))),
                text="the factor 1/2 in the exponent dropped",
                refuted_by="certification",
            ),
            Mutant(
                name="linear-in-multiplicity",
                log_bound=sp.log(sp.Min(1, K * sp.exp(-N_f * K / (2 * R)))),
                text="K / |R| in place of K^2 / |R|^2",
                refuted_by="certification",
            ),
        ),
    ),
    Claim(
        id="covering-some-unseen-sharp",
        claim_number="C7",
        title="Some own template unseen, sharp closed form",
        statement=(
            "Averaged over worlds, a held-out fact has an own template that no fine-tuned fact shows with probability "
            "at most min(1, K (1 - K/|R|)^N_f); this is within the factor e/(e-1) of the exact law for all K <= |R| "
            "and N_f."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source=_SOURCE,
        observable="covering_some_unseen",
        required=True,
        log_expression=_UNSEEN,
        falls_in=("N_f",),
        domain=_DOMAIN,
        tolerance=1e-12,
        proof="claims/covering-some-unseen-sharp",
        mutants=(
            Mutant(
                name="without-union",
                log_bound=N_f * sp.log(1 - _p),
                text="the factor K of the union over own templates dropped",
                refuted_by="certification",
            ),
            Mutant(
                name="one-fact-more",
                log_bound=sp.log(sp.Min(1, K * (1 - _p) ** (N_f + 1))),
                text="N_f + 1 facts in place of N_f",
                refuted_by="certification",
            ),
        ),
    ),
    Claim(
        id="coverage-union-sharp",
        claim_number="C7",
        title="Some own template covered at most half its mean, sharp closed form",
        statement=(
            "Averaged over worlds, with p = K/|R|, c = floor(N_f K / (2|R|)) and rho = c(1-p) / ((N_f-c+1)p), the "
            "probability that some own template of a held-out fact has coverage C_r <= N_f p / 2 is at most "
            "min(1, K C(N_f,c) p^c (1-p)^(N_f-c) / (1-rho)). It is within 4/3 of the union over templates, within "
            "2.11 of the exact law, and never looser than the simple form."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source=_SOURCE,
        observable="coverage_union",
        required=True,
        log_expression=_tail(_c),
        numeric=_log_tail,
        searches=(("N_f", _least_facts),),
        domain=_DOMAIN,
        tolerance=1e-12,
        proof="claims/coverage-union-sharp",
        mutants=(
            Mutant(
                name="cut-one-lower",
                log_bound=_tail(_c - 1),
                text="the tail bounded at c - 1 while the event reaches c = floor(N_f K / (2|R|))",
                refuted_by="certification",
            ),
            Mutant(
                name="without-geometric-factor",
                log_bound=sp.log(sp.Min(1, K * sp.binomial(N_f, _c) * _p**_c * (1 - _p) ** (N_f - _c) * (1 - _p))),
                text="the point probability times 1 - p in place of 1 / (1 - rho)",
                refuted_by="certification",
            ),
            Mutant(
                name="without-union",
                log_bound=_tail(_c) - sp.log(K),
                text="the factor K of the union over own templates dropped",
                refuted_by="certification",
            ),
        ),
    ),
)
