"""What would falsify a claim, in a sentence, and how close these measurements came to it."""

from __future__ import annotations

from collections.abc import Sequence

from empirics.judging.rules import RATE_SLOPE_LIMIT
from empirics.verification.results import ClaimResult, Results, VerdictResult
from theory import Kind

__all__ = ["closest_call", "falsifier", "found_violated"]


def falsifier(judged: ClaimResult, observable: str, settings: dict[str, float]) -> str:
    """The outcome that would make the verdict VIOLATED."""
    template = Kind(judged.kind).meaning.falsifier
    return (
        f"It would be falsified by {template.format(observable=observable, slope_limit=RATE_SLOPE_LIMIT, **settings)}."
    )


def found_violated(results: Results, judged: ClaimResult) -> str | None:
    """Where it is falsified, and by what, if it is."""
    found = [v for v in results.verdicts if v.claim == judged.id and v.verdict == "VIOLATED"]
    if not found:
        return None
    first = f"{results.where(found[0])}: {found[0].reason}"
    return f"It is, in {len(found)} verdict{'s' if len(found) > 1 else ''}: {first}."


def closest_call(results: Results, judged: ClaimResult) -> str | None:
    """The verdict that came nearest to falsifying an upper or lower bound, and the factor that would have done it."""
    if judged.kind not in (Kind.UPPER, Kind.LOWER):
        return None
    found = [v for v in results.verdicts if v.claim == judged.id and v.bound is not None and v.lower is not None]
    sharp = [v for v in found if v.sharpness is not None]
    if sharp:
        nearest = min(sharp, key=lambda v: v.sharpness or 0.0)
        return (
            f"Nearest here: {results.where(nearest)}, where {nearest.sharpness:.3g} times the exponent would have been "
            "refuted."
        )
    return _by_margin(results, judged, found)


def _by_margin(results: Results, judged: ClaimResult, found: Sequence[VerdictResult]) -> str | None:
    def distance(verdict: VerdictResult) -> float:
        assert verdict.bound is not None and verdict.lower is not None and verdict.upper is not None  # noqa: PT018
        return verdict.bound - verdict.lower if judged.kind == Kind.UPPER else verdict.upper - verdict.bound

    known = [v for v in found if v.upper is not None]
    if not known:
        return None
    nearest = min(known, key=distance)
    limit = "lower" if judged.kind == Kind.UPPER else "upper"
    value = nearest.lower if judged.kind == Kind.UPPER else nearest.upper
    return f"Nearest here: {results.where(nearest)}, {limit} limit {value:.3g} beside the bound {nearest.bound:.3g}."
