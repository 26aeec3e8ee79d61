"""What is written beside results, what is read again, and what is refused with its reason."""

import json
from collections import Counter
from zlib import crc32

import pytest

from empirics.errors import UsageError
from empirics.experiments.presentation import FigureData
from empirics.report.figures.plots import all_figures
from empirics.report.files import read_directory, write_figures, write_page
from empirics.report.html import config_toml, inline, report_html
from empirics.report.mathml import mathml
from empirics.report.sections import Section, SectionFigure, SectionTable, sections, write_section
from empirics.report.tables import cells_csv
from empirics.verification.document import FileResult, write_document


@pytest.fixture(scope="module", name="toy")
def with_one_figure(toy):
    """The toy's results with one figure, that of a few lines."""
    figures = tuple(f for f in toy.shown.figures if f.name == "toy-curves")
    return toy.model_copy(update={"shown": toy.shown.model_copy(update={"figures": figures})})


def test_a_page_and_all_beside_it(toy, tmp_path):
    write_document(toy, tmp_path / "results.json")
    results = read_directory(tmp_path)
    assert results == toy
    write_section(Section(id="mine", title="Mine"), tmp_path)
    write_page(results, tmp_path)
    figures = all_figures(toy)
    plots = {f"plots/{f.name}.{ending}" for f in figures for ending in ("svg", "csv")}
    names = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")}
    assert names == plots | {"results.json", "cells.csv", "report.html", "sections/mine.json", ".made.json"}
    assert (tmp_path / "cells.csv").read_text() == cells_csv(toy)
    for figure in figures:
        assert (tmp_path / "plots" / f"{figure.name}.csv").read_text() == figure.csv
        picture = (tmp_path / "plots" / f"{figure.name}.svg").read_text()
        assert picture == f'<?xml version="1.0" encoding="utf-8"?>\n{figure.svg}'
    assert (tmp_path / "report.html").read_text() == report_html(toy, figures, sections(tmp_path))


def test_the_page_shows_general_figures_once_and_counts_verdicts(toy):
    figures = all_figures(toy)
    page = report_html(toy, figures)
    assert [page.count(f'<svg role="img" aria-label="{f.title}"') for f in figures] == [1]
    counts = Counter(c.verdict for c in toy.claims)
    heads = {v: f'<summary><span class="v v-{v.lower()}">{v}</span>' for v in counts}
    assert {v: page.count(head) for v, head in heads.items()} == counts


def test_the_page_shows_texts_as_they_are_without_empty_lines(toy):
    shown = toy.shown.model_copy(update={"headline": "Less <b>or</b> more."})
    page = report_html(toy.model_copy(update={"shown": shown}), [])
    assert "Less &lt;b&gt;or&lt;/b&gt; more." in page
    assert "<b>or</b>" not in page
    body = page.partition("<body>")[2].partition("<script")[0]
    assert [line for line in body.splitlines() if line != line.strip() and not line.strip()] == []


def test_the_page_says_which_files_a_rerun_takes(toy):
    assert "--config FILE.toml</code>" in report_html(toy, [])
    files = [FileResult(path=f"/{name}.py", sha256="0") for name in ("a", "b")]
    page = report_html(toy.model_copy(update={"files": files}), [])
    assert "--config FILE.toml --with /a.py --with /b.py</code>" in page


def test_figures_alone(toy, tmp_path):
    figures = all_figures(toy, "toy-curves")
    assert write_figures(figures, tmp_path / "new", "svg") == [tmp_path / "new" / "toy-curves.svg"]
    assert (tmp_path / "new" / "toy-curves.csv").read_text() == figures[0].csv
    assert b"<svg" in (tmp_path / "new" / "toy-curves.svg").read_bytes()
    with pytest.raises(UsageError, match="--format=gif is refused: allowed is svg, pdf, png"):
        write_figures(figures, tmp_path / "never", "gif")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot read .*'factbound verify --output' writes it"),
     (b"\xff\xfe", "is not a results document: .*decode"),
     (b"{}", "is not a results document: "), (b"no json", "is not a results document: ")],
)  # fmt: skip
def test_what_is_no_results_document(tmp_path, content, reason):
    if content is not None:
        (tmp_path / "results.json").write_bytes(content)
    with pytest.raises(UsageError, match=reason):
        read_directory(tmp_path)


