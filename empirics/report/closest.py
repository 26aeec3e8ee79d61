"""Where a claim is falsified, or how close these measurements came to it."""

from __future__ import annotations

from collections.abc import Sequence

from empirics.experiments.document import VerdictResult
from empirics.report.tables import pooled_share
from empirics.verification.results import ClaimResult, Results
from theory.kinds import Kind

__all__ = ["closest_call", "found_violated"]


def found_violated(results: Results, judged: ClaimResult) -> str | None:
    """Where it is falsified, and by what, if it is."""
    found = [v for v in results.verdicts if v.claim == judged.id and v.verdict == "VIOLATED"]
    if not found:
        refuted = judged.pooled is not None and judged.pooled.refuted
        return f"It is, over all cells together: {pooled_share(judged)}." if refuted else None
    first = f"{results.where(found[0])}: {found[0].reason}"
    return f"It is, in {len(found)} verdict{'s' if len(found) > 1 else ''}: {first}."


def closest_call(results: Results, judged: ClaimResult) -> str | None:
    """The verdict that came nearest to falsifying an upper or lower bound, and the factor that would have done it."""
    if judged.kind not in (Kind.UPPER, Kind.LOWER):
        return None
    mine = [v for v in results.verdicts if v.claim == judged.id and v.counts is None]  # on the mean, not on a share
    found = [v for v in mine if v.bound is not None and v.lower is not None]
    sharp = [v for v in found if v.sharpness is not None]
    if sharp:
        nearest = min(sharp, key=lambda v: v.sharpness or 0.0)
        return (
            f"Nearest here: {results.where(nearest)}, where the bound would be refuted if its exponent were "
            f"{nearest.sharpness:.3g} times larger."
        )
    return _by_margin(results, judged, found)


def _by_margin(results: Results, judged: ClaimResult, found: Sequence[VerdictResult]) -> str | None:
    limits = [(v, v.bound, v.lower if judged.kind == Kind.UPPER else v.upper) for v in found if v.upper is not None]
    known = [(v, bound, limit) for v, bound, limit in limits if bound is not None and limit is not None]
    if not known:
        return None
    sign = 1 if judged.kind == Kind.UPPER else -1
    nearest, bound, limit = min(known, key=lambda item: sign * (item[1] - item[2]))
    side = "lower" if judged.kind == Kind.UPPER else "upper"
    return f"Nearest here: {results.where(nearest)}, {side} limit {limit:.3g} beside the bound {bound:.3g}."
