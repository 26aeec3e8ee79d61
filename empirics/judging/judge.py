"""From a claim and measured cells to verdicts: of each cell, of all together, and of the claim."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empirics.judging.bounds import columns, log_bounds
from empirics.judging.levels import claim_verdict, pooled_verdict
from empirics.judging.outcome import ClaimOutcome, Frame, Outcome, Verdict
from empirics.judging.premises import Scoped, scopes_of
from empirics.judging.rules import limits_of, rule_of
from empirics.judging.settings import Settings
from empirics.judging.share_verdicts import share_verdict
from empirics.judging.single import single
from empirics.judging.table import MAIN, CellTable
from empirics.judging.worlds import Worlds, groups_of, worlds_of
from empirics.observables.catalogue import observables as known_observables
from empirics.observables.definition import Observable
from theory import BrokenClaimError, Claim, Kind, Premise, Scope
from theory.plural import counted
from theory.registry import origin

Nowhere = tuple[Verdict, str]
"""The verdict where a cell cannot be judged, and why."""


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
            shares are time-uniform (betting); with one, bets on means are tuned to it.

    Returns:
        The outcome; BROKEN, with the reason, where a bound or a premise of the claim has no number.

    Example:
        >>> import theory
        >>> symbols, axes = {"N_f": 40, "K": 3, "R": 60}, {"R": "|R|", "K": "K", "N_f": "N_f"}
        >>> values = {"ood_error": (0.1,) * 32, "pretraining_gap": (0.01,) * 32}
        >>> cell = CellTable(0, MAIN, symbols, tuple(range(32)), frozenset(), values, axes, ("R", "K"))
        >>> str(judge_claim(theory.claim("ood-error-literal"), [cell], Settings()).verdict)
        'HOLDS'
    """
    try:
        return _judged(claim, cells, settings.asked_by(claim), observables, looks)
    except BrokenClaimError as error:  # a third party's defect must not end what does not need it
        return ClaimOutcome(claim.id, Verdict.BROKEN, (broken(claim, error.reason),))


def fault(claim: Claim, cells: Sequence[CellTable]) -> str:
    """What is wrong with its bound and premises at the symbols of its cells, before anything is measured."""
    mine = [cell for cell in cells if cell.variant == claim.arm]
    try:
        for premise in claim.premises_on_symbols:
            premise.at(columns(mine, {s.name for s in premise.relation.free_symbols}))
        if claim.log_expression is not None:
            log_bounds(claim, mine)
    except BrokenClaimError as error:
        return broken(claim, error.reason).reason
    return ""


def broken(claim: Claim, reason: str) -> Outcome:
    """The one outcome of a claim that has a defect; it names the file or package that the claim comes from."""
    source = origin(claim.id.partition(":")[0])
    told = reason if source is None else f"{reason} ({source})"
    return Outcome(claim.id, Scope.RUN, (), Verdict.BROKEN, told)


def _judged(
    claim: Claim,
    cells: Sequence[CellTable],
    settings: Settings,
    observables: Mapping[str, Observable] | None,
    looks: Sequence[int],
) -> ClaimOutcome:
    observable = (known_observables() if observables is None else observables).get(claim.judged_on)
    mine = [c for c in cells if c.variant == claim.arm]
    if observable is None or not any(claim.judged_on in c.observables for c in mine):
        why = f"no run measured {claim.judged_on}" + ("" if claim.arm == MAIN else f" in the arm {claim.arm}")
        return ClaimOutcome(claim.id, Verdict.NOT_TESTED, (Outcome(claim.id, Scope.RUN, (), Verdict.NOT_TESTED, why),))
    if claim.by_share:
        worlds = worlds_of(claim, observable, mine, cells, settings)
        frames = _frames(claim, [(w.cells, w.measured_scope, w.premises) for w in worlds], settings, looks)
        outcomes = [share_verdict(w, frame, settings) for w, frame in zip(worlds, frames, strict=True)]
    else:
        if claim.kind is not Kind.IDENTITY and observable.sampling != "exact" and not observable.bounded:
            raise BrokenClaimError(
                claim.id, f"{observable.name} has no finite range: its mean has no limits by sampling"
            )
        groups = groups_of(claim, observable, mine)
        scopes = scopes_of(claim, [group[0] for group in groups], settings)
        places = [
            (tuple(c.index for c in group), _measured_scope(claim, group[0], scoped), scoped.premises)
            for group, scoped in zip(groups, scopes, strict=True)
        ]
        frames = _frames(claim, places, settings, looks)
        firsts = [group[0] for group in groups]
        judged = [_judgeable(claim, cell, scoped, settings) for cell, scoped in zip(firsts, scopes, strict=True)]
        there = zip(_with_bounds(claim, firsts, judged), _limits(claim, observable, judged, frames), strict=True)
        found = [
            _mean_cell(claim, observable, cell, *values, limits, frame, settings)
            for cell, (values, limits), frame in zip(firsts, there, frames, strict=True)
        ]
        outcomes, worlds = [outcome for outcome, _ in found], [w for _, w in found]
    pooled = pooled_verdict(claim, worlds, settings, looks)
    return ClaimOutcome(claim.id, claim_verdict(outcomes, pooled), tuple(outcomes), pooled)


