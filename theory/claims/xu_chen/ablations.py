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
        "Removing the MLP makes extraction worse",
        "In at least 80 % of worlds the model without its MLP has a larger out-of-distribution error than the full "
        "model trained with the same settings.",
        "The source's first version says that attention-only simplifications may be incapable of acquiring or "
        "extracting knowledge. This comparison is the project's reading.",
        "ood_error",
        "attention-only",
    ),
    _ablation(
        "ablation-mlp-only",
        "Replacing trained by uniform attention makes extraction worse",
        "In at least 80 % of worlds the model with uniform attention has a larger out-of-distribution error than the "
        "full model trained with the same settings.",
        "The source says that attention filters and the MLP stores. This comparison is the project's reading.",
        "ood_error",
        "mlp-only",
    ),
    _ablation(
        "learning-rate-schedule",
        "A decayed learning rate leaves a larger pre-training gap",
        "In at least 80 % of worlds pre-training with a cosine-decayed learning rate leaves a larger fraction of the "
        "initial gap than pre-training with a constant rate. Both start from the same rate and take the same number "
        "of steps.",
        "The source's first version says that learning-rate schedules matter, but gives no direction. The direction "
        "is the project's.",
        "pretraining_gap_left",
        "decayed-rate",
    ),
)
