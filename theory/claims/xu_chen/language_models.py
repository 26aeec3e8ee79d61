"""C16: the same trends in pre-trained language models.

Definition: a language model is trained on PopQA-style facts, each written with K templates of its relation, and
fine-tuned on N_f of them as questions; the OOD error is as for the one-layer model.

Guarantee (trend, comparison, equivalence): in at least 80 % of worlds the OOD error moves with N_f, K and |R|
between the ends of each axis as in C14, and low-rank fine-tuning matches full fine-tuning within a stated margin.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901, abstract and summary: experiments with GPT-2 and
Llama-3.2-1B.

STATED in words, and not required: these runs need weights and facts that a verification may not have.

>>> import theory
>>> theory.claim("lm-trends-templates").axis
'R'
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises, Provenance, Source, measured
from theory.claims.xu_chen.paper import PAPER

_SOURCE = "Abstract and summary: experiments on PopQA with GPT-2 and Llama-3.2-1B support its trends."

_STORED = (
    Assumption(
        name="statement_accuracy",
        relation=sp.Ge(measured("statement_accuracy"), sp.Rational(19, 20)),
        text="pre-training stored the facts: of their statements at least 95 in 100 are completed with the answer",
    ),
)


def _trend(identifier: str, axis: str, direction: int, title: str, statement: str) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement=f"For GPT-2 and Llama architectures on PopQA-style facts, in at least 80 % of worlds {statement}",
        kind=Kind.TREND,
        observable="ood_error",
        source=Source(paper=PAPER, number="C16", provenance=Provenance.STATED, text=_SOURCE),
        premises=Premises(assumptions=_STORED),
        measured=Measured(axis=axis, direction=direction, arm="language-model"),
        mutants=(Mutant("reversed", None, "the opposite direction", "measurement", -direction),),
    )


CLAIMS = (
    _trend(
        "lm-trends",
        "N_f",
        -1,
        "The trend in fine-tuning facts, for language models",
        "the out-of-distribution error after fine-tuning is not larger at the largest number of fine-tuned facts than "
        "at the smallest.",
    ),
    _trend(
        "lm-trends-multiplicity",
        "K",
        -1,
        "The trend in multiplicity, for language models",
        "the out-of-distribution error after fine-tuning is not larger at the largest multiplicity K than at the "
        "smallest.",
    ),
    _trend(
        "lm-trends-templates",
        "R",
        +1,
        "The trend in the template universe, for language models",
        "the out-of-distribution error after fine-tuning is not smaller at the largest number |R| of templates of each "
        "relation than at the smallest.",
    ),
    Claim(
        id="lm-multiplicity",
        title="Multiplicity makes facts extractable, for language models",
        statement=(
            "For GPT-2 and Llama architectures on PopQA-style facts, in at least 80 % of worlds the "
            "out-of-distribution error after fine-tuning is lower at the largest multiplicity K than at the smallest."
        ),
        kind=Kind.COMPARISON,
        observable="ood_error",
        source=Source(paper=PAPER, number="C16", provenance=Provenance.STATED, text=_SOURCE),
        premises=Premises(assumptions=_STORED),
        measured=Measured(axis="K", direction=-1, arm="language-model"),
        mutants=(Mutant("reversed", None, "the opposite direction", "measurement", +1),),
    ),
    Claim(
        id="lm-low-rank",
        title="Low-rank fine-tuning matches full fine-tuning, for language models",
        statement=(
            "For GPT-2 and Llama architectures on PopQA-style facts, in at least 80 % of worlds low-rank fine-tuning "
            "reaches the out-of-distribution error of full fine-tuning within the stated margin."
        ),
        kind=Kind.EQUIVALENCE,
        observable="ood_error",
        source=Source(
            paper=PAPER,
            number="C16",
            provenance=Provenance.STATED,
            text="Abstract and summary: its results hold for full and for low-rank fine-tuning alike. " + _SOURCE,
        ),
        premises=Premises(assumptions=_STORED),
        measured=Measured(arm="lm-low-rank", reference="language-model"),
    ),
)
