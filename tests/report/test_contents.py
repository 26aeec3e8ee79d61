"""What the report says, and the small parts that it is made of."""

import io
import re
import tomllib
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from empirics.experiments.load import load_config
from empirics.experiments.presentation import Column, Table
from empirics.report.claim_views import claim_views, closest_call
from empirics.report.figures.plots import all_figures
from empirics.report.figures.style import _apart
from empirics.report.html import config_toml, inline, report_html
from empirics.report.mathml import mathml
from empirics.report.sections import Section, SectionFigure, sections, write_section
from empirics.report.tables import answer
from empirics.report.terminal import print_results
from empirics.verification.results import read_results
from theory import all_claims

STORED = Path(__file__).parents[2] / "docs" / "stored" / "default.json"


@pytest.fixture(scope="module")
def results():
    return read_results(STORED)


def changed(results, claim, cell, **values):
    """The results with one verdict changed, and the claim's verdict with it."""
    verdicts = [v.model_copy(update=values) if (v.claim, v.cells) == (claim, [cell]) else v for v in results.verdicts]
    claims = [
        c.model_copy(update={"verdict": values["verdict"]}) if c.id == claim and "verdict" in values else c
        for c in results.claims
    ]
    return results.model_copy(update={"verdicts": verdicts, "claims": claims})


@pytest.mark.parametrize("preset", ["quick", "default", "full"])
def test_the_configuration_shown_gives_the_same_run_again(preset, tmp_path):
    config = load_config(preset, None, ["world.multiplicity=[1,2]", "compute.dtype=float64"])
    text = config_toml(config.model_dump(mode="json"))
    assert set(tomllib.loads(text)) == set(config.model_dump())
    (tmp_path / "again.toml").write_text(text)
    assert load_config("default", tmp_path / "again.toml") == config


def test_the_answer_names_what_is_violated_and_gives_the_headline(results):
    text = answer(results)
    assert results.shown.headline in text
    cell = next(v.cells[0] for v in results.verdicts if v.claim == "ood-error-literal" and v.verdict == "HOLDS")
    broken = answer(changed(results, "ood-error-literal", cell, verdict="VIOLATED"))
    assert broken.startswith("VIOLATED: ood-error-literal")
    assert "interrupted" in answer(results.model_copy(update={"complete": False}))


def test_a_violation_of_all_cells_together_is_told(toy):
    pooled = toy.claim("toy-arms").pooled.model_copy(
        update={"refuted": True, "confirmed": False, "upper": 0.305, "direction": "reversed"}
    )
    refuted = toy.claim("toy-arms").model_copy(update={"verdict": "VIOLATED", "pooled": pooled})
    changed = toy.model_copy(update={"claims": [refuted]})
    (view,) = claim_views(changed, [])
    assert view.closest == "Falsified over all cells together: in at most 31 % of worlds, reversed."


def test_a_bound_that_is_judged_run_by_run_says_on_what(toy):
    stated = toy.claim("toy-bound").model_copy(update={"judged_on": "toy_loss", "by_share": True})
    (view,) = claim_views(toy.model_copy(update={"claims": [stated]}), [])
    assert "judged run by run: in most worlds" in view.kind
    assert re.findall(r"toy_\w+: What is measured", view.observable) == [
        "toy_error: What is measured", "toy_loss: What is measured",
    ]  # fmt: skip
    plain = claim_views(toy, [])[0]
    assert "run by run" not in plain.kind + plain.observable


def test_a_violation_is_told_where_it_is(results):
    cell = next(v.cells[0] for v in results.verdicts if v.claim == "failure-regime" and v.verdict == "HOLDS")
    broken = changed(results, "failure-regime", cell, verdict="VIOLATED", reason="upper limit 0.1 < 0.2")
    view = next(v for v in claim_views(broken, []) if v.stated.id == "failure-regime")
    assert view.closest == f"Falsified in 1 verdict: {results.where(results.verdict_of('failure-regime', cell))}: " + (
        "upper limit 0.1 < 0.2."
    )


@pytest.mark.parametrize(
    ("known", "told"), [([9.0, 1.5, 2.0], "1.5 to 9, median 2"), ([3.0, 3.0], "3"), ([], None)], ids=str
)
def test_tightness_is_a_range_with_its_median(toy, known, told):
    verdicts = [
        v.model_copy(update={"tightness": known[i] if i < len(known) else None}) for i, v in enumerate(toy.verdicts)
    ]
    view = claim_views(toy.model_copy(update={"verdicts": verdicts}), [])[0]
    assert view.tightness == (told and f"bound / measured mean: {told}")


def test_the_share_that_is_asked_for_is_that_of_the_first_verdict(toy):
    view = next(v for v in claim_views(toy, []) if v.stated.id == "toy-arms")
    first = next(v for v in toy.verdicts if v.claim == "toy-arms")
    assert view.asked == f"{first.bound:.3g}"
    without = [v.model_copy(update={"bound": None}) for v in toy.verdicts]
    assert {v.asked for v in claim_views(toy.model_copy(update={"verdicts": without}), [])} == {"a share"}


