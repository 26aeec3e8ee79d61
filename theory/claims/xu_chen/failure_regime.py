"""C9: with one template per fact, uncovered facts fail.

Definition: the OOD error is the share of held-out facts whose question is answered wrongly; with K = 1 a fact
has one template, which fine-tuning shows or does not show.

Guarantee (lower): the mean OOD error is at least max(P[no own template seen] - 1/A, 0): chance for what was
never shown.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901, abstract and summary: the failure, in words.

RECONSTRUCTED, hence reported and not required: which quantity bounds the failure from below is this project's
reading.

>>> import theory
>>> round(theory.claim("failure-regime").bound(N_f=10, K=1, R=60, A=60), 3)
0.829
"""

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises, Provenance, Source
from theory.claims.xu_chen.covering_none_seen import NONE_SEEN
from theory.claims.xu_chen.paper import COVERING, NEAR_OPTIMAL, PAPER, A, K, N_f, R

CLAIMS = (
    Claim(
        id="failure-regime",
        title="Failure regime below the premise on multiplicity",
        statement=(
            "With multiplicity K = 1, below the premise of the headline bound, the mean out-of-distribution error is "
            "at least max(P[no own template seen] - 1/A, 0): a fact whose only template fine-tuning never shows is "
            "answered no better than by chance."
        ),
        kind=Kind.LOWER,
        observable="ood_error",
        log_expression=sp.log(sp.Max(0, NONE_SEEN - 1 / A)),
        source=Source(
            paper=PAPER,
            number="C9",
            provenance=Provenance.RECONSTRUCTED,
            text=(
                "Abstract and summary: insufficient coverage leaves facts stored but inaccessible, a mechanism of "
                "hallucination; this lower bound is the project's reading of it."
            ),
        ),
        premises=Premises(
            domain=COVERING,
            assumptions=(
                Assumption("K", sp.Le(K, 1), "every fact was written with a single template"),
                NEAR_OPTIMAL,
            ),
        ),
        measured=Measured(supporting=("no_template_seen",)),
        evaluation=Evaluation(falls_in=("N_f", "K")),
        mutants=(
            Mutant(
                name="coverage-useless",
                log_bound=sp.log(1 - 1 / A),
                text="failure at (almost) every held-out fact whatever fine-tuning covers",
                refuted_by="measurement",
            ),
            Mutant(
                name="universe-squared",
                log_bound=N_f * sp.log(1 - 1 / (2 * R**2)),
                text="1 / (2|R|^2) in place of 1 / |R| as the chance that a fact shows the template",
                refuted_by="measurement",
            ),
        ),
    ),
)
