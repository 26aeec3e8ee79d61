"""A claim judged on measurements of one's own: the text, the document, and the figure with its data."""

import io
import json

import pytest
import sympy as sp
from looks import agrees, looks
from rich.console import Console

from empirics.errors import UsageError
from empirics.judging.measurements import Judged
from empirics.judging.outcome import ClaimOutcome, Counts, Outcome, Pooled, Verdict
from empirics.judging.table import CellTable
from empirics.observables.definition import SHARE, Observable
from empirics.report.figures.measured import judged_figure
from empirics.report.judged import judged_document, pooled_words, print_judged, write_judged_figure
from theory import Claim, Kind, Measured, Notation, Paper, Provenance, Source, Symbol

n, k = (sp.Symbol(name, integer=True, positive=True) for name in "nk")
NOTATION = Notation("mine", Symbol(k, "colours", 1), Symbol(n, "samples", 1, shares_run=True))
KNOWN = Observable("my_error", "Share of mistakes.", SHARE, 0, 1)
POOLED = Pooled(
    estimate=0.9625, lower=0.8725, upper=0.9975, asked=0.8, alpha=0.05, refuting=0.0125, worlds=31, without=2,
    confirmed=True, refuted=False, direction="", p_value=0.002, statement="fraction [of] worlds",
)  # fmt: skip


def claim(kind):
    return Claim(
        id="my[own]",
        title="A claim of mine",
        statement="It falls.",
        kind=kind,
        observable="my_error",
        log_expression=-n / (k + sp.Integer(1)) if kind is Kind.UPPER else None,
        source=Source(paper=Paper("mine", NOTATION), provenance=Provenance.DERIVED, text="here"),
        measured=Measured(axis="n") if kind is Kind.TREND else Measured(),
    )


def cell(index, colours, samples, values, variant="main"):
    return CellTable(
        index, variant, {"k": colours, "n": samples}, tuple(range(len(values))), frozenset({1} if index == 1 else ()),
        {"my_error": values}, {"k": "k", "n": "n"}, ("k",),
    )  # fmt: skip


CELLS = (
    cell(0, 1, 8, (0.25, 0.5)),
    cell(1, 1, 2, (0.5, None, 0.75)),
    cell(2, 2, 2, (None,)),
    cell(3, 2, 8, (0.125, 0.25)),
)


def outcome(cells, verdict, reason, **more):
    shown = {"alpha": 0.05, "refuting": 0.0125, "by_sampling": True, "scope": "cell"}
    return Outcome(claim="mine", cells=cells, verdict=verdict, reason=reason, **shown | more)


def of_means(**more):
    found = (
        outcome((0,), Verdict.HOLDS, "below [it]", estimate=0.375, lower=0.25, upper=0.4375, bound=0.5),
        outcome(
            (1,), Verdict.UNDECIDED, "too few", estimate=0.625, lower=0.375, upper=0.875, bound=0.25, refuting=0.01
        ),
        outcome((2,), Verdict.NOT_TESTED, "nothing", by_sampling=False, alpha=None),
    )
    return Judged(claim(Kind.UPPER), CELLS, ClaimOutcome("mine", Verdict.UNDECIDED, found), observable=KNOWN, **more)


def of_worlds(**more):
    worlds = {"counts": Counts(10, 1, 2, 3, 16), "effect": (0.25, 0.125, 0.5), "bound": 0.8}
    found = (
        outcome((0, 1), Verdict.HOLDS, "falls", estimate=0.9, lower=0.85, upper=0.95, scope="series", **worlds),
        outcome((2, 3), Verdict.UNDECIDED, "flat", scope="series", flat=True),
        outcome((), Verdict.NOT_TESTED, "nothing", by_sampling=False),
    )
    judged = ClaimOutcome("mine", Verdict.SUPPORTED, found, POOLED)
    return Judged(claim(Kind.TREND), CELLS, judged, observable=KNOWN, **more)


def told(judged):
    out = Console(file=io.StringIO(), width=150, highlight=False)
    print_judged(judged, out)
    return "\n".join(line.rstrip() for line in out.file.getvalue().splitlines())


