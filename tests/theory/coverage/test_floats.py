"""The float routes of coverage: against long arithmetic, with the errors that they state."""

import math
from fractions import Fraction
from math import comb
from typing import Any

import mpmath as mp
import numpy as np
import pytest

from theory.coverage import floats as covering

UNIT = 2.0**-52


def _stirling(n: Any) -> Any:
    return mp.loggamma(n + 1) - (n * mp.log(n) - n + mp.log(2 * mp.pi * n) / 2) if n else mp.mpf(0)


def _deviance(e: Any) -> Any:
    return mp.mpf(1) if e == -1 else (1 + e) * mp.log(1 + e) - e


def _points() -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(12)
    points = [(1, 1, 2), (1, 1, 8), (3, 2, 9), (4, 2, 8), (20, 3, 15), (2, 5, 6), (10**9, 1, 10**6), (15, 7, 8)]
    for _ in range(90):
        r = int(10 ** rng.uniform(0.31, 6))
        k = min(r - 1, int(10 ** rng.uniform(0, 6)))
        n = int(10 ** rng.uniform(0, 9))
        points += [(n, k, r), (max(1, int(6.5 * math.log(k) * r / k)), k, r)]
    return points


POINTS = _points()
COLUMNS = dict(zip(("N_f", "K", "R"), np.array(POINTS, dtype=np.float64).T, strict=True))


def test_what_is_left_of_stirlings_formula_is_right_to_double_precision() -> None:
    n = np.array([*range(60), 1e3, 1e6, 1e9, 1e15])
    with mp.workdps(60):
        exact = np.array([float(_stirling(mp.mpf(x))) for x in n])
    assert covering._stirling_error(n) == pytest.approx(exact, rel=1.2e-15, abs=0)


def test_the_deviance_is_right_to_double_precision() -> None:
    e = np.array(
        [-1, -0.999, -0.5, -0.2, -0.1, -0.0999, -0.05, -1e-3, -1e-9, 0, 1e-12, 1e-4, 0.0999, 0.1, 0.2, 1.05, 9]
    )
    with mp.workdps(60), np.errstate(all="ignore"):
        exact = np.array([float(_deviance(mp.mpf(x))) for x in e])
        found = covering._deviance(e)
    assert found == pytest.approx(exact, rel=1e-14, abs=0)
    assert found[(np.abs(e) < 0.1)] == pytest.approx(exact[np.abs(e) < 0.1], rel=6e-16, abs=0)


def test_logarithms_of_ratios_are_right_near_one_too() -> None:
    pairs = [(1, 3), (2, 5), (1, 2), (3, 5), (10**9 - 1, 10**9), (1, 10**9), (4, 4), (10**15 - 1, 10**15)]
    part, whole = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    with mp.workdps(60):
        exact = np.array([float(mp.log(mp.mpf(a) / b)) for a, b in pairs])
    assert covering._log_ratio(part, whole) == pytest.approx(exact, rel=4e-16, abs=0)


def test_the_tail_bound_and_its_error_are_those_of_long_arithmetic() -> None:
    """The error is 16 units of every part that is summed, and covers what is off."""
    values, errors = covering.log_some_below_half_bound(**COLUMNS)
    trivial = 0
    with mp.workdps(50):
        for value, error, (N, K, R) in zip(values, errors, POINTS, strict=True):
            n, k, r = mp.mpf(N), mp.mpf(K), mp.mpf(R)
            c, p = N * K // (2 * R), k / r
            pmf = (
                mp.loggamma(n + 1) - mp.loggamma(c + 1) - mp.loggamma(n - c + 1)
                + c * mp.log(p) + (n - c) * mp.log(1 - p)
            )  # fmt: skip
            tail = -mp.log(1 - c * (1 - p) / ((n - c + 1) * p))
            exact = mp.log(k) + pmf + tail
            assert abs(value - min(exact, 0)) <= error + 1e-300, (N, K, R)
            parts = [n * p * _deviance((c - n * p) / (n * p)), n * (1 - p) * _deviance((n * p - c) / (n * (1 - p)))]
            if c:
                correction = _stirling(n) - _stirling(n - c) - _stirling(mp.mpf(c))
                parts += [mp.log(2 * mp.pi * c * (n - c) / n) / 2, correction]
            stated = float(16 * UNIT * sum(map(abs, [*parts, mp.log(k), pmf, tail])))
            if exact > stated * 1.01:
                assert (value, error) == (0.0, 0.0)
                trivial += 1
            else:
                assert error == pytest.approx(stated, rel=1e-6, abs=0)
    assert 5 < trivial < len(POINTS) - 20


def test_the_tail_bound_is_exact_where_every_fact_owns_every_template() -> None:
    eights = np.array([8.0, 8.0, 8.0])
    values, errors = covering.log_some_below_half_bound(N_f=np.array([0.0, 1.0, 5.0]), K=eights, R=eights)
    assert values.tolist() == [0.0, -math.inf, -math.inf]
    assert errors.tolist() == [0.0, 0.0, 0.0]


def test_products_from_2_to_the_62_on_are_declined() -> None:
    n, k, r = np.array([2.0**40] * 4), np.array([4.0] * 4), np.array([20.0, 2.0**21, 2.0**22, 2.0**40])
    with np.errstate(all="raise"):
        _, error = covering.log_some_below_half_bound(N_f=n, K=k, R=r)
    assert np.isfinite(error).tolist() == [True, True, False, False]


def test_that_none_is_seen_and_its_error_are_those_of_exact_rationals() -> None:
    shapes = [(1, 2), (1, 3), (3, 6), (3, 7), (4, 7), (5, 5), (20, 60), (100, 1000), (1, 10**6)]
    n = np.array([1.0, 3.0, 1000.0])[:, None]
    k, r = (np.array(column, dtype=np.float64)[None, :] for column in zip(*shapes, strict=True))
    n, k, r = np.broadcast_arrays(n, k, r)
    values, errors = covering.log_none_seen(N_f=n, K=k, R=r)
    assert values.shape == (3, len(shapes))
    with mp.workdps(40):
        for i in range(3):
            for j, (own, universe) in enumerate(shapes):
                ratio = Fraction(comb(universe - own, own), comb(universe, own))
                if ratio == 0:
                    assert (values[i, j], errors[i, j]) == (-math.inf, 0.0)
                    continue
                exact = float(int(n[i, j]) * mp.log(mp.mpf(ratio.numerator) / ratio.denominator))
                assert abs(values[i, j] - exact) <= 1e-14 * abs(exact)
                assert errors[i, j] == 64 * UNIT * abs(values[i, j])
