"""report.html: one self-contained file, readable without script and without network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any
from zlib import crc32

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from empirics.experiments.sampling import ROWS, spread, told
from empirics.report import first_screen, tables
from empirics.report.claim_views import claim_views
from empirics.report.figures.figure import Figure
from empirics.report.figures.style import GRID, INK, LAW, SEEN, SHADES, SOFT
from empirics.report.sections import Section
from empirics.verification.results import Results

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
    views = claim_views(results, figures)
    general = {data.name for data in results.shown.figures}
    return filled(
        "report.html.j2",
        results=results,
        text=tables,
        broken=[*results.defects, *broken],
        tested=first_screen.tested(results),
        answers=first_screen.answers(results, views),
        groups=first_screen.groups(views),
        again=_again(results),
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


def _again(results: Results) -> str:
    """The command that runs this again, with a file of the configuration."""
    extra = "".join(f" --with {file.path}" for file in results.files)
    return f"factbound verify --experiment {results.experiment.name} --config FILE.toml{extra}"


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
    svg = _slim(re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S), prefix)
    head, bracket, body = svg.partition(">")
    head = re.sub(r' (?:height|width)="[^"]*"', "", head)
    body = body.replace("fill: #ffffff", "fill: none")
    for colour, variable in _COLOURS.items():
        body = body.replace(f": {colour}", f": var({variable})")
    name = f'<svg role="img" aria-label="{escape(title)}"'
    return Markup(head.replace("<svg", name, 1) + bracket + body)


def _slim(svg: str, prefix: str) -> str:
    """The same picture in fewer bytes: no comments, hundredths of a point, each style once, no unused ids."""
    svg = re.sub(r">\s+<", "><", re.sub(r"<!--.*?-->", "", svg, flags=re.S))
    svg = re.sub(r"\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), svg)
    asked = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    svg = re.sub(r' id="([^"]+)"', lambda name: name[0] if name[1] in asked else "", svg)
    mark = crc32(prefix.encode())  # a name for CSS, whatever the figure is called
    styles = {style: f"s{mark:x}-{i}" for i, style in enumerate(dict.fromkeys(re.findall(r' style="([^"]+)"', svg)))}
    svg = re.sub(r' style="([^"]+)"', lambda found: f' class="{styles[found[1]]}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in styles.items())
    head, bracket, body = svg.partition(">")
    return f"{head}{bracket}<style>{rules}</style>{_without_bare_groups(body)}"


def _without_bare_groups(svg: str) -> str:
    """The same elements, without groups that have no attribute: most of those that matplotlib writes."""
    kept: list[str] = []
    bare: list[bool] = []
    for token in re.split(r"(<g\b[^>]*>|</g>)", svg):
        if token.startswith("<g"):
            bare.append(token == "<g>")
        if not (token.startswith(("<g", "</g>")) and bare[-1]):
            kept.append(token)
        if token == "</g>":
            bare.pop()
    return "".join(kept)


def config_toml(config: Mapping[str, Mapping[str, Any]]) -> str:
    """The configuration as TOML for ``--config``; it writes strings, numbers, truths and lists as JSON does."""
    parts = []
    for section, values in config.items():
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        parts.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(parts) + "\n"


def _asset(name: str) -> str:
    return (resources.files("empirics.report") / name).read_text(encoding="utf-8")
