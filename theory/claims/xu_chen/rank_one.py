"""C12: the first fine-tuning gradient concentrates on the prompt's column.

The identity is stated so that its right side holds only symbols of the
notation: with share, coherence c and tau measured on the same gradient,
share = c N_f / (c N_f + tau) reads c (1/share - 1) / tau = 1 / N_f. The bounds
on the top singular value and vector follow from the share and are proved in the
documentation.
"""

import sympy as sp

from theory.claim import Claim, Kind, Mutant, Provenance
from theory.notation import N_f

CLAIMS = (
    Claim(
        id="rank-one",
        claim_number="C12",
        title="Rank-one concentration of the fine-tuning gradient",
        statement=(
            "The fine-tuning gradient of W at its first step (one-hot embeddings, distinct subjects, no residual) has "
            "the share c N_f / (c N_f + tau) of its squared Frobenius norm in the prompt's column, c the coherence of "
            "the per-fact gradients and tau their norm ratio; that is c (1/share - 1) / tau = 1 / N_f. Hence "
            "sigma_1^2 / ||G||^2 >= share, and cos^2 of the angle between the top right singular vector and e_p is at "
            "least share whenever share > 1/2. 1 - share = O(1/N_f) only if c stays above a constant."
        ),
        kind=Kind.IDENTITY,
        provenance=Provenance.DERIVED,
        source=(
            "The source says that the fine-tuning gradient concentrates on a rank-one component aligned with the "
            "embedding of the Q&A format; the identity, the bounds and their premise are this project's."
        ),
        observable="rank_one_deficit",
        required=True,
        log_expression=-sp.log(N_f),
        falls_in=("N_f",),
        domain=(sp.Ge(N_f, 1),),
        tolerance=1e-10,
        supporting=(
            "rank_one_share",
            "gradient_coherence",
            "gradient_norm_ratio",
            "top_singular_share",
            "prompt_cosine",
            "update_prompt_share",
            "update_top_singular_share",
            "update_prompt_cosine",
        ),
        proof="claims/rank-one",
        mutants=(
            Mutant(
                name="without-coherence",
                log_bound=-2 * sp.log(N_f),
                text="1 - share = O(1/N_f) for every gradient: where c = 1/N_f this would make the deficit 1/N_f^2",
                refuted_by="certification",
            ),
            Mutant(
                name="one-fact-more",
                log_bound=-sp.log(N_f + 1),
                text="1 / (N_f + 1) in place of 1 / N_f",
                refuted_by="certification",
            ),
        ),
    ),
)
