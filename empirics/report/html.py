"""report.html: one self-contained file, readable without script and without network."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from empirics.experiments.sampling import ROWS, spread, told
from empirics.report import tables
from empirics.report.claim_views import claim_views
from empirics.report.figures.figure import Figure
from empirics.report.figures.style import GRID, INK, LAW, SEEN, SHADES, SOFT
from empirics.report.sections import Section
from empirics.verification.results import Results
from theory.plural import counted

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


def report_html(
    results: Results,
    figures: Sequence[Figure],
    sections: Sequence[tuple[Section, list[str]]] = (),
    broken: Sequence[str] = (),
) -> str:
    """The report as HTML text: results, their figures, and further sections, each with the SVG text of its figures.

    ``broken`` are lines on what was left out.

    Example:
        >>> from empirics.verification.results import read_results
        >>> report_html(read_results("results/results.json"), figures=[])[:15]
        '<!doctype html>'
    """
    counts = Counter(c.verdict for c in results.claims)
    general = {data.name for data in results.shown.figures}
    return filled(
        "report.html.j2",
        results=results,
        text=tables,
        counted=counted,
        broken=[*results.defects, *broken],
        counts=[(verdict, counts[verdict]) for verdict in tables.ORDER if counts[verdict]],
        claims=claim_views(results, figures),
        axes=[results.label(symbol) for symbol in results.experiment.axes],
        general=[figure for figure in figures if figure.name in general],
        inline=inline,
        spread=spread,
        told=told,
        rows_shown=ROWS,
        sections=sections,
        toml=config_toml,
        js=Markup(_asset("report.js")),
    )


def filled(template: str, **values: Any) -> str:
    """A page from one of the templates here, in the common style."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=PackageLoader("empirics.report", "."),
    )
    environment.filters["slug"] = lambda text: text.lower().replace(" ", "-")
    return environment.get_template(template).render(css=Markup(_asset("report.css")), **values)


def inline(svg: str, prefix: str, title: str) -> Markup:
    """An SVG for the page: ids of its own (several in one page must not share them), the page's colours, a name."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(xlink:href="|url\()#', rf"\1#{prefix}-", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    head, bracket, body = svg.partition(">")
    head = re.sub(r' (?:height|width)="[^"]*"', "", head)
    body = body.replace("fill: #ffffff", "fill: none")
    for colour, variable in _COLOURS.items():
        body = body.replace(f": {colour}", f": var({variable})")
    name = f'<svg role="img" aria-label="{escape(title)}"'
    return Markup(head.replace("<svg", name, 1) + bracket + body)


def config_toml(config: Mapping[str, Mapping[str, Any]]) -> str:
    """The configuration as TOML for ``--config``; it writes strings, numbers, truths and lists as JSON does."""
    parts = []
    for section, values in config.items():
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        parts.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(parts) + "\n"


def _asset(name: str) -> str:
    return (resources.files("empirics.report") / name).read_text(encoding="utf-8")
