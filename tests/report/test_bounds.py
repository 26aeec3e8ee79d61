"""The bound of a claim by itself: its notation's symbols, the paper's usual values or the user's."""

import math
from dataclasses import replace

import pytest
import sympy as sp
from looks import agrees, looks

from empirics.errors import UsageError
from empirics.report.figures.bounds import bound_figure, claim_figure, given_ranges, usual_ranges
from empirics.report.figures.style import figure_style
from theory import (
    Assumption,
    BrokenClaimError,
    Claim,
    DomainError,
    Kind,
    Notation,
    Paper,
    Premises,
    Provenance,
    Source,
    Symbol,
    claim,
)

n = sp.Symbol("n", integer=True, positive=True)
eps = sp.Symbol("eps", positive=True)
k = sp.Symbol("k", integer=True, positive=True)
NOTATION = Notation(
    "mine",
    Symbol(eps, "tolerance", 0, integer=False, strict=True, label="ε", latex=r"\varepsilon"),
    Symbol(n, "samples: as many as there are", 1),
    Symbol(k, "colours", 1),
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


def drawn(item, given, axis=None):
    figure = bound_figure(item, given, axis)
    return f"{figure.caption}\n\n{looks(figure)}"


def test_looks():
    """Two varying symbols and a fixed one; an exact value; steep lines, cut off where they are too small to be seen."""
    item = replace(mine(), log_expression=-n * eps**2 - k / 10)
    assert agrees("bound-lines", drawn(item, {"n": range(1, 6), "eps": [0.5, 1.0], "k": [1, 2]}, "n"))
    assert agrees("bound-fixed", drawn(item, {"n": [1, 100], "eps": [2.0, 0.05], "k": [3]}, "n"))
    exact = replace(mine(), kind=Kind.IDENTITY, log_expression=-1 / n)
    assert agrees("bound-exact", drawn(exact, {"n": [1, 31]}, "n"))
    assert agrees("bound-near", drawn(exact, {"n": [1, 30]}, "n"))


def test_lines_are_told_apart():
    """A colour for each value of the first symbol, a style for each of the others; labels do not stand on another."""
    item = replace(mine(), log_expression=-n * eps**2 - k / 10)
    with figure_style():
        figure = bound_figure(item, {"n": range(1, 6), "eps": [0.5, 1.0, 1.5], "k": [1, 2, 3]}, "n")
        (axis,) = (picture := figure.draw(figure.rows)).axes
        near = bound_figure(mine(), {"n": range(1, 6), "eps": [1.0, 1.01]}, "n")
        apart = bound_figure(mine(), {"n": range(1, 6), "eps": [0.5, 1.5]}, "n")
        one, other = (f.draw(f.rows) for f in (near, apart))
    looks = [(line.get_color(), line.get_linestyle()) for line in axis.lines]
    assert len(set(looks)) == 9
    assert [len({looks[3 * i + j][0] for j in range(3)}) for i in range(3)] == [1, 1, 1]
    assert [len({looks[3 * i + j][1] for i in range(3)}) for j in range(3)] == [1, 1, 1]
    (legend,) = picture.legends
    assert [text.get_text() for text in legend.get_texts()][:2] == ["$ε=0.5$, $k=1$", "$ε=0.5$, $k=2$"]
    assert (len(one.legends), len(one.axes[0].texts)) == (1, 0)
    assert (len(other.legends), len(other.axes[0].texts)) == (0, 2)
    shares = [other.axes[0].transData.transform(t.xy)[0] for t in other.axes[0].texts]
    box = other.axes[0].bbox
    assert all(box.x0 + 0.09 * box.width <= x <= box.x0 + 0.91 * box.width for x in shares), "labels stand inside"


def test_what_underflows_is_left_out():
    item = replace(mine(), log_expression=-(n**3) * eps)
    (line,) = drawn(item, {"n": [1, 10, 1000], "eps": [1.0]}, "n").split("line ")[1:]
    assert line.splitlines()[1].split() == ["1", f"{math.exp(-1):.4g}"]
    small = replace(mine(), log_expression=-eps * n * 1000)
    text = drawn(small, {"n": [1, 2], "eps": [0.01, 0.1]}, "n")
    assert text.count("line ") == 1, "no point of the other line is large enough"
    assert "y log" in text


def test_ranges_are_whole_where_the_symbol_is():
    given, axis = given_ranges(mine(), ["n=1:1000"])
    assert (axis, len(given["n"]), given["n"][:3], given["n"][-1]) == ("n", 400, [1.0, 4.0, 6.0], 1000.0)
    assert all(v == int(v) for v in given["n"])
    assert len(given_ranges(mine(), ["n=1:400"])[0]["n"]) == 400
    for words in (["n=5:5"], ["n=5:2"], ["n=1:2", "eps=1:2"], ["n"]):
        with pytest.raises(DomainError):
            given_ranges(mine(), words)


def test_usual_values_too_few_for_a_line_are_an_axis_and_premises_are_kept():
    item = mine(usual=({"eps": (0.5,), "n": (3, 40)},))
    ranges = usual_ranges(item, {})
    assert list(ranges) == ["eps", "n"], "in the order of the usual values"
    assert (len(ranges["eps"]), ranges["eps"][0], ranges["eps"][-1]) == (100, 0.025, 2.5)
    assert ranges["n"] == [3, 40]
    assert list(usual_ranges(item, {"eps": (1.0,)})["n"]) == list(range(1, 201))
    premised = replace(item, premises=Premises(assumptions=(Assumption("many", n >= 5, "many"),)))
    assert list(usual_ranges(premised, {"eps": (1.0,)})["n"]) == list(range(5, 201))
    assert usual_ranges(premised, {"eps": (0.5, 1.0)}, "eps")["n"] == [40]
    long = mine(usual=({"n": tuple(range(1, 10)), "eps": (0.5,)},))
    assert usual_ranges(long, {})["n"] == list(range(1, 10)), "nine values are an axis"


def test_symbols_of_premises_alone_say_where_the_bound_is_stated():
    premises = Premises(
        domain=(n <= 9,),
        assumptions=(
            Assumption("many", n >= k, "many"),
            Assumption("gap", sp.Symbol("pretraining_gap", real=True) <= k, "measured"),
        ),
    )
    item = replace(mine(), log_expression=-n / 2, premises=premises)
    given = {"n": range(1, 21), "k": (4,)}
    assert list(usual_ranges(item, given, "n").items()) == [("n", range(1, 21)), ("k", (4,))]
    figure = bound_figure(item, given, "n")
    assert [(r["n"], r["k"]) for r in figure.rows] == [(x, 4) for x in range(4, 10)]
    assert figure.caption.endswith("; k = 4.")
    with pytest.raises(DomainError, match="a premise of mine fails everywhere in that range"):
        bound_figure(item, given | {"k": (10,)}, "n")
    for given, axis in (({"k": (1, 2)}, None), ({"k": (1, 2)}, "k")):
        with pytest.raises(
            DomainError,
            match="the bound of mine does not depend on k, which stands only in n >= k and pretraining_gap <= k: "
            "allowed is one value; the bound has n",
        ):
            usual_ranges(item, given, axis)
    with pytest.raises(DomainError, match="mine has no symbol eps; it has n"):
        usual_ranges(item, {"eps": (1.0,)})
    broken = replace(item, premises=Premises(assumptions=(Assumption("odd", n >= 1 / (k - 4), "odd"),)))
    with pytest.raises(BrokenClaimError) as told:
        bound_figure(broken, {"n": range(1, 4), "k": (4,)}, "n")
    assert told.value.claim == "mine"


def test_what_is_refused():
    for given, told in (
        ({"m": (1,)}, "has no symbol m; it has eps, n"),
        ({"N": (1,)}, r"has no symbol N; did you mean n\? it has eps, n"),
        ({"n": (1,), "eps": (0.5,)}, r"nothing varies: give a range, as in eps=1:100"),
        (
            {"eps": [0.1 * i for i in range(1, 14)]},
            "that is 13 lines; allowed are at most 12: fix a symbol, as in n=3",
        ),
    ):
        with pytest.raises(DomainError, match=told):
            usual_ranges(mine(), given)
    with pytest.raises(DomainError, match=r"mine has no symbol epse; did you mean eps\? it has eps, n"):
        bound_figure(mine(), axis="epse")
    with pytest.raises(DomainError, match="nothing varies: the bound of mine is one number"):
        bound_figure(replace(mine(), log_expression=sp.Integer(-1), mutants=()))
    assert len(usual_ranges(mine(), {"eps": [0.1 * i for i in range(1, 13)]})["eps"]) == 12
    with pytest.raises(DomainError, match="mine is not defined anywhere in that range"):
        bound_figure(replace(mine(), premises=Premises(domain=(n < 5,))), {"n": [5, 6], "eps": [1.0]}, "n")
    with pytest.raises(UsageError, match=r"nothing is neither a directory nor a claim with a bound; known are .*ood-"):
        claim_figure("nothing")


def test_a_registered_claim_is_drawn_from_words():
    figure = claim_figure("ood-error-literal", ["N_f=1:3", "K=2", "R=40"])
    assert [(r["N_f"], r["K"], r["R"]) for r in figure.rows] == [(1, 2, 40), (2, 2, 40), (3, 2, 40)]
    assert figure.caption.endswith("; K = 2, |R| = 40.")
    assert list(figure.draw(figure.rows).axes[0].texts) == []
