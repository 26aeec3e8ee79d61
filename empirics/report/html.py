"""report.html: one self-contained file, readable without script and without network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from empirics.experiments.sampling import ROWS, spread, told
from empirics.report import first_screen, tables
from empirics.report.claim_views import claim_views
from empirics.report.figures.figure import Figure
from empirics.report.inline_svg import inline
from empirics.report.sections import Section
from empirics.verification.results import Results


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
    page = environment.get_template(template).render(css=Markup(_asset("report.css")), **values)
    return re.sub(r">\s+<(?=/?(?:td|th|tr|thead|tbody)\b)", "><", page)  # a browser keeps each space in a table


def config_toml(config: Mapping[str, Mapping[str, Any]]) -> str:
    """The configuration as TOML for ``--config``; it writes strings, numbers, truths and lists as JSON does."""
    parts = []
    for section, values in config.items():
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        parts.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(parts) + "\n"


def _asset(name: str) -> str:
    return (resources.files("empirics.report") / name).read_text(encoding="utf-8")
