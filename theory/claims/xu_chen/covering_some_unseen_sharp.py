"""C7: a closed form for the probability that at least one of a fact's K templates is unseen.

Definition: a template of a held-out fact is unseen if no fine-tuned fact was written with it.

Guarantee (upper): the probability that at least one of the K templates is unseen is at most min(1, K (1 -
K/|R|)^N_f), and at least that divided by e/(e-1).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in
docs/claims/covering-some-unseen-sharp.md.

>>> import theory
>>> round(theory.claim("covering-some-unseen-sharp").bound(N_f=60, K=3, R=60), 3)
0.138
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import CLOSED_FORM, COVERING, K, N_f, R, derived

_p = K / R
_UNSEEN = sp.log(sp.Min(1, K * (1 - _p) ** N_f, evaluate=False))

CLAIMS = (
    Claim(
        id="covering-some-unseen-sharp",
        title="At least one of the fact's templates unseen, sharp closed form",
        statement="Averaged over worlds, at least one of a held-out fact's K templates appears in no fine-tuned fact "
        "with probability at most min(1, K (1 - K/|R|)^N_f). The bound is within a factor e/(e-1) of the exact law "
        "for all K <= |R| and N_f.",
        kind=Kind.UPPER,
        observable="covering_some_unseen",
        log_expression=_UNSEEN,
        required=True,
        source=derived(number="C7", text=CLOSED_FORM, proof="claims/covering-some-unseen-sharp"),
        premises=Premises(domain=COVERING),
        measured=Measured(tolerance=1e-12),
        evaluation=Evaluation(falls_in=("N_f",)),
        mutants=(
            Mutant("without-union", N_f * sp.log(1 - _p), "the factor K of the union bound is dropped"),
            Mutant(
                "one-fact-more", sp.log(sp.Min(1, K * (1 - _p) ** (N_f + 1), evaluate=False)), "N_f + 1 replaces N_f"
            ),
        ),
    ),
)
