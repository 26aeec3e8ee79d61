"""Logarithms of rationals, values from text, their domains, and the order in which routes are taken."""

import math
from fractions import Fraction
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import theory
from theory import DomainError
from theory.claims.xu_chen.paper import NOTATION, K, N_f, R
from theory.numbers.evaluate import LogBound, check_domain, log_fraction, parse_assignments, parse_value
from theory.parts import Evaluation
from theory.planning.plan import plan


def bound(expression: sp.Expr, domain: tuple[Any, ...] = (), **routes: Any) -> LogBound:
    return LogBound("mine", expression, NOTATION, domain, Evaluation(**routes))


def test_logarithms_of_rationals_are_right_near_one_and_beyond_floats() -> None:
    values = [1 + sign * Fraction(1, 10**k) for k in (1, 3, 9, 17, 40) for sign in (1, -1)]
    values += [Fraction(n, 8) for n in range(1, 20)] + [Fraction(10**400, 3), Fraction(7, 10**400), Fraction(3**900)]
    values += [Fraction(1, 10**25), Fraction(2**70 + 1, 2**69), Fraction(2**69, 2**70 + 1)]
    with mp.workdps(500):
        for value in values:
            exact = float(mp.log(mp.mpf(value.numerator) / value.denominator))
            assert log_fraction(value) == pytest.approx(exact, rel=4e-16, abs=0)
    assert log_fraction(Fraction(0)) == -math.inf
    assert log_fraction(Fraction(1)) == 0
    for negative in (Fraction(-1, 3), Fraction(-7)):
        with pytest.raises(ValueError, match=f"logarithm of the negative number {negative}"):
            log_fraction(negative)


def refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(DomainError) as caught:
        theory.claim("ood-error-literal").log_bound(**values)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"q": 1}, "ood-error-literal does not know q; it uses R, K, N_f"),
        ({"n_f": 1}, "ood-error-literal does not know n_f; did you mean N_f? it uses R, K, N_f"),
        ({"Eta": 1, "q": 1}, "ood-error-literal does not know Eta, q; did you mean eta? it uses R, K, N_f"),
        ({"K": 11}, "at K=11, R=10: needs K <= R"),
        ({"K": np.array([1, 12, 11])}, "at K=12, R=10: needs K <= R"),
        ({"N_f": -1}, "N_f=-1: must be an integer"),
        ({"K": 0}, "K=0: must be an integer >= 1"),
        ({"N_f": 2.5}, "N_f=2.5"),
        ({"N_f": float("nan")}, "N_f=nan"),
        ({"N_f": float("inf")}, "N_f=inf"),
        ({"N_f": "5"}, "N_f='5': must be"),
        ({"N_f": ["5", "6"]}, "N_f='5': must be"),
        ({"N_f": None}, "N_f=array(None, dtype=object): must be"),
        ({"N_f": True}, "N_f=True: must be"),
        ({"N_f": np.array([], dtype=str)}, "N_f=array([], dtype="),
        ({"N_f": np.array([5.0, 2.5, -1.0])}, "N_f=2.5"),
        ({"N_f": np.array([2**70, -3], dtype=object)}, "N_f=-3"),
        ({"N_f": np.array([2**70, 2.0], dtype=object)}, "must be"),
    ],
)
def test_impossible_values_are_refused_by_name(changed: dict[str, Any], message: str) -> None:
    refused({"N_f": 5, "K": 3, "R": 10} | changed, message)


def test_missing_values_are_named() -> None:
    refused({"N_f": 5, "K": 3}, "ood-error-literal needs R (it uses R, K, N_f)")
    refused({}, "needs R, K, N_f (it uses R, K, N_f)")


