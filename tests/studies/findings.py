"""Writes docs/findings.md from a results.json: each sentence of the source, and what the measurements say of it.

    python tests/studies/findings.py RESULTS.json docs/findings.md

The verdict on each sentence follows from the verdicts on claims by the rules in
this file; nothing is entered by hand. `make findings` runs the study and this.
"""

from __future__ import annotations

import datetime
import math
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from evidence import Evidence, number, table

from empirics.results import read_results
from theory import claim

SUPPORTED, PARTLY, PREMISE, OPEN, NOT, UNTESTED = (
    "supported",
    "supported in every cell that the data decide",
    "supported under a further premise",
    "undecided",
    "not supported as stated",
    "not tested here",
)
Section = Callable[[Evidence], tuple[str, str]]


def judged(e: Evidence, *claims: str) -> str:
    """What the verdicts of some claims together say."""
    if e.violated(*claims):
        return NOT
    if e.holds(*claims):
        return SUPPORTED
    return PARTLY if all(e.of(c, "HOLDS") for c in claims) else OPEN


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


def headline(e: Evidence) -> tuple[str, str]:
    readings = ("ood-error-literal", "ood-error-normalised")
    lines = []
    for reading in readings:
        sharp = [v.sharpness for v in e.of(reading) if v.sharpness]
        lines.append(f"{e.verdict(reading)}." + (f" Least sharpness {number(min(sharp))}." if sharp else ""))
        for v in e.of(reading, "VIOLATED"):
            c = e.results.cells[v.cells[0]]
            where = f"R={c.templates}, K={c.multiplicity}, N_f={c.finetuned}"
            lines.append(f"- {where}: {v.reason}; bound {number(v.bound, 3)}, mean error {number(v.estimate, 3)}")
    below = [c for c in e.cells() if c.multiplicity == 1]
    over = [
        c
        for c in below
        if (e.mean([c], "ood_error") or 0) > claim(readings[0]).bound(N_f=c.finetuned, K=1, R=c.templates)
    ]
    lines.append(
        f"With K = 1, outside the premise, the mean error exceeds the literal bound in {len(over)} of {len(below)} "
        "cells. Sharpness is the factor on the exponent at which the measurements would refute the bound."
    )
    if over:
        lines.append("Further premise: K ≥ 2.")
    status = judged(e, *readings)
    return (PREMISE if over and status != NOT else status), "\n\n".join(lines)


def covering(e: Evidence) -> tuple[str, str]:
    subjects = e.results.config["world"]["subjects"]
    rows = []
    for u in e.units():
        series = sorted(e.cells(templates=u.templates, multiplicity=u.multiplicity), key=lambda c: c.finetuned)
        enough = [c for c in series if (e.mean([c], "ood_error") or 0) <= 0.05]
        first = enough[0] if enough else None
        rows.append(
            [
                str(u.templates),
                str(u.multiplicity),
                "none" if first is None else str(first.finetuned),
                "–" if first is None else number(e.mean([first], "some_template_unseen")),
                *(number(e.mean(series, f"ood_error_unseen_{n}")) for n in ("0", "1", "2", "3_or_more")),
            ]
        )
    text = [
        f"Least N_f of the grid with a mean OOD error of at most 0.05 (S = {subjects}), the share of held-out facts "
        "that then still have an own template unseen, and the error by number of unseen own templates over all N_f:",
        table(["R", "K", "N_f", "some unseen", "0 unseen", "1", "2", "3 or more"], rows),
        e.verdict("mechanism") + ".",
    ]
    reached = [r for r in rows if r[1] != "1" and r[2] != "none"]
    status = judged(e, "mechanism")
    return (status if reached or status == NOT else OPEN), "\n\n".join(text)


def directions(e: Evidence) -> tuple[str, str]:
    names = ("trend-finetuned", "trend-multiplicity", "trend-templates")
    lines = [e.verdict(n) + "." for n in names]
    for n in names:
        for v in e.of(n, "VIOLATED"):
            lines.append(f"- {n}: {v.reason}")
    wrong = [v for n in names for v in e.of(n) if v.estimate is not None and v.estimate > 0.02]
    lines.append(
        f"In {len(wrong)} of {sum(len(e.of(n)) for n in names)} series the mean moves against the trend by more than "
        "0.02 somewhere; a margin of 0.02 takes hundreds of seeds to confirm where nothing changes any more."
    )
    return judged(e, *names), "\n\n".join(lines)


