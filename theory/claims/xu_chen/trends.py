"""C14: the directions in which the OOD error moves.

Definition: the OOD error is the share of held-out facts whose question is answered wrongly. Two runs of one world
are compared: at the smallest and at the largest value of one symbol, the other symbols fixed.

Guarantee (trend): in at least 80 % of worlds it is not larger at the largest N_f, nor at the largest K, and it is
not smaller at the largest |R|.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. STATED and required: the source has the directions in
words, the share of worlds is this project's. Where the error moves the other way in too many worlds, the source itself
is contradicted.

>>> import theory
>>> claim = theory.claim("trend-finetuned")
>>> claim.axis, claim.direction
('N_f', -1)
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises
from theory.claims.xu_chen.paper import NEAR_OPTIMAL, R, stated


def _trend(
    identifier: str, axis: str, direction: int, title: str, statement: str, source: str, *premises: Assumption
) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement=statement,
        kind=Kind.TREND,
        observable="ood_error",
        required=True,
        source=stated(number="C14", text=source),
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
        "At fixed multiplicity K and universe |R|, in at least 80 % of worlds the out-of-distribution error is not "
        "larger at the largest N_f than at the smallest.",
        "Abstract and summary: extraction improves with fine-tuning coverage.",
    ),
    _trend(
        "trend-multiplicity",
        "K",
        -1,
        "The OOD error does not increase with multiplicity",
        "At fixed N_f and universe |R|, in at least 80 % of worlds the out-of-distribution error is not larger at the "
        "largest multiplicity K than at the smallest.",
        "Abstract and summary: extraction improves with multiplicity.",
    ),
    _trend(
        "trend-templates",
        "R",
        +1,
        "The OOD error does not decrease with a larger template universe",
        "At fixed N_f and multiplicity K, in at least 80 % of worlds the out-of-distribution error is not smaller at "
        "the largest |R| than at the smallest, |R| >= 2.",
        "Abstract and summary: extraction becomes harder as the template universe grows.",
        Assumption("R", sp.Ge(R, 2), "the universe has at least two templates"),
    ),
)
