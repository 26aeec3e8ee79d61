"""All steps and all mutants, in the order of the claims' numbers."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from functools import lru_cache

from theory.certify.certificate import Certificate, Step, run_steps
from theory.registry import all_claims, claim

__all__ = ["certificates", "count_of_certificates", "count_of_mutants", "mutants"]

# One module per page of docs/proofs; each has steps() and mutants().
MODULES = (
    "loss_floor",
    "descent_lemma",
    "comparators",
    "sharp_proof",
    "gradient_domination",
    "half_mean_tail",
    "frontier_proof",
    "covering_laws_proof",
    "covering_bounds_proof",
    "finite_domains",
    "rank_one_proof",
    "linear_extraction",
    "linear_extraction_premise",
    "linear_extraction_long",
)


@lru_cache(maxsize=1)
def _all_steps() -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    order = {item.id: position for position, item in enumerate(all_claims())}
    modules = [importlib.import_module(f"theory.certify.{name}") for name in MODULES]

    def place(step: Step) -> int:
        return order[step.claim.partition(":")[0]]

    true = sorted((step for module in modules for step in module.steps()), key=place)
    false = sorted((step for module in modules for step in module.mutants()), key=place)
    return tuple(true), tuple(false)


def _of(steps: tuple[Step, ...], claim_id: str | None) -> tuple[Step, ...]:
    if claim_id is None:
        return steps
    identifier = claim(claim_id).id
    return tuple(step for step in steps if step.claim.partition(":")[0] == identifier)


def certificates(claim_id: str | None = None) -> Iterator[Certificate]:
    """Certificates of all claims, or of one, as they are proved.

    Args:
        claim_id: as listed by the registry; None for all.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return run_steps(_of(_all_steps()[0], claim_id))


def mutants(claim_id: str | None = None) -> Iterator[Certificate]:
    """Near misses through the same checks: each must come out NOT PROVED, the detail says why.

    Args:
        claim_id: as listed by the registry; None for all.

    Raises:
        theory.registry.UnknownClaimError: no such claim.
    """
    return run_steps(_of(_all_steps()[1], claim_id))


def count_of_certificates(claim_id: str | None = None) -> int:
    """How many certificates there are, without running them."""
    return len(_of(_all_steps()[0], claim_id))


def count_of_mutants(claim_id: str | None = None) -> int:
    """How many mutants there are, without running them."""
    return len(_of(_all_steps()[1], claim_id))