def test_a_domain_tells_in_how_many_verdicts_it_holds(toy):
    def domain(results):
        return [
            (p.values, p.holds)
            for p in claim_views(results, [])[0].premises
            if p.text == "where the formula is defined"
        ]

    assert domain(toy) == [("by construction", "yes")]
    why = "the bound is undefined here: toy-bound needs n >= 20"
    outside = changed(changed(toy, "toy-bound", 3, reason=why), "toy-bound", 7, reason=why)
    assert domain(outside) == [("all such conditions together", "10 of 12 verdicts")]


@pytest.mark.parametrize(("kind", "limit", "side"), [("upper", 0.7, "lower"), ("lower", 0.2, "upper")])
def test_without_sharpness_the_nearest_limit_is_told(toy, kind, limit, side):
    verdicts = [
        v.model_copy(update={"bound": 0.5, "lower": 0.7 if i == 4 else 0.3, "upper": 0.2 if i == 5 else 0.9})
        for i, v in enumerate(toy.verdicts)
    ]
    changed = toy.model_copy(update={"verdicts": verdicts})
    judged = toy.claim("toy-bound").model_copy(update={"kind": kind})
    where = toy.where(verdicts[4 if kind == "upper" else 5])
    assert closest_call(changed, judged) == f"Closest cell: {where}: {side} limit {limit}, bound 0.5."


def test_the_nearest_miss_is_the_one_with_the_least_sharpness(results):
    judged = results.claim("ood-error-literal")
    known = {results.where(v): v.sharpness for v in results.verdicts if v.claim == judged.id and v.sharpness}
    nearest = min(known, key=known.get)
    told = f"Closest cell: {nearest}. There the bound would be refuted if its exponent were {known[nearest]:.3g} times"
    assert closest_call(results, judged) == f"{told} larger."


def test_pictures_in_one_page_share_no_ids_and_take_the_colours_of_the_page(results):
    figure = next(f for f in all_figures(results) if f.name == "ood-error")
    one, two = (inline(figure.svg, prefix, "A name") for prefix in ("a", "b"))
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
    assert used <= ids[0]
    assert 'role="img" aria-label="A name"' in one
    assert not re.search(r"(?:fill|stroke): #", one), "every colour is a variable of the page"
    assert "var(--figure-ink)" in one


@pytest.mark.parametrize("item", [c for c in all_claims() if c.latex], ids=lambda c: c.id)
def test_the_formula_of_every_claim_is_whole_mathml(item):
    element = minidom.parseString(str(mathml(item.latex, display=True))).documentElement
    assert element.tagName == "math"
    assert element.getAttribute("alttext")

    def text(node):
        return node.data if node.nodeType == node.TEXT_NODE else "".join(map(text, node.childNodes))

    assert "\\" not in text(element), "no command is left untranslated"
    assert item.observable in text(element)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.floats(0.01, 0.12))
def test_labels_are_moved_apart_and_no_further(shares, spacing):
    wanted = sorted(shares)
    placed = np.array(_apart(wanted, spacing))
    assert len(placed) == len(wanted)
    assert (np.diff(placed) >= spacing - 1e-9).all()
    assert placed[0] >= -1e-9
    assert placed[-1] <= 1 + 1e-9
    if (np.diff(wanted) >= spacing).all():
        assert placed == pytest.approx(wanted, abs=1e-9)


def test_an_undefined_value_of_any_kind_can_be_shown(toy, tmp_path):
    kinds = ("text", "count", "number", "interval", "verdict")
    columns = tuple(Column(name=kind, kind=kind) for kind in kinds)
    table = Table(id="undefined", title="Undefined", columns=columns, rows=((None,) * len(kinds),))
    results = toy.model_copy(update={"shown": toy.shown.model_copy(update={"tables": (table,)})})
    page = report_html(results, [])
    (row,) = re.findall(r"<tr>(.*?)</tr>", page.partition('id="undefined">')[2].partition("</table>")[0], re.S)[1:]
    assert re.findall(r"<td[^>]*>(.*?)</td>", row) == ["", "", "-", "-", "-"]
    stream = io.StringIO()
    print_results(results, Console(file=stream, width=100), tmp_path)
    assert stream.getvalue().splitlines()[2].split() == ["-"] * len(kinds)


def test_sections_of_a_directory_and_of_those_in_it_come_in_their_order(results, tmp_path):
    picture = SectionFigure(file="plots/one.svg", title="One picture", caption="Drawn elsewhere.")
    (tmp_path / "map" / "plots").mkdir(parents=True)
    (tmp_path / "map" / "plots" / "one.svg").write_text('<?xml version="1.0"?><svg viewBox="0 0 1 1"><path/></svg>')
    write_section(Section(id="late", title="Later", order=200), tmp_path)
    write_section(Section(id="map", title="A map", order=10, figures=(picture,)), tmp_path / "map")
    found = sections(tmp_path)
    assert [section.id for section, _ in found] == ["map", "late"]
    page = report_html(results, [], found)
    assert "<summary>A map</summary>" in page
    assert '<div class="body" id="section-map">' in page
    assert 'aria-label="One picture"' in page
    assert page.index("section-map") < page.index("section-late")
