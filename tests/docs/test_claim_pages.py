"""The generated part of the documentation: complete, consistent with the registry, and included by a page."""

import csv
import importlib.util
import math
import re
from pathlib import Path
from types import ModuleType

import pytest

import theory
from empirics.report.figures.figure import Figure

DOCS = Path(theory.__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def pages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("claim_pages", DOCS / "claim_pages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_claim_has_a_hand_written_page_that_includes_its_generated_part() -> None:
    for claim in theory.all_claims():
        text = (DOCS / "claims" / f"{claim.id}.md").read_text()
        assert f"{{include}} generated/{claim.id}.md" in text
        heading = "## Proof" if claim.provenance == "DERIVED" else "## What is missing for a proof"
        assert heading in text
    written = {path.stem for path in (DOCS / "claims").glob("*.md")} - {"index"}
    assert written == {claim.id for claim in theory.all_claims()}


def test_pages_state_what_the_registry_states(
    pages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the pictures, which the documentation's own build draws."""
    monkeypatch.setattr(Figure, "render", lambda *_: b"<svg/>")
    files = pages.generate(tmp_path / "generated")
    assert all(path.stat().st_size > 0 for path in files)
    for claim in theory.all_claims():
        text = (tmp_path / "generated" / f"{claim.id}.md").read_text()
        for part in (claim.title, claim.statement, claim.source_text, claim.provenance, f"`{claim.observable}`"):
            assert part in text
        assert all(f"`{mutant.name}`" in text for mutant in claim.mutants)
        assert all(assumption.text in text for assumption in claim.assumptions)
        if claim.log_expression is not None:
            assert str(claim.latex) in text
        assert (f"generated/{claim.id}.svg" in text) == bool(claim.symbols)
    with (tmp_path / "generated" / "ood-error-literal.csv").open() as handle:
        for row in csv.DictReader(handle):
            expected = theory.claim("ood-error-literal").log_bound(**{n: int(row[n]) for n in ("N_f", "K", "R")})
            assert float(row["log_bound"]) == expected
            assert float(row["bound"]) == pytest.approx(math.exp(expected), rel=1e-14)


def test_pages_show_five_kinds_of_evidence(pages: ModuleType) -> None:
    kinds = ["prose proof", "formal proof", "certificate", "measurement", "mutants"]
    for claim in theory.all_claims():
        text = pages.page(claim)
        table = text.partition("## Evidence\n\n")[2].partition("\n\n")[0].splitlines()
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[2:]]
        assert [row[0] for row in rows] == kinds
        assert {len(row) for row in rows} == {4}
        assert rows[0][1].startswith("**yes**: ") == (claim.provenance == "DERIVED")
        assert "[why you may trust this](../trust.md)" in text
        for target in re.findall(r"\]\(([^)#]+)\)", "".join(table)):
            assert (DOCS / "claims" / target).exists(), f"{claim.id} links to {target}"


def test_verdicts_on_pages_are_those_of_the_stored_results(pages: ModuleType) -> None:
    def measured(identifier: str) -> str:
        return next(line for line in pages.page(theory.claim(identifier)).splitlines() if "| measurement |" in line)

    assert "| **yes**: HOLDS (ood_error in arm linear-memory; `docs/stored/default.json`) |" in measured(
        "ood-error-linear-memory"
    )
    assert "| **yes**: HOLDS (" in measured("lm-multiplicity")
    assert "docs/stored/smollm2.json" in measured("lm-multiplicity")
    assert "| **no**: not measured here; the verdict would be" in measured("stored-bits-floor")


def test_relative_links_between_pages_lead_somewhere() -> None:
    for path in (DOCS / "claims").glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+\.md)\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
