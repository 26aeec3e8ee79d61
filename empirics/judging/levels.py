"""The two levels of a verdict: all cells pooled over worlds, and the claim."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from empirics.judging.confidence import Bets, bets_for, log_wealth_path, lower_limit, upper_limit
from empirics.judging.outcome import Outcome, Pooled, Verdict, worst
from empirics.judging.settings import Settings
from empirics.judging.share_verdicts import direction
from empirics.judging.worlds import Answer, Worlds
from theory import Claim, Kind


def pooled_verdict(
    claim: Claim, worlds: Sequence[Worlds], settings: Settings, looks: Sequence[int] = ()
) -> Pooled | None:
    """The mean over worlds of the fraction of cells, in scope and defined there, in which the property holds.

    Only seeds that ran in every cell enter: a cell that stopped early would weigh its first worlds twice. The
    fractions lie in [0, 1]; limits of their mean are time-uniform (betting).
    """
    judged = [w for w in worlds if w.judged]
    if claim.kind is Kind.IDENTITY or not judged:
        return None
    everywhere = set.intersection(*(set(w.ran) for w in judged))
    strict, weak, without, ahead = [], [], 0, [0, 0]
    for seed in sorted(everywhere):
        here = [w.answers[seed] for w in judged if seed in w.answers]
        if not here:
            without += 1
            continue
        yes, no = here.count(Answer.YES), here.count(Answer.NO)
        strict.append(yes / len(here))
        weak.append((len(here) - no) / len(here))
        ahead[0] += yes > no
        ahead[1] += no > yes
    if not strict:
        return None
    share, refuting = settings.property_share, settings.alpha / (len(worlds) + 1)
    confirming, against = (bets_for(tuple(looks), alpha) for alpha in (settings.alpha, refuting))
    lower = lower_limit(strict, settings.alpha, 0.0, 1.0, confirming)
    upper = upper_limit(weak, refuting, 0.0, 1.0, against)
    refuted = upper < share and claim.by_share
    return Pooled(
        estimate=float(np.mean(strict)),
        lower=lower,
        upper=upper,
        asked=share,
        alpha=settings.alpha,
        refuting=refuting,
        worlds=len(strict),
        without=without,
        confirmed=lower >= share,
        refuted=refuted,
        direction=direction(*ahead, directed=all(w.directed for w in judged)) if refuted else "",
        p_value=_p_value(strict, share, confirming),
        statement=(
            "fraction of worlds in which it holds" if claim.by_share else "fraction of runs that meet the bound"
        ),
    )


def claim_verdict(outcomes: Sequence[Outcome], pooled: Pooled | None) -> Verdict:
    """HOLDS: every cell is confirmed; SUPPORTED: the pooled statement is, and no cell is refuted; VIOLATED: one is.

    Flat cells are set aside; where only they could have been judged, the claim is UNDECIDED.
    """
    verdicts = [o.verdict for o in outcomes if not o.flat]
    if Verdict.VIOLATED in verdicts or (pooled is not None and pooled.refuted):
        return Verdict.VIOLATED
    found = worst(verdicts)
    if len(verdicts) < len(outcomes) and found in (Verdict.VACUOUS, Verdict.OUT_OF_SCOPE, Verdict.NOT_TESTED):
        return Verdict.UNDECIDED
    if found is Verdict.UNDECIDED and pooled is not None and pooled.confirmed:
        return Verdict.SUPPORTED
    return found


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values: each is at most alpha only if its claim survives at family-wise error alpha."""
    order = np.argsort(p_values)
    found = np.empty(len(order))
    reached = 0.0
    for rank, place in enumerate(order):
        reached = max(reached, min(1.0, (len(order) - rank) * p_values[place]))
        found[place] = reached
    return [float(p) for p in found]


def benjamini_yekutieli(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values that bound the false discovery rate under any dependence."""
    n = len(p_values)
    order = np.argsort(p_values)[::-1]
    factor = sum(1.0 / k for k in range(1, n + 1))
    found = np.empty(n)
    reached = 1.0
    for rank, place in enumerate(order):
        reached = min(reached, p_values[place] * n * factor / (n - rank))
        found[place] = reached
    return [float(p) for p in found]


def _p_value(values: Sequence[float], share: float, bets: Bets) -> float:
    """Sequential p-value of "the mean is at most ``share``": 1 over the wealth now, as the limits use it."""
    path = log_wealth_path(1.0 - np.asarray(values), 1.0 - share, bets)
    return math.exp(-max(0.0, float(path[-1])))