def test_a_picture_on_the_page_has_ids_of_its_own_and_the_pages_colours():
    svg = '<svg height="1pt" width="2pt" viewBox="0 0 1 1"><metadata>when\nmade</metadata>'
    svg += '<g id="a" style="fill: #ffffff"/><g style="fill: #ffffff; stroke: #123456"/>'
    svg += '<use xlink:href="#a" style="stroke: #000000"/>'
    svg += '<g clip-path="url(#a)" style="stroke: #4d4d4d; fill: #123456"/></svg>'
    mark = f"s{crc32(b'p'):x}"
    assert inline(svg, "p", "A <name>") == (
        f'<svg role="img" aria-label="A &lt;name&gt;" viewBox="0 0 1 1"><style>.{mark}-0{{fill: none}}'
        f".{mark}-1{{fill: var(--paper); stroke: #123456}}.{mark}-2{{stroke: var(--figure-ink)}}"
        f".{mark}-3{{stroke: var(--shade-1); fill: #123456}}</style>"
        f'<g id="p-a" class="{mark}-0"/><g class="{mark}-1"/><use xlink:href="#p-a" class="{mark}-2"/>'
        f'<g clip-path="url(#p-a)" class="{mark}-3"/></svg>'
    )


def test_a_picture_on_the_page_is_slim_and_the_same():
    svg = '<svg viewBox="0 0 9 9"><!-- a tick -->\n <g id="axis">\n  <g>\n   <path id="b" d="M 1.23456 2.999 L 3 4.5"/>'
    svg += "\n  </g>"
    svg += '<g id="c" style="fill: none"><g><text>1.23456 a</text></g></g></g></svg>'
    mark = f"s{crc32(b'p'):x}"
    assert inline(svg, "p", "A") == (
        f'<svg role="img" aria-label="A" viewBox="0 0 9 9"><style>.{mark}-0{{fill: none}}</style>'
        f'<path d="M 1.23 3 L 3 4.5"/><g class="{mark}-0"><text>1.23456 a</text></g></svg>'
    )


def test_marks_of_a_picture_on_the_page_are_not_copied():
    """Marks that follow one another are markers of one path, ticks are lines; what is alone or differs stays."""
    tick, dot = "M 0 0 \nL 0 3.5 \n", "M 0 1 \nC 1 1 1 0 0 0 \nz\n"
    svg = f'<svg><defs><path id="t" d="{tick}" style="stroke: red"/><path id="m" d="{dot}" style="stroke: red"/></defs>'
    svg += '<use xlink:href="#t" x="1" y="2" style="stroke: red"/><text>a</text>'
    svg += '<use xlink:href="#t" x="3" y="2" style="stroke: blue"/>'
    for x in (1, 2, 3):
        svg += f'<g clip-path="url(#c)"><use xlink:href="#m" x="{x}" y="5" style="fill: blue"/></g>'
    svg += '<g clip-path="url(#d)"><use xlink:href="#m" x="7" y="5" style="fill: blue"/></g></svg>'
    mark = f"s{crc32(b'p'):x}"
    used = 'marker-start="url(#p-m-0)" marker-mid="url(#p-m-0)" marker-end="url(#p-m-0)"'
    assert inline(svg, "p", "A").partition("</style>")[2] == (
        f'<defs><marker id="p-m-0" class="{mark}-2" overflow="visible" markerUnits="userSpaceOnUse">'
        f'<path d="M 0 1 C 1 1 1 0 0 0 z" class="{mark}-0"/></marker></defs>'
        f'<defs><path id="p-t" d="M 0 0 L 0 3.5" class="{mark}-0"/>'
        f'<path id="p-m" d="M 0 1 C 1 1 1 0 0 0 z" class="{mark}-0"/></defs>'
        f'<path d="M1 2l0 3.5" class="{mark}-0"/><text>a</text>'
        f'<use xlink:href="#p-t" x="3" y="2" class="{mark}-1"/>'
        f'<g clip-path="url(#p-c)"><path fill="none" d="M1 5L2 5L3 5" {used}/></g>'
        f'<g clip-path="url(#p-d)"><use xlink:href="#p-m" x="7" y="5" class="{mark}-2"/></g></svg>'
    )


def test_marks_that_are_turned_stay_as_they_are():
    """A picture of another program: nothing of it may be lost."""
    turned = "".join(f'<use xlink:href="#m" x="{x}" y="2" transform="rotate({x})" style="fill: red"/>' for x in (1, 2))
    made = inline(f'<svg><path id="m" d="M 0 1 L 2 3 z"/>{turned}</svg>', "p", "A")
    assert made.count("<use ") == 2
    assert "rotate(1)" in made
    assert "rotate(2)" in made
    assert "<marker" not in made


