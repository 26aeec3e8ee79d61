"""The map's part of docs/findings.md: kept by others, replaced by its own command, and true to its numbers."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

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


def row(predictor, part, auc, bias):
    empty = {"auc_lower": None, "auc_upper": None, "auc_within": None, "deviation_probability": None, "brier": None}
    numbers = {"facts": 10, "cells": 2, "agreement": 0.5, "deviation": 0.0, "worst": 0.1, "brier_share": 0.25}
    return AccuracyRow(predictor=predictor, part=part, auc=auc, bias=bias, bins=[], **empty, **numbers)


def map_of(*rows):
    """As much of a map as the sentences on the prediction look at: one arm, N_f of 2 and 5."""
    cells = [SimpleNamespace(at=lambda _, n=n: n) for n in (2, 5)]
    design, arms = SimpleNamespace(axis="N_f"), [SimpleNamespace(name="main")]
    return SimpleNamespace(prediction=rows, design=design, arms=arms, cells=cells, axis_column="finetuned")


def test_a_target_missed_in_one_place_is_called_missed_there(studies):
    """Good overall is not enough: one place decides, for each predictor and each half of the target by itself."""
    whole, at = "transition cells", "cells of main, N_f = {}".format
    text = studies["map_section"]._prediction(
        map_of(
            *(row("good", part, 0.99, 0.03) for part in (whole, at(2), at(5))),
            *(row("poor", part, 0.999, 0.01) for part in (whole, at(2))),
            row("poor", at(5), 0.98, -0.04),
        )
    )
    good = "worst AUC 0.990 (main, N_f = 2), worst mean difference +0.030 (main, N_f = 2)."
    assert f"`good`: AUC 0.990 over all, mean difference +0.030; {good}" in text
    poor = "worst AUC 0.980 (main, N_f = 5) (missed), worst mean difference -0.040 (main, N_f = 5) (missed)."
    assert f"`poor`: AUC 0.999 over all, mean difference +0.010; {poor}" in text
