"""C2: how fast the linear memory with uniform attention reaches the floor of the loss.

The bound holds for every comparator scale rho > 0; its value is that at the best
rho found, which is a true bound wherever the search ends. rho = 4 log t gives
the order O(log^2 t / t).
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance
from theory.notation import A, K, R, S, eta, measured, t

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
        claim_number="C2",
        title="Pre-training rate of the linear memory with uniform attention, simple form",
        statement=(
            "Linear memory F = V x with uniform attention, no distractors, no residual: full-batch gradient descent "
            "from 0 with step eta <= 1/beta (beta the smoothness constant of the loss) has after t >= 1 steps, in "
            "every world and for every rho > 0, L_PT - log K <= log(1 + (e^(rho/2) + V - K - 1) / (K e^rho)) + "
            "log(1 + (A-1) e^(-rho/4) + (S+K+1) e^(-3 rho/4) + (|R|-K) e^(-5 rho/4)) + "
            "rho^2 [S (K + 1/4) + |R| (|R| + A)] / (4 eta t), with V = S + |R| + A + 1. "
            "At rho = 4 log t this is O(log^2 t / t)."
        ),
        kind=Kind.UPPER,
        provenance=Provenance.DERIVED,
        source=(
            "The source says that pre-training by next-token prediction reaches near-optimal loss; this rate, for the "
            "linear memory, and its proof are this project's."
        ),
        observable="linear_memory_gap",
        required=True,
        log_expression=_log_gap_bound(),
        minimised_over=(rho,),
        falls_in=("t",),
        domain=(sp.Le(K, R), sp.Le(S, A)),
        assumptions=(
            Assumption(
                name="pretraining_smoothness",
                relation=sp.Le(eta * measured("pretraining_smoothness"), 1),
                text="the step is at most 1/beta, beta the smoothness constant of the loss in this world",
            ),
        ),
        proof="claims/pretraining-rate-linear",
        variant="linear-memory",
        mutants=(
            Mutant(
                name="twice-as-fast",
                log_bound=_log_gap_bound(steps_factor=8),
                text="8 eta t in place of 4 eta t",
                refuted_by="certification",
            ),
            Mutant(
                name="vocabulary-without-prompt",
                log_bound=_log_gap_bound(vocabulary=_V - 1),
                text="V = S + |R| + A: the prompt token left out",
                refuted_by="certification",
            ),
            Mutant(
                name="templates-free",
                log_bound=_log_gap_bound(norm=S * (K + sp.Rational(1, 4))),
                text="the comparator's rows for templates, |R| (|R| + A), left out of its norm",
                refuted_by="certification",
            ),
        ),
    ),
)
