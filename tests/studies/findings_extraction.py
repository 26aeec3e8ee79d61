"""Sentences of the source on the out-of-distribution error."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import OPEN, SUPPORTED, Finding, account, judged, weakest, why

from empirics.experiments.document import CellResult
from theory import claim
from theory.plural import counted


def headline(e: Evidence) -> Finding:
    readings = ("ood-error-literal", "ood-error-normalised")
    lines = [account(e, *readings)]
    for reading in readings:
        sharp = [v.sharpness for v in e.of(reading) if v.sharpness]
        if sharp:
            lines.append(f"`{reading}` would be refuted if its exponent were {number(min(sharp))} times larger.")
    below = [c for c in e.cells() if c.multiplicity == 1]
    over = [
        c
        for c in below
        if (e.mean([c], "ood_error") or 0) > claim(readings[0]).bound(N_f=c.finetuned, K=1, R=c.templates)
    ]
    lines.append(
        f"With K = 1, outside the premise, the mean error exceeds the literal bound in {len(over)} of {len(below)} "
        "cells."
    )
    return Finding(judged(e, *readings), why(e, *readings), "\n\n".join(lines))


def covering(e: Evidence) -> Finding:
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
        account(e, "mechanism"),
        extraction(e),
        f"The smallest N_f of the grid with a mean OOD error of at most 0.05 (S = {subjects}), the fraction of "
        "held-out facts with at least one of their K templates still unseen at that N_f, and the error over all N_f by "
        "the number of the fact's unseen templates:",
        table(["R", "K", "N_f", "at least one unseen", "0 unseen", "1", "2", "3 or more"], rows),
    ]
    answer = weakest(judged(e, "mechanism"), SUPPORTED if e.extracted() else OPEN)
    return Finding(answer, f"{why(e, 'mechanism')}; {answered(e)}", "\n\n".join(text))


def answered(e: Evidence) -> str:
    """The same in a few words."""
    return f"facts not shown in fine-tuning are answered in {counted(len(e.extracted()), 'cell')}"


def extraction(e: Evidence) -> str:
    """Whether facts that fine-tuning never showed are answered, in words."""
    found, asked = e.extracted(), [c for c in e.cells() if c.multiplicity >= 2]
    return (
        f"Most facts that fine-tuning does not show are answered in {len(found)} of {counted(len(asked), 'cell')} "
        "with K ≥ 2 (upper limit of the mean OOD error at most 1/2, alpha divided over these cells)."
    )


def directions(e: Evidence) -> Finding:
    names = ("trend-finetuned", "trend-multiplicity", "trend-templates")
    steps = [
        [f"`{n}`", e.results.where(v), s.between, str(s.falls), str(s.ties), str(s.rises)]
        for n in names
        for v in e.of(n)
        for s in v.steps
    ]
    text = [
        account(e, *names),
        "Two runs of one world are compared, at the two ends of an axis. The trend says only that the error does not "
        "move the other way. So a world in which the error is the same at both ends counts for it.",
        "Worlds in which the error falls, stays and rises from one value of an axis to the next:",
        table(["claim", "series", "from one value to the next", "falls", "stays", "rises"], steps),
    ]
    return Finding(judged(e, *names), why(e, *names), "\n\n".join(text))


def failure(e: Evidence) -> Finding:
    rows = []
    answers = e.results.config["world"]["answers"]
    for c in e.cells(multiplicity=1):
        rows.append(
            [
                str(c.templates),
                str(c.finetuned),
                number(e.mean([c], "pretraining_accuracy")),
                number(e.mean([c], "ood_error"), 3),
                number(claim("failure-regime").bound(N_f=c.finetuned, K=1, R=c.templates, A=answers), 3),
                number(right_unseen(e, c), 4),
                number(e.mean([c], "own_template_error_share")),
                number(e.mean([c], "coverage_auc_excess")),
            ]
        )
    names = ("failure-regime", "mechanism")
    text = [
        account(e, *names),
        "K = 1: the fraction of facts stored (arg max at [s, r]), the OOD error and its claimed lower bound, the "
        "fraction of right answers among the facts whose template was never shown, the fraction of errors that are the "
        "fact's template, and coverage as a predictor of failure:",
        table(
            [
                "R",
                "N_f",
                "stored",
                "OOD error",
                "P(template unseen) − 1/A",
                "right, template unseen",
                "errors that are the template",
                "AUC − ½",
            ],
            rows,
        ),
    ]
    return Finding(judged(e, *names), why(e, *names), "\n\n".join(text))


def right_unseen(e: Evidence, cell: CellResult) -> float | None:
    """Of facts with one template, which was not shown: the fraction answered right."""
    error = e.mean([cell], "ood_error_unseen_1")
    return None if error is None else 1.0 - error
