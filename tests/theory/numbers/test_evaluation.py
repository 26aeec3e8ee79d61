"""Values of the bounds: against 50-digit arithmetic, balls, and each other; never NaN."""

import dataclasses
import math

import mpmath as mp
import numpy as np
import pytest
import sympy as sp

import theory
from theory import DomainError
from theory.claims.xu_chen.paper import K, N_f, R
from theory.numbers.balls import ball, enclose
from theory.numbers.floats import approximate
from theory.parts import Evaluation

DIGITS = 70


def _half_mean(n, k, r):
    return -n * k**2 / (2 * r**2)


def _literal(n, k, r):
    return -n * k**2 * mp.log(r) / (2 * r**2)


def _union(n, k, r):
    return min(mp.mpf(0), mp.log(k) - n * k**2 / (2 * r**2))


def _unseen(n, k, r):
    return mp.ninf if k == r else min(mp.mpf(0), mp.log(k) + n * (mp.log(r - k) - mp.log(r)))


def _none(n, k, r):
    if 2 * k > r:
        return mp.ninf
    return n * (2 * mp.loggamma(r - k + 1) - mp.loggamma(r - 2 * k + 1) - mp.loggamma(r + 1))


def _tail(n, k, r):
    if k == r:
        return mp.ninf
    c, p = int(n) * int(k) // (2 * int(r)), k / r
    log_pmf = (
        mp.loggamma(n + 1) - mp.loggamma(c + 1) - mp.loggamma(n - c + 1)
        + c * (mp.log(k) - mp.log(r)) + (n - c) * (mp.log(r - k) - mp.log(r))
    )  # fmt: skip
    return min(mp.mpf(0), mp.log(k) + log_pmf - mp.log(1 - c * (1 - p) / ((n - c + 1) * p)))


REFERENCES = {
    "coverage-half-mean": _half_mean,
    "ood-error-normalised": _half_mean,
    "ood-error-literal": _literal,
    "coverage-union": _union,
    "covering-some-unseen-sharp": _unseen,
    "covering-none-seen": _none,
    "coverage-union-sharp": _tail,
}


