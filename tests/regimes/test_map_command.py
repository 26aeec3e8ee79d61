"""``factbound map`` as a user meets it: files, numbers that can be checked by hand, interruption, bad input."""

import contextlib
import csv
import importlib
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import jsonschema
import numpy as np
import pytest
from durability_tools import kill, stored_runs, wait_for_runs

from empirics.cli.app import run
from empirics.errors import UsageError
from empirics.regimes.contours import crossing
from empirics.regimes.document import MAP_SCHEMA_FILE, RegimeMap, read_map
from empirics.report.map_files import map_parts
from empirics.runs.rows import digest
from empirics.verification.document import schema_of
from theory import claim

TINY = [
    "--preset=quick",
    "--set=world.subjects=12",
    "--set=world.answers=12",
    "--set=world.templates=[4,6,9]",
    "--set=world.multiplicity=[1,2,3]",
    "--set=world.finetuned=[1,3,6]",
    "--set=model.width=24",
    "--set=pretraining.steps=500",
    "--set=finetuning.steps=80",
    "--set=seeds.minimum=4",
    "--set=arms.templates=[6]",
    "--set=arms.multiplicity=[2]",
    "--vary=world.subjects=[8]",
    "--vary=model.width=[12]",
    "--resamples=20",
]
RUNS = 4 * (9 + 1 + 1)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """One tiny map, by two processes."""
    place = tmp_path_factory.mktemp("map") / "deep" / "map"
    assert run(["map", *TINY, "--workers", "2", "--output", str(place)]) == 0
    return place


@pytest.fixture(scope="module")
def found(directory):
    return read_map(directory / "map.json")


def test_the_section_of_the_findings_is_written_from_a_map(found, pytestconfig, monkeypatch):
    monkeypatch.syspath_prepend(pytestconfig.rootpath / "tests/studies")
    text = importlib.import_module("map_section").section(found, "a command")
    assert text.startswith(
        "## The map of regimes, the law of the error, and a prediction\n\n44 pre-trained models: S = 12,"
    )
    assert "500 pre-training steps, 4 seeds (0 to 3); varied one at a time: world.subjects in [8]; " in text
    assert "(`a command`); [the map of regimes](map.md) explains the terms." in text
    assert "| at least one unseen | all unseen |" in text
    assert "| some" not in text


def test_the_map_matches_its_schema_and_covers_the_grid(directory, found):
    document = json.loads((directory / "map.json").read_text(), parse_constant=lambda c: pytest.fail(c))
    jsonschema.validate(document, json.loads(MAP_SCHEMA_FILE.read_text()))
    assert MAP_SCHEMA_FILE.read_text() == schema_of(RegimeMap)
    assert found.complete
    assert len(found.of("main")) == 27
    assert len(found.of("world.subjects=8")) == len(found.of("model.width=12")) == 3
    for cell in found.cells:
        assert cell.seeds == [0, 1, 2, 3]
        assert cell.lower <= cell.error <= cell.upper
        assert cell.facts_per_template == pytest.approx(cell.subjects * cell.multiplicity / cell.templates)
        grid = {"S": cell.subjects, "R": cell.templates, "K": cell.multiplicity, "N_f": cell.finetuned}
        assert grid.items() <= cell.symbols.items()
        assert cell.in_law == (cell.multiplicity >= 2 and cell.variant != "model.width=12")
        for name, value in cell.laws.items():
            expected = claim(name).bound(N_f=cell.finetuned, K=cell.multiplicity, R=cell.templates)
            assert value == pytest.approx(float(expected))
        if cell.multiplicity == 1:
            assert set(cell.verdicts.values()) == {"OUT OF SCOPE"}
        assert all(0 <= value <= 1 for value in cell.predicted.values())


