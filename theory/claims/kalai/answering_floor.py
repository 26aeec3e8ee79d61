"""C3: the singleton rate as a floor of the error of every model that always answers, calibrated or not.

Definition: the singleton rate sr is the number of prompts that occur exactly once in the N training examples, divided
by N. A model that never says I do not know gives all its probability to the A answers.

Guarantee (lower): with probability at least 0.99 over the answers and the training data, the sampled error of any
algorithm that always answers is at least (1 - 1/A)(sr - sqrt(2 ln 200 / N) - (1 - 1/N)^(N-1) / N) -
sqrt(2 (1 - 1/A) ln 200 / (e N)). No calibration error is subtracted.

Reference: A. T. Kalai, O. Nachum, S. S. Vempala and E. Zhang, https://arxiv.org/abs/2509.04664, for the setting.
DERIVED; proof in docs/claims/answering-floor.md.

>>> import theory
>>> round(theory.claim("answering-floor").bound(N=300, A=20, sr=0.8), 3)
0.469
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.kalai.paper import (
    ANSWERS,
    EARLIER,
    PROBABILITY,
    SINGLETONS,
    UNIFORM,
    WRONG,
    N,
    derived,
    floor,
    says_something,
    sr,
)


def _floor(wrong: sp.Expr) -> sp.Expr:
    return floor(wrong * (sr - SINGLETONS - EARLIER) - sp.sqrt(2 * wrong * UNIFORM / (sp.exp(1) * N)))


_BY_ARM = {
    "guessing": ("answering-floor", "overconfident", "an overconfident model that gives one answer with probability 1"),
    "transformer": ("answering-floor-transformer", "transformer", "a one-layer transformer trained on the examples"),
}

CLAIMS = tuple(
    Claim(
        id=identifier,
        title=f"Singleton rate as a floor of the error of a model that always answers: {title}",
        statement="Setting: prompts from any law, the right answer of each uniform over A answers, independently; N "
        "training examples. The algorithm never abstains; it may know the law, may be random and need not be "
        "calibrated. In at least 99 % of worlds its sampled error is at least (1 - 1/A)(sr - sqrt(2 ln 200 / N) - "
        "(1 - 1/N)^(N-1) / N) - sqrt(2 (1 - 1/A) ln 200 / (e N)). In the mean, the error is at least (1 - 1/A) times "
        f"the mean missing mass. The model here: {words}.",
        kind=Kind.LOWER,
        observable="sampled_error",
        log_expression=_floor(WRONG),
        required=True,
        source=derived(
            number="C3",
            text="The source subtracts a calibration error. That a model which always answers needs no such term is "
            "this project's.",
            proof=f"claims/{identifier}",
        ),
        premises=Premises(
            assumptions=(ANSWERS, says_something("answering_floor", sp.Gt(measured("answering_floor"), 0)))
        ),
        measured=Measured(
            arm=arm,
            per_run="answering_floor_gap",
            share=PROBABILITY,
            supporting=("singleton_rate", "missing_mass", "calibration_delta", "unseen_error"),
        ),
        mutants=(
            Mutant("guesses-never-right", _floor(sp.Integer(1)), "1 replaces 1 - 1/A: no guess is right"),
            Mutant("without-sample-terms", floor(WRONG * sr), "the terms in N are not subtracted"),
        ),
    )
    for arm, (identifier, title, words) in _BY_ARM.items()
)
