"""C9 from both sides: what fine-tuning of the linear memory surely extracts and surely not, and bounds on the error.

Definition: the linear memory is F = V x with uniform attention. The two-sided criterion runs a reduced system on the
pre-trained votes and the fine-tuning set alone, with a proved radius, and calls a held-out fact surely extracted,
surely failed, or undecided.

Guarantee (identity, upper, lower): no held-out fact is answered otherwise than decided. If the criterion extracts
every held-out fact each of whose K templates is covered above half its mean, the mean OOD error is at most the sharp
closed form of C7. If it rejects every one with a template covered at most once, the mean is at least P(C_r <= 1).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901, states none of them. DERIVED; proofs in
docs/claims/ood-error-linear-memory-two-sided.md, ood-error-linear-memory-upper.md and ood-error-linear-memory-once.md.

>>> import theory
>>> theory.claim("ood-error-linear-memory-two-sided").bound()
1.0
>>> round(theory.claim("ood-error-linear-memory-upper").bound(N_f=20, K=3, R=8), 3)
0.085
>>> round(theory.claim("ood-error-linear-memory-once").bound(N_f=10, K=1, R=8), 3)
0.639
"""

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises, measured
from theory.claims.xu_chen import coverage_union
from theory.claims.xu_chen.paper import COVERING, K, N_f, R, S, derived

_SHARP = next(one for one in coverage_union.CLAIMS if one.id == "coverage-union-sharp")
_STEP = Assumption(
    name="finetuning_step",
    relation=sp.Le(measured("finetuning_step"), 8),
    text="fine-tuning is full-batch gradient descent on the whole matrix, with step size at most 8",
)


def _at_most_once(facts: sp.Expr) -> sp.Expr:
    """P[C_r <= 1] = (1-p)^n + n p (1-p)^(n-1), C_r ~ Binomial(n, p), p = K/|R|, n = ``facts``."""
    p = K / R
    return (1 - p) ** (facts - 1) * (1 + (facts - 1) * p)


