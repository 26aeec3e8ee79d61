"""The verdict of one cell on a property: the share of worlds in which it holds, against the share asked for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from scipy.special import bdtr, bdtrc

from empirics.judging import confidence, shares
from empirics.judging.outcome import Counts, Frame, Outcome, Verdict
from empirics.judging.settings import Settings
from empirics.judging.worlds import Answer, Worlds
from theory.plural import counted

_MOST = 100_000  # seeds beyond which nobody would go


def share_verdict(worlds: Worlds, frame: Frame, settings: Settings) -> Outcome:
    """Confirmed if the lower limit of the share reaches ``property_share``, refuted if the upper one excludes it.

    The lower limit counts strict successes alone; the upper one successes and ties. Of the worlds those count that
    the looks reached so far let in: none before the first look, and none beyond the last. Should both limits cross,
    one look after the other, the claim counts as refuted.
    """
    if not worlds.tested:
        return frame.outcome(Verdict.NOT_TESTED, worlds.reason)
    if worlds.reason:
        return frame.outcome(Verdict.VACUOUS if worlds.vacuous else Verdict.OUT_OF_SCOPE, worlds.reason)
    looks = frame.looks
    seen = _seen(worlds, looks)
    if not seen[-1]:
        return frame.outcome(Verdict.UNDECIDED, f"{worlds.asked}: the first look is at {counted(looks[0], 'seed')}")
    ran = len(worlds.ran) if not looks else max(n for n in looks if n <= len(worlds.ran))
    yes, tie, no = (seen[-1].count(a) for a in (Answer.YES, Answer.TIE, Answer.NO))
    counts = Counts(yes, tie, no, sum(s in worlds.undefined for s in worlds.ran[:ran]), ran)
    asked = settings.property_share
    lower, confirmed = _lower(seen, looks, frame.alpha, Answer.YES, asked)
    below, refuted = _lower(seen, looks, frame.refuting, Answer.NO, round(1.0 - asked, 12))
    upper = 1.0 - below
    base = replace(
        frame.outcome(Verdict.UNDECIDED, ""),
        estimate=counts.yes / counts.defined,
        lower=lower,
        upper=upper,
        bound=asked,
        counts=counts,
        effect=_effect(worlds, settings),
        steps=worlds.steps,
        by_sampling=True,
    )
    if worlds.flat:
        why = "flat (in most worlds both ends of the axis are at the same end of the observable's range)"
        return replace(base, flat=True, reason=f"{worlds.asked}: {why}")
    of = _of(counts)
    if refuted:
        most = f"at most {_percent(upper, up=True)} of worlds"
        way = direction(counts.yes, counts.no, directed=worlds.directed)
        reason = f"{worlds.asked}: in {counts.yes} {of}; {most}, {way}"
        return replace(base, verdict=Verdict.VIOLATED, reason=reason)
    if confirmed:
        reason = f"{worlds.asked}: in {counts.yes} {of}; confirmed in at least {_percent(lower)} of worlds"
        return replace(base, verdict=Verdict.HOLDS, reason=reason)
    holds_at, violated_at = seeds_needed(counts, asked, frame.alpha, frame.refuting)
    known = [n for n in (holds_at, violated_at) if n is not None]
    if holds_at is not None:
        more = f"about {counted(holds_at, 'seed')} like these would confirm it"
    elif violated_at is not None:
        more = f"about {counted(violated_at, 'seed')} like these would refute it"
    else:
        more = "more seeds like these will not decide it"
    reason = f"{worlds.asked}: in {counts.yes} {of}; limits {lower:.3g} and {upper:.3g}, threshold {asked:g}; {more}"
    return replace(base, reason=reason, observations_needed=holds_at, decidable_at=min(known, default=None))


def seeds_needed(counts: Counts, share: float, alpha: float, refuting: float) -> tuple[int | None, int | None]:
    """Seeds at which a single look would confirm, and refute, if worlds go on as these did; None beyond 100,000.

    Seeds out of scope are counted in, at their rate so far.
    """
    n, weak = counts.defined, counts.yes + counts.tie
    sizes = _sizes(n)
    holds = (size for size in sizes if bdtrc(math.floor(size * counts.yes / n) - 1, size, share) <= alpha)
    violated = (size for size in sizes if bdtr(math.ceil(size * weak / n), size, share) <= refuting)
    first = next(holds, None) if counts.yes > share * n else None
    second = next(violated, None) if weak < share * n else None
    confirming, against = (None if at is None else math.ceil(at * counts.ran / n) for at in (first, second))
    return confirming, against


def _sizes(n: int) -> list[int]:
    """Numbers of worlds in scope, by steps of a tenth."""
    found = [n + 1]
    while found[-1] < _MOST:
        found.append(math.ceil(found[-1] * 1.1))
    return found


def _seen(worlds: Worlds, looks: Sequence[int]) -> list[list[Answer]]:
    """The answers at each look that is reached; all of them at once where no looks are declared."""
    reached = [n for n in looks if n <= len(worlds.ran)] if looks else [len(worlds.ran)]
    return [[worlds.answers[s] for s in worlds.ran[:n] if s in worlds.answers] for n in reached] or [[]]


def _lower(
    seen: Sequence[Sequence[Answer]], looks: Sequence[int], alpha: float, counted: Answer, share: float
) -> tuple[float, bool]:
    """The lower limit of the share of worlds with this answer, and whether "at most ``share``" is rejected."""
    if looks:
        parts = tuple((len(a), a.count(counted), n / looks[-1]) for a, n in zip(seen, looks, strict=False))
        limit = shares.lower_limit(parts, alpha, share)
    else:
        limit = confidence.lower_limit([float(a is counted) for a in seen[-1]], alpha)
    return limit, limit >= share


def _effect(worlds: Worlds, settings: Settings) -> tuple[float, float, float] | None:
    """Mean of the effect with Student's t limits, for reading beside the share; None with fewer than two worlds."""
    values = list(worlds.effects.values())
    lower, upper = confidence.student_t(values, settings.alpha)
    if lower is None or upper is None:
        return None
    return sum(values) / len(values), lower, upper


def _of(counts: Counts) -> str:
    """``of 32 worlds``, or ``of the 30 of 32 worlds in which the premises hold``; with ties and undefined ones."""
    if counts.defined == counts.ran:
        scope = f"of {counted(counts.ran, 'world')}"
    else:
        also = " and it is defined" if counts.undefined else ""
        scope = f"of the {counts.defined} of {counted(counts.ran, 'world')} in which the premises hold{also}"
    undefined = f"{counts.undefined} undefined"
    rest = [words for n, words in ((counts.tie, counted(counts.tie, "tie")), (counts.undefined, undefined)) if n]
    return scope + (f" ({', '.join(rest)})" if rest else "")


def _percent(share: float, *, up: bool = False) -> str:
    """Percent to a tenth, rounded to the safe side."""
    tenths = math.ceil(share * 1000 - 1e-6) if up else math.floor(share * 1000 + 1e-6)
    return f"{tenths / 10:g} %"


def direction(yes: int, no: int, *, directed: bool) -> str:
    """Against the direction, without one, or as claimed but too seldom: by a sign test over worlds at 0.05 each."""
    if not directed:
        return "fewer than asked"
    if bdtrc(no - 1, yes + no, 0.5) <= 0.05:
        return "reversed"
    if bdtrc(yes - 1, yes + no, 0.5) <= 0.05:
        return "fewer than asked, though more often so than reversed"
    return "no direction: as often one way as the other"
