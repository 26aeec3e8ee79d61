"""The Hebbian memory: the law of one fact's recall, and bounds from both sides: docs/proofs/hebbian-share.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities
from theory.claims.barnfield.hebbian_share import DEGREES, exceeded, level, log_share, missed
from theory.claims.nichani.paper import N, d
from theory.numbers.balls import working_precision

_LOSES, _FAILS = PROOFS = (Proof("hebbian-share", "hebbian-share"), Proof("hebbian-share-fails", "hebbian-share"))
_LAW = "all N >= 3, d >= 1"
_tau, _s, _a, _mu, _v, _y = sp.symbols("tau s a mu v y", positive=True)
_n = N - 1


@_LOSES.mutant("own-score-only", "the competitors' length without the part of b m", 0)
@_LOSES.step(1, "the law of one fact's recall", _LAW, "symbolic identities")
@_FAILS.step(1, "the law of one fact's recall", _LAW, "symbolic identities")
def law(along: int = 1) -> Outcome:
    """K = R cos + nu sin and the part R sin - nu cos along the direction e; t^2 = tau^2/(1 - tau^2)."""
    R, nu, rest = sp.symbols("R nu rest", positive=True)
    angle = sp.Symbol("angle", real=True)
    K, part = R * sp.cos(angle) + nu * sp.sin(angle), R * sp.sin(angle) - nu * sp.cos(angle)
    squares = sp.simplify(sp.expand_trig(sp.expand(K**2 + along * part**2)))
    others = R**2 + nu**2 + rest**2 - K**2
    length = sp.Symbol("L", positive=True)
    return identities(
        ("K^2 + part^2", squares, R**2 + nu**2),
        ("competitors' length", others - (R**2 + nu**2 - K**2), rest**2),
        ("t^2", (_tau * length) ** 2 / (length**2 - (_tau * length) ** 2), _tau**2 / (1 - _tau**2)),
    )


@_LOSES.step(2, "1 - t^2 <= 1 - tau^2", "all 0 <= tau < 1", "symbolic identity")
def shorter() -> Outcome:
    """t^2 - tau^2 = tau^4/(1 - tau^2)."""
    return identities(("t^2 - tau^2", _tau**2 / (1 - _tau**2) - _tau**2, _tau**4 / (1 - _tau**2)))


@_LOSES.mutant("twice-the-tangent", "tau^2 >= 2 a tau", 0)
@_LOSES.step(3, "the exponent made linear in tau", "all s, a, mu > 0", "symbolic identities")
def linear(square: int = 1) -> Outcome:
    """tau^2 - (2 a tau - a^2) = (tau - a)^2; with a = mu/(s (n-1)), n - 1 = N - 2."""
    exponent = -_s * (N - 2) * (2 * _a * _tau - _a**2) / 2
    return identities(
        ("square", _tau**2 - 2 * _a * _tau + square * _a**2, (_tau - _a) ** 2),
        ("exponent", exponent.subs(_a, _mu / (_s * (N - 2))), -_mu * _tau + _mu**2 / (2 * _s * (N - 2))),
    )


@_LOSES.step(4, "D - 1 <= l^2 <= D for the mean length l", "all D >= 2", "symbolic identity")
@_FAILS.step(4, "D - 1 <= l^2 <= D for the mean length l", "all D >= 2", "symbolic identity")
def mean_length() -> Outcome:
    """l^2 = 2 Gamma(x+1/2)^2/Gamma(x)^2 at x = D/2, between 2(x - 1/2) and 2x by log-convexity of Gamma."""
    x = DEGREES / 2
    return identities(("lower", 2 * (x - sp.Rational(1, 2)), d + N - 2), ("upper", 2 * x, d + N - 1))


@_LOSES.mutant("one-jensen", "the noise of nu divided by D^2", 2)
@_LOSES.step(5, "the bound U", _LAW, "symbolic identity")
def share(power: int = 1) -> Outcome:
    """The factors of steps 2 to 4, and those of the memory's proof for exp(-l R rho), with mu = s v."""
    mu = _s * _v
    rate = mu / DEGREES
    factors = (
        _s * sp.log(_n / 2)
        + mu**2 / (2 * _s * (N - 2))  # step 3
        + mu**2 / (2 * (DEGREES - 1) ** power)  # over nu
        - d * sp.log(1 + rate)
        + (sp.log(1 + rate) + sp.log(1 + (1 + rate) / d)) / 2
    )
    return identities(("log U", _atoms(factors), _atoms(log_share(_s, _v))))


