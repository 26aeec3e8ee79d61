"""Sentences of the source on low rank and on ablations."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import Finding, account, judged, why


def excess(e: Evidence, arm: str) -> list[float]:
    """Mean paired excess of an arm's OOD error over the main arm's, in each of its cells."""
    found = [
        e.paired(arm, "ood_error", templates=c.templates, multiplicity=c.multiplicity, finetuned=c.finetuned)
        for c in e.cells(arm)
    ]
    return [d for d in found if d is not None]


def low_rank(e: Evidence) -> Finding:
    names = ("rank-one", "low-rank")
    rows = []
    for arm in ("low-rank", "low-rank-small-step", "low-rank-4", "low-rank-16"):
        for c in e.cells(arm):
            here = {"templates": c.templates, "multiplicity": c.multiplicity, "finetuned": c.finetuned}
            rows.append(
                [
                    f"`{arm}`",
                    str(c.multiplicity),
                    str(c.finetuned),
                    number(e.mean([c], "ood_error"), 3),
                    number(e.mean(e.cells(**here), "ood_error"), 3),
                    number(e.paired(arm, "ood_error", **here), 3),
                    number(e.mean([c], "finetuning_error")),
                    number(e.mean([c], "update_prompt_cosine")),
                ]
            )
    shares = [
        [str(c.templates), str(c.multiplicity), str(c.finetuned)]
        + [
            number(e.mean([c], n))
            for n in (
                "gradient_coherence",
                "rank_one_share",
                "top_singular_share",
                "prompt_cosine",
                "update_prompt_cosine",
            )
        ]
        for c in e.cells()
        if c.finetuned in (2, 10, 40) and c.multiplicity in (1, 3, 6)
    ]
    text = [
        account(e, *names),
        "`rank-one` is an identity, checked to 1e-10 in float64. It gives the fraction of the gradient in the prompt's "
        "column. `low-rank` tests what the sentence says of low rank.",
        "LoRA on W compared with full fine-tuning at R = 60, paired by seed. A learning rate of 1/64 matches the "
        "effective step; the arm `low-rank` uses the rate of full fine-tuning:",
        table(
            ["arm", "K", "N_f", "OOD error", "full", "difference", "error on fine-tuned", "cos² with e_p"],
            rows,
        ),
        "The fine-tuning gradient of W at its first step: coherence c, the fractions of its squared norm in the "
        "prompt's column and in σ₁², and cos² between its top right singular vector and e_p. Last column: cos² for the "
        "whole update ΔW.",
        table(["R", "K", "N_f", "c", "column", "σ₁²", "cos²", "cos² of ΔW"], shares),
    ]
    worst = {arm: max(found) for arm in ("low-rank-4", "low-rank-16") if (found := excess(e, arm))}
    if worst:
        text.append(
            "Higher ranks (not judged): the largest mean excess over full fine-tuning in any of these cells is "
            + ", ".join(f"{number(v, 3)} for `{arm}`" for arm, v in worst.items())
            + f" (margin {e.results.config['verdict']['equivalence_margin']})."
        )
    return Finding(judged(e, *names), why(e, *names), "\n\n".join(text))


def ablations(e: Evidence) -> Finding:
    names = ("ablation-attention-only", "learning-rate-schedule")
    rows = []
    for arm in (
        "attention-only",
        "attention-only-large-step",
        "mlp-only",
        "decayed-rate",
        "residual",
        "smoothed-relu",
        "identity-activation",
        "shared-answers",
        "equal-attention-step",
        "adam-finetuning",
        "large-step-finetuning",
    ):
        for u in e.units(arm):
            where = {"templates": u.templates, "multiplicity": u.multiplicity}
            rows.append(
                [
                    f"`{arm}`",
                    str(u.multiplicity),
                    number(e.mean([u], "pretraining_gap"), 4),
                    number(e.mean([u], "pretraining_accuracy")),
                    *(
                        number(e.mean(e.cells(arm, finetuned=n, **where), "ood_error"))
                        for n in sorted({c.finetuned for c in e.cells(arm)})
                    ),
                ]
            )
    for u in e.units():
        if (u.templates, u.multiplicity) in {(c.templates, c.multiplicity) for c in e.units("mlp-only")}:
            where = {"templates": u.templates, "multiplicity": u.multiplicity}
            rows.insert(
                0,
                [
                    "main",
                    str(u.multiplicity),
                    number(e.mean([u], "pretraining_gap"), 4),
                    number(e.mean([u], "pretraining_accuracy")),
                    *(
                        number(e.mean(e.cells(finetuned=n, **where), "ood_error"))
                        for n in sorted({c.finetuned for c in e.cells("mlp-only")})
                    ),
                ],
            )
    sizes = sorted({c.finetuned for c in e.cells("mlp-only")})
    differing = ("attention-only", "attention-only-large-step", "mlp-only", "decayed-rate")
    text = [
        account(e, *names),
        "Not part of the answer: the model without trained attention.",
        account(e, "ablation-mlp-only"),
        table(["arm", "K", "gap", "stored", *(f"error, N_f={n}" for n in sizes)], rows),
        "Mean difference of the OOD error from the main arm, paired by seed: "
        + "; ".join(f"`{a}` {number(e.paired(a, 'ood_error'), 3)}" for a in differing)
        + ".",
    ]
    larger = e.units("attention-only-large-step")
    if larger:
        text.append(
            "With a ten times larger pre-training step the model without MLP reaches a gap of "
            f"{', '.join(number(e.mean([u], 'pretraining_gap'), 3) for u in larger)}, and its error is "
            f"{number(e.mean(e.cells('attention-only-large-step'), 'ood_error'))} over all cells."
        )
    return Finding(judged(e, *names), why(e, *names), "\n\n".join(text))