def test_what_is_too_much_is_named_before_what_is_missing() -> None:
    refused({"N_f": 5, "K": 3, "Q": 0}, "ood-error-literal does not know Q; it uses R, K, N_f")
    refused({"N_f": 5, "k": 3, "R": 9}, "ood-error-literal does not know k; did you mean K? it uses R, K, N_f")
    refused({"N_f": 5, "K": 3, "S": 9}, "needs R (it uses R, K, N_f); it does not depend on S")
    claim = theory.claim("ood-error-literal")
    for ask in (claim.bound, claim.enclosure, lambda **values: plan(claim, 0.1, "N_f", **values)):
        with pytest.raises(DomainError, match=r"does not know r; did you mean R\? it uses R, K"):
            ask(r=9)


def test_the_least_values_are_taken() -> None:
    claim = theory.claim("ood-error-literal")
    assert claim.log_bound(N_f=0, K=1, R=2) == 0
    assert claim.log_bound(N_f=np.array([2**70, 0], dtype=object), K=1, R=2)[1] == 0
    assert claim.log_bound(N_f=5, K=10, R=10, A=3) == claim.log_bound(N_f=5.0, K=10.0, R=10)
    with pytest.raises(DomainError, match="eta=0: must be"):
        bound(sp.log(NOTATION["eta"].symbol)).at({"eta": 0})
    assert bound(NOTATION["eta"].symbol + 0).at({"eta": 0.25}) == 0.25
    with pytest.raises(DomainError, match="eta=inf: must be"):
        bound(NOTATION["eta"].symbol + 0).at({"eta": math.inf})


def test_relations_wait_for_all_of_their_symbols() -> None:
    with pytest.raises(DomainError, match=r"mine at K=3, R=2: needs K <= R"):
        check_domain("mine", [N_f >= K, K <= R], {"K": 3, "R": 2})
    check_domain("mine", [N_f >= K, K <= R], {"K": 3, "R": 3})
    checked = bound(K + R, (K <= R,)).check({"K": 5, "N_f": 2}, without="R")
    assert list(checked) == ["K", "N_f"]
    with pytest.raises(DomainError, match="needs K"):
        bound(K + R, (K <= R,)).check({"N_f": 2}, without="R")


def test_values_from_text() -> None:
    assert parse_value(NOTATION, "N_f", "12") == 12
    assert type(parse_value(NOTATION, "N_f", "12")) is int
    assert parse_value(NOTATION, "eta", "0.5") == parse_value(NOTATION, "eta", "1/2") == 0.5
    for name, text in [
        ("N_f", "1.5"),
        ("eta", "1/0"),
        ("eta", "1/2/3"),
        ("eta", "/2"),
        ("Q", "1"),
        ("eta", "0"),
        ("K", "__import__('os')"),
    ]:
        with pytest.raises(DomainError):
            parse_value(NOTATION, name, text)


def test_long_texts_are_shortened_in_messages() -> None:
    for text, shown in [("x" * 40, "x" * 40), ("x" * 41, "x" * 37 + "..."), ("9" * 41, "9" * 37 + "...")]:
        with pytest.raises(DomainError) as caught:
            parse_value(NOTATION, "N_f", text)
        assert str(caught.value).startswith(f"N_f={shown}: must be an integer")


def test_values_from_text_go_up_to_10_to_the_18() -> None:
    assert parse_value(NOTATION, "N_f", str(10**18)) == 10**18
    for text in (str(10**18 + 1), str(-(10**18) - 1)):
        with pytest.raises(DomainError, match="at most 10"):
            parse_value(NOTATION, "N_f", text)


def test_values_from_words() -> None:
    assert parse_assignments(NOTATION, ["N_f=12", "eta=0.5"]) == {"N_f": 12, "eta": 0.5}
    for words, message in [
        (["N_f"], "not of the form"),
        (["K=2", "K=3"], "K is given twice, 2 and 3"),
        (["Q=1"], "unknown symbol Q"),
    ]:
        with pytest.raises(DomainError, match=message):
            parse_assignments(NOTATION, words)


