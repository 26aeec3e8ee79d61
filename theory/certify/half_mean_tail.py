"""C4: the half-mean tail of a template's coverage: docs/proofs/half-mean-tail.md."""

from __future__ import annotations

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, polynomial_nonnegative
from theory.certify.frontier import Reading, rate_of
from theory.claims.xu_chen.paper import N_f, R
from theory.numbers.balls import working_precision
from theory.registry import claim

PROOF = Proof("coverage-half-mean", "half-mean-tail")
PROOFS = (PROOF,)
p, q = sp.symbols("p q", positive=True)


@PROOF.step(1, "C_r is Binomial(N_f, K/|R|)", "all 1 <= K <= |R|", "symbolic identity")
def coverage_law() -> Outcome:
    """P[r in T(s)] = C(R-1,K-1)/C(R,K), and facts are independent."""
    K, R = sp.symbols("K R", positive=True, integer=True)
    ratio = sp.gammasimp(sp.binomial(R - 1, K - 1) / sp.binomial(R, K))
    return identities(("C(R-1,K-1)/C(R,K)", ratio, K / R))


@PROOF.step(
    2, "P[C <= Nq] <= exp(-N KL(q||p))", "all N, 0 < q <= p < 1", "Markov with the Chernoff tilt, symbolic identities"
)
def tilt() -> Outcome:
    """Markov for z^C with z = q(1-p)/(p(1-q)) in (0, 1]: E z^C = (1-p+pz)^N and 1-p+pz = (1-p)/(1-q).

    So log of z^(-q) (1-p+pz) is -KL(q||p). It is the best tilt: the derivative of that logarithm in z vanishes there.
    """
    z = sp.Symbol("z", positive=True)
    best = q * (1 - p) / (p * (1 - q))
    log_best = sp.log(q) + sp.log(1 - p) - sp.log(p) - sp.log(1 - q)
    divergence = q * (sp.log(q) - sp.log(p)) + (1 - q) * (sp.log(1 - q) - sp.log(1 - p))
    slope = -q / z + p / (1 - p + p * z)
    return identities(
        ("generating function", 1 - p + p * best, (1 - p) / (1 - q)),
        ("exponent", -q * log_best + sp.log(1 - p) - sp.log(1 - q), -divergence),
        ("stationary", slope.subs(z, best), sp.Integer(0)),
        ("1 - z has the sign of p - q", 1 - best, (p - q) / (p * (1 - q))),
    )


@PROOF.mutant("pinsker-doubled", "KL(q||p) >= 4 (p-q)^2", 4)
@PROOF.step(3, "KL(q||p) >= 2 (p-q)^2", "all 0 < q <= p < 1", "factorised derivative, Sturm sequence")
def divergence_bound(coefficient: int = 2) -> Outcome:
    """phi(p) = KL(q||p) - c (p-q)^2 has phi(q) = 0 and phi' = (p-q) (1 - 2c p(1-p)) / (p(1-p)) >= 0 on [q, 1).

    The polynomial 1 - 2c p(1-p) must be >= 0 on [0, 1]: at c = 2 it is (1-2p)^2.
    """
    phi = q * sp.log(q / p) + (1 - q) * sp.log((1 - q) / (1 - p)) - coefficient * (p - q) ** 2
    factor = 1 - 2 * coefficient * p * (1 - p)
    return all_of(
        identities(
            ("phi'", sp.diff(phi, p), (p - q) * factor / (p * (1 - p))),
            ("phi(q)", phi.subs(p, q), sp.Integer(0)),
        ),
        polynomial_nonnegative(factor, p, 0, 1),
    )


@PROOF.mutant("linear-in-multiplicity", "the exponent is p/2 = K/(2|R|)", p / 2)
@PROOF.mutant("without-half", "the exponent is p^2 = K^2/|R|^2", p**2)
@PROOF.step(4, "at q = p/2 the exponent is p^2/2 = K^2/(2|R|^2)", "all 0 < p < 1", "Sturm sequence", p**2 / 2)
def exponent_bound(exponent: sp.Expr) -> Outcome:
    """At q = p/2 the exponent 2(p-q)^2 is at least the one stated, on [0, 1]."""
    guaranteed = (2 * (p - q) ** 2).subs(q, p / 2)
    return polynomial_nonnegative(sp.expand(guaranteed - exponent), p, 0, 1)


@PROOF.step(5, "p = 1 apart", "K = |R|, all N_f >= 0", "identity")
def full_multiplicity() -> Outcome:
    """C = N surely, so the event needs N <= N/2, that is N = 0, where the bound is 1."""
    N = sp.Symbol("N", positive=True)
    return identities(("N - N/2 = N/2 > 0", N - N / 2, N / 2), ("bound at N = 0", sp.exp(-N / 2).subs(N, 0), 1))


@PROOF.step(6, "with N_f = N~ log|R| the bound is the headline formula", "all K, |R| >= 2", "symbolic identity")
def headline() -> Outcome:
    """N~ K^2 log R/(2R^2) is the headline's exponent."""
    tail, literal = (claim(name).stated_bound.expression for name in (PROOF.claim, "ood-error-literal"))
    return identities(("exponent", tail.subs(N_f, N_f * sp.log(R)), literal))


@PROOF.mutant("literal-from-two", "the literal exponent exceeds the tail's exact rate for K = 2..19", first=2)
@PROOF.step(
    7, "the literal exponent exceeds the tail's exact rate for K = 3..19", "|R| = 20, all K < |R|", "ball arithmetic"
)
def literal_reading(first: int = 3, last: int = 19, universe: int = 20) -> Outcome:
    """KL(p/2||p) is the exact rate of the tail (Cramer): where exceeded, a literal bound on it fails for large N."""
    beyond = []
    for K in range(1, universe):
        with working_precision(96) as flint:
            p_ball = flint.arb(flint.fmpq(K, universe))
            divergence = -p_ball / 2 * flint.arb(2).log() + (1 - p_ball / 2) * ((1 - p_ball / 2) / (1 - p_ball)).log()
            literal = rate_of(universe, K, Reading.LITERAL)
            if literal > divergence:
                beyond.append(K)
            elif not literal < divergence:
                return Outcome(False, f"not decided at K = {K}")
    found = f"at |R| = {universe} it exceeds the rate for K = {beyond[0]}..{beyond[-1]}"
    return Outcome(beyond == list(range(first, last + 1)), found)
