"""report.html: one self-contained file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from empirics.report.plots import Figure
from empirics.report.tables import (
    READINGS,
    answer,
    arm_rows,
    claim_rows,
    confidence,
    interval_text,
    number_text,
    ood_rows,
)
from empirics.results import Results

__all__ = ["report_html"]


def report_html(results: Results, figures: Sequence[Figure]) -> str:
    """The report as HTML text: no script, no network, light and dark."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = number_text
    source = (resources.files("empirics.report") / "report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        results=results,
        answer=answer(results),
        confidence=confidence(results),
        claims=claim_rows(results),
        rows=ood_rows(results),
        arms=arm_rows(results),
        readings=READINGS,
        interval=interval_text,
        figures=[(figure, Markup(_inline(figure))) for figure in figures],
        slug=lambda verdict: verdict.lower().replace(" ", "-"),
    )


def _inline(figure: Figure) -> str:
    """The SVG with ids of its own (several in one page must not share them), scaling, and an accessible name."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{figure.name}-\1"', figure.svg)
    svg = re.sub(r'(xlink:href="|url\()#', rf"\1#{figure.name}-", svg)
    svg = re.sub(r'(<svg[^>]*?) (?:height|width)="[^"]*"', r"\1", svg)
    svg = re.sub(r'(<svg[^>]*?) (?:height|width)="[^"]*"', r"\1", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{figure.caption}"', 1)
