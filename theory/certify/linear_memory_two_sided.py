"""C9 from both sides: the reduced system and its radius, steps 1 to 7 of docs/proofs/linear-memory-two-sided.md."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.numbers.balls import below_zero_at

PROOF = Proof("ood-error-linear-memory-two-sided", "linear-memory-two-sided")
PROOFS = (PROOF,)
_EVERY = "every linear memory, every set of fine-tuned facts, every number of steps"
LARGEST_STEP = 8
n = sp.Symbol("n", positive=True)  # fine-tuned facts
more, below = sp.symbols("more below", nonnegative=True)  # n - 1; how far eta is below its limit


@PROOF.mutant("twice-the-step", "a gradient step of at most 16 does not expand", 2 * LARGEST_STEP)
@PROOF.step(
    1,
    "a gradient step of at most 8 does not expand: eta beta <= 2",
    _EVERY,
    "symbolic identities, nonnegative coefficients",
)
def nonexpansive(limit: int = LARGEST_STEP) -> Outcome:
    """The second moment of (e_s + e_p)/2 has the eigenvalues (n+1)/(4n), 1/(4n) and 0; beta is half of the largest.

    Eigenvectors: (1, .., 1; n), (1, -1, 0, ..; 0), (1, .., 1; -1); n + 1 in all. Derivatives I - eta H of a step have
    eigenvalues in [1 - eta beta, 1].
    """
    subject, both, prompt = 1 / (4 * n), 1 / (4 * n), sp.Rational(1, 4)  # entries of the second moment
    largest = (n + 1) / (4 * n)
    room = (16 - 2 * limit) + (16 - limit) * more + below * (2 + more)  # (n + 1) (2/beta - eta)
    return all_of(
        identities(
            ("largest, subjects", subject + both * n, largest),
            ("largest, prompt", both * n + prompt * n, largest * n),
            ("middle, subjects", subject, 1 / (4 * n)),
            ("middle, prompt", both - both, sp.Integer(0)),
            ("least, subjects", subject - both, sp.Integer(0)),
            ("least, prompt", both * n - prompt, sp.Integer(0)),
            ("room", (n + 1) * (2 / (largest / 2) - (limit - below)), room.subs(more, n - 1)),
        ),
        nonnegative_coefficients(room, more, below),
    ).or_why(
        f"one fact, whose answer and one other token hold all the mass and are level: a step of {limit} multiplies a "
        f"small difference of the two by {1 - sp.Rational(limit, 4)}"
    )


@PROOF.mutant("own-column-ignored", "with D_s = sum_j kappa_j g_sj the mass is that of the lift, to first order", own=0)
@PROOF.step(
    2,
    "the mass of the other tokens: the mean of d_s under q_s is D_s, and a weight is e^(A - D/2) q e^(-rho)",
    _EVERY,
    "symbolic identities",
)
def mass(own: int = 1) -> Outcome:
    """d_s(v) = kappa_s q_s(v) + sum_j kappa_j q_j(v), for 1 to 3 facts and 3 tokens; ``own`` is 1 in D_s as stated."""
    equations = []
    for facts in (1, 2, 3):
        q = [sp.symbols(f"q_{s}_1:4", positive=True) for s in range(facts)]
        kappa = sp.symbols(f"kappa_1:{facts + 1}", nonnegative=True)
        g = [sum(x * y for x, y in zip(q[0], q[j], strict=True)) for j in range(facts)]
        stated = own * kappa[0] * g[0] + sum(k * x for k, x in zip(kappa, g, strict=True))
        moves = [kappa[0] * q[0][v] + sum(k * q[j][v] for j, k in enumerate(kappa)) for v in range(3)]
        equations.append((f"mean, {facts} facts", sum(x * d for x, d in zip(q[0], moves, strict=True)), stated))
    z, d, D, A = sp.symbols("z d D A", real=True)
    equations.append(("weight, in logarithms", (z - d) / 2, (A - D / 2) + (z / 2 - A) - (d - D) / 2))
    return identities(*equations)


@PROOF.mutant("profile-ignored", "|p - p~| <= e^(2 omega) P W^2 in each row", profile=0)
@PROOF.step(
    3,
    "|p - p~| <= e^(2 omega) P (H + W^2) in each row",
    _EVERY,
    "symbolic identities, nonnegative coefficients",
)
def row_error(profile: int = 1) -> Outcome:
    """Along weights w e^(-theta rho) from the reduced row to that of the lift, for one token followed and three others.

    p' = -p (rho - mean); the normaliser falls by at most e^(-omega); the sum of q e^(-theta rho) rho starts at 0 and
    falls at the rate of the sum of q e^(-theta rho) rho^2. ``profile`` is the coefficient of H as stated.
    """
    theta, followed = sp.Symbol("theta", real=True), sp.Symbol("b", positive=True)
    w, rho = sp.symbols("w_1:4", positive=True), sp.symbols("rho_1:4", real=True)
    weights = [x * sp.exp(-theta * r) for x, r in zip(w, rho, strict=True)]
    total = followed + sp.Add(*weights)
    mean = sp.Add(*(x * r for x, r in zip(weights, rho, strict=True))) / total
    equations = [("followed token", sp.diff(followed / total, theta), followed / total * mean)]
    equations += [
        (f"other token {v}", sp.diff(x / total, theta), -x / total * (r - mean))
        for v, (x, r) in enumerate(zip(weights, rho, strict=True))
    ]
    first = sp.Add(*(x * r for x, r in zip(weights, rho, strict=True)))
    second = sp.Add(*(x * r**2 for x, r in zip(weights, rho, strict=True)))
    equations.append(("centred", sp.diff(first, theta), -second))
    # e^(-theta rho_v) = y (1 + k_v) with y = e^-omega = 1/(1 + Y): (1 + Y) (Z_theta - y Z_0).
    Y, k = sp.Symbol("Y", nonnegative=True), sp.symbols("k_1:4", nonnegative=True)
    falls = (1 + Y) * (followed + sp.Add(*(x * (1 + e) / (1 + Y) for x, e in zip(w, k, strict=True))))
    falls -= followed + sp.Add(*w)
    H, W2 = sp.symbols("H W2", nonnegative=True)
    excess = (profile * H + W2) - (H + W2)
    return all_of(
        identities(*equations),
        nonnegative_coefficients(sp.cancel(falls), followed, *w, Y, *k),
        nonnegative_coefficients(excess, H, W2),
    ).or_why(_wrong_row())


def _wrong_row() -> str:
    """One fact, two other tokens with shares 3/4 and 1/4, half of the mass, kappa = 1/10."""

    def excess(flint: Any) -> Any:  # e^(2 omega) P W^2 - |p - p~|
        q, kappa = (flint.arb(3) / 4, flint.arb(1) / 4), flint.arb(1) / 10
        D = 2 * kappa * (q[0] ** 2 + q[1] ** 2)
        rho = [(2 * kappa * x - D) / 2 for x in q]
        weights = [x * (-r).exp() for x, r in zip(q, rho, strict=True)]  # beside 1 for the answer
        total = 1 + weights[0] + weights[1]
        parts = [w / total - x / 2 for w, x in zip(weights, q, strict=True)] + [1 / total - flint.arb(1) / 2]
        distance = sum((part**2 for part in parts), flint.arb(0)).sqrt()
        spread = q[0] * rho[0] ** 2 + q[1] * rho[1] ** 2
        return (2 * abs(rho[1])).exp() / 2 * spread - distance

    verdict = {True: "exceeds", False: "does not exceed", None: "perhaps exceeds"}[below_zero_at(excess)]
    return f"with shares 3/4 and 1/4 of half the mass and kappa = 1/10 the error {verdict} e^(2 omega) P W^2"


@PROOF.mutant("prompt-column-free", "a step adds at most h (sum r_s^2)^(1/2) to the distance", prompt=0)
@PROOF.step(
    4,
    "a step adds at most h (sum r_s^2 + (sum r_s)^2)^(1/2) to the distance",
    "up to 4 fine-tuned facts written out; the sum is the same for more",
    "nonnegative coefficients",
)
def accumulation(prompt: int = 1) -> Outcome:
    """Row s of the lift errs by h R_s, |R_s| <= r_s, and the prompt's column by their sum; R_s.R_j = r_s r_j - gap."""
    outcomes = []
    for facts in (1, 2, 3, 4):
        r = sp.symbols(f"r_1:{facts + 1}", nonnegative=True)
        gaps = {(i, j): sp.Symbol(f"gap_{i}{j}", nonnegative=True) for i in range(facts) for j in range(i)}
        summed = sum(x**2 for x in r) + 2 * sum((r[i] * r[j] - gap for (i, j), gap in gaps.items()), sp.Integer(0))
        stated, true = sum(x**2 for x in r) + prompt * sp.Add(*r) ** 2, sum(x**2 for x in r) + summed
        outcomes.append(nonnegative_coefficients(stated - true, *r, *gaps.values()))
    return all_of(*outcomes).or_why("one fact with r = 1: the subject's and the prompt's column each err by h")


