"""Every file of a claim reads alike: definition, guarantee, reference with a link, a call whose value is right."""

import doctest
import importlib
import pkgutil
import re
from dataclasses import fields
from types import ModuleType

import pytest

import theory
from theory.claims import xu_chen
from theory.parts import Evaluation, resolved

FILES = [
    importlib.import_module(f"{xu_chen.__name__}.{file.name}")
    for file in pkgutil.iter_modules(xu_chen.__path__)
    if file.name != "paper"
]


def test_each_claim_stands_in_one_file() -> None:
    stated = [claim.id for file in FILES for claim in file.CLAIMS]
    assert sorted(stated) == sorted(claim.id for claim in theory.all_claims() if claim.paper.name == "xu-chen")
    assert len(fields(theory.Claim)) <= 12


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_docstring_has_definition_guarantee_and_link(file: ModuleType) -> None:
    text = str(file.__doc__)
    parts = [text.index(f"\n{word}") for word in ("Definition:", "Guarantee (", "Reference:", ">>> import theory")]
    assert parts == sorted(parts)
    numbers = {claim.number for claim in file.CLAIMS}
    assert len(numbers) == 1
    assert text.startswith(numbers.pop())
    assert file.CLAIMS[0].paper.link.removeprefix("arXiv:") in text
    words = re.search(r"Guarantee \((.*?)\)", text)
    assert words is not None
    assert {claim.kind.value for claim in file.CLAIMS} <= set(re.findall(r"\w+", words[1]))
    assert all(claim.provenance in text for claim in file.CLAIMS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_its_call_has_the_value_shown(file: ModuleType) -> None:
    failed, tried = doctest.testmod(file)
    assert failed == 0
    assert tried >= 2


ROUTES = {
    route
    for claim in theory.all_claims()
    for route in (
        claim.evaluation.exact,
        claim.evaluation.numeric,
        claim.evaluation.ball,
        *(search for _, search in claim.searches),
    )
    if route is not None
}


@pytest.mark.parametrize("route", sorted(map(str, ROUTES)))
def test_every_route_leads_to_a_function(route: str) -> None:
    assert callable(resolved(route))


def test_a_route_that_leads_nowhere_is_refused() -> None:
    for route in ("theory.coverage.balls:no_such_law", "theory.no_such_module:law", "theory.coverage.balls"):
        with pytest.raises(ValueError, match=r"must be 'package\.module:function'"):
            resolved(route)


def test_a_route_may_be_a_function() -> None:
    assert resolved(max) is max
    assert Evaluation(exact=max).exact is max
