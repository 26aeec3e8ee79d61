"""A question as a user asks it: which symbol is unknown, and what the other claims of the paper answer."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from theory.claim import Claim
from theory.numbers.evaluate import check_domain
from theory.planning.plan import Plan, plan
from theory.registry import claim as registered
from theory.registry import papers

__all__ = ["ask"]


def ask(
    claim: Claim, target: float | Fraction | str, given: Mapping[str, int | float], unknown: str | None = None
) -> list[Plan]:
    """The plan of a claim, then those of the claims that papers of the same notation want seen beside it.

    ``given`` are values of symbols, ``unknown`` the symbol to solve for, by default the first that is not given.

    Raises:
        DomainError: the values lie outside the claim's domain, or the question makes no sense; see :func:`plan`.
    """
    check_domain(claim.id, claim.domain, given)
    main = plan(claim, target, unknown, **given)
    return [main, *_beside(claim, target, main.unknown, given)]


def _beside(claim: Claim, target: float | Fraction | str, unknown: str, given: Mapping[str, int | float]) -> list[Plan]:
    found = []
    for identifier in (i for paper in papers() if paper.notation == claim.notation for i in paper.plans):
        other = registered(identifier)
        needed = set(other.symbols) - {unknown}
        if identifier == claim.id or unknown not in other.symbols or not needed <= set(given):
            continue
        limiting = {s.name for limit in other.paper.limits for s in limit.relation.free_symbols}
        used = {name: value for name, value in given.items() if name in needed | limiting}
        found.append(plan(other, target, unknown, **used))
    return found