def _atoms(expression: sp.Expr) -> sp.Expr:
    """The expression with each logarithm as a symbol of its own, by what it is taken of."""
    names = {log: sp.Symbol(f"log{index}") for index, log in enumerate(_ordered(expression))}
    return expression.subs(names)


def _ordered(expression: sp.Expr) -> list[sp.Expr]:
    return sorted(expression.atoms(sp.log), key=sp.default_sort_key)


@_FAILS.mutant("no-width", "the density's tail without its factor 1/t", 0)
@_FAILS.step(6, "the tail of one coordinate of the sphere at t^2 = y/(n+y)", "all n >= 3, y > 0", "symbolic identities")
def coordinate(power: int = 1) -> Outcome:
    """c_n (1-t^2)^(m+1)/(2(m+1)) (1 - U)^(-1/2), m = (n-3)/2, U = (1-t^2)(m+1)/(m+2), c_n >= sqrt((n-2)/(2 pi))."""
    square = _y / (_n + _y)
    m = (_n - 3) / 2
    spread = 1 - (1 - square) * (m + 1) / (m + 2)
    stated = (2 * _n + (_n + 1) * _y) / ((_n + _y) * (_n + 1))
    one = sp.sqrt((_n - 2) / (2 * sp.pi)) * (_n / (_n + _y)) ** ((_n - 1) / 2)
    found = -sp.log(missed(_y)) / (_n * one)
    return identities(
        ("1 - t^2", 1 - square, _n / (_n + _y)),
        ("m + 1", 2 * (m + 1), _n - 1),
        ("1 - U", spread**power, stated),
        ("n q, squared", sp.powdenest(sp.expand_log(found, force=True), force=True) ** 2 * (_n - 1) ** 2 * stated, 1),
    )


@_FAILS.step(7, "the right score beyond that level", "all 0 <= mu < D - 1", "symbolic identities")
def beyond() -> Outcome:
    """a = t/sqrt(1 + t^2); R rho <= (R^2 + rho^2)/2 and E exp(b R^2/2) = (1 - b)^(-d/2)."""
    square = _y / (_n + _y)
    below = 1 - _mu / (DEGREES - 1)
    stated = sp.expand_log(sp.log(exceeded(_y, _mu)), force=True)
    by_name = {level(_y): _a, sp.log(below): _v}
    return identities(
        ("a^2", level(_y) ** 2, square / (1 + square)),
        ("exponent", stated.subs(by_name), -_mu * _a + _mu**2 / (2 * (DEGREES - 1)) - d * _v),
    )


@_FAILS.mutant("from-ten", "y > 0 from N = 10 on", 10)
@_FAILS.step(8, "y > 0 and mu < D - 1 as claimed", "all N >= 16, d >= 1", "derivative, ball arithmetic")
def allowed(least: int = 16) -> Outcome:
    """y rises in N: its derivative is (2 log N - 1)/(N log N). mu < D/sqrt(2) <= D - 1 for D >= 4, as a^2 < 1/2."""
    y = 2 * sp.log(N / 2) - sp.log(4 * sp.pi * sp.log(N))
    rises = identities(
        ("derivative", sp.diff(y, N), (2 * sp.log(N) - 1) / (N * sp.log(N))),
        ("1/2 - a^2", sp.Rational(1, 2) - level(_y) ** 2, _n / (2 * (_n + 2 * _y))),
    )
    with working_precision(64) as flint:
        at = flint.arb(least)
        value = 2 * (at / 2).log() - (4 * flint.arb.pi() * at.log()).log()
        return all_of(rises, Outcome(bool(value > 0), f"y at N = {least} is {float(value.mid()):.3f}"))
