"""C1: the floor of the pre-training loss.

Definition: the pre-training loss is the mean next-token loss of statements: template given subject, then answer
given both.

Guarantee (identity): for every parameter the loss is log K plus a mean divergence plus the mean answer loss,
neither negative. So log K is the floor of the loss, a lower bound that is tight.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in docs/claims/pretraining-floor.md.

>>> import theory
>>> round(theory.claim("pretraining-floor").bound(K=3), 3)
1.099
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant
from theory.claims.xu_chen.paper import K, R, derived

CLAIMS = (
    Claim(
        id="pretraining-floor",
        title="Loss floor of pre-training",
        statement="For all parameters, the pre-training loss exceeds log K by exactly the mean divergence KL(uniform "
        "on T(s) || p(.|s)) plus the mean answer loss. Both are non-negative. The observable pretraining_floor is the "
        "loss minus these two terms, measured in float64. It must equal log K.",
        kind=Kind.IDENTITY,
        observable="pretraining_floor",
        log_expression=sp.log(sp.log(K)),
        required=True,
        source=derived(
            number="C1",
            text="The source says that pre-training reaches near-optimal loss. This project derives the optimal loss.",
            proof="claims/pretraining-floor",
        ),
        measured=Measured(tolerance=1e-9),
        mutants=(
            Mutant(
                "entropy-of-universe",
                sp.log(sp.log(R)),
                "the entropy log|R| of the whole template universe replaces log K",
                "measurement",
            ),
            Mutant("one-template-more", sp.log(sp.log(K + 1)), "log(K + 1) replaces log K", "measurement"),
        ),
    ),
)
