"""From a claim and measured cells to verdicts, and from these to the claim's verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from empirics.judging.outcome import ClaimOutcome, Outcome, Verdict, worst
from empirics.judging.paired import between_arms, ends, trends
from empirics.judging.premises import scope_of
from empirics.judging.settings import Settings
from empirics.judging.single import Frame, scaled_to_all_seeds, single
from empirics.judging.table import CellTable
from empirics.observables.shared import OBSERVABLES, Observable
from theory import Claim, DomainError, Kind, Scope

__all__ = ["judge_claim"]


def judge_claim(
    claim: Claim,
    cells: Sequence[CellTable],
    settings: Settings,
    observables: Mapping[str, Observable] = OBSERVABLES,
) -> ClaimOutcome:
    """All verdicts of a claim on measured cells.

    The claim's error probability ``settings.alpha`` is divided evenly over its
    declared verdicts, before it is known which of them are in scope.

    Args:
        claim: what is claimed.
        cells: every declared cell, of all arms.
        settings: alpha, margins, premise limits.
        observables: ranges and trivial values by name.
    """
    observable = observables.get(claim.observable)
    mine = [c for c in cells if c.variant == claim.arm]
    if observable is None or not any(claim.observable in c.observables for c in mine):
        why = f"no run measured {claim.observable}" + ("" if claim.arm == "main" else f" in the arm {claim.arm}")
        return ClaimOutcome(claim.id, Verdict.NOT_TESTED, (Outcome(claim.id, Scope.RUN, (), Verdict.NOT_TESTED, why),))
    if claim.kind is Kind.TREND:
        assert claim.axis is not None
        outcomes = trends(claim, observable, mine, settings)
    elif claim.axis is not None:
        outcomes = ends(claim, observable, mine, settings)
    elif claim.reference is not None:
        outcomes = between_arms(claim, observable, mine, cells, settings)
    else:
        groups = _groups(claim, observable, mine)
        alpha = settings.alpha / len(groups)
        outcomes = [_cell(claim, observable, group, settings, alpha, len(groups)) for group in groups]
    return ClaimOutcome(claim.id, worst(o.verdict for o in outcomes), tuple(outcomes))


def _groups(claim: Claim, observable: Observable, cells: Iterable[CellTable]) -> list[list[CellTable]]:
    """Cells that share a measurement: an observable of the pre-trained model is the same for every N_f."""
    if observable.per == "cell" or "N_f" in claim.symbols:
        return [[cell] for cell in cells]
    groups: dict[tuple[float | None, ...], list[CellTable]] = {}
    for cell in cells:
        key = (cell.symbols.get("R"), cell.symbols.get("K"))
        groups.setdefault(key, []).append(cell)
    return list(groups.values())


def _cell(
    claim: Claim,
    observable: Observable,
    group: Sequence[CellTable],
    settings: Settings,
    alpha: float,
    family: int,
) -> Outcome:
    cell = group[0]
    scope = Scope.CELL if len(group) == 1 else Scope.SERIES
    indices = tuple(c.index for c in group)

    def outcome(verdict: Verdict, reason: str) -> Outcome:
        return Outcome(
            claim.id, scope, indices, verdict, reason, alpha=alpha, family_size=family, premises=scoped.premises
        )

    if not cell.seeds:
        return Outcome(claim.id, scope, indices, Verdict.NOT_TESTED, "no run finished", alpha=alpha, family_size=family)
    scoped = scope_of(claim, cell, settings.premise_gap, settings.scope_share)
    if not scoped.in_scope:
        return outcome(Verdict.OUT_OF_SCOPE, scoped.reason)
    values = [v for v in (cell.value(claim.observable, s) for s in scoped.seeds) if v is not None]
    if len(values) < settings.scope_share * len(scoped.seeds) - 1e-9 or not values:
        share = f"{claim.observable} is defined in {len(values)} of {len(scoped.seeds)} runs in scope"
        return outcome(Verdict.NOT_TESTED, f"{share}: its mean over all runs cannot be judged by these")
    log_bound = None
    if claim.log_expression is not None:
        try:
            log_bound = float(claim.log_bound(**{name: cell.symbols[name] for name in claim.symbols}))
        except (DomainError, KeyError) as error:
            return outcome(Verdict.OUT_OF_SCOPE, f"the bound is not defined here: {error}")
    found = single(
        claim,
        observable,
        values,
        log_bound,
        Frame(claim.id, scope, indices, alpha, family, scoped.premises),
        settings,
    )
    return scaled_to_all_seeds(found, len(values), len(cell.seeds))
