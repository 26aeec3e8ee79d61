"""Ball arithmetic: exact where it can be, enclosing where it cannot, undecided where it must be."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import theory
from theory.numbers import balls
from theory.numbers.balls import Undecided, above, ball, below, below_zero_at, enclose, log_float, rational

X, Y, Z = sp.symbols("x y z", real=True)
HALF = flint.fmpq(1, 2)


def exact(value: Any) -> bool:
    return isinstance(value, flint.fmpq)


def test_a_number_is_asked_for_at_96_bits_and_twice_as_many_up_to_2_to_the_17() -> None:
    asked = []

    def never(bits: int) -> Any:
        asked.append(bits)
        assert flint.ctx.prec == bits
        raise Undecided("still not")

    with pytest.raises(ArithmeticError, match="not decided at 131072 bits"):
        enclose(never)
    assert asked == [96 << k for k in range(11)]


@pytest.mark.parametrize(
    ("first", "taken"),
    [
        (lambda: -math.inf, True),
        (lambda: flint.fmpq(1, 3), True),
        (lambda: flint.arb(0.1), True),
        (lambda: flint.arb(3, 2.0**-70), True),
        (lambda: flint.arb(3, 2.0**-40), False),
        (lambda: flint.arb(0, flint.arb(2) ** -1101), True),  # below every float, if not to many digits
        (lambda: flint.arb(0, (1 - flint.arb(2) ** -9) * flint.arb(2) ** -1100), True),
        (lambda: flint.arb(0, flint.arb(2) ** -1100), False),
        (lambda: flint.arb(0, flint.arb(2) ** -1099), False),
        (lambda: flint.arb.pos_inf(), False),
        (lambda: flint.arb.nan(), False),
    ],
)
def test_more_bits_are_asked_for_until_a_ball_is_small(first: Callable[[], Any], taken: bool) -> None:
    found = enclose(lambda bits: first() if bits == 96 else flint.arb(7))
    assert found.bits == (96 if taken else 192)
    if not taken:
        assert (found.lower, found.upper) == (7.0, 7.0)


def test_a_ball_is_small_enough_at_the_accuracy_that_is_asked() -> None:
    rough = flint.arb(3, 2.0**-40)
    bits = rough.rel_accuracy_bits()
    assert enclose(lambda _: rough, bits).bits == 96
    for relative_bits, more in [(bits + 1, 192), (60, 192)]:
        assert enclose(lambda at: rough if at == 96 else flint.arb(3), relative_bits).bits == more
    assert enclose(lambda at: flint.arb(1, 2.0**-62) if at == 96 else flint.arb(3)).bits == 96
    limit = next(flint.arb(1, 2.0**-k) for k in range(50, 70) if flint.arb(1, 2.0**-k).rel_accuracy_bits() == 60)
    assert enclose(lambda at: limit if at == 96 else flint.arb(3)).bits == 96
    assert enclose(lambda at: 0 * limit + flint.arb(1, 2 * limit.rad()) if at == 96 else flint.arb(3)).bits == 192


def test_the_sign_of_a_number_is_sought_from_64_bits_on() -> None:
    for most, asked_for in [(256, [64, 128, 256]), (None, [64 << k for k in range(9)])]:
        asked: list[int] = []

        def undecided(module: Any, asked: list[int] = asked) -> Any:
            asked.append(module.ctx.prec)
            if len(asked) % 2:
                raise Undecided("still not")
            return module.arb(0, 1)

        assert below_zero_at(undecided, *([] if most is None else [most])) is None
        assert asked == asked_for
    assert below_zero_at(lambda module: module.arb(0)) is None
    for number, below_zero in [(0.5, False), (-0.5, True), (7.0, False), (-7.0, True)]:
        assert below_zero_at(lambda module, number=number: module.arb(number)) is below_zero


def test_ends_are_the_nearest_floats_outside() -> None:
    with balls.working_precision(200):
        for value in (Fraction(1, 3), Fraction(2, 3), Fraction(-1, 3), Fraction(-22, 7), Fraction(10**30, 7)):
            number = flint.arb(rational(value))
            assert Fraction(below(number)) < value < Fraction(above(number))
            assert above(number) == math.nextafter(below(number), math.inf)
        for value in (0.5, -3.0, 0.1, 0.0):
            assert below(flint.arb(value)) == above(flint.arb(value)) == value
        assert below(flint.arb(1, 0.5)) <= 0.5
        assert above(flint.arb(1, 0.5)) >= 1.5
        wide = flint.arb(1, 2.0**-53)
        assert below(wide) < 1 < above(wide)


def test_an_enclosure_holds_its_ends_and_nothing_beyond() -> None:
    found = theory.claim("covering-some-unseen").enclosure(N_f=5, K=3, R=20)
    assert found.lower < found.upper
    assert found.lower in found
    assert found.upper in found
    assert math.nextafter(found.lower, -math.inf) not in found
    assert math.nextafter(found.upper, math.inf) not in found


def test_the_float_of_an_enclosure_is_the_nearest_to_its_middle() -> None:
    for value in (Fraction(1, 3), Fraction(10**25 + 1, 10**25), Fraction(-5, 7)):
        assert log_float(enclose(lambda _, value=value: rational(value))) == float(value)
    assert log_float(enclose(lambda _: flint.arb(2).log())) == math.log(2)
    assert log_float(enclose(lambda _: -math.inf)) == -math.inf


EXPRESSIONS = [
    sp.pi + sp.E * X,
    sp.sqrt(X) - sp.sqrt(Y),
    X**3 / Y - Z,
    (sp.sqrt(X) - 2) ** -3,
    (sp.sqrt(2) - X) ** 2 + (sp.sqrt(X * Y) - sp.sqrt(X) * sp.sqrt(Y)) ** 3,
    sp.log(X) * sp.exp(-Y) + sp.log(Z),
    sp.exp(-X / Y) ** Z,
    X ** (-Y / 7),
    sp.Min(sp.sqrt(X), Y, Z) * sp.Max(sp.sqrt(Y), X),
    sp.Max(-sp.sqrt(X), -Y, -sp.log(Z)),
    sp.floor(10 * sp.sqrt(X)) + sp.floor(-sp.sqrt(Y)) + sp.floor(Z / 4),
    sp.binomial(X, Y) / sp.exp(1),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_balls_hold_what_long_arithmetic_finds_and_little_more(expression: sp.Expr) -> None:
    for point in [(5, 3, 2), (11, 7, 10), (2, 1, 9), (40, 8, 3)]:
        values = dict(zip("xyz", point, strict=True))
        plain = sp.lambdify((X, Y, Z), expression, "mpmath")
        with mp.workdps(60), flint.ctx.workprec(150):
            middle = mp.mpf(plain(*(mp.mpf(v) for v in point)))
            difference = flint.arb(ball(expression, values)) - flint.arb(mp.nstr(middle, 50))
            assert abs(difference) < flint.arb(10) ** -38 * (1 + abs(flint.arb(mp.nstr(middle, 50))))


def test_rational_arithmetic_is_exact() -> None:
    point = {"x": Fraction(3, 7), "y": -2, "z": 0.625}
    for expression, value in [
        (X * Y + Z, Fraction(-6, 7) + Fraction(5, 8)),
        (X**Y, Fraction(49, 9)),
        (X**3, Fraction(27, 343)),
        (sp.Min(X, Y, Z), -2),
        (sp.Min(Z, X), Fraction(3, 7)),
        (sp.Max(X, Y, Z), Fraction(5, 8)),
        (sp.Max(Y, X), Fraction(3, 7)),
        (sp.floor(-Z), -1),
        (sp.floor(4 * Z), 2),
        (X**0 * sp.log(X - X + 1), 0),
        (sp.exp(0 * X), 1),
        (sp.Rational(-5, 3), Fraction(-5, 3)),
    ]:
        found = ball(expression, point)
        assert exact(found)
        assert found == rational(value)


def test_exact_numbers_stay_so_while_they_are_short() -> None:
    """Powers and binomial coefficients of 20,000 bits by their factors, sums and products of 40,000."""
    for base, exponent, short in [(2, 10_000, True), (2, 10_001, False), (1, 20_000, True), (1, 20_001, False)]:
        assert exact(ball(X**Y, {"x": base, "y": exponent})) is short
        assert exact(ball(X**Y, {"x": base, "y": -exponent})) is short
    huge = 1 << 39_999
    for other, short in [(huge - 1, True), (huge, False)]:
        total = ball(X + Y, {"x": huge, "y": other})
        assert exact(total) is short
        assert total == huge + other if short else total.contains(huge + other)
    assert exact(ball(X * Y, {"x": 1 << 20_000, "y": 1 << 19_999}))
    assert not exact(ball(X * Y, {"x": 1 << 20_000, "y": 1 << 20_000}))
    n = 2**20 - 1  # of 20 bits
    for k, short in [(1_000, True), (1_001, False), (n - 1_000, True), (n - 1_001, False)]:
        assert exact(ball(sp.binomial(X, Y), {"x": n, "y": k})) is short


def test_binomial_coefficients_are_exact_while_short_and_enclosed_where_long() -> None:
    with balls.working_precision(200):
        for n, k in [(60, 7), (10**6, 3), (10**6, 10**6 - 3), (7, 0), (7, 7), (7, 8), (7, 6), (0, 0), (0, 1), (1, 1)]:
            assert ball(sp.binomial(X, Y), {"x": n, "y": k}) == rational(math.comb(n, k))
        assert ball(sp.binomial(X, Y), {"x": 7, "y": -1}) == 0
        long = ball(sp.binomial(X, Y), {"x": 20_000, "y": 5_000})
        assert long.overlaps(rational(math.comb(20_000, 5_000)) + 0 * long)
        assert 100 < long.rel_accuracy_bits() < 200
    for n, k in [(2.5, 1), (5, 1.5), (-1, 0), (sp.sqrt(2), 1), (3, sp.sqrt(2))]:
        with pytest.raises(Undecided, match="not known to be integers"):
            balls._binomial(*(flint.arb(2).sqrt() if a == sp.sqrt(2) else rational(a) for a in (n, k)))


def test_signs_are_known_or_undecided() -> None:
    for value, sign in [(-math.inf, -1), (HALF, 1), (-HALF, -1), (flint.fmpq(0), 0), (7, 1), (-7, -1)]:
        assert balls._sign(flint.fmpq(value) if isinstance(value, int) else value) == sign
    for value, sign in [(flint.arb(0.5), 1), (flint.arb(-0.5), -1), (flint.arb(0), 0), (flint.arb(9), 1)]:
        assert balls._sign(value) == sign
    for straddling in (flint.arb(0, 1), flint.arb(1, 1), flint.arb(-1, 1), flint.arb.nan()):
        with pytest.raises(Undecided, match="the sign of"):
            balls._sign(straddling)


def test_powers_at_zero_and_of_what_may_be_zero() -> None:
    zero, root = flint.fmpq(0), flint.arb(2).sqrt()
    assert balls._power(zero, HALF) == balls._power(zero, root) == balls._power(zero, flint.fmpq(3)) == 0
    for base in (zero, -HALF, root, flint.arb(0, 1), -math.inf):
        assert balls._power(base, zero) == 1
    for exponent in (flint.fmpq(-1), -HALF, -root):
        with pytest.raises(ArithmeticError, match="a negative power of 0"):
            balls._power(zero, exponent)
    for straddling in (flint.arb(0, 0.5), flint.arb(0, 2), flint.arb(1, 1), flint.arb(-1, 1)):
        for whole in (-1, -2, -3):
            with pytest.raises(Undecided, match="division by a ball that holds 0"):
                balls._power(straddling, flint.fmpq(whole))
        for whole in (2, 3):
            found = balls._power(straddling, flint.fmpq(whole))
            for end in (straddling.lower(), straddling.upper()):
                assert found.contains(end**whole)
                assert abs(found) < 1.01 * max(abs(straddling.lower()), abs(straddling.upper())) ** whole
        with pytest.raises(Undecided):
            balls._power(straddling, HALF)
    for base in (0.5, -0.5, 3.0, -3.0):
        for whole in (-3, -1, 1, 3):
            assert balls._power(flint.arb(base, 2.0**-20), flint.fmpq(whole)).contains(flint.arb(base) ** whole)
    for base in (-HALF, flint.fmpq(-8), flint.arb(-8)):
        with pytest.raises(ArithmeticError, match="a real power of a negative number"):
            balls._power(base, flint.fmpq(1, 3))
    assert exact(balls._power(flint.fmpq(1, 3), flint.fmpq(-2)))


def test_the_logarithm_of_zero_keeps_its_sign_in_a_product() -> None:
    point = {"x": 2, "y": 0}
    assert ball(X * sp.log(Y), point) == -math.inf
    assert ball((X - 2) * sp.log(Y), point) == 0
    with pytest.raises(ArithmeticError, match=r"a logarithm of \+infinity"):
        ball(-X * sp.log(Y), point)
    assert ball(-X * sp.log(Y) * sp.log(sp.Rational(1, 2) * X / 2), point) == -math.inf
    assert balls._multiply(-math.inf, flint.arb(0)) == 0
    assert ball(X + sp.log(Y) + sp.sqrt(3), point) == -math.inf
    assert ball(sp.exp(sp.log(Y), evaluate=False), point) == 0
    assert ball(sp.S.NegativeInfinity, point) == -math.inf


def test_minima_and_maxima_with_the_logarithm_of_zero() -> None:
    bottom, third, root = -math.inf, flint.fmpq(1, 3), flint.arb(2).sqrt()
    assert balls._least(third, bottom) == balls._least(bottom, root) == bottom
    assert balls._greatest(bottom, third) == balls._greatest(third, bottom) == third
    assert balls._greatest(bottom, bottom) == bottom


def test_extrema_keep_what_is_exact_and_enclose_what_is_undecided() -> None:
    one, root = flint.fmpq(1), flint.arb(2).sqrt()
    for terms in [(one, root), (root, one), (root, one, root)]:
        assert balls._least(*terms) is one
        assert exact(balls._greatest(*(-a for a in terms)))
    assert balls._greatest(one, root).overlaps(root)
    assert balls._least(flint.fmpq(2), root).overlaps(root)
    assert not exact(balls._least(flint.fmpq(2), root))
    assert balls._least(flint.arb(1), one) == balls._least(one, flint.arb(1)) == 1
    low, high = flint.arb(1, 0.5), flint.arb(1.25, 0.5)  # [0.5, 1.5] and [0.75, 1.75]
    for pair in [(low, high), (high, low)]:
        least, greatest = balls._least(*pair), balls._greatest(*pair)
        assert least.contains(flint.arb(1, 0.499))
        assert not least.overlaps(flint.arb(1.625, 0.0625))
        assert greatest.contains(flint.arb(1.25, 0.499))
        assert not greatest.overlaps(flint.arb(0.625, 0.0625))


def test_logarithms_are_exact_at_0_and_1_and_refused_below() -> None:
    assert balls._log(flint.fmpq(0)) == balls._log(flint.arb(0)) == -math.inf
    assert exact(balls._log(flint.fmpq(1)))
    assert balls._log(flint.fmpq(1)) == 0
    assert balls._log(HALF).overlaps(-flint.arb(2).log())
    for negative in (-HALF, flint.arb(-0.5), -math.inf):
        with pytest.raises(ArithmeticError, match="the logarithm of a negative number"):
            balls._log(negative)
    with pytest.raises(ArithmeticError, match="the logarithm of a negative number"):
        enclose(lambda bits: ball(sp.log(1 - sp.sqrt(X)), {"x": 2}))


def test_exponentials_are_exact_at_zero_and_minus_infinity() -> None:
    for argument, value in [(-math.inf, 0), (flint.fmpq(0), 1)]:
        assert exact(balls._exp(argument))
        assert balls._exp(argument) == value
    assert balls._exp(flint.fmpq(1)).overlaps(flint.arb(1).exp())


def test_floors_of_balls_are_decided_or_not() -> None:
    assert balls._floor(flint.arb(2.5, 0.25)) == 2
    assert exact(balls._floor(flint.arb(2.5, 0.25)))
    with pytest.raises(Undecided, match="a floor"):
        balls._floor(flint.arb(3, 0.25))


def test_unknown_functions_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="no ball evaluation of sin"):
        ball(sp.sin(X), {"x": 1})


def test_an_enclosure_is_of_one_point_whatever_holds_its_numbers() -> None:
    claim = theory.claim("covering-some-unseen")
    plain = claim.enclosure(N_f=5, K=3, R=20).lower
    assert claim.enclosure(N_f=np.int64(5), K=np.array(3), R=np.int32(20)).lower == plain
    with pytest.raises(theory.DomainError, match="N_f: an enclosure is of one point, not of an array"):
        claim.enclosure(N_f=np.array([5, 6]), K=3, R=20)
