"""C9: with one template per fact, uncovered facts fail.

Definition: the OOD error is the fraction of held-out facts whose question is answered wrongly. With K = 1 a fact
has one template, which fine-tuning shows or does not show. By guessing, Binomial(n, 1/A) of n facts are answered
correctly.

Guarantee (lower): in at least 80 % of worlds the facts whose template fine-tuning never shows are answered no
better than by guessing: at most the 95 % quantile of Binomial(n, 1/A) of these n facts are correct. If they are
guessed, the mean OOD error is at least max(P(all of the fact's templates unseen) - 1/A, 0).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. RECONSTRUCTED, hence not required: which quantity
bounds the failure from below is this project's reading. Each world is judged by itself. ``bound`` computes the bound
on the mean.

>>> import theory
>>> round(theory.claim("failure-regime").bound(N_f=10, K=1, R=60, A=60), 3)
0.829
"""

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.covering_none_seen import NONE_SEEN
from theory.claims.xu_chen.paper import COVERING, NEAR_OPTIMAL, A, K, N_f, R, reconstructed

CLAIMS = (
    Claim(
        id="failure-regime",
        title="Failure regime at multiplicity K = 1",
        statement="The headline bound assumes K >= 2. At K = 1, held-out facts whose only template no fine-tuned fact "
        "shows are answered no better than by guessing. That is: in at least 80 % of worlds the number of correct "
        "answers among these n facts is at most the 95 % quantile of Binomial(n, 1/A). If they are guessed, the mean "
        "out-of-distribution error is at least max(P(all of the fact's templates unseen) - 1/A, 0).",
        kind=Kind.LOWER,
        observable="ood_error",
        log_expression=sp.log(sp.Max(0, NONE_SEEN - 1 / A, evaluate=False)),
        source=reconstructed(
            number="C9",
            text="Abstract and summary: insufficient coverage leaves facts stored but inaccessible, a mechanism of "
            "hallucination. This lower bound is the project's reading.",
        ),
        premises=Premises(
            domain=COVERING,
            assumptions=(Assumption("K", sp.Le(K, 1), "every fact was written with a single template"), NEAR_OPTIMAL),
        ),
        measured=Measured(per_run="unseen_right_excess", supporting=("no_template_seen", "ood_error_unseen_1")),
        evaluation=Evaluation(falls_in=("N_f", "K")),
        mutants=(
            Mutant(
                "coverage-useless",
                sp.log(1 - 1 / A),
                "all held-out facts are answered no better than by guessing, regardless of coverage",
                "measurement",
                per_run="held_out_right_excess",
            ),
            Mutant(
                "shown-instead",
                sp.log(sp.Max(0, 1 - NONE_SEEN - 1 / A, evaluate=False)),
                "the held-out facts whose template some fine-tuned fact shows are answered no better than by guessing",
                "measurement",
                per_run="shown_right_excess",
            ),
            Mutant(
                "universe-squared",
                N_f * sp.log(1 - 1 / (2 * R**2)),
                "in the bound on the mean, the probability that a fact shows the template is 1 / (2|R|^2) instead of "
                "1 / |R|",
                "measurement",
            ),
        ),
    ),
)