def test_what_is_printed():
    assert agrees("judged-means", told(of_means()))
    assert agrees("judged-worlds", told(of_worlds(assumed=("gap", "[luck]"))))
    exact = ClaimOutcome("mine", Verdict.NOT_TESTED, of_means().outcome.outcomes[2:])
    lines = told(Judged(claim(Kind.UPPER), CELLS, exact)).splitlines()
    assert lines[2:] == ["", "my[own]: NOT TESTED (0 rows read, 0 used)"]


def test_the_document():
    document = judged_document(of_worlds(assumed=("gap",)))
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert [document[key] for key in ("claim", "verdict", "limits", "observable", "assumed")] == [
        "my[own]", "SUPPORTED", "betting", "my_error", ["gap"],
    ]  # fmt: skip
    assert document["pooled"]["worlds"] == 31
    assert document["cells"][1] == {
        "variant": "main", "symbols": {"k": 1, "n": 2}, "seeds": [0, 1, 2], "failed": [1],
    }  # fmt: skip
    assert [verdict["cells"] for verdict in document["verdicts"]] == [[0, 1], [2, 3], []]
    assert judged_document(of_means())["pooled"] is None


def test_all_cells_together():
    assert pooled_words(POOLED) == (
        "fraction [of] worlds, averaged over 31 worlds: 0.963 [0.873, 0.998], threshold 0.8 "
        "(alpha 0.05 confirms, 0.0125 refutes)"
    )


@pytest.mark.parametrize("judged", [of_means(), of_worlds()], ids=["means", "worlds"])
def test_the_figure(judged):
    """Over the symbol that shares runs; what has no limits of its own, no mean or no bound, has none in the picture."""
    figure = judged_figure(judged, 0.05)
    assert figure.title == "A claim of mine, predicted and observed"
    name = f"judged-figure-{'worlds' if judged.claim.by_share else 'means'}"
    assert agrees(name, f"{figure.caption}\n\n{figure.csv}\n{looks(figure)}")


def test_means_of_an_observable_without_a_range_have_no_interval():
    for observable in (None, Observable("my_error", "Anything.", SHARE, 0, float("inf"))):
        judged = Judged(claim(Kind.TREND), CELLS[:1], of_worlds().outcome, observable=observable)
        (row,) = judged_figure(judged, 0.05).rows
        assert (row["mean"], row["lower"], row["upper"], row["bound"]) == (0.375, None, None, None)
        assert row["series"] == "", "nothing but the axis varies"


def test_the_axis_is_the_symbol_with_the_most_values():
    cells = [cell(0, colours, 2, (0.5, 0.25)) for colours in (1, 2, 3)]
    judged = Judged(claim(Kind.TREND), (*cells, cell(3, 1, 4, (0.5,))), of_worlds().outcome, observable=KNOWN)
    rows = judged_figure(judged, 0.05).rows
    assert [(row["series"], row["k"]) for row in rows] == [("n=2", 1), ("n=4", 1), ("n=2", 2), ("n=2", 3)]
    assert [row["seeds"] for row in rows] == [2, 1, 2, 2]


def test_a_figure_never_replaces_the_measurements(tmp_path):
    path = tmp_path / "runs.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"--plot=.*runs.svg is refused: its data would replace the measurements"):
        write_judged_figure(of_means(), 0.05, tmp_path / "x" / ".." / "runs.svg", path)
    with pytest.raises(UsageError, match=r"--plot=f.gif is refused: allowed endings are .svg, .pdf, .png"):
        write_judged_figure(of_means(), 0.05, path.with_name("f.gif").relative_to(tmp_path), path)
    assert [p.name for p in tmp_path.iterdir()] == ["runs.csv"]
    write_judged_figure(of_means(), 0.05, tmp_path / "figure.svg", path)
    assert path.read_text() == "mine"
    assert (tmp_path / "figure.csv").read_text() == judged_figure(of_means(), 0.05).csv
    assert "<svg" in (tmp_path / "figure.svg").read_text()
