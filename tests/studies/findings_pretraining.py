"""Sentences of the source on pre-training, and on what fine-tuning does with it."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import NOT, OPEN, PREMISE, SUPPORTED, judged


def near_optimal(e: Evidence) -> tuple[str, str]:
    limit = e.results.config["verdict"]["premise_gap"]
    gaps = e.values(e.units(), "pretraining_gap")
    reached = sum(g <= limit for g in gaps)
    rows = [
        [
            str(u.templates),
            str(u.multiplicity),
            number(e.mean([u], "pretraining_gap"), 4),
            number(max(e.values([u], "pretraining_gap")), 4),
            number(e.mean([u], "pretraining_gap_exponent")),
            number(e.mean([u], "pretraining_gap_slope")),
        ]
        for u in e.units()
    ]
    linear = e.of("pretraining-rate-linear")
    ratios = [v.tightness for v in linear if v.tightness]
    others = []
    for arm in ("equal-attention-step", "attention-only", "attention-only-large-step", "residual"):
        found = e.values(e.units(arm), "pretraining_gap")
        if found:
            others.append(
                f"`{arm}` {number(max(found), 3)} at worst ({sum(g <= limit for g in found)} of {len(found)} reach it)"
            )
    text = [
        f"{reached} of {len(gaps)} runs of the main arm end within {limit} nats of the floor log K.",
        table(["R", "K", "gap, mean", "gap, worst", "exponent of t", "slope of log(gap t/log² t)"], rows),
        f"{e.verdict('pretraining-floor')}. {e.verdict('pretraining-rate')}; the slope is clipped at −1. "
        f"{e.verdict('pretraining-rate-linear')}, the proved bound being {', '.join(f'{r:.0f}' for r in ratios)} times "
        "the gap.",
        "Largest gaps of other arms: " + "; ".join(others) + "." if others else "",
    ]
    fragile = [
        arm
        for arm in ("equal-attention-step", "attention-only", "residual")
        if any(g > limit for g in e.values(e.units(arm), "pretraining_gap"))
    ]
    if fragile:
        text.append(f"Further premise: not the setting of {', '.join(f'`{a}`' for a in fragile)} at these steps.")
    if reached < len(gaps):
        return PREMISE if reached > len(gaps) / 2 else NOT, "\n\n".join(text)
    status = judged(e, "pretraining-floor", "pretraining-rate", "pretraining-rate-linear")
    return (PREMISE if fragile and status == SUPPORTED else status), "\n\n".join(text)


def structure(e: Evidence) -> tuple[str, str]:
    rows = [
        [
            str(u.templates),
            str(u.multiplicity),
            number(e.results.config["world"]["subjects"] * u.multiplicity / u.templates, 0),
            number(e.mean([u], "subject_attention"), 3),
            number(e.mean([u], "feature_similarity")),
        ]
        for u in e.units()
    ]
    drops = "; ".join(
        f"`{arm}` {number(e.mean(e.units(arm), 'distractor_attention'), 3)}, down by "
        f"{number(e.mean(e.units(arm), 'distractor_attention_drop'), 3)} from its initial share; at the subject's "
        f"position {number(e.mean(e.units(arm), 'subject_distractor_attention'), 3)}"
        for arm in ("distractors", "distractors-large")
        if e.units(arm)
    )
    falls = [
        d for arm in ("distractors", "distractors-large") for d in e.values(e.units(arm), "distractor_attention_drop")
    ]
    similar = e.values(e.units(), "feature_similarity")
    least, most = min(similar, default=None), max(similar, default=None)
    below = [u for u in e.units() if (e.mean([u], "subject_attention") or 0) < 0.5]
    text = [
        f"{e.verdict('attention-pattern')}. Mass on distractors at the template's position after pre-training: "
        f"{drops}. It falls in {sum(d > 0 for d in falls)} of {len(falls)} runs.",
        "Without distractors, the subject's weight at the template's position (1/2 at the start), and the mean cosine "
        "between the features W e_r of different templates:",
        table(["R", "K", "facts per template", "subject's weight", "feature similarity"], rows),
        f"The subject's weight ends below 1/2 in {len(below)} of {len(e.units())} settings. Feature similarity ranges "
        f"from {number(least)} (each template its own direction) to {number(most)} (all share one), and "
        "grows with the facts per template.",
    ]
    if (most or 0) > 0.5:
        text.append("Further premise for features specific to relations: few facts per template.")
    status = judged(e, "attention-pattern")
    status = PREMISE if status == SUPPORTED and (below or (most or 0) > 0.5) else status
    return status, "\n\n".join(text)


def trigger(e: Evidence) -> tuple[str, str]:
    rows = []
    for c in e.cells(finetuned=20):
        rows.append(
            [
                str(c.templates),
                str(c.multiplicity),
                number(e.mean([c], "feature_alignment_covered")),
                number(e.mean([c], "feature_alignment_uncovered")),
                number(e.mean([c], "ood_error"), 3),
                number(e.mean([c], "ood_error_unseen_0"), 3),
                number(e.mean([c], "update_prompt_cosine")),
            ]
        )
    contrasts = e.values(e.cells(), "feature_alignment_contrast")
    asked = [v.observations_needed for v in e.of("relation-features", "UNDECIDED") if v.observations_needed]
    needed = f"{min(asked)} to {max(asked)}" if asked else "no"
    text = [
        "At N_f = 20: cos(Δ_p, h_r) over covered and uncovered templates, the OOD error over all held-out facts and "
        "over those with every own template covered, and cos² between ΔW's top right singular vector and e_p:",
        table(["R", "K", "covered", "uncovered", "OOD error", "fully covered", "cos² with e_p"], rows),
        f"{e.verdict('relation-features')}. The contrast is positive in {sum(c > 0 for c in contrasts)} of "
        f"{len(contrasts)} (cell, seed) pairs. Limits free of distributional assumptions would confirm it in the "
        f"undecided cells with about {needed} seeds.",
    ]
    multiple = [c for c in e.cells() if c.multiplicity >= 2]
    easy = [c for c in multiple if (e.mean([c], "ood_error") or 0) <= 0.05]
    status = judged(e, "relation-features")
    if status in (NOT, OPEN) or not easy:
        return (status if easy else OPEN), "\n\n".join(text)
    text.append(
        f"Further premise: K ≥ 2; the mean OOD error is at most 0.05 in {len(easy)} of {len(multiple)} such cells."
    )
    return PREMISE, "\n\n".join(text)
