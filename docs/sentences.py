"""The sentences of the main source, in our words, with the claims that each is judged by; and the front page's table.

``tests/studies/findings.py`` answers them on docs/findings.md by a study of its own; the front page shows what the
stored results say, written when the pages are built.
"""

from __future__ import annotations

from collections.abc import Sequence

from empirics.report.tables import pooled_share
from empirics.verification.results import ClaimResult, Results

__all__ = ["SENTENCES", "sentences_table"]

SENTENCES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Pre-training by next-token prediction reaches near-optimal loss.",
        ("pretraining-floor", "pretraining-rate", "pretraining-rate-linear"),
    ),
    (
        "It learns structured attention patterns and relation-specific feature directions.",
        ("attention-pattern", "relation-features"),
    ),
    (
        "Fine-tuning turns the Q&A format into a trigger for the pre-trained relation features; facts that it never "
        "revisits become extractable.",
        ("relation-features",),
    ),
    (
        r"With enough data and multiplicity the OOD error is at most $\exp(-\tilde N_f K^2 \log|R| / (2|R|^2))$.",
        ("ood-error-literal", "ood-error-normalised"),
    ),
    ("Fine-tuning need not revisit every fact, but must cover enough relation templates.", ("mechanism",)),
    (
        "Extraction improves with $K$ and with coverage, and becomes harder as $|R|$ grows.",
        ("trend-finetuned", "trend-multiplicity", "trend-templates"),
    ),
    ("With insufficient coverage facts are stored but inaccessible.", ("failure-regime", "mechanism")),
    (
        "Full and low-rank fine-tuning behave alike; the gradient concentrates on a rank-one component at the prompt.",
        ("rank-one", "low-rank"),
    ),
    (
        "Attention-only models may be incapable of acquiring or extracting; schedules matter.",
        ("ablation-attention-only", "learning-rate-schedule"),
    ),
    (
        "Experiments on PopQA with language models support the trends.",
        ("lm-trends", "lm-trends-multiplicity", "lm-trends-templates"),
    ),
)


def sentences_table(found: Sequence[tuple[str, Results]]) -> str:
    """Each sentence with its claims, their verdicts and how sure these are, in the first results that tested them.

    Args:
        found: results, each with the command that made them, as it is written below the table.
    """
    rows = ["| | the source says, in our words | verdict, claim, how sure |", "| --- | --- | --- |"]
    marks = ["", *(f" ({letter})" for letter in "abc")]
    for number, (sentence, claims) in enumerate(SENTENCES, 1):
        told = []
        for identifier in claims:
            tested = (i for i, (_, results) in enumerate(found) if results.claim(identifier).verdict != "NOT TESTED")
            place = next(tested, 0)
            claim = found[place][1].claim(identifier)
            told.append(
                f"**{claim.verdict}** [`{identifier}`](claims/{identifier}.md) {_sure(claim)}".strip() + marks[place]
            )
        escaped = sentence.replace("|", r"\|")
        rows.append(f"| [{number}](#findings-{number}) | {escaped} | {'<br>'.join(told)} |")
    notes = [f"{mark.strip()} `{command}`." for mark, (command, _) in zip(marks, found, strict=False) if mark]
    return "\n".join([*rows, "", *notes]) + "\n"


def _sure(claim: ClaimResult) -> str:
    """The share of worlds or runs that is confirmed or refuted; without one, a claim holds in each cell."""
    return pooled_share(claim) or ("in every cell in scope" if claim.verdict == "HOLDS" else "")
