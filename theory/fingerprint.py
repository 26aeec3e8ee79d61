"""What a claim asserts, as a hash: a baseline or a record of another formula is not compared with it."""

from __future__ import annotations

import hashlib

import sympy as sp

from theory.claim import Claim


def fingerprint(claim: Claim) -> str:
    """A hash of everything that a claim asserts: formula, kind, domain, premises, observable."""
    parts = [
        claim.kind.value,
        claim.observable,
        "" if claim.log_expression is None else sp.srepr(claim.log_expression),
        *sorted(sp.srepr(r) for r in claim.domain),
        *sorted(sp.srepr(a.relation) for a in claim.assumptions),
        str(claim.axis),
        str(claim.direction),
        claim.arm,
        str(claim.reference),
        str(claim.tolerance),
    ]
    if claim.measured.per_run is not None:
        parts.append(claim.measured.per_run)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
