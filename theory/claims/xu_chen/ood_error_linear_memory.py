"""C9 proved for the linear memory: a held-out fact with an own template that fine-tuning never shows fails.

The bound is the exact covering law of C6. The premise on the pre-trained memory
is measured; for K = 1 it is proved for every number of pre-training steps.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance
from theory.claims import covering_laws
from theory.notation import N_f, measured

(_LAW,) = (c for c in covering_laws.CLAIMS if c.id == "covering-some-unseen")
assert _LAW.log_expression is not None

CLAIMS = (
    Claim(
        id="ood-error-linear-memory",
        claim_number="C9",
        title="The linear memory extracts nothing that fine-tuning does not cover",
        statement=(
            "Linear memory F = V x with uniform attention, V e_p = 0 before fine-tuning, every fact with an answer of "
            "its own: after any number of full-batch gradient steps of size at most 8 on N_f facts, in every world, a "
            "held-out fact with an own template that no fine-tuned fact shows is answered wrongly, if the pre-trained "
            "memory has template dominance: its vote for an own template over its answer is at least 0 and at least "
            "that of any fact that does not own the template. So the OOD error is at least the share of such facts, "
            "and its mean over worlds at least P[some own template unseen] = sum_{j=1..K} (-1)^(j+1) C(K,j) "
            "[C(|R|-j,K)/C(|R|,K)]^N_f; no larger bound holds under the premise. For K = 1 the premise holds after "
            "every number of pre-training steps of size at most 2 S from 0, and the bound is (1 - 1/|R|)^N_f."
        ),
        kind=Kind.LOWER,
        provenance=Provenance.DERIVED,
        source=(
            "The source says that insufficient coverage leaves facts stored but inaccessible, and that attention-only "
            "simplifications may be incapable of extracting; this theorem, for the linear memory, is this project's."
        ),
        observable="ood_error",
        required=True,
        log_expression=_LAW.log_expression,
        exact=_LAW.exact,
        ball=_LAW.ball,
        falls_in=_LAW.falls_in,
        searches=_LAW.searches,
        domain=_LAW.domain,
        assumptions=(
            Assumption(
                name="template_dominance",
                relation=sp.Ge(measured("template_dominance"), 0),
                text=(
                    "after pre-training each fact prefers each own template to its answer, and by no less than any "
                    "other fact that does not own the template prefers it to that answer"
                ),
            ),
            Assumption(
                name="finetuning_step",
                relation=sp.Le(measured("finetuning_step"), 8),
                text="fine-tuning is full-batch gradient descent on the whole matrix, with steps of at most 8",
            ),
        ),
        supporting=("some_template_unseen", "uncovered_extracted", "own_template_error_share", "pretraining_gap"),
        proof="claims/ood-error-linear-memory",
        variant="linear-memory",
        mutants=(
            Mutant(
                name="one-fact-fewer",
                log_bound=_LAW.log_expression.subs(N_f, N_f - 1),
                text="N_f - 1 facts in place of N_f",
                refuted_by="certification",
            ),
            Mutant(
                name="coverage-useless",
                log_bound=sp.Integer(0),
                text="failure at every held-out fact whatever fine-tuning covers",
                refuted_by="certification",
            ),
        ),
    ),
)
