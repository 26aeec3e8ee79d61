"""C9: with one template per fact, uncovered facts fail.

RECONSTRUCTED, hence reported and not required: the source states the failure in
words; which quantity bounds it from below is this project's reading.
"""

import sympy as sp

from theory.claim import Assumption, Claim, Kind, Mutant, Provenance
from theory.notation import A, K, N_f, R, epsilon, measured

_NONE_SEEN = (sp.binomial(R - K, K) / sp.binomial(R, K)) ** N_f

CLAIMS = (
    Claim(
        id="failure-regime",
        claim_number="C9",
        title="Failure regime below the premise on multiplicity",
        statement=(
            "With multiplicity K = 1, below the premise of the headline bound, the mean out-of-distribution error is "
            "at least max(P[no own template seen] - 1/A, 0): a fact whose only template fine-tuning never shows is "
            "answered no better than by chance."
        ),
        kind=Kind.LOWER,
        provenance=Provenance.RECONSTRUCTED,
        source=(
            "Abstract and summary: insufficient coverage leaves facts stored but inaccessible, a mechanism of "
            "hallucination; this lower bound is the project's reading of it."
        ),
        observable="ood_error",
        required=False,
        log_expression=sp.log(sp.Max(0, _NONE_SEEN - 1 / A)),
        falls_in=("N_f", "K"),
        domain=(sp.Le(K, R), sp.Ge(N_f, 1)),
        assumptions=(
            Assumption(
                name="K",
                relation=sp.Le(K, 1),
                text="every fact was written with a single template",
            ),
            Assumption(
                name="pretraining_gap",
                relation=sp.Le(measured("pretraining_gap"), epsilon),
                text="pre-training is near-optimal: its loss is within epsilon of the floor log K",
            ),
        ),
        supporting=("no_template_seen",),
        mutants=(
            Mutant(
                name="coverage-useless",
                log_bound=sp.log(1 - 1 / A),
                text="failure at (almost) every held-out fact whatever fine-tuning covers",
                refuted_by="measurement",
            ),
            Mutant(
                name="universe-squared",
                log_bound=N_f * sp.log(1 - 1 / (2 * R**2)),
                text="1 / (2|R|^2) in place of 1 / |R| as the chance that a fact shows the template",
                refuted_by="measurement",
            ),
        ),
    ),
)
