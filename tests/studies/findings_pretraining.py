"""Sentences of the source on pre-training, and on what fine-tuning does with it."""

from __future__ import annotations

from evidence import Evidence, number, percent, table
from findings_extraction import answered, extraction
from findings_rules import NOT, OPEN, SUPPORTED, Finding, account, judged, weakest, why

from empirics.judging.shares import lower_limit, upper_limit
from theory.plural import counted


def near_optimal(e: Evidence) -> Finding:
    names = ("pretraining-floor", "pretraining-rate", "pretraining-rate-linear")
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
    near, least = _near(e, limit)
    linear = e.of("pretraining-rate-linear")
    ratios = [v.tightness for v in linear if v.tightness]
    others = []
    for arm in ("equal-attention-step", "attention-only", "attention-only-large-step", "residual"):
        found = e.values(e.units(arm), "pretraining_gap")
        if found:
            close = f"{sum(g <= limit for g in found)} of {counted(len(found), 'run')} near the floor"
            others.append(f"`{arm}` {number(max(found), 3)} at worst ({close})")
    text = [
        account(e, *names),
        f"{reached} of {counted(len(gaps), 'run')} of the main arm end within {limit} nats of the floor log K: {least}",
        table(["R", "K", "gap, mean", "gap, worst", "exponent of t", "slope of log(gap t/log² t)"], rows),
        "The slope is clipped at −1."
        + (f" The bound of `{names[2]}` is {', '.join(f'{r:.0f}' for r in ratios)} times the gap." if ratios else ""),
        *(["Largest gaps of other arms, not part of the answer: " + "; ".join(others) + "."] if others else []),
    ]
    reaches = f"{why(e, *names)}; {reached} of {counted(len(gaps), 'run')} are near the floor"
    return Finding(weakest(judged(e, *names), near), reaches, "\n\n".join(text))


def _near(e: Evidence, limit: float) -> tuple[str, str]:
    """Whether enough runs of every setting end near the floor; exact limits of that share, one look at the end."""
    settings = e.results.config["verdict"]
    asked, alpha, units = settings["property_share"], settings["alpha"], e.units()
    counts = [
        (len(found), sum(g <= limit for g in found)) for u in units if (found := e.values([u], "pretraining_gap"))
    ]
    if not counts:
        return OPEN, "no run."
    least = min(lower_limit(((n, x, 1.0),), alpha, asked) for n, x in counts)
    most = min(upper_limit(((n, x, 1.0),), alpha / len(counts), asked) for n, x in counts)
    if most < asked:
        return NOT, f"refuted, in one setting at most {percent(most, up=True)} of runs do."
    text = f"confirmed, in at least {percent(least)} of runs in each setting."
    return (SUPPORTED, text) if least >= asked else (OPEN, text)


def structure(e: Evidence) -> Finding:
    names = ("attention-pattern", "relation-features")
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
        f"{number(e.mean(e.units(arm), 'distractor_attention_drop'), 3)} from its initial value; at the subject's "
        f"position {number(e.mean(e.units(arm), 'subject_distractor_attention'), 3)}"
        for arm in ("distractors", "distractors-large")
        if e.units(arm)
    )
    falls = [
        d for arm in ("distractors", "distractors-large") for d in e.values(e.units(arm), "distractor_attention_drop")
    ]
    distractors = [
        f"Attention to distractors at the template's position after pre-training: {drops}. It falls in "
        f"{sum(d > 0 for d in falls)} of {counted(len(falls), 'run')} of these arms."
    ] * bool(falls)
    similar = e.values(e.units(), "feature_similarity")
    least, most = min(similar, default=None), max(similar, default=None)
    below = [u for u in e.units() if (e.mean([u], "subject_attention") or 0) < 0.5]
    text = [
        account(e, *names),
        "`relation-features` tests whether features are specific to relations: whether those of shown templates are "
        "closer to the change of the prompt than those of the others.",
        *distractors,
        "Without distractors: the subject's attention weight at the template's position (1/2 at the start), and the "
        "mean cosine between the features W e_r of different templates:",
        table(["R", "K", "facts per template", "subject's weight", "feature similarity"], rows),
        f"The subject's weight ends below 1/2 in {len(below)} of {counted(len(e.units()), 'setting')}. Feature "
        f"similarity ranges from {number(least)} (each template has its own direction) to {number(most)} (all "
        "share one), and grows with the facts per template.",
    ]
    return Finding(judged(e, *names), why(e, *names), "\n\n".join(text))


def trigger(e: Evidence) -> Finding:
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
    text = [
        account(e, "relation-features"),
        extraction(e),
        "At N_f = 20: cos(Δ_p, h_r) over covered and uncovered templates, the OOD error over all held-out facts and "
        "over those with all K templates covered, and cos² between ΔW's top right singular vector and e_p:",
        table(["R", "K", "covered", "uncovered", "OOD error", "fully covered", "cos² with e_p"], rows),
    ]
    answer = weakest(judged(e, "relation-features"), SUPPORTED if e.extracted() else OPEN)
    return Finding(answer, f"{why(e, 'relation-features')}; {answered(e)}", "\n\n".join(text))
