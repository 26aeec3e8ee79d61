"""The map's part of docs/findings.md: kept by others, replaced by its own command, and true to its numbers."""

import importlib.util
import sys
from pathlib import Path

import pytest

from empirics.regimes.document import AccuracyRow

STUDIES = Path(__file__).resolve().parents[1] / "studies"


@pytest.fixture(scope="module")
def studies():
    """The scripts ``kept`` and ``map_section``, which are no package."""
    sys.path.insert(0, str(STUDIES))
    try:
        found = {}
        for name in ("kept", "map_section"):
            specification = importlib.util.spec_from_file_location(name, STUDIES / f"{name}.py")
            found[name] = sys.modules[name] = importlib.util.module_from_spec(specification)
            specification.loader.exec_module(found[name])
        yield found
    finally:
        sys.path.remove(str(STUDIES))
        for name in ("kept", "map_section"):
            sys.modules.pop(name, None)


def test_a_part_is_added_once_replaced_in_place_and_kept_word_by_word(studies):
    kept, replaced = studies["kept"].kept, studies["kept"].replaced
    page = "# Findings\n\nOthers.\n"
    assert kept(page, "map") == ""
    first = replaced(page, "map", "One.")
    assert first.startswith(page.rstrip())
    longer = first + "\nMore.\n"
    second = replaced(longer, "map", "Two.")
    assert "One." not in second
    assert second == longer.replace("One.", "Two.")
    assert kept(second, "map").count("Two.") == 1
    assert replaced("# New\n", "map", "Two.").rstrip().endswith(kept(second, "map"))


def row(predictor, auc, deviation):
    empty = {"auc_lower": None, "auc_upper": None, "auc_within": None, "deviation_probability": None, "brier": None}
    numbers = {"facts": 10, "cells": 2, "agreement": 0.5, "bias": 0.0, "worst": 0.1, "brier_share": 0.25, "bins": []}
    return AccuracyRow(predictor=predictor, part="transition cells", auc=auc, deviation=deviation, **empty, **numbers)


def test_a_missed_aim_is_called_missed(studies):
    text = studies["map_section"]._prediction([row("good", 0.99, 0.01), row("poor", 0.94, 0.06)])
    assert "`good`: AUC 0.990, deviation 0.010." in text
    assert "`poor`: AUC 0.940 (missed), deviation 0.060 (missed)." in text
