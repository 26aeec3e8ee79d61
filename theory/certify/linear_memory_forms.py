"""C2: simple form, closed form, corollary and restart, and their numbers at one world: docs/proofs/linear-memory.md.

A comparator is given by the vote of each feature for each *class* of tokens, with the number of tokens in the class;
the logits, the losses and the squared norm follow by addition, and must come out as stated.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.certify.linear_memory import EXP_ERROR, LOG2_HIGH, LOG2_LOW, TAYLOR_DEGREE, UNIT
from theory.certify.linear_memory_balls import from_floats, squared_distance
from theory.certify.linear_memory_rate import (
    CHOSEN,
    LAST,
    RESTART_AT,
    best_votes,
    closed_form_start,
    restart,
    setting,
    simple_bound,
)
from theory.numbers.balls import above, rational, working_precision

PROOF = Proof("pretraining-rate-linear", "linear-memory")
PROOFS = (PROOF,)
_NUMBERS = "ball arithmetic, the gap enclosed"
_LIMITS = {1: Fraction(25), 3: Fraction(17)}
_RESTART_LIMIT = Fraction(10)
_WORLDS = "all S, A, |R|, 1 <= K <= |R|, rho > 0, every world"

S, R, A, K = sp.symbols("S R A K", positive=True)
owners, neighbours = sp.symbols("n_r m_r", positive=True)  # facts that own r; templates co-owned with r, r included
rho, a, b, f, g = sp.symbols("rho a b f g", real=True)
Classes = tuple[tuple[sp.Expr, sp.Expr], ...]  # how many tokens, their logit; subjects and the prompt last
_NO_VOTE = (S + 1, 0)


def _sum_of_exponentials(classes: Classes) -> sp.Expr:
    return sp.Add(*(count * sp.exp(logit) for count, logit in classes))


def _size(classes: Classes) -> sp.Expr:
    return sp.Add(*(count for count, _ in classes))


def _subject_row(own: sp.Expr, answer: sp.Expr) -> Classes:
    """Logits at [s], the subject's vote alone: own templates, other ones; own answer, other ones."""
    return (K, own), (R - K, 0), (1, answer), (A - 1, 0), _NO_VOTE


@PROOF.mutant("templates-free", "simple form without |R|(|R|+A) in the norm", norm=S * (K + sp.Rational(1, 4)))
@PROOF.mutant("vocabulary-without-prompt", "simple form with V = S + |R| + A", vocabulary=S + R + A)
@PROOF.step(
    1, "simple form: both losses and the norm of the comparator", _WORLDS, "tokens counted by class, symbolic identity"
)
def simple_form(vocabulary: sp.Expr | None = None, norm: sp.Expr | None = None) -> Outcome:
    """The vocabulary is counted out; ``vocabulary`` is V as stated, ``norm`` |M|^2 / rho^2 as stated."""
    stated_size = S + R + A + 1 if vocabulary is None else vocabulary
    stated_norm = S * (K + sp.Rational(1, 4)) + R * (R + A) if norm is None else norm
    first = _subject_row(rho, rho / 2)
    # At [s, r], half the subject's and half the template's votes; classes as at [s].
    second = (K, (rho - rho) / 2), (R - K, -rho / 2), (1, (rho / 2 + rho) / 2), (A - 1, rho / 2), _NO_VOTE
    template_inside = 1 + (sp.exp(rho / 2) + stated_size - K - 1) / (K * sp.exp(rho))
    answer_inside = 1 + (A - 1) * sp.exp(-rho / 4) + (S + K + 1) * sp.exp(-3 * rho / 4) + (R - K) * sp.exp(-5 * rho / 4)
    squared = S * (K * rho**2 + (rho / 2) ** 2) + R * (A * rho**2 + R * rho**2)
    result = identities(
        _loss("template loss less log K", first, rho, template_inside),
        _loss("answer loss", second, 3 * rho / 4, answer_inside),
        ("squared norm", squared, rho**2 * stated_norm),
    )
    if not result.proved:
        at = {S: 1, R: 1, A: 1, K: 1, rho: 4 * sp.log(2)}
        actual = (_sum_of_exponentials(first) / (K * sp.exp(rho))).subs(at)
        return Outcome(
            False,
            f"{result.detail}; tokens at [s] number {_size(first)}; at S = |R| = A = K = 1, rho = 4 log 2 the inside "
            f"of the template loss is {actual} against {template_inside.subs(at)} stated, the squared norm/rho^2 "
            f"{(squared / rho**2).expand().subs(at)} against {sp.expand(stated_norm).subs(at)}",
        )
    return all_of(
        result,
        identities(("tokens at [s]", _size(first), stated_size), ("tokens at [s,r]", _size(second), stated_size)),
    )


def _loss(name: str, row: Classes, own: sp.Expr, inside: sp.Expr) -> tuple[str, sp.Expr, sp.Expr]:
    """What is inside the logarithm of a row's loss, ``own`` the logit of its target, against what is stated."""
    number = K if row[0][1] == own else 1  # targets of that logit
    return name, _polynomial(_sum_of_exponentials(row) / (number * sp.exp(own))), _polynomial(inside)


