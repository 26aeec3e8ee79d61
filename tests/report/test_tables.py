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
    ORDER,
    SETTINGS,
    answer,
    axis_values,
    cells_csv,
    confidence,
    failures,
    flat_cells,
    interval_text,
    number_text,
    open_cells,
    plan_line,
    pooled_share,
    pooled_text,
    run_summary,
    verdict_counts,
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
            for column, part in (("mean", "mean"), ("interval_lower", "lower"), ("interval_upper", "upper")):
                assert float(row[f"{name}_{column}"]) == getattr(summary, part)
        for name, values in toy.shown.columns.items():
            assert float(row[name]) == values[index]


def test_cells_csv_has_the_verdicts_with_the_limits_that_decide(toy):
    rows = list(csv.DictReader(io.StringIO(cells_csv(toy))))
    parts = ("estimate", "lower", "upper", "bound")
    for claim, among in (("toy-bound", range(12)), ("toy-arms", (12, 13))):
        for index, row in enumerate(rows):
            found = next((v for v in toy.verdicts if v.claim == claim and v.cells[0] == index), None)
            assert (found is not None) == (index in among)
            assert row[f"{claim}_verdict"] == (found.verdict if found else "")
            assert [row[f"{claim}_{p}"] for p in parts] == [str(getattr(found, p)) if found else "" for p in parts]
    assert not any(column.startswith("toy-trend") for column in rows[0]), "a trend has no verdict on one cell"


def test_an_undefined_value_is_an_empty_field(toy):
    bare = [cell.model_copy(update={"observables": {}}) for cell in toy.cells[1:]]
    rows = list(csv.DictReader(io.StringIO(cells_csv(toy.model_copy(update={"cells": [toy.cells[0], *bare]})))))
    assert rows[0]["toy_error_mean"]
    assert rows[1]["toy_error_mean"] == rows[1]["toy_error_interval_upper"] == ""


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
    assert '<div class="body" id="toy-table">' in page
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


def limits(verdict):
    return f"{verdict.estimate:.3g} [{verdict.lower:.3g}, {verdict.upper:.3g}]"


def worlds(verdict):
    c = verdict.counts
    return f"{c.yes}/{c.tie}/{c.no}/{c.undefined} of {c.ran}"


def effect(verdict):
    return f"{verdict.effect.mean:.2g} [{verdict.effect.lower:.2g}, {verdict.effect.upper:.2g}]"


def verdict_row(toy, verdict):
    cell = toy.cells[verdict.cells[0]]
    row = {"|D|": str(cell.symbols["d"]), "c": str(cell.symbols["c"]), "reason": verdict.reason}
    if verdict.counts is None:
        row |= {"verdict": verdict.verdict, "seeds": "3 (1 failed)", "mean [limits]": limits(verdict)}
        return row | {"bound": f"{verdict.bound:.3g}"}
    row |= {"verdict": verdict.verdict + (" flat" if verdict.flat else ""), "worlds": f"{worlds(verdict)} (1 failed)"}
    return row | {"share of worlds [limits]": limits(verdict), "effect [interval]": effect(verdict)}


@pytest.mark.parametrize("claim", ["toy-bound", "toy-trend"])
def test_the_verdicts_on_the_page(toy, page, claim):
    rows = Tables(page).rows(f"Verdicts of {claim}")
    verdicts = [v for v in toy.verdicts if v.claim == claim]
    assert len(rows) == len(verdicts)
    for row, verdict in zip(rows, verdicts, strict=True):
        assert row.items() >= verdict_row(toy, verdict).items()
        assert "arm" not in row
    assert rows[0]["n"] == ("5, 7" if claim == "toy-trend" else "5")


def test_error_probabilities_are_told_once_where_all_cells_share_them(toy):
    told = "limit that refutes: 0.05 / 0.0125 in every cell."
    assert told in " ".join(report_html(toy, []).split())
    first, *rest = toy.verdicts
    page = report_html(toy.model_copy(update={"verdicts": [first.model_copy(update={"alpha": 0.01}), *rest]}), [])
    assert [row["α"] for row in Tables(page).rows("Verdicts of toy-bound")[:2]] == ["0.01 / 0.0125", "0.05 / 0.0125"]