CLAIMS = (
    Claim(
        id="ood-error-linear-memory-two-sided",
        title="What the linear memory surely extracts, and what surely not",
        statement="Setting: linear memory F = V x with uniform attention. Fine-tuning takes any number of full-batch "
        "gradient steps of size at most 8 on N_f facts. From the pre-trained memory and the fine-tuning set alone, a "
        "reduced system approximates what each token gains, and gives a radius. It follows the templates and answers "
        "of the fine-tuned facts one by one, and all other tokens by one number for each fine-tuned fact. A held-out "
        "fact is surely extracted if its margin by the reduced system exceeds the radius. It surely fails if its "
        "margin is below minus the radius. Otherwise it is undecided. Then no held-out fact is an exception: the "
        "fraction of held-out facts that are undecided or answered as decided is exactly 1. So in every world the OOD "
        "error lies between the fraction of surely failed facts and 1 minus the fraction of surely extracted facts.",
        kind=Kind.IDENTITY,
        observable="two_sided_agreement",
        log_expression=sp.Integer(0),
        required=True,
        source=derived(
            number="C9",
            text="The source says that insufficient coverage leaves facts stored but inaccessible. The criterion and "
            "its proof are this project's.",
            proof="claims/ood-error-linear-memory-two-sided",
        ),
        premises=Premises(assumptions=(_STEP,)),
        measured=Measured(
            tolerance=1e-12,
            supporting=(
                "undecided_share",
                "surely_extracted_share",
                "surely_failed_share",
                "two_sided_radius",
                "ood_error",
            ),
            arm="linear-memory",
        ),
        mutants=(
            Mutant(
                "one-exception",
                sp.log(1 - 1 / S),
                "one of the S facts is answered otherwise than decided",
                "measurement",
            ),
        ),
    ),
    Claim(
        id="ood-error-linear-memory-upper",
        title="The linear memory extracts what is covered above half its mean",
        statement="Setting: linear memory F = V x with uniform attention. Fine-tuning takes any number of full-batch "
        "gradient steps of size at most 8 on N_f facts. Premise: the two-sided criterion, which uses the pre-trained "
        "memory and the fine-tuning set alone, extracts every held-out fact each of whose K templates appears in more "
        "than N_f K / (2|R|) fine-tuned facts. Then, in every world, the OOD error is at most the fraction of held-out "
        "facts with at least one template at or below that coverage. Let p = K/|R|, c = floor(N_f K / (2|R|)) and "
        "rho = c(1-p) / ((N_f-c+1)p). The mean OOD error is at most min(1, K C(N_f,c) p^c (1-p)^(N_f-c) / (1-rho)); "
        "where the premise fails in some worlds, it is at most that plus the mean fraction of facts that it misses.",
        kind=Kind.UPPER,
        observable="ood_error",
        log_expression=_SHARP.log_expression,
        required=True,
        source=derived(
            number="C9",
            text="The source bounds the OOD error by an exponential in N_f K^2 / |R|^2, the tail at half the mean "
            "coverage. This theorem on the linear memory is this project's.",
            proof="claims/ood-error-linear-memory-upper",
        ),
        premises=Premises(
            domain=_SHARP.domain,
            assumptions=(
                Assumption(
                    name="half_mean_missed",
                    relation=sp.Le(measured("half_mean_missed"), 0),
                    text="the two-sided criterion extracts every held-out fact whose K templates are each covered "
                    "above half their mean",
                ),
                _STEP,
            ),
        ),
        measured=Measured(
            supporting=("surely_extracted_share", "undecided_share", "some_template_unseen"),
            arm="linear-memory-covered",
        ),
        evaluation=_SHARP.evaluation,
        mutants=_SHARP.mutants,
    ),
    Claim(
        id="ood-error-linear-memory-once",
        title="The linear memory does not extract what is covered only once",
        statement="Setting: linear memory F = V x with uniform attention. Fine-tuning takes any number of full-batch "
        "gradient steps of size at most 8 on N_f facts. Premise: the two-sided criterion, which uses the pre-trained "
        "memory and the fine-tuning set alone, calls every held-out fact surely failed that has a template which "
        "appears in at most one fine-tuned fact. Then, in every world, the OOD error is at least the fraction of "
        "held-out facts with such a template. Let p = K/|R|. The mean OOD error is at least (1-p)^N_f + N_f p "
        "(1-p)^(N_f-1); where the premise fails in some worlds, it is at least that minus the mean fraction of facts "
        "that it misses.",
        kind=Kind.LOWER,
        observable="ood_error",
        log_expression=sp.log(_at_most_once(N_f)),
        required=True,
        source=derived(
            number="C9",
            text="The source says that insufficient coverage leaves facts stored but inaccessible. This theorem on the "
            "linear memory, which says how much coverage is insufficient, is this project's.",
            proof="claims/ood-error-linear-memory-once",
        ),
        premises=Premises(
            domain=COVERING,
            assumptions=(
                Assumption(
                    name="once_covered_missed",
                    relation=sp.Le(measured("once_covered_missed"), 0),
                    text="the two-sided criterion calls every held-out fact surely failed that has a template which "
                    "appears in at most one fine-tuned fact",
                ),
                _STEP,
            ),
        ),
        measured=Measured(
            supporting=("surely_failed_share", "undecided_share", "some_template_unseen"), arm="linear-memory"
        ),
        evaluation=Evaluation(falls_in=("N_f",)),
        mutants=(
            Mutant("one-fact-fewer", sp.log(_at_most_once(N_f - 1)), "N_f - 1 replaces N_f"),
            Mutant(
                "covered-twice",
                sp.log(_at_most_once(N_f) + N_f * (N_f - 1) / 2 * (K / R) ** 2 * (1 - K / R) ** (N_f - 2)),
                "a template covered twice is counted as insufficient too",
            ),
        ),
    ),
)
