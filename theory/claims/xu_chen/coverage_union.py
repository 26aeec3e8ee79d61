"""C7: closed-form bounds on insufficient coverage of a fact's K templates, in a simple and a sharp form.

Definition: a held-out fact is insufficiently covered if at least one of its K templates has coverage C_r <= N_f K /
(2|R|), half its mean.

Guarantee (upper): with p = K/|R| and c = floor(N_f p / 2) its probability is at most min(1, K exp(-N_f p^2 /
2)), and, sharper, at most min(1, K P[C_r = c] / (1 - rho)) with rho = c(1-p) / ((N_f-c+1)p). The sharp form is
within 2.11 of the exact law.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. The bounds are DERIVED; proofs in
docs/claims/coverage-union.md and coverage-union-sharp.md.

>>> import theory
>>> round(theory.claim("coverage-union").bound(N_f=60, K=30, R=60), 4)
0.0166
>>> round(theory.claim("coverage-union-sharp").bound(N_f=60, K=30, R=60), 4)
0.0021
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.coverage_half_mean import HALF_MEAN
from theory.claims.xu_chen.paper import CLOSED_FORM, COVERING, K, N_f, R, derived

_p = K / R
_c = sp.floor(N_f * K / (2 * R))


def _union(exponent: sp.Expr) -> sp.Expr:
    # SymPy compares the two for a while, and leaves them as they are.
    return sp.log(sp.Min(1, K * sp.exp(exponent), evaluate=False))


def _tail(cut: sp.Expr) -> sp.Expr:
    """log of min(1, K pmf(cut) / (1 - rho(cut)))."""
    pmf = sp.binomial(N_f, cut) * _p**cut * (1 - _p) ** (N_f - cut)
    ratio = cut * (1 - _p) / ((N_f - cut + 1) * _p)
    return sp.log(sp.Min(1, K * pmf / (1 - ratio), evaluate=False))


CLAIMS = (
    Claim(
        id="coverage-union",
        title="At least one of the fact's templates covered at most half its mean, simple form",
        statement="Let p = K/|R|. Averaged over worlds, the probability that at least one of a held-out fact's K "
        "templates has coverage C_r <= N_f p / 2 is at most min(1, K exp(-N_f p^2 / 2)).",
        kind=Kind.UPPER,
        observable="coverage_union",
        log_expression=_union(HALF_MEAN),
        required=True,
        source=derived(number="C7", text=CLOSED_FORM, proof="claims/coverage-union"),
        premises=Premises(domain=COVERING),
        measured=Measured(tolerance=1e-12),
        evaluation=Evaluation(falls_in=("N_f",)),
        mutants=(
            Mutant("without-union", HALF_MEAN, "the factor K of the union bound is dropped"),
            Mutant("without-half", _union(2 * HALF_MEAN), "the factor 1/2 in the exponent is dropped"),
            Mutant("linear-in-multiplicity", _union(-N_f * K / (2 * R)), "K / |R| replaces K^2 / |R|^2"),
        ),
    ),
    Claim(
        id="coverage-union-sharp",
        title="At least one of the fact's templates covered at most half its mean, sharp closed form",
        statement="Let p = K/|R|, c = floor(N_f K / (2|R|)) and rho = c(1-p) / ((N_f-c+1)p). Averaged over worlds, the "
        "probability that at least one of a held-out fact's K templates has coverage C_r <= N_f p / 2 is at most "
        "min(1, K C(N_f,c) p^c (1-p)^(N_f-c) / (1-rho)). The bound is within a factor 4/3 of the union bound over "
        "templates and within a factor 2.11 of the exact law. It is never looser than the simple form.",
        kind=Kind.UPPER,
        observable="coverage_union",
        log_expression=_tail(_c),
        required=True,
        source=derived(number="C7", text=CLOSED_FORM, proof="claims/coverage-union-sharp"),
        premises=Premises(domain=COVERING),
        measured=Measured(tolerance=1e-12),
        evaluation=Evaluation(
            numeric="theory.coverage.floats:log_some_below_half_bound",
            searches=(("N_f", "theory.planning.least:least_facts_below_half"),),
        ),
        mutants=(
            Mutant(
                "cut-one-lower",
                _tail(_c - 1),
                "the tail is bounded at c - 1, but the event includes c = floor(N_f K / (2|R|))",
            ),
            Mutant(
                "without-geometric-factor",
                sp.log(
                    sp.Min(1, K * sp.binomial(N_f, _c) * _p**_c * (1 - _p) ** (N_f - _c) * (1 - _p), evaluate=False)
                ),
                "the point probability is multiplied by 1 - p instead of 1 / (1 - rho)",
            ),
            Mutant("without-union", _tail(_c) - sp.log(K), "the factor K of the union bound is dropped"),
        ),
    ),
)
