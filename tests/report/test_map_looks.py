"""What is shown of a map of regimes, each figure, table and file whole, on a map that has each case."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from invented_map import invented_map
from looks import agrees, looks
from rich.console import Console

from empirics.regimes.document import read_map
from empirics.report import map_files
from empirics.report.figures.law_figures import law_figure, prediction_figure, reliability_figure
from empirics.report.figures.regime_figures import column_latex, contour_figure, moves_figure, readings_figure
from empirics.report.regime_tables import all_tables, cells_csv, contours_csv, markdown

BARE = {"premise": None, "quantity": None, "readings": [], "claims": [], "most": None, "collinear": None, "items": None}
ONE = {"others": ["d"], "columns": {"d": "dimension", "n": "samples"}}  # no second axis beside the map's, no size


@pytest.fixture(scope="module")
def found():
    return invented_map()


@pytest.fixture(scope="module")
def bare():
    """A map of one other axis without a size: no claims, laws, predictors, quantity."""
    full = invented_map()
    first = [c for c in full.cells if c.variant == "main" and c.at("colour") == 1]
    contours = [c for c in full.contours if c.variant == "main" and c.at("colour") == 1]
    law = {"cells": 0, "collinearity": None, "exponents": [], "held_out": [], "collapse": []}
    more = {"cells": [c.model_dump() for c in first], "contours": [c.model_dump() for c in contours], "law": law}
    main = {"variations": [], "arms": [], "prediction": []}
    return invented_map(**more, **main, design=BARE | ONE)


FIGURES = (contour_figure, readings_figure, moves_figure, law_figure, prediction_figure, reliability_figure)


@pytest.mark.parametrize("make", FIGURES, ids=lambda f: f.__name__)
def test_figures(make, found):
    figure = make(found)
    text = f"{figure.name}: {figure.title}\n{figure.caption}\n\n{figure.csv}\n{looks(figure)}"
    assert agrees(f"map-{figure.name}", text)


def test_a_bare_map_has_the_contours_alone(bare):
    assert [make(bare) is None for make in FIGURES] == [False, True, True, True, True, True]
    figure = contour_figure(bare)
    assert agrees("map-bare", f"{figure.caption}\n\n{figure.csv}\n{looks(figure)}")
    assert agrees("map-bare-tables", "\n\n".join(map(markdown, all_tables(bare))))
    assert next(csv.reader(io.StringIO(cells_csv(bare)))) == [
        "variant", "dimension", "samples", "seeds", "failed", "in_scope_seeds", "error_mean", "error_lower",
        "error_upper", "regime", "predicted_crude", "predicted_fine",
    ]  # fmt: skip


def test_the_data_of_a_maps_figures_are_those_beside_them(bare):
    contours, heat = map_files.map_parts(bare)[0]
    assert map_files.data_of(bare) == {"map": contours.csv, "heat": heat.csv}
    assert heat.csv == contours.csv
    assert (contours.command, heat.command) == ("factbound plot . --only map", "factbound plot . --only heat")


def test_a_figure_without_anything_to_show_is_left_out(found):
    nothing = {"error": None, "lower": None, "upper": None, "seeds": []}
    cells = [c.model_dump() | nothing for c in found.cells]
    assert contour_figure(invented_map(cells=cells)) is readings_figure(invented_map(cells=cells)) is None
    assert prediction_figure(invented_map(cells=cells)) is None
    assert contour_figure(invented_map(contours=[])) is moves_figure(invented_map(contours=[])) is None
    assert contour_figure(invented_map(design={"others": []})) is None
    assert readings_figure(invented_map(design={"others": []})) is readings_figure(
        invented_map(design={"readings": []})
    )
    assert prediction_figure(invented_map(design={"items": None})) is None
    assert reliability_figure(invented_map(design={"items": None})) is None
    assert reliability_figure(invented_map(prediction=[])) is None
    law = found.law.model_dump() | {"collapse": []}
    assert law_figure(invented_map(law=law)) is None


def test_moves_without_a_quantity_are_of_the_variations_alone(found):
    figure = moves_figure(invented_map(design={"quantity": None}))
    assert list(dict.fromkeys(row["panel"] for row in figure.rows)) == ["width", "warm up"]
    assert "every world" not in figure.caption
    assert agrees("map-moves-two", looks(figure))
    none = [v.model_dump() | {"main": None} for v in found.variations]
    rows = moves_figure(invented_map(variations=none, design={"quantity": None})).rows
    assert [(row["panel"], row["value"]) for row in rows] == [("width", 16.0), ("width", 64.0), ("warm up", 0.0)]


def test_a_column_without_a_symbol_is_written_by_its_symbol(found):
    assert column_latex(found) == {"size": "S", "dimension": "|D|", "colour": "c", "samples": "n"}


def test_tables(found):
    assert agrees("map-tables", "\n\n".join(map(markdown, all_tables(found))))


def test_exponents_without_two_quantities_that_are_nearly_one(found):
    law = found.law.model_dump() | {"collinearity": None}
    for other in (invented_map(design={"collinear": None}), invented_map(law=law)):
        (caption,) = (t.caption for t in all_tables(other) if t.name == "exponents")
        assert caption.endswith("of the same fit to the exact laws.")


def test_csv_files(found):
    assert agrees("map-csv", cells_csv(found) + "\n" + contours_csv(found).rstrip())


def printed(found):
    out = Console(file=io.StringIO(), width=200, highlight=False)
    map_files.print_map(found, out, Path("some[where]"))
    return out.file.getvalue()


def test_the_terminal(found):
    text = printed(found)
    assert "interrupted" not in text
    assert agrees("map-terminal", "\n".join(line.rstrip() for line in text.splitlines()))
    cut = printed(invented_map(complete=False))
    assert cut.splitlines()[-2] == "interrupted: only finished runs are shown; run the same command again to resume"


@pytest.mark.parametrize("complete", [True, False])
def test_what_is_written(complete, bare, tmp_path):
    found = bare.model_copy(update={"complete": complete})
    (tmp_path / "plots").mkdir()
    map_files.write_map_files(found, tmp_path)
    assert read_map(tmp_path / "map.json") == found
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*.*")} == {
        *map_files.MAP_FILES, "plots/map.svg", "plots/map.csv", "plots/heat.svg", "plots/heat.csv",
        "sections/regimes.json",
    }  # fmt: skip
    assert (tmp_path / "cells.csv").read_text() == cells_csv(found)
    assert (tmp_path / "contours.csv").read_text() == contours_csv(found)
    assert (tmp_path / "map.md").read_text() == "\n\n".join(map(markdown, all_tables(found))) + "\n"
    figure, heat = map_files.map_parts(found)[0]
    assert (tmp_path / "plots" / "map.csv").read_text() == figure.csv
    assert (tmp_path / "plots" / "map.svg").read_text() == figure.svg
    section = json.loads((tmp_path / "sections" / "regimes.json").read_text())
    assert section["figures"] == [
        {"file": f"plots/{f.name}.svg", "title": f.title, "caption": f.caption} for f in (figure, heat)
    ]
    assert [f.svg for f in map_files.read_map_directory(tmp_path)] == [figure.svg, heat.svg]
    assert [t["caption"] for t in section["tables"]] == [t.caption for t in all_tables(found)]
    assert section["paragraphs"][0].startswith("6 cells. ")
    assert section["paragraphs"][1:] == ([] if complete else ["Interrupted: only finished runs are shown."])


def test_a_map_in_a_notebook_is_short(found):
    assert repr(found) == str(found)
    cells = len(found.cells)
    assert repr(found).startswith(f"RegimeMap({found.experiment.name}: {cells} cells: ")
    assert sum(int(n) for n in re.findall(r"(\d+) (?:succeeds|fails|transition|undecided|empty)", repr(found))) == cells
    shown = found._repr_html_()
    assert all(f"<tr><td>{arm.name}</td><td>" in shown for arm in found.arms)
    assert len(repr(found.cells[0])) < 1000
