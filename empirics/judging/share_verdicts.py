"""The verdict of one cell on a property: the share of worlds in which it holds, against the share asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.stats import binom

from empirics.judging import confidence, shares
from empirics.judging.outcome import Counts, Outcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.single import Frame
from empirics.judging.worlds import Answer, Worlds

__all__ = ["seeds_needed", "share_verdict"]

_MOST = 100_000  # seeds beyond which nobody would go


def share_verdict(worlds: Worlds, frame: Frame, settings: Settings, looks: Sequence[int]) -> Outcome:
    """Confirmed if the lower limit of the share reaches ``property_share``, refuted if the upper one stays below.

    The lower limit counts strict successes alone; the upper one successes and ties.
    """
    if not worlds.tested:
        return frame.outcome(Verdict.NOT_TESTED, worlds.reason)
    if worlds.reason:
        return frame.outcome(Verdict.OUT_OF_SCOPE, worlds.reason)
    answers = list(worlds.answers.values())
    yes, tie, no = (answers.count(a) for a in (Answer.YES, Answer.TIE, Answer.NO))
    counts = Counts(yes, tie, no, worlds.undefined, len(worlds.ran))
    asked = settings.property_share
    lower, confirmed = _lower(worlds, looks, frame.alpha, (Answer.YES,), asked)
    below, refuted = _lower(worlds, looks, frame.refuting, (Answer.NO,), 1.0 - asked)
    upper = 1.0 - below
    n = counts.defined
    base = replace(
        frame.outcome(Verdict.UNDECIDED, ""),
        estimate=counts.yes / n,
        lower=lower,
        upper=upper,
        bound=asked,
        counts=counts,
        effect=_effect(worlds, settings),
        steps=worlds.steps,
        by_sampling=True,
    )
    if worlds.flat:
        return replace(base, flat=True, reason=f"{worlds.asked}: flat, both ends at an end of the range in most worlds")
    of = _of(counts)
    if confirmed:
        reason = f"{worlds.asked}: in {counts.yes} {of}; confirmed in at least {_percent(lower)} of worlds"
        return replace(base, verdict=Verdict.HOLDS, reason=reason)
    if refuted:
        most = f"at most {_percent(upper, up=True)} of worlds"
        reason = f"{worlds.asked}: in {counts.yes} {of}; {most}, {_direction(counts)}"
        return replace(base, verdict=Verdict.VIOLATED, reason=reason)
    needed = seeds_needed(counts.yes, counts.yes + counts.tie, n, asked, frame.alpha, frame.refuting)
    more = f"about {needed} seeds would decide it" if needed else "no number of seeds like these would decide it"
    reason = f"{worlds.asked}: in {counts.yes} {of}; limits {lower:.3g} and {upper:.3g}, asked {asked:g}; {more}"
    scaled = None if needed is None else math.ceil(needed * len(worlds.ran) / n)
    return replace(base, reason=reason, observations_needed=scaled, decidable_at=scaled)


def seeds_needed(yes: int, not_no: int, n: int, share: float, alpha: float, refuting: float) -> int | None:
    """Seeds at which one look would decide, if worlds go on as these did; None if none up to 100,000 would."""
    for size in _sizes(n):
        if binom.sf(round(size * yes / n) - 1, size, share) <= alpha:
            return size
        if binom.cdf(round(size * not_no / n), size, share) <= refuting:
            return size
    return None


def _sizes(n: int) -> list[int]:
    """Numbers of seeds, by steps of a tenth."""
    found = [n + 1]
    while found[-1] < _MOST:
        found.append(max(found[-1] + 1, math.ceil(found[-1] * 1.1)))
    return found


def _lower(
    worlds: Worlds, looks: Sequence[int], alpha: float, counted: Sequence[Answer], share: float
) -> tuple[float, bool]:
    """The lower limit of the share of worlds with such answers, and whether "at most ``share``" is rejected."""
    reached = [n for n in looks if n <= len(worlds.ran)]
    if not reached:
        values = [float(a in counted) for a in worlds.answers.values()]
        limit = confidence.lower_limit(values, alpha, 0.0, 1.0)
        return limit, limit > share
    seen = []
    for n in reached:
        answers = [worlds.answers[s] for s in worlds.ran[:n] if s in worlds.answers]
        seen.append((len(answers), sum(a in counted for a in answers), n / looks[-1]))
    found = tuple(seen)
    rejected = shares.rejected(found, alpha, share)
    limit = shares.lower_limit(found, alpha)
    return (max(limit, share) if rejected else min(limit, share)), rejected


def _effect(worlds: Worlds, settings: Settings) -> tuple[float, float, float] | None:
    """Mean of the effect with Student's t limits, for reading beside the share; None with fewer than two worlds."""
    values = list(worlds.effects.values())
    lower, upper = confidence.student_t(values, settings.alpha)
    if lower is None or upper is None:
        return None
    return sum(values) / len(values), lower, upper


def _of(counts: Counts) -> str:
    """``of 32 worlds``, or ``of the 30 of 32 worlds in scope``; with ties and undefined ones."""
    scope = (
        f"of {counts.ran} worlds"
        if counts.defined == counts.ran
        else f"of the {counts.defined} of {counts.ran} in scope"
    )
    rest = [f"{n} {word}" for n, word in ((counts.tie, "ties"), (counts.undefined, "undefined")) if n]
    return scope + (f" ({', '.join(rest)})" if rest else "")


def _percent(share: float, *, up: bool = False) -> str:
    """Whole percent, rounded to the safe side."""
    return f"{math.ceil(share * 100 - 1e-9) if up else math.floor(share * 100 + 1e-9)} %"


def _direction(counts: Counts) -> str:
    if binom.sf(counts.no - 1, max(1, counts.yes + counts.no), 0.5) <= 0.05:
        return "reversed"
    return "no direction: as often one way as the other"
