"""A results.json that contradicts itself is refused in one line, and nothing is written outside its directory."""

import json

import pytest

from empirics.cli.app import run

CASES = {
    "a figure outside": (["shown", "figures", 0, "name"], "../../evil", "shown.figures.0.name='../../evil'"),
    "two figures of a name": (["shown", "figures", 0, "name"], "toy-curves", "two figures are named toy-curves"),
    "a claim's figure": (["shown", "figures", 0, "name"], "claim-toy", "claim-toy: names that begin with claim-"),
    "an unknown kind": (["shown", "figures", 0, "kind"], "pie", "shown.figures.0.kind='pie': Input should be 'panels'"),
    "a figure without rows": (["shown", "figures", 0, "rows"], [], "shown.figures.0.rows=[]"),
    "a short row": (["shown", "figures", 1, "rows", 0], [1], "figure toy-curves: a row has 1 value, allowed are 4"),
    "a short row of a table": (["shown", "tables", 0, "rows", 0], [1], "table toy-table: a row has 1 value"),
    "a short column": (["shown", "columns", "first"], [1, 2], "shown.columns.first has 2 values, allowed are 14"),
    "a common column": (["shown", "columns", "seeds"], [0] * 14, "shown.columns.seeds: cells.csv has a common"),
    "no such cell": (["verdicts", 1, "cells"], [9999], "verdicts.1.cells=[9999] is refused: allowed are positions"),
    "no cell": (["verdicts", 1, "cells"], [], "verdicts.1.cells=[] is refused"),
    "an axis without values": (
        ["experiment", "axes", "d"],
        "depth",
        "cells.0 has no value of the axis d, column depth",
    ),
    "an axis without symbol": (["notation"], [], "notation has no axis c"),
    "no such arm": (["experiment", "leading"], "main", "experiment.leading='main' is not the arm of any cell"),
}


@pytest.mark.parametrize(("path", "value", "line"), CASES.values(), ids=CASES)
def test_a_document_that_contradicts_itself(toy, tmp_path, capsys, path, value, line):
    document = toy.model_dump(mode="json")
    *parents, last = path
    place = document
    for key in parents:
        place = place[key]
    place[last] = value
    directory = tmp_path / "deep" / "results"
    directory.mkdir(parents=True)
    (directory / "results.json").write_text(json.dumps(document))
    assert run(["report", str(directory)]) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert not list(tmp_path.glob("*.svg"))


def test_a_claims_figure_has_a_name_of_its_own(toy, tmp_path, capsys):
    document = toy.model_dump(mode="json")
    document["figures"] = [document["shown"]["figures"][1]]
    (tmp_path / "results.json").write_text(json.dumps(document))
    assert run(["report", str(tmp_path)]) == 2
    assert "two figures are named toy-curves" in capsys.readouterr().err


def test_a_figure_that_lacks_a_column_costs_itself_alone(toy, tmp_path, capsys):
    document = toy.model_dump(mode="json")
    document["shown"]["figures"][1]["columns"][3] = "gasp"
    (tmp_path / "results.json").write_text(json.dumps(document))
    assert run(["report", str(tmp_path)]) == 70
    assert "factbound: BROKEN, the figure toy-curves of the kind curves, columns" in capsys.readouterr().err
    assert (tmp_path / "report.html").exists()
