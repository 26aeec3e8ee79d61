"""The claims on knowledge capacity: their files, bounds by hand, premises."""

import doctest
import importlib
import pkgutil

import pytest

import theory
from theory.claims import allen_zhu_li

FILES = [
    importlib.import_module(f"{allen_zhu_li.__name__}.{file.name}")
    for file in pkgutil.iter_modules(allen_zhu_li.__path__)
    if file.name != "paper"
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.__name__.rpartition(".")[2])
def test_a_file_says_what_its_claims_are(file) -> None:
    text = str(file.__doc__)
    assert {claim.number for claim in file.CLAIMS} == {text[:2]}
    assert all(claim.provenance in text for claim in file.CLAIMS)
    assert file.CLAIMS[0].paper.link.removeprefix("arXiv:") in text
    failed, tried = doctest.testmod(file)
    assert (failed, tried >= 2) == (0, True)


@pytest.mark.parametrize("name", ["two-bits-per-parameter", "two-bits-memory", "two-bits-long", "two-bits-reached"])
def test_two_bits_are_a_fraction_of_what_is_asked(name: str) -> None:
    """Facts of 4 bits each: 1000 of them in 1000 parameters ask for 4 bits per parameter, so 2 bits are a half."""
    assert theory.claim(name).bound(P=1000, S=1000, A=16) == pytest.approx(0.5, rel=1e-12)


def premises(name: str, **values: float) -> list[bool]:
    return [a.evaluate(values).holds for a in theory.claim(name).assumptions]


def test_premises() -> None:
    assert premises("two-bits-memory", t=1000) == [True]
    assert premises("two-bits-memory", t=999) == [False]
    assert premises("two-bits-reached", t=1000, c=2.5, b=16, h=1) == [True] * 4
    assert premises("two-bits-reached", t=100, c=2.4, b=8, h=0) == [False] * 4
    assert premises("int8-loses-nothing", t=1000, h=1, b=8) == [True] * 3
    assert premises("int8-loses-nothing", t=1000, h=1, b=4)[-1] is False
    assert premises("int4-memory", t=1000, h=1, b=4) == [True] * 3
    assert premises("more-exposures", b=32, h=64) == [True] * 2
    assert premises("more-exposures", b=8, h=0) == [False] * 2


def test_what_the_source_states_is_about_language_models() -> None:
    stated = {c.id for c in theory.all_claims() if c.paper.name == "allen-zhu-li" and c.provenance == "STATED"}
    assert stated == {"two-bits-per-parameter", "two-bits-reached", "more-exposures"}
    assert {theory.claim(name).arm for name in stated} == {"transformer"}
