"""Tests in a real browser. Without one they are not collected; in CI a missing browser fails the run."""

import os
import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
FLAGS += ("--disable-sync", "--no-first-run", "--hide-scrollbars")
SETTINGS = (
    "world.subjects=12",
    "world.answers=12",
    "world.templates=[6]",
    "world.multiplicity=[1,3]",
    "world.finetuned=[2,8]",
    "pretraining.steps=400",
    "seeds.minimum=4",
    "seeds.maximum=4",
)

if CHROMIUM is None and os.environ.get("CI") != "true":
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header():
    return None if CHROMIUM else "browser tests: no chromium on this machine (apt-get install chromium)"


@pytest.fixture(scope="session")
def report(tmp_path_factory):
    """The report of a small verification, with mutants and a section of its own."""
    from empirics.cli.app import run
    from empirics.report.sections import Section, SectionFigure, SectionTable, write_section

    directory = tmp_path_factory.mktemp("report")
    figure = SectionFigure(file="plots/ood-error.svg", title="The same figure again", caption="As a section's figure.")
    table = SectionTable(caption="Numbers", columns=("K", "value"), rows=((1, 0.25), (2, None), (10, 1e-7), (3, 4.0)))
    write_section(Section(id="extra", title="An extra section", figures=(figure,), tables=(table,)), directory)
    (directory / "plots").mkdir()
    (directory / "plots" / "ood-error.svg").write_text('<svg viewBox="0 0 9 9"></svg>')
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    assert run(["verify", "--preset", "quick", "--workers", "1", "--mutants", "--output", str(directory), *words]) < 2
    return directory / "report.html"


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "no browser found: install chromium"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def open_report(browser, report):
    """Opens the report: width, colour scheme, with or without script; every section of it unfolded on request."""
    contexts = []

    def opened(width=1280, scheme="light", script=True, unfold=False):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.messages, page.requests = [], []
        page.on("console", lambda message: page.messages.append(message.text))
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(report.as_uri())
        if unfold:
            page.eval_on_selector_all("details", "all => all.forEach(d => { d.open = true; })")
        return page

    yield opened
    for context in contexts:
        context.close()
