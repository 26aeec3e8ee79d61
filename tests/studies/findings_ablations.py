"""Sentences of the source on low rank, ablations and language models."""

from __future__ import annotations

import math

from evidence import Evidence, number, table
from findings_rules import NOT, OPEN, PARTLY, PREMISE, SUPPORTED, judged


def excess(e: Evidence, arm: str) -> list[float]:
    """Mean paired excess of an arm's OOD error over the main arm's, in each of its cells."""
    found = [
        e.paired(arm, "ood_error", templates=c.templates, multiplicity=c.multiplicity, finetuned=c.finetuned)
        for c in e.cells(arm)
    ]
    return [d for d in found if d is not None]


def low_rank(e: Evidence) -> tuple[str, str]:
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
        e.verdict("rank-one") + " to 1e-10 in float64. " + e.verdict("low-rank") + ".",
        "LoRA on W beside full fine-tuning at R = 60, paired by seed (a rate of 1/64 matches the effective step; "
        "`low-rank` has the rate of full fine-tuning):",
        table(
            ["arm", "K", "N_f", "OOD error", "full", "difference", "error on fine-tuned", "cos² with e_p"],
            rows,
        ),
        "The fine-tuning gradient of W at its first step: coherence c, share of the prompt's column, of σ₁², cos² of "
        "its right singular vector with e_p; and cos² for the whole update ΔW:",
        table(["R", "K", "N_f", "c", "column", "σ₁²", "cos²", "cos² of ΔW"], shares),
    ]
    if e.violated("rank-one"):
        return NOT, "\n\n".join(text)
    if e.violated("low-rank"):
        margin = e.results.config["verdict"]["equivalence_margin"]
        worst = {arm: max(excess(e, arm), default=math.inf) for arm in ("low-rank-4", "low-rank-16")}
        text.append(
            "Rank one is refuted within the margin. Largest mean excess over full fine-tuning in any of these cells: "
            + ", ".join(f"{number(v, 3)} for `{arm}`" for arm, v in worst.items())
            + f" (margin {margin})."
        )
        if min(worst.values()) > margin:
            return NOT, "\n\n".join(text)
        text.append("Further premise: a higher rank, with the step matched.")
        return PREMISE, "\n\n".join(text)
    return (SUPPORTED if e.holds("rank-one", "low-rank") else OPEN), "\n\n".join(text)


def ablations(e: Evidence) -> tuple[str, str]:
    names = ("ablation-attention-only", "ablation-mlp-only", "learning-rate-schedule")
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
        " ".join(e.verdict(n) + "." for n in names),
        table(["arm", "K", "gap", "stored", *(f"error, N_f={n}" for n in sizes)], rows),
        "Mean difference of the OOD error from the main arm, paired by seed: "
        + "; ".join(f"`{a}` {number(e.paired(a, 'ood_error'), 3)}" for a in differing)
        + ".",
    ]
    larger = e.units("attention-only-large-step")
    if larger:
        text.append(
            "With a ten times larger pre-training step the model without MLP comes to a gap of "
            f"{', '.join(number(e.mean([u], 'pretraining_gap'), 3) for u in larger)}, and its error is "
            f"{number(e.mean(e.cells('attention-only-large-step'), 'ood_error'))} over all cells."
        )
    status = judged(e, names[0], names[2])
    lossless = [v for v in e.of(names[0], "UNDECIDED") if abs(v.estimate or 0.0) <= 0.01]
    if lossless and e.of(names[0], "HOLDS"):
        where = ", ".join(
            f"K={e.results.cells[v.cells[0]].multiplicity} N_f={e.results.cells[v.cells[0]].finetuned}"
            for v in lossless
        )
        text.append(f"Further premise: too low a multiplicity; the loss is nil (at most 0.01) at {where}.")
        status = PREMISE if status == PARTLY else status
    return status, "\n\n".join(text)