@pytest.mark.parametrize(
    ("value", "error", "taken"),
    [
        (-7.0, 0.0, True),
        (-7.0, 7e-13 * (1 - 1e-9), True),
        (-1.0, 1e-13, True),
        (-7.0, 7e-13 * (1 + 1e-9), False),
        (-7.0, math.inf, False),
        (-math.inf, 0.0, True),
        (-math.inf, 0.5, False),
        (-math.inf, 2.0, False),
        (0.0, 0.0, True),
        (math.nan, 0.0, False),
    ],
)
def test_floats_are_taken_where_their_error_is_below_1e_13_of_them_and_else_balls(
    value: float, error: float, taken: bool
) -> None:
    def numeric(N_f: Any) -> Any:
        return np.full(np.shape(N_f), value), np.full(np.shape(N_f), error)

    def balls(bits: int, N_f: int) -> Any:
        from theory.numbers.balls import rational

        return rational(-N_f)

    mine = bound(N_f + 0, numeric=numeric, ball=balls)
    found = mine.at({"N_f": np.array([[3, 4], [5, 6]])})
    assert found.tolist() == ([[value] * 2] * 2 if taken else [[-3.0, -4.0], [-5.0, -6.0]])
    assert type(mine.at({"N_f": 3})) is float


def test_exact_routes_take_integers_and_give_the_value() -> None:
    def exact(K: Any, N_f: Any) -> float:
        assert type(K) is type(N_f) is int
        return math.nan if K == 9 else -0.0 if K == 8 else float(N_f - K)

    mine = bound(N_f * K, exact=exact)
    assert mine.at({"N_f": np.array([5.0, 7.0]), "K": 2.0}).tolist() == [3.0, 5.0]
    assert math.copysign(1.0, mine.at({"N_f": 5, "K": 8})) == 1.0  # no negative zero
    with pytest.raises(ArithmeticError, match=r"mine is broken: its bound: it is no number \(NaN\) at K=9, N_f=5"):
        mine.at({"N_f": np.array([5, 5]), "K": np.array([2, 9])})


def test_what_floats_do_not_know_goes_to_balls_point_by_point() -> None:
    found = bound(sp.log(sp.binomial(R, K))).at({"R": np.array([5, 60]), "K": np.array([2, 30])})
    assert found == pytest.approx([math.log(10), math.log(math.comb(60, 30))], rel=1e-15)
    with pytest.raises(
        ArithmeticError, match=r"mine is broken: its bound: the logarithm of a negative number at K=3, N_f=7"
    ):
        bound(sp.log(N_f - K - 5)).at({"N_f": np.array([9, 7]), "K": 3})


def test_enclosures_are_as_small_as_asked() -> None:
    mine = bound(sp.log(R) - sp.log(K))
    for bits in (40, 300):
        enclosure = mine.enclosure({"R": 7, "K": 3}, bits)
        assert enclosure.ball.rel_accuracy_bits() >= bits
        assert enclosure.lower <= math.log(7 / 3) <= enclosure.upper
        assert enclosure.bits == (96 if bits == 40 else 384)
    with pytest.raises(DomainError, match="K=0"):
        mine.enclosure({"R": 7, "K": 0}, 60)
    with pytest.raises(DomainError, match=r"^R: an enclosure is of one point, not of an array"):
        mine.enclosure({"R": np.array([7, 8]), "K": np.array([3, 4])}, 60)


def test_a_parameter_that_the_bound_holds_for_is_chosen_well_at_each_point() -> None:
    rho = sp.Symbol("rho", positive=True)
    mine = bound(N_f * rho + K / rho, minimised_over=(rho,))  # least 2 sqrt(N_f K)
    assert mine.at({"N_f": 3, "K": 12}) == pytest.approx(12, rel=1e-10)
    assert mine.at({"N_f": np.array([1, 4]), "K": 9}) == pytest.approx([6, 12], rel=1e-10)
    assert pytest.approx(mine.enclosure({"N_f": 3, "K": 12}, 60).lower, rel=1e-10) == 12.0
