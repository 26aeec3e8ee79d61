"""report.html: one self-contained file, readable without script and without network."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from empirics.report.claim_views import claim_views
from empirics.report.figures.figure import Figure
from empirics.report.figures.style import GRID, INK, LAW, SEEN, SHADES, SOFT
from empirics.report.sections import Section
from empirics.report.tables import (
    ORDER,
    SETTINGS,
    answer,
    confidence,
    failures,
    interval_text,
    number_text,
    plan_line,
    run_summary,
    three_digits,
)
from empirics.report.toml import config_toml
from empirics.verification.results import Results

__all__ = ["report_html"]

_COLOURS = {
    INK: "--figure-ink",
    SOFT: "--figure-soft",
    GRID: "--figure-grid",
    LAW: "--figure-law",
    SEEN: "--figure-seen",
    "#555555": "--shade-1",
    "#bbbbbb": "--shade-3",
    **{shade: f"--shade-{number}" for number, shade in enumerate(SHADES) if number},
}


def report_html(results: Results, figures: Sequence[Figure], sections: Sequence[tuple[Section, list[str]]] = ()) -> str:
    """The report as HTML text.

    Args:
        results: what is reported.
        figures: those of :func:`empirics.report.figures.plots.all_figures`.
        sections: further sections, with the SVG text of each of their figures.
    """
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("empirics.report", "."),
    )
    environment.filters |= {"number": number_text, "three": three_digits}
    environment.filters |= {"slug": lambda text: text.lower().replace(" ", "-")}
    counts = Counter(c.verdict for c in results.claims)
    general = {data.name for data in results.shown.figures}
    return environment.get_template("report.html.j2").render(
        results=results,
        answer=answer(results),
        summary=run_summary(results),
        confidence=confidence(results),
        plan=plan_line(results),
        settings=SETTINGS,
        failures=failures(results),
        counts=[(verdict, counts[verdict]) for verdict in ORDER if counts[verdict]],
        claims=claim_views(results, figures),
        tables=results.shown.tables,
        notes=results.shown.notes,
        axes=[results.label(symbol) for symbol in results.experiment.axes],
        interval=interval_text,
        general=[figure for figure in figures if figure.name in general],
        inline=lambda figure: inline(figure.svg, figure.name, figure.title),
        sections=[
            (
                section,
                [
                    (f, inline(svg, f"{section.id}-{n}", f.title))
                    for n, (f, svg) in enumerate(zip(section.figures, svgs, strict=True))
                ],
            )
            for section, svgs in sections
        ],
        toml=config_toml(results.config),
        css=Markup(_asset("report.css")),
        js=Markup(_asset("report.js")),
    )


def inline(svg: str, prefix: str, title: str) -> Markup:
    """An SVG for the page: ids of its own (several in one page must not share them), the page's colours, a name."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(xlink:href="|url\()#', rf"\1#{prefix}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    head, bracket, body = svg.partition(">")
    head = re.sub(r' (?:height|width)="[^"]*"', "", head)
    body = body.replace("fill: #ffffff; stroke: none", "fill: none; stroke: none").replace(
        "fill: #ffffff", "fill: none"
    )
    body = body.replace('style="fill: #ffffff', 'style="fill: none')
    for colour, variable in _COLOURS.items():
        body = body.replace(f": {colour}", f": var({variable})")
    name = f'<svg role="img" aria-label="{escape(title)}"'
    return Markup(head.replace("<svg", name, 1) + bracket + body)


def _asset(name: str) -> str:
    return (resources.files("empirics.report") / name).read_text(encoding="utf-8")
