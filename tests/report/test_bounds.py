"""The bound of a claim by itself: its notation's symbols, the paper's usual values or the user's."""

import math

import pytest
import sympy as sp

from empirics.report.figures.bounds import bound_figure, given_ranges, usual_ranges
from empirics.report.figures.style import figure_style
from theory import Claim, DomainError, Kind, Notation, Paper, Provenance, Source, Symbol, claim

n = sp.Symbol("n", integer=True, positive=True)
eps = sp.Symbol("eps", positive=True)
NOTATION = Notation(
    "mine",
    Symbol(eps, "tolerance", 0, integer=False, strict=True, label="ε", latex=r"\varepsilon"),
    Symbol(n, "samples: as many as there are", 1),
)


def mine(**more):
    return Claim(
        id="mine",
        title="A bound of mine",
        statement="It falls.",
        kind=Kind.UPPER,
        observable="my_error",
        log_expression=-n * eps**2,
        source=Source(paper=Paper("mine", NOTATION, **more), provenance=Provenance.DERIVED, text="here"),
    )


def test_without_usual_values_the_first_symbol_is_the_axis():
    ranges = usual_ranges(mine(), {"eps": (0.5, 1.0)})
    assert list(ranges) == ["n", "eps"]
    assert list(ranges["n"]) == list(range(1, 101))
    assert next(iter(usual_ranges(mine(), {"n": (3,)}))) == "eps"


def test_usual_values_are_those_of_the_first_setting_that_names_every_symbol():
    item = mine(usual=({"n": (1, 2)}, {"n": tuple(range(1, 31)), "eps": (0.5,)}))
    assert usual_ranges(item, {}) == {"n": list(range(1, 31)), "eps": [0.5]}


def test_the_axis_and_the_lines_are_read_from_words():
    given, axis = given_ranges(mine(), ["n=2:5", "eps=0.5,1"])
    assert (axis, given) == ("n", {"n": [2.0, 3.0, 4.0, 5.0], "eps": [0.5, 1.0]})
    values = given_ranges(mine(), ["eps=0.5:1"])[0]["eps"]
    assert (len(values), values[0], values[-1]) == (400, 0.5, 1.0)
    for words, told in ((["n"], "NAME=VALUE"), (["n=1", "n=2"], "twice"), (["n=0"], "must be"), (["K=3"], "unknown")):
        with pytest.raises(DomainError, match=told):
            given_ranges(mine(), words)


def test_rows_and_labels_are_those_of_the_notation():
    figure = bound_figure(mine(), {"n": [1, 2], "eps": [0.5, 1.0]}, "n")
    assert [(r["n"], r["eps"]) for r in figure.rows] == [(1, 0.5), (2, 0.5), (1, 1), (2, 1)]
    for row in figure.rows:
        assert row["bound"] == pytest.approx(math.exp(-row["n"] * row["eps"] ** 2))
    assert figure.caption == "A bound of mine: my error against samples: as many as there are."
    with figure_style():
        (axis,) = figure.draw(figure.rows).axes
    assert axis.get_xlabel() == "$n$, samples"
    assert axis.get_ylabel() == "bound on my error"
    assert [t.get_text() for t in axis.texts] == ["$ε=0.5$", "$ε=1$"]


def test_a_claim_without_a_number_has_none():
    with pytest.raises(DomainError, match="states no number"):
        bound_figure(claim("trend-finetuned"))
