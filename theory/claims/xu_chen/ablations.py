"""C15: what is lost without a part of the model, and with a decayed learning rate.

STATED in words in the first version of the source and reported rather than
required: "may be incapable" and "matter" name no quantity, and the direction of
the effect of a schedule is this project's choice.
"""

from theory.claim import Claim, Kind, Provenance


def _ablation(identifier: str, title: str, statement: str, source: str, observable: str, variant: str) -> Claim:
    return Claim(
        id=identifier,
        claim_number="C15",
        title=title,
        statement=statement,
        kind=Kind.COMPARISON,
        provenance=Provenance.STATED,
        source=source,
        observable=observable,
        required=False,
        variant=variant,
        reference="main",
        supporting=("pretraining_gap", "pretraining_accuracy"),
    )


CLAIMS = (
    _ablation(
        "ablation-attention-only",
        "Without the MLP extraction is worse",
        "Trained alike, the model without its MLP has a larger out-of-distribution error than the full model.",
        "The source's first version says that attention-only simplifications may be incapable of acquiring or "
        "extracting knowledge; this comparison is the project's reading.",
        "ood_error",
        "attention-only",
    ),
    _ablation(
        "ablation-mlp-only",
        "Without trained attention extraction is worse",
        "Trained alike, the model with uniform attention has a larger out-of-distribution error than the full model.",
        "The source describes attention and MLP as filtering and storing, each with its part; this comparison is the "
        "project's reading.",
        "ood_error",
        "mlp-only",
    ),
    _ablation(
        "learning-rate-schedule",
        "A decayed learning rate leaves more of the gap",
        "For the same number of steps, pre-training with a cosine-decayed learning rate leaves a larger share of the "
        "initial gap than pre-training with the constant rate it starts from: in more seeds larger than smaller.",
        "The source's first version says that learning-rate schedules matter, without a direction; the direction is "
        "the project's.",
        "pretraining_gap_left",
        "decayed-rate",
    ),
)