def test_the_moves_between_neighbours_are_a_table_of_their_own(toy, page):
    rows = Tables(page).rows("Steps of toy-trend")
    expected = [
        {"where": toy.where(v), "between": s.between, "falls": str(s.falls), "ties": str(s.ties), "rises": str(s.rises)}
        for v in toy.verdicts
        if v.claim == "toy-trend"
        for s in v.steps
    ]
    assert rows == expected
    assert len(rows) == 4
    assert "Steps of toy-bound" not in Tables(page).found


def test_verdicts_on_other_arms_name_the_arm_on_page_and_terminal(toy, page, printed):
    row = Tables(page).rows("Verdicts of toy-arms")[0]
    verdict = next(v for v in toy.verdicts if v.claim == "toy-arms")
    assert row.items() >= {**verdict_row(toy, verdict), "arm": "noisy", "n": "5"}.items()
    line = next(x for x in printed.splitlines() if x.startswith("toy-arms") and "noisy" in x)
    shown = [worlds(verdict), limits(verdict), f"{verdict.bound:.3g}", effect(verdict), "HOLDS"]
    assert re.split(r"\s{2,}", line.strip()) == ["toy-arms", "noisy", "20", "2", "5", *shown]
    headings = next(x for x in printed.splitlines() if "effect [interval]" in x)
    assert re.split(r"\s{2,}", headings.strip()) == [
        "claim", "arm", "|D|", "c", "n", "worlds", "share or mean [limits]", "bound", "effect [interval]", "verdict",
    ]  # fmt: skip


def test_the_claims_table_has_both_levels_on_page_and_terminal(toy, page, printed):
    title = toy.claim("toy-arms").title
    row = next(r for r in Tables(page).rows("What this project proves beside it") if r["sentence"] == title)
    assert row == {"sentence": title, "verdict": "SUPPORTED", "share of worlds": "at least 87 %", "cells": "1 of 2"}
    line = next(x for x in printed.splitlines() if x.startswith("toy-arms") and "SUPPORTED" in x)
    assert re.split(r"\s{2,}", line.strip()) == [
        "toy-arms", "DERIVED", "comparison", "SUPPORTED", "in at least 87 % of worlds", "1 UNDECIDED, 1 HOLDS",
    ]  # fmt: skip
    assert list(ORDER[:4]) == ["VIOLATED", "UNDECIDED", "SUPPORTED", "HOLDS"]


def test_all_cells_together_in_words(toy):
    claim = toy.claim("toy-arms")
    assert pooled_text(claim) == (
        "fraction of worlds in which it holds, averaged over 31 worlds (2 more without a cell in scope): "
        "0.963 [0.873, 0.998], threshold 0.8; alpha 0.05 confirms, 0.0125 refutes. p = 0.0017; adjusted over all "
        "claims: survives Holm (0.0051), does not survive Benjamini-Yekutieli (0.093)."
    )

    def share(*, by_share=True, **pooled):
        statement = claim.pooled.model_copy(update=pooled)
        return pooled_share(claim.model_copy(update={"pooled": statement, "by_share": by_share}))

    assert share(by_share=False) == "in at least 87 % of runs"
    assert share(confirmed=False, lower=0.55) == "in 55 to 100 % of worlds"
    assert share(confirmed=False, refuted=True, lower=0.1, upper=0.302) == "in at most 31 % of worlds"
    assert pooled_share(toy.claim("toy-trend")) == pooled_text(toy.claim("toy-trend")) == ""


def test_open_cells_are_named_and_flat_ones_called_flat(toy, page, printed):
    (verdict,) = (v for v in toy.verdicts if v.claim == "toy-arms" and v.verdict == "UNDECIDED")
    line = f"{toy.where(verdict)}: {verdict.reason}"
    assert open_cells(toy, "toy-arms") == [line]
    assert line in page
    assert f"supported, toy-arms; open:\n  {line}\n" in printed
    assert open_cells(toy, "toy-trend") == []
    assert flat_cells(toy, "toy-trend") == ["|D|=10, c=2, n=5,7"]
    assert verdict_counts(toy, "toy-trend") == "1 HOLDS, 1 flat"
    assert "<dt>Flat cells</dt><dd>|D|=10, c=2, n=5,7 " in page
    assert "flat, toy-trend: |D|=10, c=2, n=5,7\n" in printed


