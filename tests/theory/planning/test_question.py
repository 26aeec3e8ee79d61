"""A question as a user asks it, for the papers at hand and for a paper with symbols of its own."""

import pytest
import sympy as sp

import theory
from theory import Claim, DomainError, Evaluation, Kind, Notation, Paper, Premises, Provenance, Source, Symbol
from theory.claims.xu_chen.paper import PAPER as XU_CHEN
from theory.planning.plan import ask, plan, unknowns

n = sp.Symbol("n", integer=True, positive=True)
width = sp.Symbol("w", positive=True)
PAPER = Paper("mine", Notation("mine", Symbol(width, "width", 0, integer=False), Symbol(n, "samples", 1)))
MINE = Claim(
    id="mine",
    title="mine",
    statement="The mean error is at most exp(-n w).",
    kind=Kind.UPPER,
    observable="error",
    log_expression=-n * width,
    source=Source(paper=PAPER, provenance=Provenance.DERIVED, text="none"),
    premises=Premises(domain=(sp.Le(width, 1),)),
    evaluation=Evaluation(falls_in=("n",)),
)


def test_the_other_forms_of_the_paper_are_planned_beside() -> None:
    main, *beside = ask(theory.claim("ood-error-literal"), "0.05", {"K": 4, "R": 40, "S": 200})
    assert (main.claim, main.unknown, main.value) == ("ood-error-literal", "N_f", 163)
    assert [found.claim for found in beside] == [name for name in XU_CHEN.plans if name != main.claim]
    assert all(found.unknown == "N_f" for found in beside)
    assert {found.claim: found.value for found in beside}["ood-error-normalised"] is None  # 600 of 200 facts
    document = main.document()
    assert (document["id"], document["value"], document["reachable"]) == ("ood-error-literal", 163, True)


def test_the_unknown_is_the_first_that_is_not_given() -> None:
    assert ask(theory.claim("ood-error-literal"), 0.05, {"N_f": 200, "R": 60})[0].unknown == "K"
    assert unknowns(theory.claim("ood-error-literal")) == ("N_f", "K")
    assert plan("ood-error-literal", 0.05, N_f=200, R=60).unknown == "K"


def test_a_paper_with_symbols_of_its_own() -> None:
    (found,) = ask(MINE, 0.05, {"w": 0.5})
    assert (found.unknown, found.value) == ("n", 6)
    assert found.symbolic is not None
    assert found.symbolic.free_symbols >= {width}
    with pytest.raises(DomainError, match="cannot solve for w; known are n"):
        plan(MINE, 0.05, "w", n=3)
    with pytest.raises(DomainError, match=r"mine at w=2: needs w <= 1"):
        ask(MINE, 0.05, {"w": 2})
    with pytest.raises(DomainError, match="does not know K"):
        plan(MINE, 0.05, w=0.5, K=2)
