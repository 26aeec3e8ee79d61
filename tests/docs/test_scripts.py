"""Studies and benchmarks run for minutes and are no tests; that each of them loads is."""

import runpy
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(p for folder in ("studies", "benchmarks", "mutation") for p in (TESTS / folder).glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_script_loads(script, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(script.parent), *sys.path])
    assert "__name__" in runpy.run_path(str(script), run_name="loaded")