def _frames(
    claim: Claim,
    places: Sequence[tuple[tuple[int, ...], bool, tuple[Premise, ...]]],
    settings: Settings,
    looks: Sequence[int],
) -> list[Frame]:
    """What each verdict speaks about (cells, whether its scope is measured, premises), and at which levels.

    Where measurements put some seed out of scope, scope may depend on another cell's outcome: such cells share alpha.
    A refutation has alpha divided over all cells and the pooled statement.
    """
    sharing, family = max(1, sum(measured for _, measured, _ in places)), len(places) + 1
    return [
        Frame(
            claim=claim.id,
            scope=Scope.SERIES if claim.axis or (len(cells) > 1 and not claim.by_share) else Scope.CELL,
            cells=cells,
            alpha=settings.alpha / (sharing if measured else 1),
            refuting=settings.alpha / family,
            family_size=family,
            premises=premises,
            looks=tuple(looks),
        )
        for cells, measured, premises in places
    ]


def _measured_scope(claim: Claim, cell: CellTable, scoped: Scoped) -> bool:
    """Whether measurements put some seed out of scope: a premise or the run failed, or there is no value."""
    return scoped.measured_failures > 0 or any(v is None for v in cell.values(claim.observable, scoped.seeds))


def _judgeable(claim: Claim, cell: CellTable, scoped: Scoped, settings: Settings) -> dict[int, float] | Nowhere:
    """The values in scope, by seed; or why the mean in this cell cannot be judged by them."""
    if not cell.seeds:
        return Verdict.NOT_TESTED, scoped.reason
    if not scoped.in_scope:
        return Verdict.VACUOUS if scoped.vacuous else Verdict.OUT_OF_SCOPE, scoped.reason
    known = cell.values(claim.observable, scoped.seeds)
    values = {seed: v for seed, v in zip(scoped.seeds, known, strict=True) if v is not None}
    if len(values) < settings.scope_share * len(cell.seeds) - 1e-9 or not values:
        share = f"{claim.observable} is in scope and defined in {len(values)} of {counted(len(cell.seeds), 'run')}"
        return Verdict.NOT_TESTED, f"{share}: its mean over all runs cannot be judged by these"
    return values


def _with_bounds(
    claim: Claim, cells: Sequence[CellTable], judged: Sequence[dict[int, float] | Nowhere]
) -> list[tuple[dict[int, float] | Nowhere, float | None]]:
    """The same with the log-bound of each cell that can be judged; where that is undefined, it is the reason."""
    places = [i for i, values in enumerate(judged) if isinstance(values, dict)]
    found: list[tuple[dict[int, float] | Nowhere, float | None]] = [(values, None) for values in judged]
    if claim.log_expression is not None and places:
        bounds, reasons = log_bounds(claim, [cells[i] for i in places])
        for position, place in enumerate(places):
            found[place] = (judged[place], float(bounds[position]))
            if position in reasons:
                found[place] = ((Verdict.OUT_OF_SCOPE, f"the bound is undefined here: {reasons[position]}"), None)
    return found


def _limits(
    claim: Claim, observable: Observable, judged: Sequence[dict[int, float] | Nowhere], frames: Sequence[Frame]
) -> list[tuple[float, float] | None]:
    """The limits of the mean of each cell that is judged by sampling, all at once."""
    found: list[tuple[float, float] | None] = [None] * len(judged)
    if claim.kind is not Kind.IDENTITY and observable.sampling != "exact":
        samples = {i: [*values.values()] for i, values in enumerate(judged) if isinstance(values, dict)}
        levels = ((frames[i].alpha, frames[i].refuting, frames[i].looks) for i in samples)
        rules = [rule_of(claim.kind, observable, *level) for level in levels]
        for place, limits in zip(samples, limits_of(rules, [*samples.values()]), strict=True):
            found[place] = limits
    return found


def _mean_cell(
    claim: Claim,
    observable: Observable,
    cell: CellTable,
    values: dict[int, float] | Nowhere,
    log_bound: float | None,
    limits: tuple[float, float] | None,
    frame: Frame,
    settings: Settings,
) -> tuple[Outcome, Worlds]:
    """A bound, rate or identity in one cell; and in which worlds the run itself meets it."""
    if isinstance(values, dict):
        return single(claim, observable, cell, values, log_bound, frame, settings, limits)
    nowhere = Worlds(frame.cells, cell.label, "", tuple(cell.seeds), reason="not judged", tested=bool(cell.seeds))
    return frame.outcome(*values), nowhere
