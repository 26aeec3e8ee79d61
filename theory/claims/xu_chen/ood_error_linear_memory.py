"""C9 proved for the linear memory: a held-out fact fails if one of its K templates appears in no fine-tuned fact.

Definition: the linear memory is F = V x with uniform attention. It has template dominance if each fact prefers each
of its K templates to its answer, at least as strongly as facts that were not written with the template do.

Guarantee (lower, tight under its premise): after any number of full-batch gradient steps of size at most 8 the mean
OOD error is at least the exact covering law of C6, P(at least one of the fact's K templates unseen).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in
docs/claims/ood-error-linear-memory.md.

The premise on the pre-trained memory is measured; for K = 1 it is proved for every number of pre-training steps.

>>> import theory
>>> round(theory.claim("ood-error-linear-memory").bound(N_f=60, K=3, R=60), 3)
0.132
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.xu_chen import covering_some_unseen
from theory.claims.xu_chen.paper import N_f, derived

(_LAW,) = covering_some_unseen.CLAIMS
_SOME_UNSEEN = covering_some_unseen.SOME_UNSEEN

CLAIMS = (
    Claim(
        id="ood-error-linear-memory",
        title="The linear memory extracts nothing that fine-tuning does not cover",
        statement="Setting: linear memory F = V x with uniform attention, V e_p = 0 before fine-tuning, distinct "
        "answers. Fine-tuning takes any number of full-batch gradient steps of size at most 8 on N_f facts. Premise "
        "(template dominance): after pre-training, each fact prefers each of its K templates to its answer, at least "
        "as strongly as any fact that was not written with the template prefers it to that answer. Then, in every "
        "world, a held-out fact is answered wrongly if at least one of its K templates appears in no fine-tuned fact. "
        "So the OOD error is at least the fraction of such facts. Its mean over worlds is at least P(at least one of "
        "the fact's K templates unseen) = sum_{j=1..K} (-1)^(j+1) C(K,j) [C(|R|-j,K)/C(|R|,K)]^N_f. No larger bound "
        "holds under the premise. For K = 1 the premise holds after any number of pre-training steps of size at most "
        "2 S from 0, and the bound is (1 - 1/|R|)^N_f.",
        kind=Kind.LOWER,
        observable="ood_error",
        log_expression=_SOME_UNSEEN,
        required=True,
        source=derived(
            number="C9",
            text="The source says that insufficient coverage leaves facts stored but inaccessible, and that "
            "attention-only simplifications may be incapable of extracting. This theorem on the linear memory is this "
            "project's.",
            proof="claims/ood-error-linear-memory",
        ),
        premises=Premises(
            domain=_LAW.domain,
            assumptions=(
                Assumption(
                    name="template_dominance",
                    relation=sp.Ge(measured("template_dominance"), 0),
                    text="after pre-training each fact prefers each of its K templates to its answer, at least as "
                    "strongly as any fact that was not written with the template prefers it to that answer",
                ),
                Assumption(
                    name="finetuning_step",
                    relation=sp.Le(measured("finetuning_step"), 8),
                    text="fine-tuning is full-batch gradient descent on the whole matrix, with step size at most 8",
                ),
            ),
        ),
        measured=Measured(
            supporting=("some_template_unseen", "uncovered_extracted", "own_template_error_share", "pretraining_gap"),
            arm="linear-memory",
        ),
        evaluation=_LAW.evaluation,
        mutants=(
            Mutant("one-fact-fewer", _SOME_UNSEEN.subs(N_f, N_f - 1), "N_f - 1 replaces N_f"),
            Mutant("coverage-useless", sp.Integer(0), "every held-out fact fails, regardless of coverage"),
        ),
    ),
)
