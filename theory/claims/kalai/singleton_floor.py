"""C1: the singleton rate as a floor of the error, as the source states it.

Definition: the singleton rate sr is the number of prompts that occur exactly once in the N training examples, divided
by N. The sampled error is the probability that a prompt drawn from its law is answered wrongly by an answer sampled
from the model; I do not know is no error. delta = |p(H) - q(H)| is the calibration error: H holds the pairs of prompt
and answer to which the model gives more than 1 / (A - 1), q and p are their masses under the model and under the truth.

Guarantee (lower): with probability at least 0.99 over the answers and the training data, the sampled error of any
algorithm is at least sr - 2 / (A - 1) - (35 + 6 ln N) / sqrt(N) - delta.

Reference: A. T. Kalai, O. Nachum, S. S. Vempala and E. Zhang, https://arxiv.org/abs/2509.04664, Theorem 2; first in
A. T. Kalai and S. S. Vempala, https://arxiv.org/abs/2311.14648. STATED. In the setting here it follows from
docs/claims/singleton-floor-sharp.md.

>>> import theory
>>> round(theory.claim("singleton-floor").bound(N=100_000, A=100, sr=0.9, delta=0), 3)
0.551
>>> theory.claim("singleton-floor").bound(N=7_000, A=100, sr=1, delta=0)
0.0
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises, measured
from theory.claims.kalai.paper import PROBABILITY, A, N, delta, floor, says_something, sr, stated

_SAMPLE = (35 + 6 * sp.log(N)) / sp.sqrt(N)
_FLOOR = sr - 2 / (A - 1) - _SAMPLE - delta


def _mutant(name: str, expression: sp.Expr, text: str) -> Mutant:
    return Mutant(name, floor(expression), text, "measurement", per_run=f"floor_gap_{name.replace('-', '_')}")


_BY_ARM = {
    "main": (
        "singleton-floor",
        "counting with back-off, which is calibrated exactly",
        (
            _mutant("without-corrections", sr - delta, "neither 2 / (A - 1) nor the term in N is subtracted"),
            _mutant("sample-term-added", _FLOOR + 2 * _SAMPLE, "the term in N is added instead of subtracted"),
        ),
    ),
    "abstaining": (
        "singleton-floor-abstaining",
        "a model that says I do not know on half of the prompts that it never saw",
        (_mutant("without-calibration", _FLOOR + delta, "the calibration error is not subtracted"),),
    ),
    "guessing": (
        "singleton-floor-guessing",
        "an overconfident model: one answer with probability 1, on prompts that it never saw too",
        (Mutant("without-calibration", floor(_FLOOR + delta), "the calibration error is not subtracted"),),
    ),
    "transformer": (
        "singleton-floor-transformer",
        "a one-layer transformer trained on the examples",
        (Mutant("without-calibration", floor(_FLOOR + delta), "the calibration error is not subtracted"),),
    ),
}

CLAIMS = tuple(
    Claim(
        id=identifier,
        title=f"Singleton rate as a floor of the error: {arm if arm != 'main' else 'counting with back-off'}",
        statement="Setting: prompts from any law, the right answer of each uniform over A answers, independently; N "
        "training examples, each a prompt and its right answer. In at least 99 % of worlds (answers and training "
        "data), the sampled error of the model is at least sr - 2 / (A - 1) - (35 + 6 ln N) / sqrt(N) - delta, with "
        f"sr the singleton rate and delta the calibration error. The model here: {words}. Where the right side is at "
        "most 0 it says nothing.",
        kind=Kind.LOWER,
        observable="sampled_error",
        log_expression=floor(_FLOOR),
        required=True,
        source=stated(
            number="C1",
            text="Theorem 2 of arXiv:2509.04664, as far as it is known to us: any algorithm, with probability at least "
            "99 %; err >= sr - 2 / min_c |E_c| - (35 + 6 ln N) / sqrt(N) - delta, E_c the wrong answers of prompt c. "
            "Here all prompts have A answers, so min_c |E_c| = A - 1, and the truth never abstains.",
        ),
        premises=Premises(assumptions=(says_something("stated_floor", sp.Gt(measured("stated_floor"), 0)),)),
        measured=Measured(
            arm=arm,
            per_run="stated_floor_gap",
            share=PROBABILITY,
            supporting=("singleton_rate", "missing_mass", "calibration_delta", "abstained"),
        ),
        mutants=mutants,
    )
    for arm, (identifier, words, mutants) in _BY_ARM.items()
)
