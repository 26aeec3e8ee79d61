"""Every number that is shown stands where its heading says: CSV, terminal and page against the document."""

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from empirics.experiments.protocol import Curve
from empirics.report.figures.plots import all_figures
from empirics.report.html import report_html
from empirics.report.tables import (
    answer,
    axis_values,
    cells_csv,
    confidence,
    failures,
    interval_text,
    number_text,
    run_summary,
)
from empirics.report.terminal import print_results, print_run


class Tables(HTMLParser):
    """The tables of a page: for each, its caption or accessible name, headings, and rows of texts."""

    def __init__(self, page):
        super().__init__()
        self.found, self._name, self._cell = {}, "", None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "div" and attrs.get("role") == "group":
            self._name = attrs["aria-label"]
        elif tag == "table":
            self.found[self._name] = []
        elif tag == "tr":
            self.found[self._name].append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.found[self._name][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)

    def rows(self, name):
        headings, *rows = self.found[name]
        return [dict(zip(headings, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def page(toy):
    return report_html(toy, all_figures(toy))


@pytest.fixture(scope="module")
def printed(toy):
    out = Console(file=io.StringIO(), width=200, highlight=False)
    print_results(toy, out, Path("somewhere"))
    return out.file.getvalue()


def test_cells_csv_has_the_numbers_of_the_document_under_their_names(toy):
    rows = list(csv.DictReader(io.StringIO(cells_csv(toy))))
    assert len(rows) == len(toy.cells)
    for index, (row, cell) in enumerate(zip(rows, toy.cells, strict=True)):
        assert row["variant"] == cell.variant
        assert [row[column] for column in ("dimension", "colour", "samples")] == [str(cell.symbols[s]) for s in "dcn"]
        assert [row[name] for name in ("seeds", "failed", "in_scope_seeds")] == ["3", "1", "1"]
        for name, summary in cell.observables.items():
            for part in ("mean", "lower", "upper"):
                assert float(row[f"{name}_{part}"]) == getattr(summary, part)
        for name, values in toy.shown.columns.items():
            assert float(row[name]) == values[index]


def test_an_undefined_value_is_an_empty_field(toy):
    bare = [cell.model_copy(update={"observables": {}}) for cell in toy.cells[1:]]
    rows = list(csv.DictReader(io.StringIO(cells_csv(toy.model_copy(update={"cells": [toy.cells[0], *bare]})))))
    assert rows[0]["toy_error_mean"]
    assert rows[1]["toy_error_mean"] == rows[1]["toy_error_upper"] == ""


def test_the_table_of_the_experiment_on_the_page(page):
    first, second = Tables(page).rows("Toy table")
    assert first == {
        "|D|": "10",
        "error [interval]": "0.250 [0.12, 0.50]",
        "first": "0.750",
        "second": "0.625",
        "verdict one": "HOLDS slack ×12",
        "verdict two": "VIOLATED",
        "remark": "[a] remark",
    }
    assert list(second.values()) == ["20", "-", "-", "1.0e-07", "NOT TESTED", "HOLDS", ""]
    assert "A note below the table." in page
    assert "A paragraph." in page
    assert '<a href="#toy-table">' in page
    assert 'data-value="0.25"' in page


def test_the_table_of_the_experiment_in_the_terminal(printed):
    lines = [line.rstrip() for line in printed.splitlines()]
    heading = next(line for line in lines if "error [interval]" in line)
    assert re.split(r"\s{2,}", heading.strip()) == [
        "|D|", "error [interval]", "first", "second", "verdict one", "verdict two", "remark",
    ]  # fmt: skip
    row = next(line for line in lines if "0.250" in line)
    assert re.split(r"\s{2,}", row.strip()) == [
        "10", "0.250 [0.12, 0.50]", "0.750", "0.625", "HOLDS (slack ×12)", "VIOLATED", "[a] remark",
    ]  # fmt: skip
    assert "A note below the table." in printed


def verdict_row(toy, verdict):
    cell = toy.cells[verdict.cells[0]]
    return {
        "verdict": verdict.verdict,
        "|D|": str(cell.symbols["d"]),
        "c": str(cell.symbols["c"]),
        "seeds": "3 (1 failed)",
        "measured [limits]": f"{verdict.estimate:.3g} [{verdict.lower:.3g}, {verdict.upper:.3g}]",
        "bound": f"{verdict.bound:.3g}",
        "reason": verdict.reason,
    }


@pytest.mark.parametrize("claim", ["toy-bound", "toy-trend"])
def test_the_verdicts_on_the_page(toy, page, claim):
    rows = Tables(page).rows(f"Verdicts of {claim}")
    verdicts = [v for v in toy.verdicts if v.claim == claim]
    assert len(rows) == len(verdicts)
    for row, verdict in zip(rows, verdicts, strict=True):
        assert row.items() >= verdict_row(toy, verdict).items()
        assert "arm" not in row
    assert rows[0]["n"] == ("5, 7" if claim == "toy-trend" else "5")


def test_verdicts_on_other_arms_name_the_arm_on_page_and_terminal(toy, page, printed):
    row = Tables(page).rows("Verdicts of toy-arms")[0]
    verdict = next(v for v in toy.verdicts if v.claim == "toy-arms")
    assert row.items() >= {**verdict_row(toy, verdict), "arm": "noisy", "n": "5"}.items()
    line = next(x for x in printed.splitlines() if x.startswith("toy-arms") and "noisy" in x)
    limits = f"{verdict.estimate:.3g} [{verdict.lower:.3g}, {verdict.upper:.3g}]"
    expected = ["toy-arms", "noisy", "20", "2", "5", "3", limits, f"{verdict.bound:.3g}", "HOLDS"]
    assert re.split(r"\s{2,}", line.strip()) == expected
    headings = next(x for x in printed.splitlines() if "threshold" in x)
    assert re.split(r"\s{2,}", headings.strip())[2:5] == ["|D|", "c", "n"]


def test_sentences(toy, printed):
    assert answer(toy) == (
        "VIOLATED: toy-bound. The headline. 2 of 3 claims hold in every cell in scope, 0 are undecided in some."
    )
    assert run_summary(toy) == "21 runs of toy machines, 14 cells; a machine, 12 s."
    shown = toy.model_copy(update={"shown": toy.shown.model_copy(update={"summary": "Nine toys"})})
    assert run_summary(shown) == "Nine toys; a machine, 12 s."
    assert confidence(toy).endswith("over all 3 claims judged by sampling, some verdict is wrong with probability at "
                                    "most 0.15.")  # fmt: skip
    assert failures(toy) == ["7 failed runs (|D|=10, c=1, seed 2 and others): it diverged"]
    assert axis_values(toy, toy.verdicts[-1]) == {"|D|": "10", "c": "1", "n": "5, 7"}
    undecided = next(v for v in toy.verdicts if v.verdict == "UNDECIDED")
    assert f"  |D|=10, c=1, n=7: {undecided.reason}" in printed


def test_numbers_keep_what_tells_them_from_0():
    assert number_text(None) == "-"
    assert [number_text(x) for x in (0.0, 0.8613, 1e-7, -0.25, 12345.6)] == [
        "0",
        "0.861",
        "1.0e-07",
        "-0.250",
        "1.235e+04",
    ]
    assert interval_text(None, None, None) == "-"
    assert interval_text(0.0, 0.0, 0.123) == "0.000 [0.00, 0.12]"
    assert interval_text(0.0003, 0.0001, 0.0009) == "0.0003 [0.0001, 0.0009]"
    assert interval_text(1234.5, 1000.0, 2000.0) == "1.23e+03 [1e+03, 2e+03]"
    assert interval_text(0.25, None, None) == "0.250"


def test_a_single_run_is_printed_with_units():
    out = Console(file=io.StringIO(), width=120)
    units = {"toy_error": "fraction", "toy_loss": "nats"}
    print_run({"toy_error": 0.25, "toy_loss": None}, units, {"toy_loss": Curve((0, 1), (2.0, 1.0))}, out)
    lines = [line.split() for line in out.file.getvalue().splitlines()]
    assert ["toy_error", "0.25", "fraction"] in lines
    assert ["toy_loss", "undefined", "nats"] in lines
    assert ["toy_loss:", "0:", "2", "1:", "1"] in lines
