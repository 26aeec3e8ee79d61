"""K1: no model stores more bits than its weights are written in.

Definition: the S answers are independent and uniform over A values. A model with weights W gives fact i the loss
l_i = -ln p_W(a_i | i). It stores S log2(A) - (l_1 + ... + l_S) / ln 2 bits; the stored fraction is this over S log2(A).

Guarantee (upper): the mean over worlds of the stored fraction is at most B / (S log2(A)), where the weights are written
in B bits.

Reference: Z. Allen-Zhu and Y. Li, https://arxiv.org/abs/2404.05405, measures bits per parameter. DERIVED: the bound
and its proof are this project's (docs/proofs/stored-bits.md).

It is a statement in expectation: one run may exceed it by luck, by x bits with probability at most 2^-x.

>>> import theory
>>> round(theory.claim("stored-bits-floor").bound(B=2048, S=1024, A=16), 3)
0.5
"""

import sympy as sp

from theory import Claim, Evaluation, Kind, Measured, Mutant, Premises
from theory.claims.allen_zhu_li.paper import A, B, derived, fraction

_SUPPORTING = ("bits_per_written_bit", "bits_per_parameter", "stored_bits", "wrong_answers")


def _floor(identifier: str, arm: str, of: str, half_by: str) -> Claim:
    return Claim(
        id=identifier,
        title=f"Stored bits are at most the bits of the weights: {of}",
        statement="For S answers that are independent and uniform over A values, the mean over worlds of the stored "
        "bits S log2(A) - sum_i l_i / ln 2 is at most the mutual information of weights and answers, hence at most the "
        "B bits in which the weights are written. What is given independently of the answers (initial weights, fixed "
        f"embeddings) does not count. As a fraction of S log2(A). Measured for {of}.",
        kind=Kind.UPPER,
        observable="stored_fraction",
        log_expression=fraction(B),
        required=True,
        source=derived(
            number="K1",
            text="The source measures bits of knowledge per parameter. The bound by the bits of the weights and its "
            "proof are this project's.",
            proof=f"claims/{identifier}",
        ),
        premises=Premises(domain=(sp.Ge(A, 2),)),
        measured=Measured(arm=arm, supporting=_SUPPORTING),
        evaluation=Evaluation(falls_in=("S",)),
        mutants=(Mutant("half-the-bits", fraction(B / 2), "B / 2 replaces B", refuted_by=half_by),),
    )


CLAIMS = (
    _floor("stored-bits-floor", "main", "memories", "certification"),
    _floor("stored-bits-floor-transformer", "transformer", "a small transformer", "certification"),
    _floor("stored-bits-floor-binary", "binary", "a linear memory with binary weights", "measurement"),
)
