"""report.html in a browser: silent, sortable, filterable, readable in both schemes, on a phone and without script."""

import io
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

CONTRAST = Path(__file__).with_name("contrast.js").read_text(encoding="utf-8")
VERDICTS = "#claim-ood-error-literal table[data-sortable]"


def column(table, name):
    """The texts of a column of a table, hidden rows left out."""
    headings = [h.inner_text().rstrip(" ↕↑↓").strip() for h in table.locator("thead th").all()]
    index = headings.index(name) + 1
    cells = table.locator(f"tbody tr:not([hidden]) td:nth-child({index})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_it_loads_in_silence_and_asks_nobody(open_report, report):
    page = open_report()
    assert page.messages == []
    assert page.requests == [report.as_uri()]
    assert page.title() == "factbound report"


def test_the_first_screen_is_the_answer(open_report):
    """What was tested, where it fails, how sure, on which assumptions, how to reproduce, the verdicts, the figure."""
    page = open_report()
    top = page.locator("header").inner_text()
    for text in ("Headline bound", "arXiv:2508.00901", "Model", "Grid and seeds", "Where it does not hold", "How sure"):
        assert text in top
    assert "On which assumptions" in top
    assert "factbound verify --experiment one-layer --config FILE.toml" in top
    table = page.locator("#overview + .scroll table")
    rows = table.locator("tbody tr")
    assert rows.count() >= 5
    assert rows.first.bounding_box()["y"] + 100 < 900, "verdicts begin on the first screen"
    figure = page.locator("#figure-ood-error svg").bounding_box()
    assert figure["y"] + figure["height"] < 900, "and so does the whole figure"
    assert not page.locator("details[open]").count(), "every section is closed"
    assert page.evaluate("document.documentElement.scrollHeight") < 4500


def test_pictures_on_the_page_look_as_those_of_the_files(open_report, report):
    """Fewer elements and bytes, the same picture; a changed mark would be seen."""
    put = """(old, text) => {
        const holder = document.createElement("div");
        holder.innerHTML = text;
        const svg = holder.querySelector("svg");
        for (const name of ["width", "height"]) svg.removeAttribute(name);
        old.replaceWith(svg);
    }"""
    for name in ("ood-error", "pretraining-gap", "claim-ood-error-literal", "claim-trend-finetuned"):
        page = open_report(unfold=True)  # anew: the files' ids are not unlike each other's
        text = (report.parent / "plots" / f"{name}.svg").read_text(encoding="utf-8")
        picture = page.locator(f"#figure-{name} svg")
        assert picture.locator("use").count() < text.count("<use ") / 2
        seen = [pixels(picture)]
        for shown in (text, text.replace(' d="M 0 2 \nL 0 -2', ' d="M 0 9 \nL 0 -9').replace("#000000", "#ff0000")):
            picture.evaluate(put, shown)
            seen.append(pixels(picture))
        differ = [(abs(seen[0] - other).max(axis=2) > 0.25).mean() for other in seen[1:]]
        assert differ[0] < 1e-3 < differ[1], "a label may stand a pixel aside"


def pixels(element):
    from matplotlib.image import imread

    return imread(io.BytesIO(element.screenshot()))[:, :, :3]


def test_columns_sort_as_numbers_both_ways_with_empty_values_last(open_report):
    page = open_report(unfold=True)
    table = page.locator(VERDICTS)
    before = column(table, "N_f")
    table.get_by_role("button", name="N_f").click()
    header = table.locator("thead th", has_text="N_f")
    assert header.get_attribute("aria-sort") == "ascending"
    assert column(table, "N_f") == sorted(before, key=float)
    table.get_by_role("button", name="N_f").click()
    assert header.get_attribute("aria-sort") == "descending"
    assert column(table, "N_f") == sorted(before, key=float, reverse=True)
    extra = page.locator("table", has=page.get_by_text("Numbers", exact=True))
    extra.get_by_role("button", name="value").click()
    assert column(extra, "value") == ["1e-07", "0.25", "4", ""]
    extra.get_by_role("button", name="value").click()
    assert column(extra, "value") == ["4", "0.25", "1e-07", ""]
    assert table.locator("thead th[aria-sort]").count() == 1


def test_a_sort_by_words_and_by_measured_value(open_report):
    page = open_report(unfold=True)
    overview = page.locator("#overview + .scroll table")
    overview.get_by_role("button", name="sentence").click()
    assert column(overview, "sentence") == sorted(column(overview, "sentence"))
    table = page.get_by_role("group", name="Predicted against observed out-of-distribution error").locator("table")
    table.get_by_role("button", name="observed").click()
    means = [float(text.split()[0]) for text in column(table, "observed [limits]")]
    assert means == sorted(means)
    assert len(set(means)) > 1


def test_filters_keep_the_rows_that_hold_every_word(open_report):
    page = open_report(unfold=True)
    table = page.locator("#ood-error table")
    rows = [row.inner_text().lower() for row in table.locator("tbody tr").all()]
    words = (rows[-1].split()[-1], rows[-1].split()[4])
    wanted = [row.split()[4] for row in rows if all(word in row for word in words)]
    assert 0 < len(wanted) < len(rows)
    section = page.locator("#ood-error")
    section.get_by_role("searchbox").fill(" ".join(words).upper())
    assert [text.split()[0] for text in column(table, "observed [limits]")] == wanted
    assert section.get_by_role("status").inner_text() == f"{len(wanted)} of {len(rows)} rows"
    section.get_by_role("searchbox").fill("")
    assert len(column(table, "seeds")) == len(rows)


def test_the_search_keeps_the_claims_that_hold_every_word(open_report):
    page = open_report()
    claims = page.locator("details.claim")
    every = claims.count()
    page.get_by_role("searchbox", name="Search claims").fill("Coq UNION")
    kept = page.locator("details.claim:not([hidden])")
    texts = kept.evaluate_all("all => all.map(d => d.textContent.toLowerCase())")
    assert 0 < len(texts) < every
    assert all("coq" in text and "union" in text for text in texts)
    assert page.locator(".search").get_by_role("status").inner_text() == f"{len(texts)} of {every} claims"
    page.evaluate("location.hash = '#claim-mechanism'")
    page.locator("#claim-mechanism").wait_for(state="visible", timeout=5000)  # a link shows what the search hid
    page.get_by_role("button", name="Open all").click()
    assert page.locator("details:not([open])").count() == 0
    page.get_by_role("button", name="Close all").click()
    assert page.locator("details[open]").count() == 0


def test_without_script_everything_is_there_and_nothing_is_dead(open_report):
    page, scripted = open_report(script=False), open_report()
    assert page.get_by_role("button").count() == page.get_by_role("searchbox").count() == 0
    assert page.locator("tbody tr").count() == scripted.locator("tbody tr").count() > 60
    closed = page.locator("#claim-mechanism")
    assert not closed.is_visible()
    page.locator("details", has=closed).locator("summary").click()
    assert closed.is_visible()


@pytest.mark.parametrize("script", [True, False])
def test_a_link_to_a_folded_claim_unfolds_it(open_report, script):
    page = open_report(script=script)
    assert not page.locator("#claim-trend-finetuned").is_visible()
    page.get_by_role("link", name="The OOD error does not increase with more fine-tuning facts").first.click()
    page.locator("#claim-trend-finetuned").wait_for(state="visible", timeout=5000)
    assert page.url.endswith("#claim-trend-finetuned")
    summary = page.locator("details.claim[open] > summary")
    assert summary.count() == 1
    assert summary.bounding_box()["y"] >= 0, "its heading is in sight"


@pytest.mark.parametrize("unfold", [False, True])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(open_report, scheme, unfold):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(open_report(scheme=scheme, unfold=unfold)).response
    assert len(found["passes"]) > 20
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_meets_wcag_aa(open_report, scheme):
    found = open_report(scheme=scheme, unfold=True).evaluate(CONTRAST)
    assert len(found) > 1000
    low = {(item["text"], round(item["ratio"], 2)) for item in found if item["ratio"] < item["least"]}
    assert not low


def test_dark_and_light_follow_the_preference_and_print_is_on_white(open_report):
    def brightness(page):
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(v) for v in colour.strip("rgb()").split(",")) / 3

    light, dark = open_report(scheme="light"), open_report(scheme="dark")
    assert brightness(light) > 240
    assert brightness(dark) < 40
    assert np.asarray(picture_of(dark, "#figure-ood-error svg")).mean() < 80, "figures follow the scheme too"
    dark.emulate_media(media="print", color_scheme="dark")
    assert brightness(dark) > 240
    assert not dark.locator(".search").is_visible()
    assert not dark.locator("#claim-mechanism").is_visible(), "sections stay as they are"


