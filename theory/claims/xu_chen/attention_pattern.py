"""C10: attention keeps to the content tokens.

Definition: the attention mass on a kind of token is that at the answer position, averaged over statements.

Guarantee (comparison): in at least 80 % of worlds pre-training lowers the mass on distractors below its share at
initialisation.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: which masses rise
and fall is this project's reading, and the part about the subject's weight has a premise still to be found.

>>> import theory
>>> theory.claim("attention-pattern").arm
'distractors'
"""

from theory import Claim, Kind, Measured
from theory.claims.xu_chen.paper import reconstructed

CLAIMS = (
    Claim(
        id="attention-pattern",
        title="Pre-training moves attention away from distractors",
        statement="In at least 80 % of worlds the attention mass on distractor tokens at the answer position is lower "
        "after pre-training than at initialisation. Hence the mass on subject and template is higher. (Without "
        "distractors the subject's weight rises above 1/2 if many facts share each template. This part is reported "
        "only.)",
        kind=Kind.COMPARISON,
        observable="distractor_attention_drop",
        source=reconstructed(
            number="C10", text="Abstract and summary: pre-training learns structured attention patterns."
        ),
        measured=Measured(
            arm="distractors",
            supporting=(
                "distractor_attention",
                "subject_attention",
                "template_attention",
                "subject_distractor_attention",
            ),
        ),
    ),
)
