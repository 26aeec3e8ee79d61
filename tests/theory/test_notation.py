"""Notations and papers: symbols belong to whoever declares them."""

import pickle

import pytest
import sympy as sp

from theory import Notation, Paper, Symbol, measured, papers
from theory.claims.xu_chen.paper import NOTATION, PAPER, N_f, R, epsilon, eta

n = sp.Symbol("n", integer=True, positive=True)
SAMPLES = Symbol(n, "number of samples", 1)


def test_a_notation_is_an_immutable_mapping_in_the_order_declared() -> None:
    assert list(NOTATION) == ["S", "A", "R", "K", "N_f", "m", "eta", "t", "epsilon"]
    assert all(name == symbol.name == symbol.symbol.name for name, symbol in NOTATION.items())
    assert "N_f" in NOTATION
    assert "q" not in NOTATION
    with pytest.raises(TypeError):
        NOTATION["q"] = SAMPLES  # type: ignore[index]


def test_what_a_symbol_says_of_itself() -> None:
    assert (NOTATION["R"].label, NOTATION["R"].latex) == ("|R|", r"|\mathcal{R}|")
    assert (NOTATION["N_f"].label, NOTATION["N_f"].latex) == ("N_f", "N_f")
    assert NOTATION["eta"].latex == r"\eta"
    assert NOTATION["eta"].domain == "a real number > 0"
    assert NOTATION["K"].domain == "an integer >= 1"
    assert (NOTATION["epsilon"].setting, NOTATION["epsilon"].unit) == ("premise_gap", "nats")
    assert [s.name for s in NOTATION.values() if s.shares_run] == ["N_f"]
    assert NOTATION.latex_names[R] == r"|\mathcal{R}|"


def test_a_name_with_two_meanings_is_refused() -> None:
    with pytest.raises(ValueError, match="n has two meanings, 'number of samples' and 'number of layers'"):
        Notation("mine", SAMPLES, Symbol(n, "number of layers", 1))
    assert len(Notation("mine", *NOTATION.values(), SAMPLES, SAMPLES)) == len(NOTATION) + 1


def test_a_symbol_is_not_taken_for_an_observable() -> None:
    with pytest.raises(ValueError, match="x stands for an observable"):
        Notation("mine", Symbol(measured("x"), "a shift", 0))


def test_notations_are_equal_by_what_they_hold() -> None:
    mine = Notation("mine", SAMPLES)
    assert mine == Notation("mine", SAMPLES)
    assert hash(mine) == hash(Notation("mine", SAMPLES))
    assert mine != Notation("yours", SAMPLES)
    assert pickle.loads(pickle.dumps(PAPER)) == PAPER


def test_papers() -> None:
    assert PAPER in papers()
    assert PAPER.link == "arXiv:2508.00901"
    assert Paper("mine", Notation("mine", SAMPLES, NOTATION["eta"])).unknowns == ("n",)
    assert {eta, epsilon, N_f} <= {s.symbol for s in PAPER.notation.values()}
