"""C4: how rarely a template's coverage falls to half its mean."""

import sympy as sp

from theory.claim import Claim, Kind, Mutant, Provenance
from theory.notation import K, N_f, R

CLAIMS = (
    Claim(
        id="coverage-half-mean",
        claim_number="C4",
        title="Half-mean tail of a template's coverage",
        statement=(
            "Averaged over worlds, the number C_r of fine-tuned facts that were written with template r is "
            "Binomial(N_f, K/|R|), and P[C_r <= N_f K / (2|R|)] <= exp(-N_f K^2 / (2|R|^2))."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source=(
            "Not in the source as such: a plausible origin of the K^2 / (2|R|^2) in its headline bound "
            "(with N_f = normalised N_f times log|R| it is the headline formula)."
        ),
        observable="coverage_half_mean_tail",
        required=True,
        log_expression=-N_f * K**2 / (2 * R**2),
        falls_in=("N_f", "K"),
        domain=(sp.Le(K, R),),
        tolerance=1e-12,
        proof="claims/coverage-half-mean",
        mutants=(
            Mutant(
                name="without-half",
                log_bound=-N_f * K**2 / R**2,
                text="the factor 1/2 in the exponent dropped",
                refuted_by="certification",
            ),
            Mutant(
                name="linear-in-multiplicity",
                log_bound=-N_f * K / (2 * R),
                text="K / |R| in place of K^2 / |R|^2",
                refuted_by="certification",
            ),
        ),
    ),
)
