"""C2: how fast the linear memory with uniform attention reaches the floor of the loss.

Definition: the gap of pre-training is its loss less the floor log K, after t steps of full-batch gradient
descent from 0 with step eta <= 1/beta, beta the smoothness constant of the loss.

Guarantee (upper): the gap is at most the loss of a comparator of scale rho plus its squared norm over 4 eta t,
in every world and for every rho > 0; at rho = 4 log t this is O(log^2 t / t).

Reference: R. Xu and K. Chen, https://arxiv.org/abs/2508.00901. DERIVED; proof in
docs/claims/pretraining-rate-linear.md.

The value is that at the best rho found, which is a true bound wherever the search ends.

>>> import theory
>>> round(theory.claim("pretraining-rate-linear").bound(S=30, A=30, R=8, K=3, eta=40, t=10_000), 3)
0.211
"""

import sympy as sp

from theory import Assumption, Claim, Evaluation, Kind, Measured, Mutant, Premises, measured
from theory.claims.xu_chen.paper import A, K, R, S, derived, eta, t

rho = sp.Symbol("rho", positive=True)
_V = S + R + A + 1


def _log_gap_bound(vocabulary: sp.Expr = _V, steps_factor: int = 4, norm: sp.Expr | None = None) -> sp.Expr:
    """log of the bound; the arguments are what the mutants change."""
    template_loss = sp.log(1 + (sp.exp(rho / 2) + vocabulary - K - 1) / (K * sp.exp(rho)))
    answer_loss = sp.log(
        1 + (A - 1) * sp.exp(-rho / 4) + (S + K + 1) * sp.exp(-3 * rho / 4) + (R - K) * sp.exp(-5 * rho / 4)
    )
    if norm is None:
        norm = S * (K + sp.Rational(1, 4)) + R * (R + A)
    return sp.log(template_loss + answer_loss + rho**2 * norm / (steps_factor * eta * t))


CLAIMS = (
    Claim(
        id="pretraining-rate-linear",
        title="Pre-training rate of the linear memory with uniform attention, simple form",
        statement="Setting: linear memory F = V x with uniform attention, no distractors, no residual. Training is "
        "full-batch gradient descent from 0 with step eta <= 1/beta, where beta is the smoothness constant of the "
        "loss. Then after t >= 1 steps, in every world and for every rho > 0, L_PT - log K <= log(1 + (e^(rho/2) + V "
        "- K - 1) / (K e^rho)) + log(1 + (A-1) e^(-rho/4) + (S+K+1) e^(-3 rho/4) + (|R|-K) e^(-5 rho/4)) + rho^2 [S "
        "(K + 1/4) + |R| (|R| + A)] / (4 eta t), where V = S + |R| + A + 1. At rho = 4 log t this is O(log^2 t / t).",
        kind=Kind.UPPER,
        observable="linear_memory_gap",
        log_expression=_log_gap_bound(),
        required=True,
        source=derived(
            number="C2",
            text="The source says that pre-training by next-token prediction reaches near-optimal loss. This rate for "
            "the linear memory and its proof are this project's.",
            proof="claims/pretraining-rate-linear",
        ),
        premises=Premises(
            domain=(sp.Le(K, R), sp.Le(S, A)),
            assumptions=(
                Assumption(
                    name="pretraining_smoothness",
                    relation=sp.Le(eta * measured("pretraining_smoothness"), 1),
                    text="the step size is at most 1/beta, where beta is the smoothness constant of the loss in this "
                    "world",
                ),
            ),
        ),
        measured=Measured(arm="linear-memory"),
        evaluation=Evaluation(minimised_over=(rho,), falls_in=("t",)),
        mutants=(
            Mutant("twice-as-fast", _log_gap_bound(steps_factor=8), "8 eta t replaces 4 eta t"),
            Mutant(
                "vocabulary-without-prompt",
                _log_gap_bound(vocabulary=_V - 1),
                "V = S + |R| + A: the prompt token is left out",
            ),
            Mutant(
                "templates-free",
                _log_gap_bound(norm=S * (K + sp.Rational(1, 4))),
                "the comparator's rows for templates, |R| (|R| + A), are left out of its norm",
            ),
        ),
    ),
)
