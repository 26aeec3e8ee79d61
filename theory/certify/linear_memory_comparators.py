"""C2's comparators: losses and norms, hence simple form, closed form and corollary: docs/proofs/linear-memory.md.

A comparator is given by the vote of each feature for each *class* of tokens, with the number of tokens in the class;
the logits, the losses and the squared norm follow by addition, and must come out as stated.
"""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients

__all__ = ["PROOFS", "closed_form_loss", "corollary", "simple_form"]

PROOF = Proof("pretraining-rate-linear", "linear-memory")
PROOFS = (PROOF,)
_WORLDS = "all S, A, |R|, 1 <= K <= |R|, rho > 0, every world"

S, R, A, K = sp.symbols("S R A K", positive=True)
owners, neighbours = sp.symbols("n_r m_r", positive=True)  # facts that own r; templates co-owned with r, r included
rho, a, b, f, g = sp.symbols("rho a b f g", real=True)
Classes = tuple[tuple[sp.Expr, sp.Expr], ...]  # how many tokens, their logit; subjects and the prompt last
_NO_VOTE = (S + 1, sp.Integer(0))


def _sum_of_exponentials(classes: Classes) -> sp.Expr:
    return sp.Add(*(count * sp.exp(logit) for count, logit in classes))


def _size(classes: Classes) -> sp.Expr:
    return sp.Add(*(count for count, _ in classes))


def _subject_row(own: sp.Expr, answer: sp.Expr) -> Classes:
    """Logits at [s], the subject's vote alone: own templates, other ones; own answer, other ones."""
    return (K, own), (R - K, sp.Integer(0)), (sp.Integer(1), answer), (A - 1, sp.Integer(0)), _NO_VOTE


def _simple_answer_row() -> Classes:
    """Logits at [s, r], half the subject's and half the template's votes; classes as at [s]."""
    return (K, (rho - rho) / 2), (R - K, -rho / 2), (sp.Integer(1), (rho / 2 + rho) / 2), (A - 1, rho / 2), _NO_VOTE


def _sharp_answer_row() -> Classes:
    return (
        (K, (a - g) / 2),  # own templates: all co-owned with r
        (neighbours - K, -g / 2),  # other templates co-owned with r
        (R - neighbours, sp.Integer(0)),
        (sp.Integer(1), (b + f) / 2),  # own answer
        (owners - 1, f / 2),  # other answers of r's facts
        (A - owners, sp.Integer(0)),
        _NO_VOTE,
    )


@PROOF.mutant("templates-free", "simple form without |R|(|R|+A) in the norm", norm=S * (K + sp.Rational(1, 4)))
@PROOF.mutant("vocabulary-without-prompt", "simple form with V = S + |R| + A", vocabulary=S + R + A)
@PROOF.step(
    1, "simple form: both losses and the norm of the comparator", _WORLDS, "tokens counted by class, symbolic identity"
)
def simple_form(vocabulary: sp.Expr | None = None, norm: sp.Expr | None = None) -> Outcome:
    """The vocabulary is counted out; ``vocabulary`` is V as stated, ``norm`` |M|^2 / rho^2 as stated."""
    stated_size = S + R + A + 1 if vocabulary is None else vocabulary
    stated_norm = S * (K + sp.Rational(1, 4)) + R * (R + A) if norm is None else norm
    first, second = _subject_row(rho, rho / 2), _simple_answer_row()
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
    first, second = _subject_row(a, b), _sharp_answer_row()
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
