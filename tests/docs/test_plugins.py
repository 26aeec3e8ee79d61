"""What is promised to plug-ins: each name imports, and is all that the example project and the how-to pages need."""

import ast
import importlib
from pathlib import Path

import pytest
from docs_blocks import blocks_of

from empirics.experiments import registry
from empirics.observables import catalogue
from empirics.verification.document import SCHEMA_VERSION
from theory import registry as claims

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plugins.md"
PROJECT = ROOT / "tests" / "example_project"
PAGES = [ROOT / "docs" / "howto" / name for name in ("own-theorem.md", "own-experiment.md")]


def imported(source):
    """Modules and names that a source imports from factbound."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("theory", "empirics"):
            found |= {(node.module, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {(a.name, "") for a in node.names if a.name.split(".")[0] in ("theory", "empirics")}
    return found


def python_of(page):
    return [block.text for block in blocks_of(page.read_text(encoding="utf-8")) if block.language == "python"]


PROMISED = {pair for text in python_of(PAGE) for pair in imported(text)}


@pytest.mark.parametrize(("module", "name"), sorted(PROMISED))
def test_a_promised_name_imports_and_is_public(module, name):
    found = importlib.import_module(module)
    assert hasattr(found, name)
    assert name in found.__all__, f"{name} is not in {module}.__all__"


def test_the_example_project_uses_only_promised_names():
    used = {pair for file in PROJECT.rglob("*.py") for pair in imported(file.read_text(encoding="utf-8"))}
    assert ("empirics.experiments.protocol", "Experiment") in used
    assert used <= PROMISED


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_so_do_the_pages_that_show_how(page):
    used = {pair for text in python_of(page) for pair in imported(text)}
    assert used
    assert used <= PROMISED


def test_groups_and_version_are_those_of_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for group in (claims.ENTRY_POINT_GROUP, catalogue.ENTRY_POINT_GROUP, registry.ENTRY_POINT_GROUP):
        assert f"| `{group}` |" in text
    assert f"`schema_version` {SCHEMA_VERSION};" in text


def test_every_method_that_the_page_lets_override_exists():
    from empirics.experiments.protocol import Experiment

    rows = [row for row in PAGE.read_text(encoding="utf-8").splitlines() if row.startswith("| ")]
    table = rows[rows.index("| to get | override |") + 2 :]
    named = {part for row in table for part in row.split("|")[2].split("`")[1::2]}
    assert named
    assert all(hasattr(Experiment, name) for name in named)
