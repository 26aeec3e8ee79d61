"""The theory as data: claims, their bounds, and how to evaluate them. Neither torch nor ``empirics`` belongs here.

>>> import theory
>>> theory.claim("ood-error-literal").bound(N_f=40, K=3, R=60) < 1
True
"""

from theory.claim import Claim
from theory.kinds import KINDS, Kind
from theory.notation import BrokenClaimError, DomainError, Limit, Notation, Paper, Symbol, measured
from theory.parts import Assumption, Evaluation, Measured, Mutant, Premise, Premises, Provenance, Scope, Source
from theory.registry import UnknownClaimError, all_claims, claim, papers

__all__ = [
    "KINDS",
    "Assumption",
    "BrokenClaimError",
    "Claim",
    "DomainError",
    "Evaluation",
    "Kind",
    "Limit",
    "Measured",
    "Mutant",
    "Notation",
    "Paper",
    "Premise",
    "Premises",
    "Provenance",
    "Scope",
    "Source",
    "Symbol",
    "UnknownClaimError",
    "all_claims",
    "claim",
    "measured",
    "papers",
]

DISTRIBUTION = "factbound"  # lets the command line notice a foreign package of the same name
