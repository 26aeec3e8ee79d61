"""C8: why a held-out fact fails: its own templates were not covered.

RECONSTRUCTED, hence reported and not required: source and project agree on
the mechanism in words, but the measure of it is ours.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Provenance
from theory.notation import epsilon, measured

CLAIMS = (
    Claim(
        id="mechanism",
        claim_number="C8",
        title="Uncovered own templates predict failure",
        statement=(
            "Among the held-out facts of one run, those with more uncovered own templates fail more often: the area "
            "under the ROC curve of the number of uncovered own templates as a predictor of failure exceeds 1/2."
        ),
        kind=Kind.COMPARISON,
        provenance=Provenance.RECONSTRUCTED,
        source=(
            "Abstract and summary: facts are stored yet inaccessible where fine-tuning covers too few of the latent "
            "relation-template directions through which they were encoded."
        ),
        observable="coverage_auc_excess",
        required=False,
        assumptions=(
            Assumption(
                name="pretraining_gap",
                relation=sp.Le(measured("pretraining_gap"), epsilon),
                text="pre-training is near-optimal: its loss is within epsilon of the floor log K",
            ),
        ),
        supporting=(
            "own_template_error_share",
            "own_template_error_excess",
            "unseen_own_templates",
            "ood_error_unseen_0",
            "ood_error_unseen_1",
            "ood_error_unseen_2",
            "ood_error_unseen_3_or_more",
        ),
    ),
)
