"""C12: the first fine-tuning gradient concentrates on the prompt's column.

Definition: share is the part of the squared Frobenius norm of the gradient of W that lies in the prompt's
column, c the coherence of the per-fact gradients, tau their norm ratio; the deficit is c (1/share - 1) / tau.

Guarantee (identity, hence tight): the deficit is 1 / N_f, that is share = c N_f / (c N_f + tau).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in docs/claims/rank-one.md.

It is stated so that its right side holds only symbols of the notation. The bounds on the top singular value and
vector follow from the share and are proved in the documentation.

>>> import theory
>>> round(theory.claim("rank-one").bound(N_f=40), 4)
0.025
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import N_f, derived

CLAIMS = (
    Claim(
        id="rank-one",
        title="Rank-one concentration of the fine-tuning gradient",
        statement="Setting: one-hot embeddings, distinct subjects, no residual. Let share be the fraction of the "
        "squared Frobenius norm of the fine-tuning gradient of W at its first step that lies in the prompt's column. "
        "Then share = c N_f / (c N_f + tau), where c is the coherence of the per-fact gradients and tau their norm "
        "ratio. Equivalently, c (1/share - 1) / tau = 1 / N_f. Hence sigma_1^2 / ||G||^2 >= share. If share > 1/2, "
        "cos^2 of the angle between the top right singular vector and e_p is at least share. 1 - share = O(1/N_f) "
        "only if c stays above a constant.",
        kind=Kind.IDENTITY,
        observable="rank_one_deficit",
        log_expression=-sp.log(N_f),
        required=True,
        source=derived(
            number="C12",
            text="The source says that the fine-tuning gradient concentrates on a rank-one component aligned with the "
            "embedding of the Q&A format. The identity, the bounds and their premise are this project's.",
            proof="claims/rank-one",
        ),
        premises=Premises(domain=(sp.Ge(N_f, 1),)),
        measured=Measured(
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
        ),
        evaluation=Evaluation(falls_in=("N_f",)),
        mutants=(
            Mutant(
                "without-coherence",
                -2 * sp.log(N_f),
                "1 - share = O(1/N_f) for every gradient: at c = 1/N_f the deficit would be 1/N_f^2",
            ),
            Mutant("one-fact-more", -sp.log(N_f + 1), "1 / (N_f + 1) replaces 1 / N_f"),
        ),
    ),
)
