"""C10: attention keeps to the content tokens.

RECONSTRUCTED, hence reported and not required: the source speaks of structured
attention patterns; which masses rise and fall is this project's reading, and
the part about the subject's weight has a premise still to be found.
"""

from theory.claim import Claim, Kind, Provenance

CLAIMS = (
    Claim(
        id="attention-pattern",
        claim_number="C10",
        title="Pre-training moves attention away from distractors",
        statement=(
            "At the answer position the attention mass on distractor tokens after pre-training is below its share at "
            "initialisation, and the mass on subject and template above it. (Without distractors the subject's weight "
            "rises from 1/2 where templates are shared by many facts; this part is reported only.)"
        ),
        kind=Kind.COMPARISON,
        provenance=Provenance.RECONSTRUCTED,
        source="Abstract and summary: pre-training learns structured attention patterns.",
        observable="distractor_attention_drop",
        required=False,
        variant="distractors",
        supporting=("distractor_attention", "subject_attention", "template_attention", "subject_distractor_attention"),
    ),
)
