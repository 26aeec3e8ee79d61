"""C12: the first fine-tuning gradient, its share in the prompt's column and what follows: docs/proofs/rank-one.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients

PROOF = Proof("rank-one", "rank-one")
PROOFS = (PROOF,)
_EVERY = "one-hot embeddings, distinct subjects, all alpha_i, delta_i"
N, c, tau, W = sp.symbols("N c tau W", positive=True)


@PROOF.step(1, "the columns of G and its squared norm", _EVERY, "symbolic matrices")
def columns() -> Outcome:
    """G = (1/N) sum_i delta_i (alpha_i e_{s_i} + (1-alpha_i) e_p)^T, entry by entry: 1, 2 and 3 facts, two dimensions.

    Each fact adds to the prompt's column and to a column of its own; further facts only add further columns.
    """
    equations = []
    for count in (1, 2, 3):
        alphas = sp.symbols(f"alpha_1:{count + 1}", real=True)
        deltas = [sp.Matrix(sp.symbols(f"delta_{i}_1:3", real=True)) for i in range(count)]
        G = sp.zeros(2, count + 1)
        for i, (alpha, delta) in enumerate(zip(alphas, deltas, strict=True)):
            feature = sp.zeros(1, count + 1)
            feature[i], feature[count] = alpha, 1 - alpha
            G += delta * feature / count
        shared = sp.zeros(2, 1)
        for alpha, delta in zip(alphas, deltas, strict=True):
            shared += (1 - alpha) * delta
        own = sum((alpha**2 * delta.dot(delta) for alpha, delta in zip(alphas, deltas, strict=True)), sp.Integer(0))
        prompt = shared.dot(shared)
        squared = sum((entry**2 for entry in G), sp.Integer(0))
        equations += [
            (f"prompt's column, {count} facts", G[:, count].dot(G[:, count]), prompt / count**2),
            (f"squared norm, {count} facts", squared, (prompt + own) / count**2),
        ]
    return identities(*equations)


@PROOF.mutant("one-fact-more", "c (1/share - 1)/tau = 1/(N+1)", 1 / (N + 1))
@PROOF.mutant("without-coherence", "c (1/share - 1)/tau = 1/N^2", 1 / N**2)
@PROOF.step(2, "share = c N/(c N + tau)", _EVERY, "symbolic identity")
def share_identity(deficit: sp.Expr | None = None) -> Outcome:
    """|sum w|^2 = N^2 |mean w|^2 = N^2 c (W/N) with W = sum |w_i|^2, and sum alpha^2 |delta|^2 = tau W."""
    stated = 1 / N if deficit is None else deficit
    share = N**2 * c * (W / N) / (N**2 * c * (W / N) + tau * W)
    return identities(("share", share, c * N / (c * N + tau)), ("deficit", c * (1 / share - 1) / tau, stated)).or_why(
        f"at two facts with one gradient delta and alpha = 1/2: c = tau = 1, "
        f"share = 2/3, deficit 1/2 against {stated.subs(N, 2)}"
    )


@PROOF.step(3, "c = 1/N for orthogonal gradients of equal norm, 1 for equal ones", _EVERY, "symbolic identity")
def coherence_floor() -> Outcome:
    """So coherence is a premise, no constant."""
    d = sp.Symbol("d", positive=True)
    orthogonal = (N * d / N**2) / d  # |mean|^2 = (1/N^2) N d
    alike = d / d
    return identities(("orthogonal", orthogonal, 1 / N), ("alike", alike, sp.Integer(1)))


@PROOF.mutant("decay-without-coherence", "1 - share = O(1/N) for every gradient", 1 / N, domain="all N, tau > 0")
@PROOF.step(
    4,
    "1 - share <= tau/(c_0 N) when c >= c_0",
    "all N, tau, c_0 > 0",
    "nonnegative coefficients",
    sp.Symbol("c_0", positive=True),
)
def decay(coherence: sp.Expr) -> Outcome:
    """``coherence`` is the least allowed, as a function of N; a constant makes the bound uniform."""
    c_0 = sp.Symbol("c_0", positive=True)
    excess = sp.Symbol("z", nonnegative=True)
    value = N * (1 - (coherence + excess) * N / ((coherence + excess) * N + tau))
    limit = sp.limit(value.subs({excess: 0, tau: 1, c_0: 1}), N, sp.oo)
    if limit == sp.oo:
        point = {excess: 0, tau: 1, c_0: 1, N: 100}
        return Outcome(
            False,
            f"N (1 - share) is unbounded: at coherence {coherence} and tau = 1 it is {value.subs(point)} at N = 100 "
            "and tends to oo; N orthogonal gradients of equal norm with alpha = 1/2 have share 1/2 for every N",
        )
    left = sp.cancel((tau / c_0 - value) * c_0 * ((coherence + excess) * N + tau) / tau)
    return nonnegative_coefficients(left, N, tau, excess, c_0)


@PROOF.step(5, "sigma_1^2 >= share |G|^2", "every matrix", "symbolic 2x2 reduction")
def top_singular_value() -> Outcome:
    """In any plane that holds e_p the top eigenvalue (a+d+D)/2 of [[a, b], [b, d]] is at least a, as D >= a - d."""
    a, d, b = sp.symbols("a d b", real=True)
    return identities(("D^2 - (a-d)^2 = (2b)^2", (a - d) ** 2 + 4 * b**2 - (a - d) ** 2, (2 * b) ** 2))


@PROOF.step(
    6, "cos^2 of the angle between v_1 and e_p is at least share when a > d", "every matrix", "symbolic 2x2 reduction"
)
def prompt_cosine() -> Outcome:
    """v_1 lies in the plane of e_p and a unit u orthogonal to it, and is the top eigenvector of [[a, b], [b, d]].

    a = |G e_p|^2, d = |G u|^2 <= |E|_F^2, b^2 <= a d (Cauchy-Schwarz). With D = sqrt((a-d)^2 + 4 b^2) <= a + d,
    cos^2 = (1 + (a-d)/D)/2 >= a/(a+d) >= share; at b^2 = a d it is an equality.
    """
    a, d, slack, D = sp.symbols("a d z D", positive=True)  # b^2 = a d - z
    b2 = a * d - slack
    top = (a + d + D) / 2
    # Eigenvector (b, top - a): cos^2 = b^2/(b^2 + (top-a)^2); D^2 = (a-d)^2 + 4 b^2 is used to reduce.
    left = b2 * 2 * D - (b2 + (top - a) ** 2) * (D + a - d)
    relation = D**2 - (a - d) ** 2 - 4 * b2
    remainder = sp.rem(sp.Poly(sp.expand(left), D), sp.Poly(sp.expand(relation), D))
    characteristic = sp.rem(sp.Poly(sp.expand(top**2 - (a + d) * top + a * d - b2), D), sp.Poly(sp.expand(relation), D))
    extra = sp.Symbol("y", nonnegative=True)
    return all_of(
        identities(
            ("cos^2 = (1 + (a-d)/D)/2", remainder.as_expr(), sp.Integer(0)),
            ("top eigenvalue", characteristic.as_expr(), sp.Integer(0)),
            ("(a+d)^2 - D^2 = 4 (ad - b^2)", (a + d) ** 2 - (a - d) ** 2 - 4 * b2, 4 * slack),
            ("(1 + (a-d)/(a+d))/2", (1 + (a - d) / (a + d)) / 2, a / (a + d)),
            ("|E|^2 = d + y lowers it", a / (a + d) - a / (a + d + extra), a * extra / ((a + d) * (a + d + extra))),
        )
    )


@PROOF.mutant("share-above-a-third", "share > 1/3 implies a > d", sp.Rational(1, 3))
@PROOF.step(7, "share > 1/2 implies a > d", "every matrix", "exact", sp.Rational(1, 2))
def half_is_needed(least_share: sp.Rational) -> Outcome:
    """G = diag(1, x) has share 1/(1+x^2), and v_1 is orthogonal to e_p as soon as x > 1."""
    x = sp.sqrt(1 / least_share - 1)
    if x <= 1:
        return Outcome(True, f"share > {least_share} implies a > |E|^2 >= d")
    return Outcome(
        False, f"G = diag(1, y) with 1 < y < {x}: share > {least_share}, but v_1 is orthogonal to e_p: cos^2 = 0"
    )