@PROOF.mutant("radius-without-two", "two entries move apart by at most (n/(n+1))^(1/2) E", 1)
@PROOF.step(
    5,
    "two entries of the prompt's column move apart by at most (2n/(n+1))^(1/2) E",
    "1 to 4 fine-tuned facts written out; the identity is the same for more",
    "sums of squares",
)
def difference(factor: int = 2) -> Outcome:
    """a_s, b_s: what two entries of the column of s are off by; A, B their sums over s, for the prompt's column."""
    square, size = sp.symbols("square size", nonnegative=True)  # (A + B)^2, A^2 + B^2
    left = square + (factor - 2) * size
    equations = []
    for facts in (1, 2, 3, 4):
        a, b = sp.symbols(f"a_1:{facts + 1}", real=True), sp.symbols(f"b_1:{facts + 1}", real=True)
        A, B = sp.Add(*a), sp.Add(*b)
        distance = sum(x**2 for x in (*a, *b)) + A**2 + B**2
        scale = sp.Rational(factor * facts, facts + 1)
        about = sum((x - A / facts) ** 2 for x in a) + sum((x - B / facts) ** 2 for x in b)
        stated = left.subs({square: (A + B) ** 2, size: A**2 + B**2}) + scale * about
        equations.append((f"{facts} facts", scale * distance - (A - B) ** 2, stated))
    return all_of(identities(*equations), nonnegative_coefficients(left, square, size)).or_why(
        f"one fact, a = 1 and b = -1: E^2 = 4, and (A - B)^2 = 4 against {Fraction(factor, 2) * 4}"
    )