def _polynomial(expression: sp.Expr) -> sp.Expr:
    """Exponentials of multiples of rho/4 (or of the halves of a, b, f, g) as powers of symbols."""
    x, xa, xb, xf, xg = sp.symbols("x x_a x_b x_f x_g", positive=True)
    table = {rho: 4 * sp.log(x), a: 2 * sp.log(xa), b: 2 * sp.log(xb), f: 2 * sp.log(xf), g: 2 * sp.log(xg)}
    return sp.simplify(sp.expand(expression.subs(table, simultaneous=True)))


@PROOF.step(
    3,
    "sharper closed form: losses and norm of the comparator (a, b, f, g)",
    "all worlds, all real a, b, f, g",
    "tokens counted by class, symbolic identity",
)
def closed_form_loss() -> Outcome:
    """The losses are summed over templates with weight n_r/(SK)."""
    first = _subject_row(a, b)
    second = (
        (K, (a - g) / 2),  # own templates: all co-owned with r
        (neighbours - K, -g / 2),  # other templates co-owned with r
        (R - neighbours, 0),
        (1, (b + f) / 2),  # own answer
        (owners - 1, f / 2),  # other answers of r's facts
        (A - owners, 0),
        _NO_VOTE,
    )
    total = S + R + A + 1
    template_inside = 1 + (sp.exp(b) + total - K - 1) / (K * sp.exp(a))
    others = (owners - 1) * sp.exp(f / 2) + K * sp.exp((a - g) / 2) + (neighbours - K) * sp.exp(-g / 2)
    answer_inside = 1 + (others + (A - owners) + (R - neighbours) + S + 1) / sp.exp((b + f) / 2)
    return identities(
        _loss("template loss", first, a, template_inside),
        _loss("answer loss at r", second, (b + f) / 2, answer_inside),
        ("tokens", _size(second), total),
        ("squared norm of the subjects", S * (K * a**2 + b**2), S * K * a**2 + S * b**2),
    )


@PROOF.step(
    2,
    "gap <= C log^2(t)/t with explicit C, from rho = 4 log t",
    "all worlds, t >= 3",
    "log(1+x) <= x, nonnegative coefficients",
)
def corollary() -> Outcome:
    """With u = 1/t in (0, 1/3] and log t >= 1, each term of the sum is at most its coefficient times u <= u log^2 t.

    Checked: coefficients of u (1 - u^j) >= 0 by u = 1/(1+v).
    """
    u, v, eta, L = sp.symbols("u v eta L", positive=True)
    losses = (u**2 + (S + R + A - K) * u**4) / K + (A - 1) * u + (S + K + 1) * u**3 + (R - K) * u**5
    constant = (1 + S + R + A - K) / K + (A - 1) + (S + K + 1) + (R - K)
    pieces = [u - u**power for power in (1, 2, 3, 4, 5)]
    checks = [nonnegative_coefficients(sp.cancel(piece.subs(u, 1 / (1 + v)) * (1 + v) ** 5), v) for piece in pieces]
    bounded = constant * u - losses
    weights = [((u - u**2) / K), (S + R + A - K) * (u - u**4) / K, (S + K + 1) * (u - u**3), (R - K) * (u - u**5)]
    norm_term = (4 * L) ** 2 / (4 * eta / u)
    x = sp.exp(-rho / 4)
    return all_of(
        *checks,
        identities(
            ("losses at rho = 4 log t against C u", bounded, sp.Add(*weights)),
            ("e^(-rho/4) = 1/t", x.subs(rho, -4 * sp.log(u)), u),
            ("norm term", norm_term, 4 * L**2 * u / eta),
        ),
        Outcome(True, "C = (V-K)/K + A + S + |R| + 4 [S(K+1/4) + |R|(|R|+A)]/eta"),
        identities(("C", constant, (S + R + A + 1 - K) / K + A + S + R)),
    )


@PROOF.mutant("step-too-large", "a gradient step of size <= 3/beta is nonexpansive", 3)
@PROOF.step(
    4,
    "a gradient step of size <= 1/beta (indeed 2/beta) is nonexpansive",
    "all convex beta-smooth L",
    "co-coercivity, nonnegative coefficients",
)
def nonexpansive(squared_steps: int = 1) -> Outcome:
    """|x-y|^2 - 2 eta <g-h, x-y> + eta^2 |g-h|^2 with <g-h, x-y> >= |g-h|^2/beta, eta <= ``squared_steps``/beta.

    The coefficient of |g-h|^2 left over, eta (2/beta - eta), must not be negative.
    """
    beta, z = sp.symbols("beta z", positive=True)
    eta = sp.Integer(squared_steps) / beta / (1 + z)  # any step up to squared_steps/beta
    left = eta * (2 / beta - eta)
    return nonnegative_coefficients(sp.cancel(left * beta**2 * (1 + z) ** 2 / squared_steps), z)


