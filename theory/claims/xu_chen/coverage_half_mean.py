"""C4: how rarely a template's coverage falls to half its mean.

Definition: the coverage C_r of a template r is the number of fine-tuned facts that were written with it; its
mean over worlds is N_f K / |R|.

Guarantee (upper): P[C_r <= N_f K / (2|R|)] <= exp(-N_f K^2 / (2|R|^2)).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901, does not state it; it may be where the headline
exponent comes from. DERIVED; proof in docs/claims/coverage-half-mean.md.

>>> import theory
>>> round(theory.claim("coverage-half-mean").bound(N_f=40, K=3, R=60), 3)
0.951
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import K, N_f, R, derived

HALF_MEAN = -N_f * K**2 / (2 * R**2)

CLAIMS = (
    Claim(
        id="coverage-half-mean",
        title="Half-mean tail of a template's coverage",
        statement="Averaged over worlds, the number C_r of fine-tuned facts that were written with template r is "
        "Binomial(N_f, K/|R|), and P[C_r <= N_f K / (2|R|)] <= exp(-N_f K^2 / (2|R|^2)).",
        kind=Kind.UPPER,
        observable="coverage_half_mean_tail",
        log_expression=HALF_MEAN,
        required=True,
        source=derived(
            number="C4",
            text="Not stated in the source. It is a plausible origin of the K^2 / (2|R|^2) in the headline bound: "
            "with N_f = normalised N_f times log|R| it becomes the headline formula.",
            proof="claims/coverage-half-mean",
        ),
        premises=Premises(domain=(sp.Le(K, R),)),
        measured=Measured(tolerance=1e-12),
        evaluation=Evaluation(falls_in=("N_f", "K")),
        mutants=(
            Mutant("without-half", 2 * HALF_MEAN, "the factor 1/2 in the exponent is dropped"),
            Mutant("linear-in-multiplicity", HALF_MEAN * R / K, "K / |R| replaces K^2 / |R|^2"),
        ),
    ),
)
