"""C14: the directions in which the OOD error moves.

STATED in words and required: a run that shows the opposite direction, beyond
the stated margin and with its premise met, contradicts the source itself.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance, Scope
from theory.notation import R, epsilon, measured

_PREMISES = (
    Assumption(
        name="pretraining_gap",
        relation=sp.Le(measured("pretraining_gap"), epsilon),
        text="pre-training is near-optimal: its loss is within epsilon of the floor log K",
    ),
)


def _trend(
    axis: str, direction: int, title: str, statement: str, source: str, premises: tuple[Assumption, ...] = ()
) -> Claim:
    return Claim(
        id=f"trend-{axis}",
        claim_number="C14",
        title=title,
        statement=statement,
        kind=Kind.TREND,
        provenance=Provenance.STATED,
        source=source,
        observable="ood_error",
        required=True,
        scope=Scope.SERIES,
        assumptions=(*_PREMISES, *premises),
        axis=axis,
        direction=direction,
        mutants=(
            Mutant(
                name="reversed",
                log_bound=None,
                text="the opposite direction",
                refuted_by="measurement",
                direction=-direction,
            ),
        ),
    )


CLAIMS = (
    _trend(
        "finetuned",
        -1,
        "The OOD error does not increase with more fine-tuning facts",
        "At fixed multiplicity K and universe |R| the mean out-of-distribution error does not increase in N_f.",
        "Abstract and summary: extraction improves with fine-tuning coverage.",
    ),
    _trend(
        "multiplicity",
        -1,
        "The OOD error does not increase with multiplicity",
        "At fixed N_f and universe |R| the mean out-of-distribution error does not increase in the multiplicity K.",
        "Abstract and summary: extraction improves with multiplicity.",
    ),
    _trend(
        "templates",
        +1,
        "The OOD error does not decrease with a larger template universe",
        "At fixed N_f and multiplicity K the mean out-of-distribution error does not decrease in |R|, |R| >= 2.",
        "Abstract and summary: extraction becomes harder as the template universe grows.",
        (Assumption(name="R", relation=sp.Ge(R, 2), text="the universe holds at least two templates"),),
    ),
)
