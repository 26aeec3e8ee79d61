"""C16: the same trends in pre-trained language models.

STATED in words (the source reports experiments that support the trends) and not
required: these runs need weights and facts that a verification may not have.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance, Scope
from theory.notation import measured

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
        claim_number="C16",
        title=title,
        statement=f"For GPT-2 and Llama architectures on PopQA-style facts, {statement}",
        kind=Kind.TREND,
        provenance=Provenance.STATED,
        source=_SOURCE,
        observable="ood_error",
        required=False,
        assumptions=_STORED,
        scope=Scope.SERIES,
        axis=axis,
        direction=direction,
        variant="language-model",
        mutants=(_reversed(-direction),),
    )


def _reversed(direction: int) -> Mutant:
    return Mutant(
        name="reversed",
        log_bound=None,
        text="the opposite direction",
        refuted_by="measurement",
        direction=direction,
    )


CLAIMS = (
    _trend(
        "lm-trends",
        "finetuned",
        -1,
        "The trend in fine-tuning facts, for language models",
        "the out-of-distribution error after fine-tuning does not increase in the number of fine-tuned facts.",
    ),
    _trend(
        "lm-trends-multiplicity",
        "multiplicity",
        -1,
        "The trend in multiplicity, for language models",
        "the out-of-distribution error after fine-tuning does not increase in the multiplicity K.",
    ),
    _trend(
        "lm-trends-templates",
        "templates",
        +1,
        "The trend in the template universe, for language models",
        "the out-of-distribution error after fine-tuning does not decrease in the number |R| of templates of each "
        "relation.",
    ),
    Claim(
        id="lm-multiplicity",
        claim_number="C16",
        title="Multiplicity makes facts extractable, for language models",
        statement=(
            "For GPT-2 and Llama architectures on PopQA-style facts, the out-of-distribution error after fine-tuning "
            "is lower at the largest multiplicity of the grid than at the smallest, seed by seed on average."
        ),
        kind=Kind.COMPARISON,
        provenance=Provenance.STATED,
        source=_SOURCE,
        observable="ood_error",
        required=False,
        assumptions=_STORED,
        scope=Scope.SERIES,
        axis="multiplicity",
        direction=-1,
        variant="language-model",
        mutants=(_reversed(+1),),
    ),
    Claim(
        id="lm-low-rank",
        claim_number="C16",
        title="Low-rank fine-tuning matches full fine-tuning, for language models",
        statement=(
            "For GPT-2 and Llama architectures on PopQA-style facts, low-rank fine-tuning reaches, seed by seed, the "
            "out-of-distribution error of full fine-tuning within the stated margin."
        ),
        kind=Kind.EQUIVALENCE,
        provenance=Provenance.STATED,
        source="Abstract and summary: its results hold for full and for low-rank fine-tuning alike. " + _SOURCE,
        observable="ood_error",
        required=False,
        assumptions=_STORED,
        variant="lm-low-rank",
        reference="language-model",
    ),
)
