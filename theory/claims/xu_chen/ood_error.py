"""C5: the headline bound on the out-of-distribution error, in its two readings.

Definition: facts are stored in pre-training, each written with K of |R| templates; N_f of them are fine-tuned as
questions; the out-of-distribution (OOD) error is the share of the other facts whose question is answered wrongly.

Guarantee (upper): after near-optimal pre-training with K >= 2 the mean OOD error is at most exp(-N_f K^2 / (2|R|^2))
if the source's N_f is the count divided by log|R| (normalised), and at most that to the power log|R| if it is the raw
count (literal).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. STATED; not proved here.

>>> import theory
>>> round(theory.claim("ood-error-literal").bound(N_f=40, K=3, R=60), 3)
0.815
>>> round(theory.claim("ood-error-normalised").bound(N_f=40, K=3, R=60), 3)
0.951
"""

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import NEAR_OPTIMAL, K, N_f, R, stated

_NORMALISED = -N_f * K**2 / (2 * R**2)  # the headline formula, once; every other place derives it from these claims
_LITERAL = _NORMALISED * sp.log(R)


def _reading(identifier: str, title: str, statement: str, log_expression: sp.Expr, tilde: str) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement="After near-optimal pre-training with multiplicity K >= 2, the mean out-of-distribution error after "
        f"fine-tuning on N_f facts is at most {statement}",
        kind=Kind.UPPER,
        observable="ood_error",
        log_expression=log_expression,
        required=True,
        source=stated(
            number="C5",
            text="The formula is in the abstract and summary, with a tilde on N_f. The normalisation that the tilde "
            f"stands for is not stated. This reading {tilde}.",
        ),
        premises=Premises(
            domain=(sp.Le(K, R), sp.Ge(R, 2)),
            assumptions=(
                NEAR_OPTIMAL,
                Assumption("K", sp.Ge(K, 2), "every fact was written with at least two templates"),
            ),
        ),
        measured=Measured(supporting=("unseen_own_templates", "ood_loss")),
        evaluation=Evaluation(falls_in=("N_f", "K")),
        mutants=(
            Mutant("universe-not-squared", log_expression * R, "|R| replaces |R|^2 in the exponent", "measurement"),
            Mutant("without-universe", log_expression * R**2, "|R|^2 is dropped from the exponent", "measurement"),
        ),
    )


CLAIMS = (
    _reading(
        "ood-error-normalised",
        "Headline bound on the OOD error, N_f normalised by log|R|",
        "exp(-N~_f K^2 log|R| / (2|R|^2)) with N~_f = N_f / log|R|. In the raw count this is exp(-N_f K^2 / (2|R|^2)).",
        _NORMALISED,
        "divides N_f by log|R|",
    ),
    _reading(
        "ood-error-literal",
        "Headline bound on the OOD error, N_f the raw count",
        "exp(-N_f K^2 log|R| / (2|R|^2)), where N_f is the raw count of facts.",
        _LITERAL,
        "ignores the tilde",
    ),
)