def test_the_configuration_is_toml():
    config = {"world": {"a": [1, 2], "b": "text"}, "seeds": {"c": True, "d": 0.5}}
    assert config_toml(config) == '[world]\na = [1, 2]\nb = "text"\n\n[seeds]\nc = true\nd = 0.5\n'


def test_formulas_stand_in_the_text_or_alone():
    assert 'display="inline"' in mathml("a  <\n b")
    assert 'display="block"' in mathml("a < b", display=True)
    assert 'alttext="a &lt; b"' in mathml("a  <\n b")
    assert mathml("|R|").count('<mo lspace="0" rspace="0" stretchy="false">|</mo>') == 2


def refused(directory, section, picture=None):
    (directory / "sections").mkdir(exist_ok=True)
    (directory / "sections" / "mine.json").write_bytes(section)
    if picture is not None:
        (directory / "one.svg").write_bytes(picture)
    with pytest.raises(UsageError) as error:
        sections(directory)
    return str(error.value)


def test_a_section_that_cannot_be_shown_is_refused(tmp_path):
    inside = tmp_path / "results"
    inside.mkdir()
    assert "is not a section of a report: Field required" in refused(inside, b'{"id": "mine"}')
    assert "is not a section of a report: 'utf-8' codec" in refused(inside, b"\xff")
    table = SectionTable(caption="Mine", columns=("a", "b"), rows=((1, 2), (3,)))
    section = Section(id="mine", title="Mine", tables=(table,))
    assert "a row of 'Mine' has not 2 values" in refused(inside, section.model_dump_json().encode())

    def of(file):
        figure = SectionFigure(file=file, title="F", caption="F.")
        return json.dumps(section.model_copy(update={"tables": (), "figures": (figure,)}).model_dump()).encode()

    assert "cannot read the figure one.svg" in refused(inside, of("one.svg"))
    assert "the figure one.svg is not a plain SVG picture" in refused(inside, of("one.svg"), b"text")
    assert "is not a plain SVG picture" in refused(inside, of("one.svg"), b"<svg><script/></svg>")
    (tmp_path / "out.svg").write_text("<svg/>")
    assert "the figure ../out.svg lies outside" in refused(inside, of("../out.svg"))
    (inside / "one.svg").write_text("<?xml?><svg/>")
    (inside / "sections" / "mine.json").write_bytes(of("one.svg"))
    assert [texts for _, texts in sections(inside)] == [["<svg/>"]]
    (inside / "sections" / "early.json").write_text(Section(id="early", title="Early").model_dump_json())
    assert [found.id for found, _ in sections(inside)] == ["early", "mine"], "of equal order: by id"


def test_what_cannot_be_shown_costs_itself_alone(toy, tmp_path):
    bad = FigureData.of("bad", "Bad", "c", "forest", [{"a": 1}], xlabel="x")
    unknown = bad.model_copy(update={"name": "unknown", "kind": "cake"})
    shown = toy.shown.model_copy(update={"figures": (bad, *toy.shown.figures, unknown)})
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "mine.json").write_text("{}")
    lines = write_page(toy.model_copy(update={"shown": shown}), tmp_path)
    assert [line.partition(",")[0] for line in lines[:1]] == ["the figure bad of the kind forest"]
    assert "the figure unknown is of the kind cake; known are" in lines[1]
    assert lines[2].startswith(f"{tmp_path}/sections/mine.json is not a section of a report")
    page = (tmp_path / "report.html").read_text()
    assert page.count("BROKEN, ") == 3
    assert {p.stem for p in (tmp_path / "plots").glob("*.svg")} == {f.name for f in all_figures(toy)}


def test_processes_draw_the_same(tmp_path, toy):
    """Figures that several processes draw are those of one, and what cannot be drawn is told all the same."""
    worse = toy.shown.figures[0].model_copy(update={"name": "worse", "kind": "none"})
    many = [toy.shown.figures[0].model_copy(update={"name": f"toy-{n}"}) for n in range(8)]
    shown = toy.shown.model_copy(update={"figures": (*many, worse)})
    results = toy.model_copy(update={"shown": shown, "figures": []})
    alone, together = tmp_path / "alone", tmp_path / "together"
    lines = write_page(results, alone), write_page(results, together, workers=2)
    assert lines[0] == lines[1]
    assert [("worse" in line, "none" in line) for line in lines[0]] == [(True, True)]
    for path in (p for p in alone.rglob("*.*") if p.name != ".made.json"):
        assert (together / path.relative_to(alone)).read_bytes() == path.read_bytes(), path