def failure(e: Evidence) -> tuple[str, str]:
    rows = []
    for c in e.cells(multiplicity=1):
        rows.append(
            [
                str(c.templates),
                str(c.finetuned),
                number(e.mean([c], "pretraining_accuracy")),
                number(e.mean([c], "ood_error"), 3),
                number(claim("failure-regime").bound(N_f=c.finetuned, K=1, R=c.templates, A=60), 3),
                number(e.mean([c], "own_template_error_share")),
                number(e.mean([c], "coverage_auc_excess")),
            ]
        )
    text = [
        "K = 1: the share of facts stored (arg max at [s, r]), the OOD error beside its claimed lower bound, the share "
        "of errors that are own templates, and coverage as a predictor of failure:",
        table(
            ["R", "N_f", "stored", "OOD error", "P[none seen] − 1/A", "own-template errors", "AUC − ½"],
            rows,
        ),
        e.verdict("failure-regime") + ". " + e.verdict("mechanism") + ".",
    ]
    return judged(e, "failure-regime", "mechanism"), "\n\n".join(text)


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


def language_models(e: Evidence) -> tuple[str, str]:
    return UNTESTED, "Language models are a study of their own (claims `lm-trends`, `lm-low-rank`)."


SENTENCES: tuple[tuple[str, Section], ...] = (
    ("Pre-training by next-token prediction reaches near-optimal loss.", near_optimal),
    ("It learns structured attention patterns and relation-specific feature directions.", structure),
    (
        "Fine-tuning turns the Q&A format into a trigger for the pre-trained relation features; facts that it never "
        "revisits become extractable.",
        trigger,
    ),
    ("With enough data and multiplicity the OOD error is at most exp(−Ñ_f K² log R / (2R²)).", headline),
    ("Fine-tuning need not revisit every fact, but must cover enough relation templates.", covering),
    ("Extraction improves with K and with coverage, and becomes harder as R grows.", directions),
    ("With insufficient coverage facts are stored but inaccessible.", failure),
    ("Full and low-rank fine-tuning alike; the gradient concentrates on a rank-one component at the prompt.", low_rank),
    ("Attention-only models may be incapable of acquiring or extracting; schedules matter.", ablations),
    ("Experiments on PopQA with language models support the trends.", language_models),
)


def page(e: Evidence, command: str) -> str:
    """The whole page."""
    found = [(sentence, *section(e)) for sentence, section in SENTENCES]
    environment = e.results.environment
    runs = {(c.variant, c.templates, c.multiplicity, s) for c in e.results.cells for s in c.seeds}
    world = e.results.config["world"]
    head = [
        "# Findings",
        "What the measurements say of each sentence of the source (in our words; only its abstracts and a short "
        "summary were at hand). Every judgement follows from verdicts by the rules in `tests/studies/findings.py`.",
        f"{len(runs)} pre-trained models, S = {world['subjects']}, R in {world['templates']}, K in "
        f"{world['multiplicity']}, N_f in {world['finetuned']}; {environment.cpu}, torch {environment.torch}, "
        f"{environment.dtype}, {e.results.wall_seconds:.0f} s; {datetime.date.today().isoformat()}. Regenerate with "
        f"`make findings` (`{command}`).",
        table(["", "sentence", "finding"], [[str(i), s, f"**{v}**"] for i, (s, v, _) in enumerate(found, 1)]),
    ]
    body = [f"## {i}. {s}\n\n**{v[0].upper()}{v[1:]}.**\n\n{t}" for i, (s, v, t) in enumerate(found, 1)]
    return "\n\n".join([*head, *body]) + "\n"


if __name__ == "__main__":
    source, destination = Path(sys.argv[1]), Path(sys.argv[2])
    command = "factbound verify --config tests/studies/findings.toml"
    destination.write_text(page(Evidence(read_results(source)), command), encoding="utf-8")
    print(destination)
