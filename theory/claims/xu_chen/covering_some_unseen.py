"""C6: the exact probability that at least one of a fact's K templates is unseen.

Definition: a template of a held-out fact is unseen if no fine-tuned fact was written with it.

Guarantee (identity, hence tight): averaged over worlds, at least one of the K templates is unseen with probability
sum_{j=1..K} (-1)^(j+1) C(K,j) [C(|R|-j,K)/C(|R|,K)]^N_f.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in docs/claims/covering-some-unseen.md.

>>> import theory
>>> round(theory.claim("covering-some-unseen").bound(N_f=60, K=3, R=60), 3)
0.132
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import COVERING, EXACT_LAW, K, N_f, R, derived

_j = sp.Symbol("j", integer=True, positive=True)
_LAW = sp.Sum((-1) ** (_j + 1) * sp.binomial(K, _j) * (sp.binomial(R - _j, K) / sp.binomial(R, K)) ** N_f, (_j, 1, K))
SOME_UNSEEN = sp.log(_LAW)

CLAIMS = (
    Claim(
        id="covering-some-unseen",
        title="Exact covering law: at least one of the fact's templates unseen",
        statement="Averaged over worlds, at least one of a held-out fact's K templates appears in no fine-tuned fact "
        "with probability sum_{j=1..K} (-1)^(j+1) C(K,j) [C(|R|-j,K)/C(|R|,K)]^N_f. This decreases in N_f and "
        "increases in |R|. It is not monotone in K.",
        kind=Kind.IDENTITY,
        observable="covering_some_unseen",
        log_expression=SOME_UNSEEN,
        required=True,
        source=derived(number="C6", text=EXACT_LAW, proof="claims/covering-some-unseen"),
        premises=Premises(domain=COVERING),
        measured=Measured(tolerance=1e-10),
        evaluation=Evaluation(
            falls_in=("N_f",),
            searches=(("K", "theory.planning.least:least_multiplicity_some_unseen"),),
            exact="theory.coverage.balls:log_some_unseen",
            ball="theory.coverage.balls:log_some_unseen_ball",
        ),
        mutants=(
            Mutant(
                "independent-templates",
                sp.log(1 - (1 - (1 - K / R) ** N_f) ** K),
                "the fact's K templates are treated as if they were covered independently",
            ),
        ),
    ),
)
