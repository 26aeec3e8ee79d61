"""C8: why a held-out fact fails: not all of its K templates were covered.

Definition: a template of a held-out fact is uncovered if no fine-tuned fact was written with it. A fact fails if its
question is answered wrongly.

Guarantee (comparison): among the held-out facts of one run, the number of uncovered templates predicts failure with
an area under the ROC curve above 1/2. This holds in at least 80 % of the worlds in which some held-out facts fail and
some do not.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: paper and project
agree on the mechanism in words; the measure of it is ours.

>>> import theory
>>> theory.claim("mechanism").observable
'coverage_auc_excess'
"""

from theory import Claim, Kind, Measured, Premises
from theory.claims.xu_chen.paper import NEAR_OPTIMAL, reconstructed

CLAIMS = (
    Claim(
        id="mechanism",
        title="Uncovered templates predict failure",
        statement="Among the held-out facts of one run, those with more of their K templates uncovered fail more "
        "often. That is: in at least 80 % of worlds the number of uncovered templates predicts failure with an area "
        "under the ROC curve above 1/2. Only worlds in which some held-out facts fail and some do not are counted.",
        kind=Kind.COMPARISON,
        observable="coverage_auc_excess",
        source=reconstructed(
            number="C8",
            text="Abstract and summary: facts are stored but inaccessible if fine-tuning covers too few of the "
            "latent relation-template directions that encode them.",
        ),
        premises=Premises(assumptions=(NEAR_OPTIMAL,)),
        measured=Measured(
            supporting=(
                "own_template_error_share",
                "own_template_error_excess",
                "unseen_own_templates",
                "ood_error_unseen_0",
                "ood_error_unseen_1",
                "ood_error_unseen_2",
                "ood_error_unseen_3_or_more",
            )
        ),
    ),
)
