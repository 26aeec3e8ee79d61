"""From a claim and measured cells to verdicts: of each cell, of all together, and of the claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from empirics.judging.levels import claim_verdict, pooled_verdict
from empirics.judging.outcome import ClaimOutcome, Outcome, Verdict
from empirics.judging.premises import scope_of
from empirics.judging.settings import Settings
from empirics.judging.share_verdicts import share_verdict
from empirics.judging.single import Frame, MeanCell, single
from empirics.judging.table import MAIN, CellTable
from empirics.judging.worlds import Worlds, groups_of, worlds_of
from empirics.observables.catalogue import observables as known_observables
from empirics.observables.definition import Observable
from theory import Claim, DomainError, Scope

__all__ = ["judge_claim"]


def judge_claim(
    claim: Claim,
    cells: Sequence[CellTable],
    settings: Settings,
    observables: Mapping[str, Observable] | None = None,
    looks: Sequence[int] = (),
) -> ClaimOutcome:
    """All verdicts of a claim on measured cells.

    A cell is confirmed at the claim's alpha: HOLDS says that every cell in scope is
    (an intersection-union test). A refutation has alpha divided over the cells and the
    pooled statement, before it is known which of them are in scope.

    Args:
        claim: what is claimed.
        cells: every declared cell, of all arms.
        settings: alpha, share, margins, premise limits.
        observables: ranges and trivial values by name; the catalogue if None.
        looks: numbers of seeds at which the data are looked at, declared before them. Without any, limits of
            shares are time-uniform (betting).
    """
    observable = (known_observables() if observables is None else observables).get(claim.judged_on)
    mine = [c for c in cells if c.variant == claim.arm]
    if observable is None or not any(claim.judged_on in c.observables for c in mine):
        why = f"no run measured {claim.judged_on}" + ("" if claim.arm == MAIN else f" in the arm {claim.arm}")
        return ClaimOutcome(claim.id, Verdict.NOT_TESTED, (Outcome(claim.id, Scope.RUN, (), Verdict.NOT_TESTED, why),))
    if claim.by_share:
        worlds = worlds_of(claim, observable, mine, cells, settings)
        frames = _frames(claim, worlds, settings)
        outcomes = [share_verdict(w, frame, settings, tuple(looks)) for w, frame in zip(worlds, frames, strict=True)]
    else:
        groups = groups_of(claim, observable, mine)
        found = [_mean_cell(claim, observable, group, settings, len(groups)) for group in groups]
        outcomes, worlds = [outcome for outcome, _ in found], [w for _, w in found]
    pooled = pooled_verdict(claim, worlds, settings, len(worlds))
    return ClaimOutcome(claim.id, claim_verdict(outcomes, pooled), tuple(outcomes), pooled)


def _frames(claim: Claim, worlds: Sequence[Worlds], settings: Settings) -> list[Frame]:
    """The levels of each cell.

    Where some seed failed a measured premise, scope may depend on another cell's outcome: such cells share alpha.
    """
    refuting = settings.alpha / (len(worlds) + 1)
    sharing = max(1, sum(w.measured_scope for w in worlds))
    return [
        Frame(
            claim.id,
            Scope.SERIES if claim.axis is not None else Scope.CELL,
            w.cells,
            settings.alpha / (sharing if w.measured_scope else 1),
            refuting,
            len(worlds) + 1,
            w.premises,
        )
        for w in worlds
    ]


def _mean_cell(
    claim: Claim, observable: Observable, group: Sequence[CellTable], settings: Settings, cells: int
) -> tuple[Outcome, Worlds]:
    """A bound, rate or identity in one cell; and in which worlds the run itself meets it."""
    cell = group[0]
    indices = tuple(c.index for c in group)
    scope = Scope.CELL if len(group) == 1 else Scope.SERIES
    frame = Frame(claim.id, scope, indices, settings.alpha, settings.alpha / (cells + 1), cells + 1)
    nowhere = Worlds(indices, cell.label, "", tuple(cell.seeds), reason="not judged")
    if not cell.seeds:
        return frame.outcome(Verdict.NOT_TESTED, "no run finished"), replace(nowhere, tested=False)
    scoped = scope_of(claim, cell, settings)
    frame = replace(frame, premises=scoped.premises)
    if not scoped.in_scope:
        return frame.outcome(Verdict.OUT_OF_SCOPE, scoped.reason), nowhere
    values = {s: v for s in scoped.seeds if (v := cell.value(claim.observable, s)) is not None}
    if len(values) < settings.scope_share * len(scoped.seeds) - 1e-9 or not values:
        share = f"{claim.observable} is defined in {len(values)} of {len(scoped.seeds)} runs in scope"
        return frame.outcome(Verdict.NOT_TESTED, f"{share}: its mean over all runs cannot be judged by these"), nowhere
    log_bound = None
    if claim.log_expression is not None:
        try:
            log_bound = float(claim.log_bound(**{name: cell.symbols[name] for name in claim.symbols}))
        except (DomainError, KeyError) as error:
            return frame.outcome(Verdict.OUT_OF_SCOPE, f"the bound is not defined here: {error}"), nowhere
    return single(claim, observable, MeanCell(cell, values, log_bound), frame, settings)
