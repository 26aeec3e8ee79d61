"""C14: the directions in which the OOD error moves.

Definition: the OOD error is the share of held-out facts whose question is answered wrongly, averaged over runs.

Guarantee (trend): it does not increase in N_f, nor in the multiplicity K, and it does not decrease in |R|, the
other symbols fixed.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901, abstract and summary, in words.

STATED and required: a run that shows the opposite direction, beyond the stated margin and with its premise met,
contradicts the source itself.

>>> import theory
>>> claim = theory.claim("trend-finetuned")
>>> claim.axis, claim.direction
('N_f', -1)
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises, Provenance, Source
from theory.claims.xu_chen.paper import NEAR_OPTIMAL, PAPER, R


def _trend(
    identifier: str,
    axis: str,
    direction: int,
    title: str,
    statement: str,
    source: str,
    premises: tuple[Assumption, ...] = (),
) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement=statement,
        kind=Kind.TREND,
        observable="ood_error",
        required=True,
        source=Source(paper=PAPER, number="C14", provenance=Provenance.STATED, text=source),
        premises=Premises(assumptions=(NEAR_OPTIMAL, *premises)),
        measured=Measured(axis=axis, direction=direction),
        mutants=(Mutant("reversed", None, "the opposite direction", "measurement", -direction),),
    )


CLAIMS = (
    _trend(
        "trend-finetuned",
        "N_f",
        -1,
        "The OOD error does not increase with more fine-tuning facts",
        "At fixed multiplicity K and universe |R| the mean out-of-distribution error does not increase in N_f.",
        "Abstract and summary: extraction improves with fine-tuning coverage.",
    ),
    _trend(
        "trend-multiplicity",
        "K",
        -1,
        "The OOD error does not increase with multiplicity",
        "At fixed N_f and universe |R| the mean out-of-distribution error does not increase in the multiplicity K.",
        "Abstract and summary: extraction improves with multiplicity.",
    ),
    _trend(
        "trend-templates",
        "R",
        +1,
        "The OOD error does not decrease with a larger template universe",
        "At fixed N_f and multiplicity K the mean out-of-distribution error does not decrease in |R|, |R| >= 2.",
        "Abstract and summary: extraction becomes harder as the template universe grows.",
        (Assumption("R", sp.Ge(R, 2), "the universe holds at least two templates"),),
    ),
)
