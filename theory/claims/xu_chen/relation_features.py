"""C11: fine-tuning turns the prompt into a trigger for the covered templates' features.

RECONSTRUCTED, hence reported and not required: the features h_r and the
direction Delta_p are this project's definitions.
"""

from theory.claim import Claim, Kind, Provenance

CLAIMS = (
    Claim(
        id="relation-features",
        claim_number="C11",
        title="Fine-tuning aligns the prompt with covered relation features",
        statement=(
            "With h_r = W e_r after pre-training and Delta_p the change of W e_p in fine-tuning, cos(Delta_p, h_r) is "
            "larger on average over the templates that some fine-tuned fact was written with than over the others; "
            "its mean over the former grows with K."
        ),
        kind=Kind.COMPARISON,
        provenance=Provenance.RECONSTRUCTED,
        source=(
            "Abstract and summary: pre-training learns relation-specific feature directions and that fine-tuning makes "
            "the Q&A format a trigger for them."
        ),
        observable="feature_alignment_contrast",
        required=False,
        supporting=("feature_alignment_covered", "feature_alignment_uncovered", "feature_similarity"),
    ),
)
