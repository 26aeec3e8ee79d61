"""Bounds of the paper: probabilities, monotone where they are said to be, as their expressions say."""

import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import theory
from theory.claims.xu_chen.paper import K, N_f, R
from theory.numbers.minimise import minimiser

DIGITS = 70
ON_FACTS = [
    "coverage-half-mean",
    "coverage-union",
    "coverage-union-sharp",
    "covering-none-seen",
    "covering-some-unseen",
    "covering-some-unseen-sharp",
    "ood-error-literal",
    "ood-error-normalised",
]


@pytest.mark.parametrize("t", [1, 30, 10**4, 10**9])
@pytest.mark.parametrize("K_", [1, 3, 8])
def test_pretraining_rate_is_right_at_its_rho_and_its_rho_is_best(t: int, K_: int) -> None:
    from scipy import optimize

    S = A = 30
    R_, eta = 8, 17.0
    claim = theory.claim("pretraining-rate-linear")

    def reference(rho):
        rho, V = mp.mpf(rho), S + R_ + A + 1
        first = mp.log(1 + (mp.exp(rho / 2) + V - K_ - 1) / (K_ * mp.exp(rho)))
        others = (A - 1) * mp.exp(-rho / 4) + (S + K_ + 1) * mp.exp(-3 * rho / 4) + (R_ - K_) * mp.exp(-5 * rho / 4)
        return first + mp.log(1 + others) + rho**2 * (S * (K_ + 0.25) + R_ * (R_ + A)) / (4 * mp.mpf(eta) * t)

    here = {"S": S, "A": A, "R": R_, "K": K_, "eta": eta, "t": t}
    value = claim.log_bound(**here)
    rho = float(minimiser(claim.log_expression, claim.minimised_over[0], {k: np.float64(v) for k, v in here.items()}))
    with mp.workdps(DIGITS):
        exact = mp.log(reference(rho))
        assert abs((value - exact) / exact) < 1e-12
    best = optimize.minimize_scalar(lambda u: float(reference(math.exp(u))), bounds=(-14, 7), method="bounded")
    assert math.exp(value) <= best.fun * (1 + 1e-9)


@given(st.integers(1, 10**9), st.integers(1, 10**6), st.integers(2, 10**6))
@settings(deadline=None, max_examples=40)
def test_every_bound_on_facts_is_a_probability_or_its_logarithm(n: int, k: int, r: int) -> None:
    k = min(k, r)
    for claim in theory.all_claims():
        if set(claim.symbols) == {"N_f", "K", "R"}:
            log_bound = claim.log_bound(N_f=n, K=k, R=r)
            assert not math.isnan(log_bound)
            assert log_bound <= 0
            assert 0 <= claim.bound(N_f=n, K=k, R=r) <= 1
    assert theory.claim("failure-regime").log_bound(N_f=n, K=k, R=r, A=r) <= 0


@pytest.mark.parametrize(("n", "k", "r"), [(1, 1, 2), (1, 2, 2), (5, 3, 20), (7, 19, 20), (40, 4, 60), (60, 2, 9)])
def test_symbolic_value_agrees(n: int, k: int, r: int) -> None:
    for identifier in ON_FACTS:
        claim = theory.claim(identifier)
        symbolic = sp.exp(claim.log_expression).subs({N_f: n, K: k, R: r}).doit()
        expected = float(symbolic.evalf(40)) if symbolic != 0 else 0.0
        assert claim.bound(N_f=n, K=k, R=r) == pytest.approx(expected, rel=1e-12, abs=0)


@given(st.integers(1, 3000), st.integers(1, 60), st.integers(2, 60))
@settings(deadline=None, max_examples=50)
def test_bounds_fall_where_they_are_said_to(n: int, k: int, r: int) -> None:
    k = min(k, r)
    for claim in theory.all_claims():
        if set(claim.symbols) != {"N_f", "K", "R"}:
            continue
        here = claim.log_bound(N_f=n, K=k, R=r)
        if "N_f" in claim.falls_in:
            assert claim.log_bound(N_f=n + 1, K=k, R=r) <= here
        if "K" in claim.falls_in and k < r:
            assert claim.log_bound(N_f=n, K=k + 1, R=r) <= here


def test_bounds_that_are_not_monotone_are_not_said_to_be() -> None:
    union = theory.claim("coverage-union-sharp")
    assert union.log_bound(N_f=20, K=4, R=40) > union.log_bound(N_f=19, K=4, R=40)
    assert "N_f" not in union.falls_in
    assert "K" not in theory.claim("covering-some-unseen").falls_in
    assert "K" not in theory.claim("covering-some-unseen-sharp").falls_in


def test_headline_bound_is_finite_where_it_underflows() -> None:
    claim = theory.claim("ood-error-literal")
    log_bound = claim.log_bound(N_f=1_000_000, K=64, R=100)
    assert math.isfinite(log_bound)
    assert log_bound == pytest.approx(-1_000_000 * 64**2 * math.log(100) / 20_000, rel=1e-14)
    assert claim.bound(N_f=1_000_000, K=64, R=100) == 0.0


def test_literal_reading_of_the_theory() -> None:
    bounds = theory.claim("ood-error-literal").bound(N_f=20, K=np.array([1, 2, 3, 4]), R=20)
    assert [round(float(b), 3) for b in bounds] == [0.928, 0.741, 0.510, 0.302]


def test_headline_formula_is_the_normalised_reading_in_disguise() -> None:
    r = np.arange(2, 200)
    normalised = theory.claim("ood-error-normalised").log_bound(N_f=50, K=2, R=r)
    literal = theory.claim("ood-error-literal").log_bound(N_f=50, K=2, R=r)
    assert np.allclose(literal, normalised * np.log(r), rtol=1e-14)
