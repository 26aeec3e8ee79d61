"""C9 for the linear memory: no extraction without coverage, steps 1 to 6 of docs/proofs/linear-memory-extraction.md."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import sympy as sp

from theory.certify.certificate import Outcome, Proof
from theory.certify.exact import all_of, identities, nonnegative_coefficients
from theory.certify.linear_memory import all_templates
from theory.coverage.laws import some_unseen
from theory.numbers.balls import below_zero_at

PROOF = Proof("ood-error-linear-memory", "linear-memory-extraction")
PROOFS = (PROOF,)
_EVERY = "every linear memory, every set of fine-tuned facts with answers of their own"
_PAIRS = "any two tokens that are no fine-tuned answers, every number of steps"
LARGEST_STEP = 8
n, eta, h = sp.symbols("n eta h", positive=True)  # fine-tuned facts, step, eta/(2n)
more, below = sp.symbols("more below", nonnegative=True)  # n - 1; how far eta is below its limit


@PROOF.step(
    1,
    "the change of the prompt's column is the sum of those of the subjects' columns",
    _EVERY,
    "symbolic differentiation",
)
def gradient() -> Outcome:
    """Entry by entry, for one and two facts with answers of their own and one other token.

    Fact s moves the column of e_s by 1/(2n) (softmax - target), and that of e_p moves by the sum of these.
    """
    equations = []
    for facts in (1, 2):
        entry = [[sp.Symbol(f"v_{v}{j}", real=True) for j in range(facts + 1)] for v in range(3)]
        logits = [[(entry[v][i] + entry[v][facts]) / 2 for v in range(3)] for i in range(facts)]
        loss = sp.Add(*(sp.log(sp.Add(*map(sp.exp, row))) - row[i] for i, row in enumerate(logits))) / facts
        for v in range(3):
            moved = [
                (sp.exp(row[v]) / sp.Add(*map(sp.exp, row)) - int(v == i)) / (2 * facts) for i, row in enumerate(logits)
            ]
            columns = [*moved, sp.Add(*moved)]
            for j, column in enumerate(columns):
                equations.append((f"{facts} facts: token {v}, column {j}", sp.diff(loss, entry[v][j]), column))
    return identities(*equations)


@PROOF.step(2, "p_v - p_w = theta z with 0 <= theta <= 1/4", _EVERY, "symbolic identities")
def secant() -> Outcome:
    """p_v - p_w = (p_v + p_w) tanh(z/4) with z = 2 (F_v - F_w), and tanh u lies between 0 and u.

    With y = e^u the derivative of f(u) is y df/dy; u - tanh u is 0 at 0 and has the derivative tanh^2 u.
    """
    y, b, rest = sp.symbols("y b rest", positive=True)
    tanh = (y**2 - 1) / (y**2 + 1)
    total = y**2 * b + b + rest  # e^{F_v} = y^2 e^{F_w}: F_v - F_w = 2u = z/2
    return identities(
        ("difference", (y**2 * b - b) / total, (y**2 * b + b) / total * tanh),
        ("derivative of u - tanh u", 1 - y * sp.diff(tanh, y), tanh**2),
        ("at 0", tanh.subs(y, 1), sp.Integer(0)),
    )


@PROOF.mutant(
    "twice-the-step",
    "for eta <= 16 a step takes X and the b_s to weighted means of themselves",
    2 * LARGEST_STEP,
    domain=_EVERY,
)
@PROOF.step(
    3,
    "for eta <= 8 a step takes X and the b_s to weighted means of themselves",
    _PAIRS,
    "symbolic identities, nonnegative coefficients",
)
def averaging(limit: int = LARGEST_STEP) -> Outcome:
    """b_s = -c_s - x_s, z_s = X - b_s, h = eta/(2n), theta_s <= 1/4: the weights sum to 1.

    Those that are kept, 1 - h sum theta and 1 - h theta_s, are nonnegative for eta <= ``limit`` if no coefficient below
    is negative.
    """
    X = sp.Symbol("X", real=True)
    equations = []
    for facts in (1, 2, 3):
        b, theta = sp.symbols(f"b_1:{facts + 1}", real=True), sp.symbols(f"theta_1:{facts + 1}", nonnegative=True)
        moved = X - h * sp.Add(*(t * (X - level) for t, level in zip(theta, b, strict=True)))
        mean = (1 - h * sp.Add(*theta)) * X + h * sp.Add(*(t * level for t, level in zip(theta, b, strict=True)))
        equations.append((f"X, {facts} facts", moved, mean))
        raised = (1 - h * theta[0]) * b[0] + h * theta[0] * X
        equations.append((f"b, {facts} facts", b[0] + h * theta[0] * (X - b[0]), raised))
    room, half = sp.symbols("room half", nonnegative=True)  # 1/4 - theta, summed or single; 1/(2n)
    free = limit - below  # eta
    all_rows = 1 - sp.Rational(limit, 8) + below / 8 + eta * room * half
    one_row = 8 * more + (8 - limit) + below + 4 * eta * room  # 8 n times the weight
    equations += [
        ("kept by X", 1 - free / (2 * n) * (n / 4 - room), all_rows.subs({eta: free, half: 1 / (2 * n)})),
        (
            "kept by b",
            8 * n * (1 - free / (2 * n) * (sp.Rational(1, 4) - room)),
            one_row.subs({eta: free, more: n - 1}),
        ),
    ]
    return all_of(
        identities(*equations),
        nonnegative_coefficients(all_rows, below, eta, room, half),
        nonnegative_coefficients(one_row, more, below, eta, room),
    ).or_why(_overshoot(limit))


def _overshoot(limit: int) -> str:
    """One step of size ``limit`` on one fact that prefers v to w by 1/10, its answer far behind: X below -1/10?"""

    def excess(flint: Any) -> Any:  # X + 1/10 = 1/10 - (limit/2) (p_v - p_w)
        v, w, answer = (flint.arb(flint.fmpq(x, 20)).exp() for x in (1, 0, -400))
        return flint.arb(1) / 10 - flint.arb(limit) / 2 * (v - w) / (v + w + answer)

    verdict = {True: "below", False: "not below", None: "perhaps below"}[below_zero_at(excess)]
    return f"logits 1/20 (v), 0 (w), -20 (the answer) of one fact and one step of {limit} take X {verdict} -1/10"


@PROOF.step(4, "X >= -max(0, max_s c_s) throughout", _PAIRS, "symbolic identities, nonnegative coefficients")
def hull() -> Outcome:
    """Weighted means of numbers >= m are >= m; at the start X = 0 >= -gamma and b_s = -c_s >= -gamma."""
    m = sp.Symbol("m", real=True)
    equations = []
    for terms in (2, 3, 4):
        rest, values = sp.symbols(f"w_2:{terms + 1}", nonnegative=True), sp.symbols(f"y_1:{terms + 1}", real=True)
        weights = (1 - sp.Add(*rest), *rest)
        mean = sp.Add(*(w * y for w, y in zip(weights, values, strict=True)))
        above = sp.Add(*(w * (y - m) for w, y in zip(weights, values, strict=True)))
        equations.append((f"mean of {terms} less m", mean - m, above))
    gamma, less = sp.symbols("gamma less", nonnegative=True)  # c_s = gamma - less
    starts = [sp.Integer(0) + gamma, -(gamma - less) + gamma]
    return all_of(identities(*equations), *(nonnegative_coefficients(start, gamma, less) for start in starts))


@PROOF.mutant(
    "dominance-one-short",
    "with template dominance >= -1 the answer's logit never exceeds an uncovered template's",
    lacking=1,
)
@PROOF.step(
    5,
    "with template dominance the answer's logit never exceeds an uncovered template's",
    _EVERY,
    "nonnegative coefficients",
)
def failure(lacking: int = 0) -> Outcome:
    """2 (F(r) - F(a')) = mu + X >= 0 if mu >= gamma - ``lacking`` and X >= -gamma."""
    gamma, dominance, excess = sp.symbols("gamma dominance excess", nonnegative=True)
    return nonnegative_coefficients((gamma + dominance - lacking) + (excess - gamma), gamma, dominance, excess).or_why(
        f"votes 0 for the one own template, {Fraction(lacking, 2)} for the answer, {-lacking} "
        f"elsewhere have dominance {Fraction(-lacking, 2)}, and before the first step of fine-tuning the answer leads"
    )


@PROOF.step(
    6,
    "the mean fraction of facts with an uncovered template is the covering law",
    "|R| <= 4, K <= 3, N_f <= 3",
    "exhaustive enumeration",
)
def mean_over_worlds() -> Outcome:
    """Over the held-out facts of all worlds."""
    worlds = 0
    for universe, multiplicity, N, held in [(2, 1, 2, 2), (3, 1, 2, 2), (3, 2, 2, 2), (4, 2, 2, 1), (4, 3, 3, 1)]:
        total, count = Fraction(0), 0
        for templates in all_templates(universe, multiplicity, N + held):
            seen = set(templates[:N].ravel().tolist())
            total += Fraction(sum(not seen.issuperset(own) for own in templates[N:].tolist()), held)
            count += 1
        law = some_unseen(N, multiplicity, universe)
        if total / count != law:
            return Outcome(False, f"{total / count} against {law} at |R|={universe}, K={multiplicity}, N_f={N}")
        worlds += count
    return Outcome(True, f"{worlds} worlds enumerated")