def test_it_prints_to_a_few_pages(open_report):
    pages = re.findall(rb"/Type\s*/Page\b", open_report().pdf(format="A4"))
    assert 2 <= len(pages) <= 12


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_overflows_the_page(open_report, width):
    page = open_report(width=width, unfold=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    outside = page.evaluate(
        """width => [...document.querySelectorAll("main *")]
            .filter(e => !e.closest(".scroll") && e.getBoundingClientRect().right > width + 1)
            .map(e => e.outerHTML.slice(0, 80))""",
        width,
    )
    assert outside == []


def test_figures_have_names_and_captions(open_report):
    page = open_report(unfold=True)
    figures = page.locator("figure")
    assert figures.count() >= 12
    names = [picture.get_attribute("aria-label") for picture in page.get_by_role("img").all()]
    assert len(names) == figures.count()
    assert all(name and len(name) > 10 for name in names)
    assert len(set(names)) == len(names)
    assert all(len(text) > 20 for text in page.locator("figcaption").all_inner_texts())
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_formulas_are_typeset(open_report):
    page = open_report(unfold=True)
    formulas = page.locator("math[display=block]")
    assert formulas.count() >= 10
    for formula in formulas.all():
        box = formula.bounding_box()
        assert box["width"] > 60
        assert box["height"] > 15
        assert formula.get_attribute("alttext")
    assert page.locator("math merror").count() == 0
    headline = page.locator("#claim-ood-error-literal math[display=block]")
    assert headline.locator("mfrac").count() == 1
    assert page.locator("math", has_text="\\").count() == 0


def test_no_label_of_a_figure_is_cut_off(open_report):
    page = open_report(unfold=True)
    cut = page.evaluate(
        """() => [...document.querySelectorAll("figure svg")].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll("text")].filter(t => {
                const box = t.getBoundingClientRect();
                // Formulas have the line height of the page, a few pixels more than their glyphs.
                return box.left < frame.left - 3 || box.right > frame.right + 3
                    || box.top < frame.top - 3 || box.bottom > frame.bottom + 3;
            }).map(t => svg.getAttribute("aria-label") + ": " + t.textContent);
        })"""
    )
    assert cut == []


def picture_of(page, selector=None):
    """A screenshot of the page, or of the first element that the selector finds, as grey levels."""
    from PIL import Image

    shot = page.locator(selector).first.screenshot() if selector else page.screenshot(full_page=True)
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"), dtype=float)


@pytest.mark.parametrize("width", [390, 1280])
def test_screenshot(open_report, width):
    """What the picture of the page must look like at two widths; pixels of one font are not compared.

    Blocks stand below each other without overlap and within the page; ink is
    everywhere that a block is, so nothing is drawn in the colour of the paper or
    left blank; margins are empty.
    """
    page = open_report(width=width)
    shot = picture_of(page)
    assert shot.shape[1] == width
    paper = shot[2, 2]
    ink = np.abs(shot - paper) > 60
    assert not ink[:, :8].any(), "the left margin is empty"
    assert not ink[:, -8:].any(), "the right margin is empty"
    assert 0.01 < ink.mean() < 0.25
    boxes = page.evaluate(
        """() => [...document.querySelectorAll("main, header, .first > section, details[open] > .body")]
            .flatMap((parent, number) => [...parent.children].map(e => [e, e.getBoundingClientRect()])
            .filter(([e, b]) => b.height > 0)
            .map(([e, b]) => ({ name: e.tagName + (e.id && "#" + e.id) + "." + e.className, parent: number,
                top: b.top + scrollY, bottom: b.bottom + scrollY, left: b.left, right: b.right })))"""
    )
    assert len(boxes) > 50
    for box in boxes:
        region = ink[round(box["top"]) : round(box["bottom"]), round(box["left"]) : round(box["right"])]
        assert region.any(), f"{box['name']} is blank"
        assert 0 <= box["left"] < box["right"] <= width
    for before, after in itertools.pairwise(boxes):
        if before["parent"] == after["parent"]:
            assert after["top"] >= before["bottom"] - 1, f"{after['name']} overlaps {before['name']}"
    figure = picture_of(page, "#figure-ood-error .scroll")  # on a phone, its visible part
    rows, columns = (np.abs(figure - figure[2, 2]) > 60).any(axis=1), (np.abs(figure - figure[2, 2]) > 60).any(axis=0)
    assert np.flatnonzero(columns)[-1] > 0.8 * len(columns), "labels reach the right of the figure"
    assert np.flatnonzero(rows)[-1] > 0.85 * len(rows), "the axis reaches the bottom of the figure"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_the_page_of_a_comparison(browser, report, tmp_path, scheme):
    from axe_playwright_python.sync_playwright import Axe

    from empirics.cli.app import run
    from empirics.verification.results import RESULTS, read_results

    results = read_results(report.parent)
    config = {**results.config, "verdict": results.config["verdict"] | {"property_share": 0.9}}
    (tmp_path / RESULTS).write_text(results.model_copy(update={"config": config}).model_dump_json())
    page = tmp_path / "compare.html"
    assert run(["compare", str(report.parent), str(tmp_path), "--html", str(page)]) == 0
    with browser.new_context(color_scheme=scheme) as context:
        opened = context.new_page()
        opened.goto(page.as_uri())
        found = Axe().run(opened).response
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
