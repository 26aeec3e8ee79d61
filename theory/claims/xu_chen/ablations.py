"""C15: what is lost without a part of the model, and with a decayed learning rate.

Definition: an ablated model is trained like the full one, without its MLP, or with uniform attention, or with a
learning rate that decays to 0.

Guarantee (comparison): in at least 80 % of worlds the OOD error is larger without either part than in the full model;
in as many, a larger share of the initial gap is left with the decayed rate.

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. STATED, and reported rather than required: these words
name no quantity, and the direction of the effect of a schedule is this project's choice.

>>> import theory
>>> claim = theory.claim("ablation-attention-only")
>>> claim.arm, claim.reference
('attention-only', 'main')
"""

from theory import Claim, Kind, Measured
from theory.claims.xu_chen.paper import stated


def _ablation(identifier: str, title: str, statement: str, source: str, observable: str, variant: str) -> Claim:
    return Claim(
        id=identifier,
        title=title,
        statement=statement,
        kind=Kind.COMPARISON,
        observable=observable,
        source=stated(number="C15", text=source),
        measured=Measured(arm=variant, reference="main", supporting=("pretraining_gap", "pretraining_accuracy")),
    )


CLAIMS = (
    _ablation(
        "ablation-attention-only",
        "Without the MLP extraction is worse",
        "Trained alike, the model without its MLP has a larger out-of-distribution error than the full model in at "
        "least 80 % of worlds.",
        "The source's first version says that attention-only simplifications may be incapable of acquiring or "
        "extracting knowledge; this comparison is the project's reading.",
        "ood_error",
        "attention-only",
    ),
    _ablation(
        "ablation-mlp-only",
        "Without trained attention extraction is worse",
        "Trained alike, the model with uniform attention has a larger out-of-distribution error than the full model in "
        "at least 80 % of worlds.",
        "The source describes attention and MLP as filtering and storing, each with its part; this comparison is the "
        "project's reading.",
        "ood_error",
        "mlp-only",
    ),
    _ablation(
        "learning-rate-schedule",
        "A decayed learning rate leaves more of the gap",
        "For the same number of steps, pre-training with a cosine-decayed learning rate leaves a larger share of the "
        "initial gap than pre-training with the constant rate it starts from, in at least 80 % of worlds.",
        "The source's first version says that learning-rate schedules matter, without a direction; the direction is "
        "the project's.",
        "pretraining_gap_left",
        "decayed-rate",
    ),
)
