"""The exact checks themselves: they accept what is true and reject what is false."""

import doctest
from fractions import Fraction

import pytest
import sympy as sp

from theory.certify import certificate
from theory.certify.certificate import Outcome, Proof, Step
from theory.certify.exact import (
    all_of,
    identities,
    nonnegative_coefficients,
    polynomial_nonnegative,
    vanishes,
)
from theory.numbers.balls import above, below_zero_at, working_precision

x, y = sp.symbols("x y", positive=True)


@pytest.mark.parametrize(
    ("polynomial", "expected"),
    [
        (sp.Integer(0), True),
        (sp.Integer(1), True),
        (sp.Integer(-1), False),
        ((1 - 2 * x) ** 2, True),
        (x * (1 - x), True),
        (-x * (1 - x), False),
        ((2 * x - 1) ** 3, False),
        (x**2 - sp.Rational(1, 10**6), False),
        ((x - sp.Rational(1, 3)) ** 2 * (x - sp.Rational(2, 3)) ** 2, True),
        ((x - sp.Rational(1, 2)) ** 2 - sp.Rational(1, 10**9), False),
        (x - 1, False),
        ((x - sp.Rational(1, 8)) * (x - sp.Rational(3, 8)), False),
        ((x + 1) * (2 - x), True),
    ],
)
def test_sturm_decides_the_sign_on_the_unit_interval(polynomial: sp.Expr, expected: bool) -> None:
    outcome = polynomial_nonnegative(polynomial, x, 0, 1)
    assert outcome.proved is expected
    # Second route: exact values on a fine rational grid agree with the verdict.
    values = [sp.sympify(polynomial).subs(x, sp.Rational(i, 2000)) for i in range(2001)]
    if expected:
        assert min(values) >= 0


def test_identities_name_the_one_that_fails() -> None:
    assert identities(("square", (x + y) ** 2, x**2 + 2 * x * y + y**2)).proved
    outcome = identities(("true", x, x), ("wrong", x, 2 * x))
    assert not outcome.proved
    assert outcome.detail.startswith("wrong")


def test_logarithms_of_products_are_expanded() -> None:
    assert vanishes(sp.log(x * y) - sp.log(x) - sp.log(y))
    assert not vanishes(sp.log(x + y) - sp.log(x) - sp.log(y))


def test_nonnegative_coefficients() -> None:
    assert nonnegative_coefficients(x**2 + 3 * x * y, x, y).proved
    assert not nonnegative_coefficients((x - y) ** 2, x, y).proved


def test_signs_of_balls_are_decided_however_close() -> None:
    def excess(flint: object) -> object:
        return flint.arb(2).sqrt() - flint.arb(flint.fmpq(14142135623730950488, 10**19))  # type: ignore[attr-defined]

    assert below_zero_at(excess) is False
    assert below_zero_at(lambda flint: -excess(flint)) is True  # type: ignore[operator]
    assert below_zero_at(lambda flint: flint.arb(2).sqrt() ** 2 - 2, most_bits=256) is None


def test_the_float_above_a_ball_is_above_it() -> None:
    with working_precision(128) as flint:
        third = flint.arb(flint.fmpq(1, 3))
    assert Fraction(above(third)) > Fraction(1, 3)


def test_all_of_and_run() -> None:
    good, bad = Outcome(True, "a"), Outcome(False, "b")
    assert all_of(good, bad, good) == bad
    assert all_of(good, good).detail == "a; a"
    certificate = Step("c:m", "page.1", "s", "d", "m", lambda: bad).run()
    assert (certificate.status, certificate.base_claim, certificate.seconds >= 0) == ("NOT PROVED", "c", True)


def test_an_error_in_a_check_is_not_a_refutation() -> None:
    def broken() -> Outcome:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Step("c", "page.1", "s", "d", "m", broken).run()


def test_a_proof_lists_steps_and_mutants_in_the_order_of_the_page() -> None:
    proof = Proof("claim", "page")

    @proof.mutant("too-many", "at most 3", 3, number=4, domain="elsewhere")
    @proof.mutant("one-more", "at most 2", limit=2)
    @proof.step(3, "at most 1", "here", "counting")
    @proof.step(1, "at most 0", "there", "looking", limit=0)
    def at_most(limit: int = 1) -> Outcome:
        return Outcome(limit <= 1, f"{limit}")

    @proof.step(2, "nothing", "here", "counting")
    def nothing() -> Outcome:
        return Outcome(True)

    assert [step.step for step in proof.steps] == ["page.1", "page.2", "page.3"]
    assert all(step.run().proved for step in proof.steps)
    assert [(m.claim, m.step, m.domain, m.method, m.check().detail) for m in proof.mutants] == [
        ("claim:one-more", "page.3", "here", "counting", "2"),
        ("claim:too-many", "page.4", "elsewhere", "counting", "3"),
    ]
    assert not any(mutant.run().proved for mutant in proof.mutants)
    assert doctest.testmod(certificate) == (0, 5)