@PROOF.mutant("radius-ignored", "a fact with a positive margin in the reduced system is extracted", 0)
@PROOF.step(
    6,
    "margins beyond the radius decide, on both sides",
    _EVERY,
    "nonnegative coefficients",
)
def decision(asked: int = 1) -> Outcome:
    """True lead = reduced lead + error, |error| <= radius; ``asked`` times the radius is asked of the margin."""
    radius, beyond, slack = sp.symbols("radius beyond slack", nonnegative=True)
    extracted = (asked * radius + beyond) + (-radius + slack) - beyond  # the true lead of a', less what is beyond
    failed = (asked * radius + beyond) - (radius - slack) - beyond  # the true lead of the token that beats it
    return all_of(
        nonnegative_coefficients(extracted, radius, slack), nonnegative_coefficients(failed, radius, slack)
    ).or_why("a margin of 0 and an error of minus the radius leave the answer behind")


@PROOF.step(
    7,
    "rounding in float64: what one step adds to the distance",
    "V tokens, logits of at most L/2, steps of at most 8",
    "nonnegative coefficients",
)
def rounding() -> Outcome:
    """In units of 2^-53, per trajectory: 6 (6L + 2V + 16) for the probabilities, 8n for sums, the storage beside.

    A weight errs by 3L + 4 relatively, the sum of V of them by V more, and a probability by twice that; a step
    multiplies by at most h (n + n^2)^(1/2) <= 4 sqrt 2 <= 6. ``measure.two_sided.rounding`` states
    8 (8L + 2V + 2n + 64), and 10L ((n+1) V)^(1/2) for two roundings of (n+1) V entries
    of at most 5L.
    """
    L, V = sp.symbols("L V", nonnegative=True)
    counted = 6 * (6 * L + 2 * V + 16) + 8 * n
    stated = 8 * (8 * L + 2 * V + 2 * n + 64)
    return all_of(
        nonnegative_coefficients((stated - counted).subs(n, 1 + more), L, V, more),
        identities(("6 >= 4 sqrt 2", sp.Integer(6) ** 2 - 32, sp.Integer(4))),
    )
