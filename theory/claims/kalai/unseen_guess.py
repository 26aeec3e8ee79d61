"""C6: what a model that always answers does on prompts that it never saw.

Definition: the unseen error is the error on prompts that do not occur in the training data, averaged over their right
answers, which are uniform over A answers and independent of the training data.

Guarantee (identity, hence tight): in every world and for every model that always answers it is 1 - 1/A.

Reference: A. T. Kalai, O. Nachum, S. S. Vempala and E. Zhang, https://arxiv.org/abs/2509.04664, for the setting.
DERIVED; proof in docs/claims/unseen-guess.md.

>>> import theory
>>> round(theory.claim("unseen-guess").bound(A=20), 3)
0.95
"""

import sympy as sp

from theory import Claim, Kind, Measured, Mutant, Premises
from theory.claims.kalai.paper import ANSWERS, WRONG, A, derived

CLAIMS = (
    Claim(
        id="unseen-guess",
        title="Prompts that were never seen are guessed",
        statement="A model that always answers errs on the prompts that it never saw, averaged over their right "
        "answers, with probability exactly 1 - 1/A, however it was trained. So its mean error is at least (1 - 1/A) "
        "times the mean missing mass.",
        kind=Kind.IDENTITY,
        observable="unseen_error_averaged",
        log_expression=sp.log(WRONG),
        required=True,
        source=derived(
            number="C6",
            text="The source says that the truth of arbitrary facts cannot be told from the training data. This "
            "identity is this project's.",
            proof="claims/unseen-guess",
        ),
        premises=Premises(assumptions=(ANSWERS,)),
        measured=Measured(arm="transformer", tolerance=1e-10, supporting=("unseen_error", "missing_mass")),
        mutants=(
            Mutant("one-answer-fewer", sp.log(1 - 1 / (A - 1)), "1 / (A - 1) replaces 1/A", "measurement"),
            Mutant("never-right", sp.Integer(0), "no guess is right", "measurement"),
        ),
    ),
)
