"""C1: the floor of the pre-training loss: docs/proofs/loss-floor.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import identities

PROOF = Proof("pretraining-floor", "loss-floor")
PROOFS = (PROOF,)
_EVERY = "every model, every world"
K, R = sp.symbols("K R", positive=True)


@PROOF.mutant("one-template-more", "L_PT - log(K+1) = mean KL + mean answer loss", sp.log(K + 1))
@PROOF.mutant("entropy-of-universe", "L_PT - log|R| = mean KL + mean answer loss", sp.log(R))
@PROOF.step(
    1, "L_PT - log K = mean KL(uniform on T(s) || p(.|s)) + mean answer loss", _EVERY, "symbolic identity, term by term"
)
def decomposition(floor: sp.Expr | None = None) -> Outcome:
    """-(1/K) log p = (1/K) floor + (1/K) log((1/K)/p), floor = log K: over T(s), CE = floor + KL(uniform || p)."""
    p = sp.Symbol("p", positive=True)
    stated = sp.log(K) if floor is None else floor
    return identities(("each template", -sp.log(p) / K, stated / K + (sp.log(1 / K) - sp.log(p)) / K))


@PROOF.step(2, "both terms are nonnegative", _EVERY, "symbolic identities (Gibbs)")
def gibbs() -> Outcome:
    """From log x <= x - 1: x - 1 - log x has derivative (x-1)/x and is 0 at 1."""
    x, p, u = sp.symbols("x p u", positive=True)
    difference = x - 1 - sp.log(x)
    return identities(
        ("derivative", sp.diff(difference, x), (x - 1) / x),
        ("at 1", difference.subs(x, 1), sp.Integer(0)),
        ("u (p/u - 1) sums to sum p - sum u <= 0", u * (p / u - 1), p - u),
    )


@PROOF.step(
    3,
    "log K is the infimum for models that contain the linear memory",
    "all S, A, |R|, K",
    "limit of an explicit comparator",
)
def infimum() -> Outcome:
    """Along the linear memory's comparator both losses tend to 0 as rho grows."""
    S, A, V = sp.symbols("S A V", positive=True)
    y = sp.Symbol("y", positive=True)  # e^(-rho/4) -> 0+
    template = 1 + (y**-2 + V - K - 1) / (K * y**-4)
    answer = 1 + (A - 1) * y + (S + K + 1) * y**3 + (R - K) * y**5
    return identities(
        ("template loss", sp.expand(template).subs(y, 0), sp.Integer(1)),
        ("answer loss", sp.expand(answer).subs(y, 0), sp.Integer(1)),
    )


@PROOF.mutant("blind-three-log-two", "a blind model stays 3 log 2 above", stated=3 * sp.log(2))
@PROOF.step(
    4, "a model that cannot tell [s] from [s,r] stays 2 log 2 above", "all K >= 1", "symbolic identities (Gibbs)"
)
def blind_floor(stated: sp.Expr | None = None) -> Outcome:
    """One distribution p for [s] and [s, r]: Gibbs against u = 1/(2K) on each own template and 1/2 on the answer.

    The two losses add up to -2 sum u log p >= -2 sum u log u.
    """
    p, q = sp.symbols("p q", positive=True)
    goal = 2 * sp.log(2) if stated is None else stated
    weight, answer = 1 / (2 * K), sp.Rational(1, 2)
    entropy = -K * weight * sp.log(weight) - answer * sp.log(answer)
    loss = -K * sp.log(p) / K - sp.log(q)  # all own templates alike: the general case is linear in log p
    return identities(
        ("the losses are twice a cross entropy", loss, -2 * (K * weight * sp.log(p) + answer * sp.log(q))),
        ("its floor less log K", 2 * entropy - sp.log(K), goal),
    )