@PROOF.step(5, "beta' >= beta and eta beta' <= 1", CHOSEN.format(3), "LDL^T pivots in ball arithmetic, rationals", 3)
@PROOF.step(5, "beta' >= beta and eta beta' <= 1", CHOSEN.format(1), "LDL^T pivots in ball arithmetic, rationals", 1)
def smoothness(K: int) -> Outcome:
    """beta' I - (sum w phi phi^T)/2 is positive definite."""
    chosen = setting(K)
    return Outcome(
        chosen.step * chosen.smoothness <= 1,
        f"beta <= {float(chosen.smoothness):.9f} ({float(chosen.smoothness) / chosen.world.smoothness - 1:.0e} above "
        f"the float64 value), eta = {float(chosen.step):.9f}",
    )


@PROOF.step(6, f"the closed form is within {_LIMITS[3]} of the gap", CHOSEN.format(3), _NUMBERS, 3)
@PROOF.step(6, f"the closed form is within {_LIMITS[1]} of the gap", CHOSEN.format(1), _NUMBERS, 1)
def closed_form(K: int) -> Outcome:
    """In balls, and below the simple form."""
    chosen = setting(K)
    votes = best_votes(chosen.world, chosen.step, LAST)
    bound = above(closed_form_start(chosen.world, votes).bound(chosen.step, LAST))
    simple = simple_bound(chosen.world, chosen.step, LAST)
    low, measured = chosen.gap_below(LAST), chosen.gap(LAST)
    return Outcome(
        low <= Fraction(bound) <= min(Fraction(simple), _LIMITS[K] * low),
        f"bound {bound:.6e} at (a,b,f,g) = ({', '.join(str(float(v)) for v in votes)}), gap {measured:.6e}: "
        f"bound/gap {bound / measured:.2f}, limit {_LIMITS[K]}; simple form {simple / measured:.1f}",
    )


@PROOF.step(
    8,
    "float64 descent stays within a known distance of the exact one",
    "S = A = 30, |R| = 8, K = 1 and 3, t <= 10^4",
    "rounding analysis, constants in ball arithmetic",
)
def rounding() -> Outcome:
    """The exponential in float64 is within 64 units of 2^-53, and so each step's rounding is known.

    |r| <= 0.36: reduction errs by at most u (0.36 + 0.36) plus 2^10 |log 2 - high - low|; Horner by
    gamma_28 sum |r|^k/k! <= 28.1 u e^0.36, relative to e^r >= e^-0.36; the series is cut at r^14/14! e^0.36.
    """
    with working_precision(200) as flint:
        unit = flint.arb(rational(UNIT))
        split = abs(flint.arb(2).log() - flint.arb(LOG2_HIGH) - flint.arb(LOG2_LOW)) * 1024
        radius = flint.arb(flint.fmpq(36, 100))
        reduction = unit * (2 * radius) + split
        horner = unit * flint.fmpq(281, 10) * (2 * radius).exp()
        cut = radius ** (TAYLOR_DEGREE + 1) / flint.fmpz.fac_ui(TAYLOR_DEGREE + 1) * (2 * radius).exp()
        total = (reduction + horner + cut) * flint.fmpq(101, 100)
        bits = int(LOG2_HIGH * 2**32)
        proved = bool(total <= flint.arb(rational(EXP_ERROR))) and bits / 2**32 == LOG2_HIGH and bits < 2**32
        units = above(total / unit)
    ends = {K: setting(K) for K in _LIMITS}
    radii = ", ".join(f"{float(chosen.near[LAST].radius):.1e} at K = {K}" for K, chosen in ends.items())
    for chosen in ends.values():
        known = chosen.near[RESTART_AT]
        apart = squared_distance(chosen.enclosed.columns, from_floats(known.memory)).sqrt()
        with working_precision(96) as flint:
            proved = proved and bool(apart <= chosen.enclosed.radius + flint.arb(rational(known.radius)))
    return Outcome(
        proved,
        f"exp within {units:.1f} units; M_t at t = 10^4 within {radii}; at t_0 = {RESTART_AT} it agrees with balls",
    )


@PROOF.step(7, f"the restart at t_0 = {RESTART_AT} is within 10 of the gap", CHOSEN.format(3), _NUMBERS, 3)
@PROOF.step(7, f"the restart at t_0 = {RESTART_AT} is within 10 of the gap", CHOSEN.format(1), _NUMBERS, 1)
def restarted(K: int) -> Outcome:
    """M_{t_0} enclosed, then the lemma from there."""
    chosen = setting(K)
    bound = above(restart(chosen, LAST).bound(chosen.step, LAST))
    low, measured = chosen.gap_below(LAST), chosen.gap(LAST)
    return Outcome(
        low <= Fraction(bound) <= _RESTART_LIMIT * low,
        f"M_{RESTART_AT} within {above(chosen.enclosed.radius):.1e}; bound {bound:.6e}, "
        f"gap {measured:.6e}: bound/gap {bound / measured:.2f}",
    )