def test_tables_say_what_the_document_says(directory, found):
    with (directory / "cells.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(found.cells)
    for row, cell in zip(rows, found.cells, strict=True):
        assert float(row["error_mean"]) == cell.error
        assert float(row["literal"]) == cell.laws["ood-error-literal"]
        assert row["verdict_literal"] == cell.verdicts["ood-error-literal"]
        assert float(row["predicted_displaced"]) == cell.predicted["displaced"]
    with (directory / "contours.csv").open() as stream:
        assert len(list(csv.DictReader(stream))) == len(found.contours) == 2 * 11
    text = (directory / "map.md").read_text()
    assert "P(at least one template unseen)" in text
    assert text.count("\n| main |") == 4


def test_every_figure_is_drawn_and_has_its_rows(directory):
    names = {"map", "heat", "readings", "moves", "law", "prediction", "reliability"}
    assert {p.stem for p in (directory / "plots").glob("*.svg")} == names
    for name in names:
        svg = (directory / "plots" / f"{name}.svg").read_text()
        assert svg.startswith("<svg")
        assert len(svg) < 300_000
        with (directory / "plots" / f"{name}.csv").open() as stream:
            assert list(csv.DictReader(stream))


def test_figures_and_tables_can_be_embedded(found):
    figures, tables = map_parts(found)
    assert [f.name for f in figures] == ["map", "heat", "readings", "moves", "law", "prediction", "reliability"]
    assert all(f.caption and f.svg for f in figures)
    assert {t.name for t in tables} >= {
        "regimes",
        "transitions",
        "moves",
        "exponents",
        "held-out",
        "predictors",
        "by-finetuned",
        "by-arm",
        "factor",
        "holds-from",
        "by-arm-and-finetuned-displaced",
        "by-arm-and-finetuned-relinearised",
    }
    assert all(len(row) == len(t.columns) for t in tables for row in t.rows)


def test_predicted_errors_and_scores_agree_with_single_facts(found):
    """The deviation of every cell's predicted from its observed error gives the table's mean and bias."""
    for row in found.prediction:
        if row.part == "every cell":
            off = np.array([c.predicted[row.predictor] - c.error for c in found.cells])
            assert row.deviation == pytest.approx(np.abs(off).mean(), abs=1e-9)
            assert row.bias == pytest.approx(off.mean(), abs=1e-9)
            assert row.cells == len(found.cells)
            assert row.facts == sum(4 * (c.subjects - c.finetuned) for c in found.cells)


def test_the_finest_predictor_ranks_single_facts_better_than_coverage(found):
    scores = {row.predictor: row for row in found.prediction if row.part == "every cell"}
    assert scores["displaced"].auc > 0.9 > scores["coverage"].auc
    assert scores["displaced"].agreement > scores["coverage"].agreement + 0.05
    assert scores["relinearised"].auc > scores["displaced"].auc
    assert scores["relinearised"].deviation < 0.01 < scores["displaced"].deviation


def test_json_on_standard_output_is_the_file_and_a_second_run_recomputes_nothing(directory, capsys):
    assert run(["map", *TINY, "--workers", "1", "--output", str(directory), "--json"]) == 0
    out, err = capsys.readouterr()
    assert f"{RUNS} finished runs found" in err
    again = json.loads(out)
    assert again == json.loads((directory / "map.json").read_text())


def comparable(place):
    document = json.loads((place / "map.json").read_text())
    del document["wall_seconds"]
    return document


def start(place):
    return subprocess.Popen(
        [sys.executable, "-m", "empirics", "map", *TINY, "--workers", "2", "--output", str(place)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def test_killed_and_interrupted_it_goes_on_where_it_stopped(directory, tmp_path):
    process = start(tmp_path)
    wait_for_runs(process, tmp_path, 5)
    kill(process)
    survived = stored_runs(tmp_path)
    assert 5 <= survived < RUNS
    process = start(tmp_path)
    wait_for_runs(process, tmp_path, survived + 3)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert f"{survived} finished runs found" in err
    assert "interrupted" in out
    assert not comparable(tmp_path)["complete"]
    assert run(["map", *TINY, "--workers", "2", "--output", str(tmp_path)]) == 0
    assert comparable(tmp_path) == comparable(directory)


def test_machines_whose_runs_were_used_are_named(directory, tmp_path, capsys):
    shutil.copy(directory / "runs.sqlite", tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "runs.sqlite", isolation_level=None)) as connection:
        connection.create_function("digest", -1, digest)
        connection.execute("UPDATE runs SET machine = 'another'")
        connection.execute("UPDATE runs SET digest = digest(key, machine, unit, seed, run)")
    assert run(["map", *TINY, "--workers", "2", "--output", str(tmp_path), "--any-machine"]) == 0
    assert "another kind of machine (another): they are used" in capsys.readouterr().err
    assert read_map(tmp_path / "map.json").environment.other_machines == ("another",)


def test_contours_stand_in_order_and_ask_for_what_the_claims_say(found):
    """Limits on the right sides of what was measured, and the least N_f by the claims' own numbers."""
    inside = [c for c in found.contours if c.measured is not None]
    assert inside
    for c in inside:
        assert 1 <= c.lower <= c.measured <= c.upper <= 6
    for c in found.contours:
        assert "N_f" not in c.symbols
        assert "finetuned" not in found.place(c)
        series = [x for x in found.of(c.variant) if (x.templates, x.multiplicity) == (c.templates, c.multiplicity)]
        expected = crossing([x.finetuned for x in series], [x.error for x in series], c.level)
        assert expected == {"below": 0.0, "above": math.inf, None: pytest.approx(c.measured)}[c.beyond]
        n = c.predicted["ood-error-literal"]
        bound = claim("ood-error-literal").bound
        assert n is None or bound(N_f=n, K=c.multiplicity, R=c.templates) <= c.level


def test_the_document_says_by_itself_what_tables_and_figures_need(found, monkeypatch):
    """Neither an experiment nor a claim is looked up."""

    def refuse(*_, **__):
        raise AssertionError("a table or figure looked something up")

    monkeypatch.setattr("empirics.experiments.registry.experiment", refuse)
    monkeypatch.setattr("theory.registry.claim", refuse)
    figures, tables = map_parts(found)
    assert all(f.svg for f in figures)
    assert tables[0].columns == ("K", "succeeds", "between", "fails", "undecided", "literal", "normalised")


def test_a_map_of_another_version_is_refused_in_one_line(directory, tmp_path):
    document = json.loads((directory / "map.json").read_text()) | {"schema_version": 1}
    (tmp_path / "map.json").write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"schema_version 1, .* reads 2; run 'factbound map"):
        read_map(tmp_path / "map.json")


CASES = {
    "unknown experiment": (["--experiment", "nine-layers"], ["nine-layers", "one-layer"]),
    "no map": (["--experiment", "language-model"], ["language-model", "no map of regimes"]),
    "unknown preset": (["--preset", "full"], ["preset=full", "quick, default"]),
    "arms": (["--set", 'arms.run=["low-rank"]'], ["arms.run", "--vary"]),
    "axis": (["--vary", "world.templates=[8]"], ["world.templates", "axis", "--set"]),
    "no list": (["--vary", "model.width=8"], ["model.width=8", "KEY=[VALUE, ...]"]),
    "unknown key": (["--vary", "model.breadth=[8]"], ["model.breadth", "width"]),
    "impossible value": (["--vary", "model.width=[0]"], ["model.width", "0", "1"]),
    "other section": (["--vary", "seeds.base=[3]"], ["seeds.base", "[finetuning]"]),
    "thresholds": (["--success", "0.9"], ["--success=0.9", "--failure=0.7", "0 < success < failure < 1"]),
    "resamples": (["--resamples", "5"], ["--resamples=5", "20"]),
    "workers": (["--workers", "0"], ["--workers=0", ">= 1"]),
    "K > R": (["--set", "world.multiplicity=[11]"], ["world.multiplicity=11", "8"]),
    "output is a file": (["--output", "/dev/null"], ["/dev/null"]),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_that_names_key_value_and_what_is_allowed(case, capsys, tmp_path, monkeypatch):
    arguments, told = CASES[case]
    monkeypatch.chdir(tmp_path)
    assert run(["map", "--preset", "quick", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("factbound: ")
    assert err.count("\n") == 1
    for word in told:
        assert word in err
    assert list(tmp_path.iterdir()) == []


def test_where_fine_tuning_is_not_plain_descent_the_map_is_drawn_without_its_predictions(tmp_path):
    arguments = [
        *TINY[:12],
        "--resamples=20",
        "--set=world.templates=[6]",
        "--set=world.multiplicity=[2]",
        "--set=arms.templates=[6]",
    ]
    more = ['--set=finetuning.optimizer="adam"', "--set=finetuning.learning_rate=0.01", "--vary=model.width=[24]"]
    assert run(["map", *arguments, *more, "--workers", "1", "--output", str(tmp_path)]) == 0
    found = read_map(tmp_path / "map.json")
    assert {row.predictor for row in found.prediction} == {"coverage"}
    assert all(c.predicted["displaced"] is None and math.isfinite(c.error) for c in found.cells)
