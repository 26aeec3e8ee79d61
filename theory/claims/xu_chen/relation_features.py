"""C11: fine-tuning turns the prompt into a trigger for the covered templates' features.

Definition: h_r = W e_r is the feature of template r after pre-training, Delta_p the change of the prompt's W
e_p in fine-tuning.

Guarantee (comparison): in at least 80 % of worlds cos(Delta_p, h_r) is larger on average over the templates that
some fine-tuned fact was written with than over the others; only worlds with templates of both kinds are counted.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: h_r and Delta_p are
this project's definitions.

>>> import theory
>>> theory.claim("relation-features").observable
'feature_alignment_contrast'
"""

from theory import Claim, Kind, Measured
from theory.claims.xu_chen.paper import reconstructed

CLAIMS = (
    Claim(
        id="relation-features",
        title="Fine-tuning aligns the prompt with covered relation features",
        statement="Let h_r = W e_r after pre-training, and let Delta_p be the change of W e_p in fine-tuning. In at "
        "least 80 % of worlds the mean of cos(Delta_p, h_r) is larger over covered templates (some fine-tuned fact was "
        "written with them) than over uncovered ones. Only worlds with templates of both kinds are counted. (The mean "
        "over covered templates grows with K. This part is reported only.)",
        kind=Kind.COMPARISON,
        observable="feature_alignment_contrast",
        source=reconstructed(
            number="C11",
            text="Abstract and summary: pre-training learns relation-specific feature directions, and fine-tuning "
            "makes the Q&A format a trigger for them.",
        ),
        measured=Measured(
            supporting=("feature_alignment_covered", "feature_alignment_uncovered", "feature_similarity")
        ),
    ),
)
