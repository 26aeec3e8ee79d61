"""What the report shows of the one-layer transformer: each number in the column of its name."""

import csv
import io
from pathlib import Path

import pytest

from empirics.experiments.one_layer.report import show
from empirics.report.tables import cells_csv
from empirics.verification.results import read_results
from theory import claim

STORED = Path(__file__).parents[3] / "docs" / "stored" / "default.json"
CLAIMS = {"literal": "ood-error-literal", "normalised": "ood-error-normalised"}


@pytest.fixture(scope="module")
def results():
    return read_results(STORED)


@pytest.fixture(scope="module")
def shown(results):
    return show(results)


def deciding(results, index):
    """Mean and limits of the verdict of a cell; the mean over all seeds alone where none rests on limits."""
    verdict = results.verdict_of("ood-error-literal", index)
    if verdict.estimate is None:
        assert verdict.verdict == "OUT OF SCOPE"
        return results.cells[index].observables["ood_error"].mean, None, None
    return verdict.estimate, verdict.lower, verdict.upper


def test_the_table_has_the_error_both_readings_and_the_covering_law(results, shown):
    (table,) = shown.tables
    names = [column.name for column in table.columns]
    assert len(table.rows) == len(results.cells)
    for index, (values, cell) in enumerate(zip(table.rows, results.cells, strict=True)):
        row = dict(zip(names, values, strict=True))
        place = {s: cell.symbols[s] for s in ("R", "K", "N_f")}
        assert {"R": row["|R|"], "K": row["K"], "N_f": row["N_f"]} == place
        assert row["seeds"] == len(cell.seeds)
        assert row["observed [limits]"] == deciding(results, index)
        assert row["P(template unseen)"] == pytest.approx(claim("covering-some-unseen").bound(**place), rel=1e-12)
        for reading, identifier in CLAIMS.items():
            assert row[reading] == pytest.approx(claim(identifier).bound(**place), rel=1e-12)
            verdict = results.verdict_of(identifier, index)
            assert row[f"verdict, {reading}"][0] == verdict.verdict
            slack = row[f"verdict, {reading}"][1]
            assert (slack == "") == (verdict.sharpness is None)
            if verdict.sharpness is not None:
                assert float(slack.removeprefix("slack ×")) == pytest.approx(verdict.sharpness, rel=0.06)
    literal, normalised = (names.index(f"verdict, {reading}") for reading in CLAIMS)
    assert any(row[literal] != row[normalised] for row in table.rows), "or an exchange would pass"


def test_the_further_columns_of_cells_csv(results):
    with_columns = results.model_copy(update={"shown": show(results)})
    for index, (row, cell) in enumerate(
        zip(csv.DictReader(io.StringIO(cells_csv(with_columns))), results.cells, strict=True)
    ):
        assert float(row["covering_law"]) == cell.bounds["covering-some-unseen"].bound
        for reading, identifier in CLAIMS.items():
            assert float(row[f"bound_{reading}"]) == cell.bounds[identifier].bound
            assert row[f"verdict_{reading}"] == results.verdict_of(identifier, index).verdict


def test_the_headline_counts_the_cells_in_scope(results, shown):
    for reading, identifier in CLAIMS.items():
        verdicts = [v.verdict for v in results.verdicts if v.claim == identifier]
        inside = sum(v in ("HOLDS", "UNDECIDED") for v in verdicts)
        assert f"{reading} reading holds in {verdicts.count('HOLDS')} of {inside} cells in scope" in shown.headline


def test_the_figure_has_the_lines_of_their_claims_in_the_panel_of_their_cells(results, shown):
    error, gap = shown.figures
    rows = error.mappings()
    for row in rows:
        place = {"R": row["templates"], "K": row["multiplicity"], "N_f": row["finetuned"]}
        if row["series"] != "observed":
            assert row["value"] == pytest.approx(claim(row["series"]).bound(**place), rel=1e-12)
        assert (row["note"] == "out of scope") == (row["multiplicity"] == 1)
    observed = [row for row in rows if row["series"] == "observed"]
    for index, row in enumerate(observed):
        assert (row["value"], row["lower"], row["upper"]) == deciding(results, index)
    assert len(observed) == len(results.cells)
    assert list(error.options["lines"].values()) == ["bound, literal", "bound, normalised", "P(template unseen)"]
    assert list(error.options["lines"])[:2] == list(CLAIMS.values())
    assert (error.options["across"], error.options["down"]) == (["multiplicity"], ["templates"])
    assert gap.options["names"] == error.options["names"] == {"templates": "|R|", "multiplicity": "K"}
    curve = results.curves[0]
    points = [
        (row["step"], row["gap_mean_nats"], row["gap_lower_nats"], row["gap_upper_nats"])
        for row in gap.mappings()
        if (row["templates"], row["multiplicity"]) == (curve.symbols["R"], curve.symbols["K"])
    ]
    assert points == list(zip(curve.steps, curve.mean, curve.lower, curve.upper, strict=True))


@pytest.mark.parametrize(
    ("judged", "numbers", "verdicts"),
    [
        (["ood-error-literal"], ["literal"], ["literal"]),
        (["ood-error-normalised", "covering-some-unseen"], ["normalised", "P(template unseen)"], ["normalised"]),
    ],
)
def test_of_some_claims_only_what_belongs_to_them_is_shown(results, shown, judged, numbers, verdicts):
    some = results.model_copy(update={"verdicts": [v for v in results.verdicts if v.claim in judged]})
    part = show(some)
    (table,), (whole,) = part.tables, shown.tables
    names = ["|R|", "K", "N_f", "seeds", "observed [limits]", *numbers, *(f"verdict, {name}" for name in verdicts)]
    assert [column.name for column in table.columns] == names
    places = [[column.name for column in whole.columns].index(name) for name in names]
    assert [row[5:] for row in table.rows] == [tuple(row[i] for i in places[5:]) for row in whole.rows]
    assert f"{verdicts[0].capitalize()}: the bound in this reading." in table.note
    assert ("P(template unseen):" in table.note) == ("covering-some-unseen" in judged)
    drawn, note = part.figures[0], "Lines are predictions: the reading that was judged of the headline bound"
    assert set(drawn.options["lines"]) == {row["series"] for row in drawn.mappings()} - {"observed"} == set(judged)
    assert note + (", and the exact" if "covering-some-unseen" in judged else ". Below") in drawn.caption
    columns = {f"{what}_{name}" for what in ("bound", "verdict") for name in verdicts}
    assert set(part.columns) == columns | ({"covering_law"} if "covering-some-unseen" in judged else set())
    assert all(other not in part.headline for other in {"literal", "normalised"} - set(verdicts))


def test_without_the_headline_bound_nothing_of_it_is_shown(results):
    other = results.model_copy(update={"verdicts": [v for v in results.verdicts if v.claim == "covering-some-unseen"]})
    part = show(other)
    assert (part.tables, part.headline, part.notes) == ((), "", ())
    assert [figure.name for figure in part.figures] == ["pretraining-gap"]
    assert set(part.columns) == {"covering_law"}


def test_what_was_run_and_what_is_out_of_scope(results, shown):
    models = {(c.symbols["R"], c.symbols["K"], seed) for c in results.cells for seed in c.seeds}
    assert shown.summary.startswith(f"{len(models)} one-layer transformers pre-trained for 4000 steps")
    assert shown.summary.endswith("N_f in [2, 5, 10, 20, 40]")
    assert shown.notes == ("Out of scope: premise K >= 2 fails: K = 1.",)
