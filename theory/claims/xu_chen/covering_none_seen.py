"""C6: the exact probability that all of a fact's K templates are unseen.

Definition: a template of a held-out fact is unseen if no fine-tuned fact was written with it.

Guarantee (identity, hence tight): averaged over worlds, all K templates are unseen with probability
[C(|R|-K,K)/C(|R|,K)]^N_f.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in docs/claims/covering-none-seen.md.

>>> import theory
>>> round(theory.claim("covering-none-seen").bound(N_f=40, K=3, R=60), 5)
0.0019
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import COVERING, EXACT_LAW, K, N_f, R, derived

NONE_SEEN = (sp.binomial(R - K, K) / sp.binomial(R, K)) ** N_f

CLAIMS = (
    Claim(
        id="covering-none-seen",
        title="Exact covering law: all of the fact's templates unseen",
        statement="Averaged over worlds, a held-out fact shares no template with any fine-tuned fact with probability "
        "[C(|R|-K,K)/C(|R|,K)]^N_f. This decreases in N_f and in K and increases in |R|.",
        kind=Kind.IDENTITY,
        observable="covering_none_seen",
        log_expression=sp.log(NONE_SEEN),
        required=True,
        source=derived(number="C6", text=EXACT_LAW, proof="claims/covering-none-seen"),
        premises=Premises(domain=COVERING),
        measured=Measured(tolerance=1e-10),
        evaluation=Evaluation(falls_in=("N_f", "K"), numeric="theory.coverage.floats:log_none_seen"),
        mutants=(
            Mutant("with-replacement", K * N_f * sp.log(1 - K / R), "a fact's templates are drawn with replacement"),
        ),
    ),
)
