"""C13: low-rank fine-tuning does as well as full fine-tuning.

Definition: low-rank fine-tuning adds a trained matrix of rank 1 (LoRA) to W and leaves all else as pre-trained.

Guarantee (equivalence): in at least 80 % of worlds its OOD error and that of full fine-tuning differ by at most a
stated margin.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: the margin is this
project's.

>>> import theory
>>> theory.claim("low-rank").reference
'main'
"""

from theory import Claim, Kind, Measured, Premises
from theory.claims.xu_chen.paper import NEAR_OPTIMAL, reconstructed

CLAIMS = (
    Claim(
        id="low-rank",
        title="Rank-one fine-tuning matches full fine-tuning",
        statement="In at least 80 % of worlds the out-of-distribution error of rank-1 LoRA on W equals that of full "
        "fine-tuning within the stated margin.",
        kind=Kind.EQUIVALENCE,
        observable="ood_error",
        source=reconstructed(
            number="C13", text="Abstract and summary: the results hold for both full and low-rank fine-tuning."
        ),
        premises=Premises(assumptions=(NEAR_OPTIMAL,)),
        measured=Measured(arm="low-rank", reference="main"),
    ),
)