@pytest.mark.parametrize(("count", "file"), [(2, ""), (3, "report.html"), (100, "report.html"), (103, "results.json")])
@pytest.mark.parametrize("verdict", ["UNDECIDED", "VIOLATED"])
def test_of_many_cells_all_are_counted(toy, count, file, verdict):
    many = [toy.verdicts[0].model_copy(update={"claim": "toy-arms", "verdict": verdict})] * count
    results = toy.model_copy(update={"verdicts": many})
    line = f"{toy.where(many[0])}: {many[0].reason}"
    out = Console(file=io.StringIO(), width=200, highlight=False)
    print_results(results, out, None)
    told = [text.strip() for text in out.file.getvalue().splitlines() if line in text or " more (" in text]
    assert told == [line, line, *([f"and {count - 2} more ({file})"] if file else [])]
    page = report_html(results, [])
    if verdict == "UNDECIDED":
        assert page.partition("<dt>Open cells</dt>")[2].partition("</dd>")[0].count(line) == min(count, 100)
        assert (f"and {count - 100} more (results.json)" in page) == (count > 100)


def test_sentences(toy, page, printed):
    assert answer(toy) == (
        "VIOLATED: toy-bound. The headline. "
        "3 claims: 1 HOLDS (every cell in scope), 1 SUPPORTED (all cells together), 0 UNDECIDED, 1 VIOLATED."
    )
    assert run_summary(toy) == "21 runs of toy machines, 14 cells; a machine, 12 s for runs and verdicts."
    shown = toy.model_copy(update={"shown": toy.shown.model_copy(update={"summary": "Nine toys"})})
    assert run_summary(shown) == "Nine toys; a machine, 12 s for runs and verdicts."
    told = confidence(toy)
    assert told.startswith("Each claim has alpha = 0.05. HOLDS, SUPPORTED and VIOLATED are each wrong with")
    assert "exact over the looks at 3 and 6 seeds" in told
    assert told.endswith(
        " Claims with a statement on all cells together: 1. Confirmed, each at its own alpha: 1. Confirmed with one "
        "adjusted error rate over all claims: 1 by Holm (toy-arms), none by Benjamini-Yekutieli."
    )
    assert told in page
    assert SETTINGS in page
    assert SETTINGS in printed
    assert failures(toy) == ["7 failed runs (|D|=10, c=1, seed 2 and others): it diverged"]
    assert toy.defects == []
    defect = "internal error: experiment toy (/toy.py, line 1): ValueError: no"
    broken = [cell.model_copy(update={"failures": {"2": defect}}) for cell in toy.cells]
    results = toy.model_copy(update={"cells": broken})
    assert failures(results) == []
    (line,) = results.defects
    assert line == "experiment toy (/toy.py, line 1): ValueError: no; 7 failed runs (|D|=10, c=1, seed 2 and others)"
    alone = results.model_copy(update={"claims": results.claims[:1]})
    assert answer(alone).startswith("BROKEN: experiment toy (/toy.py, line 1). ")
    assert "ValueError" not in answer(alone)
    assert " 1 claim: " in answer(alone)
    assert axis_values(toy, toy.verdicts[-2]) == {"|D|": "10", "c": "1", "n": "5, 7"}
    undecided = next(v for v in toy.verdicts if v.verdict == "UNDECIDED")
    assert f"  |D|=10, c=1, n=7: {undecided.reason}" in printed


def test_a_plan_is_declared_or_exploratory(toy):
    assert plan_line(toy) == "Plan c0ffeec0ffee: exploratory; 3 of its 9 runs existed before it."
    plan = toy.plan.model_copy(update={"declared": True, "reason": "none of its runs existed before it"})
    told = plan_line(toy.model_copy(update={"plan": plan}))
    assert told == "Plan c0ffeec0ffee: declared before the data; none of its runs existed before it."


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
