"""Sentences of the source on the out-of-distribution error."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import NOT, OPEN, PREMISE, judged

from theory import claim


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
