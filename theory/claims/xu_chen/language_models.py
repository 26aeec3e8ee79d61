"""C16: the same trends in pre-trained language models.

Definition: a language model is trained on PopQA-style facts, each written with K templates of its relation, and
fine-tuned on N_f of them as questions; the OOD error is as for the one-layer model.

Guarantee (trend, comparison, equivalence): in at least 80 % of worlds the OOD error moves with N_f, K and |R| between
the ends of each axis as in C14, and low-rank fine-tuning matches full fine-tuning within a stated margin.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. STATED in words, and not required: these runs need
weights and facts that a verification may not have.

>>> import theory
>>> theory.claim("lm-trends-templates").axis
'R'
"""

import sympy as sp

from theory import Assumption, Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.xu_chen.paper import stated

_SOURCE = "Abstract and summary: experiments on PopQA with GPT-2 and Llama-3.2-1B support its trends."

_STORED = (
    Assumption(
        name="statement_accuracy",
        relation=sp.Ge(measured("statement_accuracy"), sp.Rational(19, 20)),
        text="pre-training stored the facts: of their statements at least 95 in 100 are completed with the answer",
    ),
)


def _claim(identifier: str, kind: Kind, title: str, statement: str, measured: Measured, source: str = _SOURCE) -> Claim:
    opposite = Mutant("reversed", None, "the opposite direction", "measurement", -measured.direction)
    return Claim(
        id=identifier,
        title=f"{title}, for language models",
        statement=f"For GPT-2 and Llama architectures on PopQA-style facts, in at least 80 % of worlds {statement}",
        kind=kind,
        observable="ood_error",
        source=stated(number="C16", text=source),
        premises=Premises(assumptions=_STORED),
        measured=measured,
        mutants=(opposite,) if measured.axis else (),
    )


CLAIMS = (
    _claim(
        "lm-trends",
        Kind.TREND,
        "The trend in fine-tuning facts",
        "the out-of-distribution error after fine-tuning is not larger at the largest number of fine-tuned facts than "
        "at the smallest.",
        Measured(axis="N_f", direction=-1, arm="language-model"),
    ),
    _claim(
        "lm-trends-multiplicity",
        Kind.TREND,
        "The trend in multiplicity",
        "the out-of-distribution error after fine-tuning is not larger at the largest multiplicity K than at the "
        "smallest.",
        Measured(axis="K", direction=-1, arm="language-model"),
    ),
    _claim(
        "lm-trends-templates",
        Kind.TREND,
        "The trend in the template universe",
        "the out-of-distribution error after fine-tuning is not smaller at the largest number |R| of templates of each "
        "relation than at the smallest.",
        Measured(axis="R", direction=+1, arm="language-model"),
    ),
    _claim(
        "lm-multiplicity",
        Kind.COMPARISON,
        "Multiplicity makes facts extractable",
        "the out-of-distribution error after fine-tuning is lower at the largest multiplicity K than at the smallest.",
        Measured(axis="K", direction=-1, arm="language-model"),
    ),
    _claim(
        "lm-low-rank",
        Kind.EQUIVALENCE,
        "Low-rank fine-tuning matches full fine-tuning",
        "the out-of-distribution error of low-rank fine-tuning equals that of full fine-tuning within the stated "
        "margin.",
        Measured(arm="lm-low-rank", reference="language-model"),
        "Abstract and summary: the results hold for both full and low-rank fine-tuning. " + _SOURCE,
    ),
)
