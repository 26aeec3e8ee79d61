"""C9 for the linear memory, long fine-tuning: step 12 of docs/proofs/linear-memory-extraction.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.certify.linear_memory_extraction import h, more, n

__all__ = ["PROOFS", "bounded_only_if", "convergence"]

PROOF = Proof("ood-error-linear-memory", "linear-memory-extraction")
PROOFS = (PROOF,)
_STATEMENT = "however good the memory, the OOD error is 1 after some arbitrarily long fine-tunings with eta <= {}"


def bookkeeping() -> Outcome:
    """X + sum_j (b_j + c_j) = x_s throughout, for v = a(s), the answer of one fine-tuned fact; j the other facts.

    Row s adds g > 0 to x_s and to X; row j takes h theta_j z_j from X and adds it to b_j.
    """
    equations = []
    for others in (1, 2, 3):
        b, c = sp.symbols(f"b_1:{others + 1}", real=True), sp.symbols(f"c_1:{others + 1}", real=True)
        theta = sp.symbols(f"theta_1:{others + 1}", nonnegative=True)
        X, x, g = sp.symbols("X x g", real=True)
        flow = [h * t * (X - level) for t, level in zip(theta, b, strict=True)]
        before = X + sp.Add(*b) + sp.Add(*c) - x
        after = (X + g - sp.Add(*flow)) + sp.Add(*(u + f for u, f in zip(b, flow, strict=True))) + sp.Add(*c) - (x + g)
        equations.append((f"{others} other facts", after, before))
    start = sp.Symbol("c", real=True)
    return identities(*equations, ("start", 0 + (-start) + start, sp.Integer(0)))


def bounded_only_if() -> Outcome:
    """If X <= B throughout then b_j <= B + C for C >= all |c_j|, so x_s + X <= 2 B + (n-1)(B + 2 C): bounded too."""
    B, C, short, lower, less = sp.symbols("B C short lower less", nonnegative=True)
    X, b, c = B - short, B + C - lower, C - less
    x = X + more * (b + c)  # the bookkeeping, with n - 1 = more
    return nonnegative_coefficients(sp.expand(2 * B + more * (B + 2 * C) - (x + X)), B, C, short, lower, less, more)


def convergence(limit: int = 4) -> Outcome:
    """The loss tends to 0 for eta <= ``limit``, by the descent lemma: its infimum is 0, and 1/beta >= ``limit``.

    The second moment of the features (e_s + e_p)/2 has the eigenvector (1, .., 1, n) with (n+1)/(4n) for its
    eigenvalue; beta is half of it. The comparator that adds rho to each own answer has row loss
    log(1 + a e^{-rho/2}), a the sum of the e^{F_v - F_a} before.
    """
    y, a = sp.symbols("y a", positive=True)  # y = e^{-rho/2}
    eigenvalue = (n + 1) / (4 * n)
    room = (8 - 2 * limit) + (8 - limit) * more  # (n + 1) (1/beta - limit)
    result = all_of(
        identities(
            ("e_s", (1 + n) / (4 * n), eigenvalue * 1),
            ("e_p", (n * 1 + n * n) / (4 * n), eigenvalue * n),
            ("row loss at rho -> oo", (1 + a * y).subs(y, 0), sp.Integer(1)),
            ("room", (n + 1) * (2 / eigenvalue - limit), room.subs(more, n - 1)),
        ),
        nonnegative_coefficients(room, more),
    )
    if result.proved:
        return result
    return Outcome(False, f"{result.detail}; one fact has 1/beta = 4, below {limit}: the lemma does not speak of it")


@PROOF.mutant("long-with-twice-the-step", _STATEMENT.format(8), 8)
@PROOF.step(
    12,
    _STATEMENT.format(4),
    "every linear memory, every 1 <= N_f < S",
    "symbolic identities, nonnegative coefficients",
)
def extracts_nothing(limit: int = 4) -> Outcome:
    """The loss tends to 0, so c_s + x_s + X is unbounded, hence X too; then a(s) beats every answer."""
    return all_of(bookkeeping(), bounded_only_if(), convergence(limit))