def _points() -> list[tuple[int, int, int]]:
    """Corners, random points over all magnitudes, and points where a bound crosses 1 (cancellation)."""
    rng = np.random.default_rng(12)
    points = []
    for r in (2, 3, 10, 997, 10**6):
        for k in sorted({1, 2, r // 2, r - 1, r} - {0}):
            points += [(n, k, r) for n in (1, 2, 3, 1000, 10**9)]
    for _ in range(150):
        r = int(10 ** rng.uniform(0.31, 6))
        k = min(r, int(10 ** rng.uniform(0, 6)))
        points.append((int(10 ** rng.uniform(0, 9)), k, r))
        for crossing in (2 * (r / k) ** 2 * math.log(k), math.log(k) * r / k, 6.5 * math.log(k) * r / k):
            if 1 <= crossing <= 10**9:
                points.append((int(crossing) + 1, k, r))
    return points


POINTS = _points()
EIGHTS = np.array([8.0, 8.0])


@pytest.mark.parametrize("identifier", sorted(REFERENCES))
def test_log_bound_is_right_to_1e12_against_long_arithmetic(identifier: str) -> None:
    n, k, r = (np.array(column) for column in zip(*POINTS, strict=True))
    values = theory.claim(identifier).log_bound(N_f=n, K=k, R=r)
    assert values.shape == n.shape
    with mp.workdps(DIGITS):
        for value, point in zip(values, POINTS, strict=True):
            exact = REFERENCES[identifier](*(mp.mpf(x) for x in point))
            if exact == mp.ninf:
                assert value == -math.inf, point
            elif abs(exact) < mp.mpf(10) ** (20 - DIGITS):  # zero but for the reference's own rounding
                assert value == 0, point
            else:
                assert abs((mp.mpf(float(value)) - exact) / exact) < 1e-12, point


def test_failure_regime_is_right_to_1e12_against_long_arithmetic() -> None:
    rng = np.random.default_rng(4)
    claim = theory.claim("failure-regime")
    for _ in range(150):
        r = int(10 ** rng.uniform(0.31, 6))
        k = int(rng.integers(1, max(2, min(r // 2, 4))))
        a = int(10 ** rng.uniform(0, 6))
        crossing = -math.log(a) / min(-1e-12, theory.claim("covering-none-seen").log_bound(N_f=1, K=k, R=r))
        for n in {max(1, int(crossing * rng.uniform(0, 1.1))), max(1, int(crossing))}:
            value = claim.log_bound(N_f=n, K=k, R=r, A=a)
            with mp.workdps(DIGITS):
                excess = mp.exp(_none(mp.mpf(n), mp.mpf(k), mp.mpf(r))) - 1 / mp.mpf(a)
                if excess <= mp.mpf(10) ** (20 - DIGITS):
                    assert value == -math.inf
                else:
                    assert abs((mp.mpf(float(value)) - mp.log(excess)) / mp.log(excess)) < 1e-12


@pytest.mark.parametrize("identifier", sorted(REFERENCES))
def test_float_value_lies_in_or_beside_the_ball(identifier: str) -> None:
    claim = theory.claim(identifier)
    for n, k, r in POINTS[::23]:
        value = claim.log_bound(N_f=n, K=k, R=r)
        enclosure = claim.enclosure(N_f=n, K=k, R=r)
        assert enclosure.lower <= enclosure.upper
        assert value == pytest.approx(enclosure.lower, rel=1e-12, abs=0) or value in enclosure


def test_arrays_broadcast() -> None:
    claim = theory.claim("coverage-union-sharp")
    table = claim.log_bound(N_f=np.arange(1, 6)[:, None], K=np.array([1, 2, 3]), R=10)
    assert table.shape == (5, 3)
    for i in range(5):
        for j in range(3):
            assert table[i, j] == claim.log_bound(N_f=i + 1, K=j + 1, R=10)


def test_integers_beyond_floats_are_evaluated_exactly() -> None:
    n = 2**70 + 1
    value = theory.claim("coverage-half-mean").log_bound(N_f=n, K=1, R=2)
    assert value == pytest.approx(-n / 8, rel=1e-15)


@pytest.mark.parametrize(
    "expression",
    [
        sp.log(1 - K / R) * N_f,
        sp.log(R) - sp.log(R + 1),
        sp.log(sp.Max(0, (1 - K / R) ** N_f - sp.Rational(1, 7))),
        sp.log(1 + (sp.exp(R) - 1) / (K * sp.exp(R))),
        sp.sqrt(N_f) - sp.sqrt(N_f + K),
        sp.Min(0, sp.log(K) - N_f * K / R) + sp.exp(-N_f),
    ],
)
def test_running_error_bound_covers_the_error(expression: sp.Expr) -> None:
    rng = np.random.default_rng(3)
    n, r = rng.integers(1, 10**6, 60), rng.integers(2, 10**5, 60)
    k = np.minimum(rng.integers(1, 50, 60), r - 1)
    floats = {"N_f": n.astype(float), "K": k.astype(float), "R": r.astype(float)}
    value, error = approximate(expression, floats)
    for i in range(60):
        point = {"N_f": int(n[i]), "K": int(k[i]), "R": int(r[i])}
        if not math.isfinite(error[i]):
            continue

        def at(bits: int, point: dict[str, int] = point) -> object:
            return ball(expression, point)

        exact = enclose(at, 80)
        assert value[i] - error[i] <= exact.upper, point
        assert exact.lower <= value[i] + error[i], point


@pytest.mark.parametrize(
    ("expression", "points"),
    [(sp.pi, 1), (sp.E, 1), (sp.EulerGamma, 1), (sp.sqrt(N_f), 60), (N_f ** sp.Rational(-3, 2), 60), (sp.pi * N_f, 60)],
)
def test_the_error_of_constants_and_powers_covers_their_rounding_and_is_small(expression: sp.Expr, points: int) -> None:
    n = np.arange(2.0, 2.0 + points)
    values, errors = (np.broadcast_to(a, n.shape) for a in approximate(expression, {"N_f": n}))
    assert (errors <= 1e-13 * values).all()  # else every value goes to ball arithmetic
    with mp.workdps(DIGITS):
        for point, value, error in zip(n, values, errors, strict=True):
            exact = mp.mpf(str(expression.subs(N_f, int(point)).evalf(DIGITS)))
            assert abs(mp.mpf(float(value)) - exact) <= mp.mpf(float(error)), point


@pytest.mark.parametrize("accurate", [True, False])
def test_a_claims_own_routes_are_taken(accurate: bool) -> None:
    """In floats where their error is small, else in balls; numbers that the expression would not give."""
    error = 0.0 if accurate else math.inf
    routes = Evaluation(
        numeric=lambda **values: (np.full(np.shape(values["N_f"]), -7.0), np.full(np.shape(values["N_f"]), error)),
        ball=lambda bits, **point: ball(sp.Integer(-5), point),
    )
    claim = dataclasses.replace(theory.claim("coverage-half-mean"), evaluation=routes)
    assert claim.log_bound(N_f=3, K=2, R=8) == (-7.0 if accurate else -5.0)


def test_bound_that_equals_zero_or_one_exactly() -> None:
    assert theory.claim("failure-regime").log_bound(N_f=3, K=1, R=2, A=8) == -math.inf
    assert theory.claim("coverage-union-sharp").log_bound(N_f=2, K=4, R=8) == 0
    assert theory.claim("covering-some-unseen-sharp").log_bound(N_f=5, K=7, R=7) == -math.inf


def test_symbols_are_those_of_the_claims_own_notation() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    paper = theory.Paper("mine", theory.Notation("mine", theory.Symbol(n, "samples", 3)))
    claim = theory.Claim(
        id="mine",
        title="mine",
        statement="The mean error is at most 1/n.",
        kind=theory.Kind.UPPER,
        observable="error",
        log_expression=-sp.log(n),
        source=theory.Source(paper=paper, provenance=theory.Provenance.DERIVED, text="none"),
    )
    assert claim.bound(n=4) == pytest.approx(0.25)
    for values, message in [({"n": 2}, "must be an integer >= 3"), ({"n": 4, "K": 2}, "does not know K")]:
        with pytest.raises(DomainError, match=message):
            claim.log_bound(**values)
