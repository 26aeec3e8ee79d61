"""Verdicts, from single runs alone: docs/verdicts.md and docs/statistics.md, written again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import logsumexp

from plain.limits import (
    Stakes,
    betting_lower,
    betting_upper,
    binomial_tail,
    exact_limits,
    refutes_at_most,
    stakes,
    student,
)
from plain.stated import Stated
from plain.units import Cell, Rules, Unit, judged_on, units

RATE = 0.1  # a rate: the mean slope is at most this
NONE = {"estimate": None, "lower": None, "upper": None, "bound": None}


@dataclass(frozen=True)
class Range:
    """Of an observable."""

    low: float = -math.inf
    high: float = math.inf
    trivial: float | None = None
    exact: bool = False


@dataclass
class Answer:
    """All verdicts of one claim."""

    verdict: str
    units: list[Unit] = field(default_factory=list)
    each: list[dict[str, object]] = field(default_factory=list)
    pooled: dict[str, object] | None = None


def is_property(claim: Stated, observable: str) -> bool:
    return claim.kind in ("comparison", "equivalence", "trend") or observable == claim.per_run


def sides(claim: Stated, observable: str, effect: float, rules: Rules) -> str:
    """Yes, a tie or no, in one world."""
    if claim.kind == "equivalence":
        return "yes" if abs(effect) <= rules.margin + 1e-9 else "no"  # 2 of 40 are 0.05, rounding aside
    if claim.kind == "trend" or observable == claim.per_run:  # weak: a tie does not go against it
        return "yes" if effect >= 0 else "no"
    return "yes" if effect > 0 else "tie" if effect == 0 else "no"


def answer(claim: Stated, cells: Sequence[Cell], rules: Rules, ranges: Mapping[str, Range]) -> Answer:
    """Every verdict of a claim, and the one over all its cells."""
    observable = judged_on(claim, cells)
    found = units(claim, cells, rules)
    if not found:
        return Answer("NOT TESTED")
    family = len(found) + 1
    shared = sum(u.measured_out for u in found)
    each = []
    for unit in found:
        alpha = rules.alpha / shared if unit.measured_out else rules.alpha
        levels = alpha, rules.alpha / family
        verdict = one(claim, observable, unit, rules, ranges.get(observable, Range()), levels)
        each.append({"cells": unit.cells, "alpha": alpha, "refuting": levels[1], "family_size": family, **verdict})
    pooled = None
    if claim.kind != "identity":
        pooled = together(claim, observable, found, each, rules)
    return Answer(overall(claim, observable, each, pooled), found, each, pooled)


def one(
    claim: Stated, observable: str, unit: Unit, rules: Rules, span: Range, levels: tuple[float, float]
) -> dict[str, object]:
    """Order: out of scope, vacuous, then the measured ones."""
    nothing = {**NONE, "by_sampling": False, "limits": None, "counts": None, "effect": None, "flat": False}
    seeds = unit.judged
    few = not seeds or len(seeds) < rules.scope_share * len(unit.seeds) - 1e-9
    if few and not unit.why and not is_property(claim, observable):  # a bound on the mean over all runs
        return {**nothing, "verdict": "NOT TESTED"}
    if few or unit.why:
        return {**nothing, "verdict": "OUT OF SCOPE"}
    if is_property(claim, observable):
        return share_of_worlds(claim, observable, unit, rules, span, levels)
    values = [unit.values[s] for s in seeds]
    mean = math.fsum(values) / len(values)
    bound = RATE if claim.kind == "rate" else float(claim.formula(unit.symbols))  # type: ignore[misc]
    found = {**nothing, "estimate": mean, "bound": bound, "tightness": None}
    if claim.kind in ("upper", "lower") and mean > 0:
        found["tightness"] = bound / mean
    if claim.kind == "identity":
        least, largest = min(values), max(values)
        off = max(abs(least - bound), abs(largest - bound))
        verdict = "HOLDS" if off <= claim.tolerance else "VIOLATED"
        return {**found, "lower": least, "upper": largest, "verdict": verdict}
    upper = claim.kind != "lower"
    if span.trivial is not None and (bound >= span.trivial if upper else bound <= span.low):
        return {**found, "verdict": "VACUOUS"}
    if span.exact:
        slack = bound * claim.tolerance  # two roundings of one number may differ in the last place
        fine = max(values) <= bound + slack if upper else min(values) >= bound - slack
        return {**found, "lower": min(values), "upper": max(values), "verdict": "HOLDS" if fine else "VIOLATED"}
    confirming, refuting = levels
    low = betting_lower(values, refuting if upper else confirming, span.low, span.high, rules.looks)
    high = betting_upper(values, confirming if upper else refuting, span.low, span.high, rules.looks)
    confirmed, refuted = (high <= bound, low > bound) if upper else (low >= bound, high < bound)
    wrong = [float(v > bound if upper else v < bound) for v in values]
    verdict = "HOLDS" if confirmed else "VIOLATED" if refuted else "UNDECIDED"
    more = {
        "exceedance": None
        if claim.kind == "rate"
        else {
            "share": sum(wrong) / len(wrong),
            "lower": betting_lower(wrong, rules.alpha / 2),
            "upper": betting_upper(wrong, rules.alpha / 2),
        },
        "sharpness": None,
        "observations_needed": None,
        "decidable_at": None,
    }
    if claim.kind == "upper" and bound < 1 and low > 0:
        more["sharpness"] = math.log(low) / math.log(bound)
    if verdict == "UNDECIDED":
        ways = ((confirming, upper), (refuting, not upper))
        likely = [seeds_for_mean(values, bound, level, span, up, rules.looks) for level, up in ways]
        more["observations_needed"], other = (
            None if n is None else -(-n * len(unit.seeds) // len(seeds)) for n in likely
        )
        both = [n for n in (more["observations_needed"], other) if n is not None]
        more["decidable_at"] = min(both) if both else None
    return {**found, "by_sampling": True, "limits": "betting", "lower": low, "upper": high, "verdict": verdict, **more}


def share_of_worlds(
    claim: Stated, observable: str, unit: Unit, rules: Rules, span: Range, levels: tuple[float, float]
) -> dict[str, object]:
    reached = [n for n in rules.looks if n <= len(unit.seeds)]
    ran = len(unit.seeds) if not rules.looks else reached[-1] if reached else 0
    seeds = [s for s in unit.seeds[:ran] if s in unit.judged]
    nothing = {**NONE, "by_sampling": False, "limits": None, "counts": None, "effect": None, "flat": False}
    flat = any(
        sum(unit.extremes[s] == (end, end) for s in unit.judged) >= 0.8 * len(unit.judged)
        for end in (span.low, span.high)
        if unit.extremes and math.isfinite(span.high - span.low)
    )
    if not seeds:  # before the first look
        return {**nothing, "verdict": "UNDECIDED", "set_aside": flat}
    side = {s: sides(claim, observable, unit.effects[s], rules) for s in seeds}
    counts = {name: sum(v == name for v in side.values()) for name in ("yes", "tie", "no")}
    inside = sum(unit.scope[s] for s in unit.seeds[:ran])
    counts |= {"undefined": inside - len(seeds), "ran": ran}
    mean, low, high = student([unit.effects[s] for s in unit.judged], rules.alpha)
    found = {
        "estimate": counts["yes"] / len(seeds),
        "bound": rules.share,
        "by_sampling": True,
        "counts": counts,
        "effect": {"mean": mean, "lower": low, "upper": high} if math.isfinite(low) else None,
        "limits": "exact" if rules.looks else "betting",
    }
    if rules.looks:
        first = [[s for s in unit.seeds[:n] if s in side] for n in reached]
        lower, upper = exact_limits(
            [sum(side[s] == "yes" for s in part) for part in first],
            [sum(side[s] == "no" for s in part) for part in first],
            [len(part) for part in first],
            [n / rules.looks[-1] for n in reached],
            levels,
            rules.share,
        )
    else:
        lower = betting_lower([float(side[s] == "yes") for s in seeds], levels[0])
        upper = betting_upper([float(side[s] != "no") for s in seeds], levels[1])
    refuted = upper <= rules.share + 1e-12  # a limit at what is asked excludes it: shares up to the limit are rejected
    verdict = "VIOLATED" if refuted else "HOLDS" if lower >= rules.share else "UNDECIDED"
    if flat:
        verdict = "UNDECIDED"
    more = {"steps": steps(unit), "observations_needed": None, "decidable_at": None}
    if verdict == "UNDECIDED" and not flat:
        more |= needed(counts, ran, len(seeds), levels, rules)
    return {**found, "lower": lower, "upper": upper, "flat": flat, "verdict": verdict, **more}


def steps(unit: Unit) -> list[dict[str, object]]:
    """Falls, ties and rises between the ends of an axis, and between neighbours, in the worlds that are judged."""
    if not unit.along:
        return []
    pairs = [(0, len(unit.along) - 1), *((i, i + 1) for i in range(len(unit.along) - 1) if len(unit.along) > 2)]
    found = []
    for i, j in pairs:
        common = unit.pair_scopes[i] & unit.pair_scopes[j] & unit.along[i].keys() & unit.along[j].keys()
        moves = [unit.along[j][s] - unit.along[i][s] for s in common]
        counts = {"falls": sum(m < 0 for m in moves), "ties": sum(m == 0 for m in moves)}
        ends = f" from {unit.axis_values[i]:g} to {unit.axis_values[j]:g}"
        found.append({"between": ends, **counts, "rises": sum(m > 0 for m in moves)})
    return found


def needed(
    counts: Mapping[str, int], ran: int, n: int, levels: tuple[float, float], rules: Rules
) -> dict[str, int | None]:
    """Seeds like these that would confirm, and that would decide: those out of scope are counted too."""
    confirm = seeds_for_share(counts["yes"], n, rules.share, levels[0])
    refute = seeds_for_share(counts["no"], n, 1 - rules.share, levels[1])
    both = [-(-k * ran // n) for k in (confirm, refute) if k is not None]
    first = -(-confirm * ran // n) if confirm is not None else None
    return {"observations_needed": first, "decidable_at": min(both) if both else None}


def together(
    claim: Stated, observable: str, found: Sequence[Unit], each: Sequence[Mapping[str, object]], rules: Rules
) -> dict[str, object] | None:
    """The mean over worlds of the fraction of the cells in scope in which the claim holds."""
    counted = is_property(claim, observable)
    judged = [
        (u, v)
        for u, v in zip(found, each, strict=True)
        if (v["verdict"] != "OUT OF SCOPE" if counted else v["by_sampling"]) and not (v["flat"] or v.get("set_aside"))
    ]
    if not judged:
        return None
    everywhere = [s for s in judged[0][0].seeds if all(s in u.seeds for u, _ in judged)]
    strict, weak, without, ahead = [], [], 0, []
    for seed in everywhere:
        sure, possible, n = 0, 0, 0
        for unit, verdict in judged:
            if seed not in unit.judged:
                continue
            n += 1
            if counted:
                side = sides(claim, observable, unit.effects[seed], rules)
                sure, possible = sure + (side == "yes"), possible + (side != "no")
            else:
                bound = verdict["bound"]
                good = unit.values[seed] >= bound if claim.kind == "lower" else unit.values[seed] <= bound
                sure, possible = sure + good, possible + good
        if n:
            strict.append(sure / n)
            weak.append(possible / n)
            ahead.append(np.sign(sure - (n - possible)))  # more cells as claimed than the reverse, or fewer
        else:
            without += 1
    if not strict:
        return None
    refuting = rules.alpha / (len(found) + 1)
    lower = betting_lower(strict, rules.alpha, looks=rules.looks)
    upper = betting_upper(weak, refuting, looks=rules.looks)
    refuted = is_property(claim, observable) and upper < rules.share
    return {
        "estimate": math.fsum(strict) / len(strict),
        "direction": way(claim, ahead.count(1), ahead.count(-1)) if refuted else "",
        "lower": lower,
        "upper": upper,
        "asked": rules.share,
        "alpha": rules.alpha,
        "refuting": refuting,
        "worlds": len(strict),
        "without": without,
        "confirmed": lower >= rules.share,
        "refuted": refuted,
        "p_value": refutes_at_most(strict, rules.share, stakes(rules.looks, rules.alpha)),
    }


def way(claim: Stated, yes: int, no: int) -> str:
    """In words: worlds that go the other way, by a sign test at 0.05; for an equivalence there is no other way."""
    if claim.kind == "equivalence":
        return "fewer than asked"
    if binomial_tail(yes + no, no, 0.5) <= 0.05:
        return "reversed"
    if binomial_tail(yes + no, yes, 0.5) <= 0.05:
        return "fewer than asked, though more often so than reversed"
    return "no direction: as often one way as the other"


def overall(
    claim: Stated, observable: str, each: Sequence[Mapping[str, object]], pooled: Mapping[str, object] | None
) -> str:
    verdicts = [v["verdict"] for v in each]
    if "VIOLATED" in verdicts or (pooled and pooled["refuted"]):
        return "VIOLATED"
    nothing = ("OUT OF SCOPE", "VACUOUS", "NOT TESTED")
    measured = [v["verdict"] for v in each if v["verdict"] not in nothing and not v["flat"]]
    if measured and all(v == "HOLDS" for v in measured):
        return "HOLDS"
    if pooled and pooled["confirmed"]:
        return "SUPPORTED"
    if not measured and not any(v["flat"] for v in each):
        return next(v for v in ("VACUOUS", "OUT OF SCOPE", "NOT TESTED") if v in verdicts)
    return "UNDECIDED"


def seeds_for_mean(
    values: Sequence[float], bound: float, alpha: float, span: Range, upper: bool, looks: Sequence[int] = ()
) -> int | None:
    """Least number of observations like these at which the limit reaches the bound."""
    scaled = [(v - span.low) / (span.high - span.low) for v in values]
    at = (bound - span.low) / (span.high - span.low)
    if not upper:
        scaled, at = [1 - v for v in scaled], 1 - at
    if at <= math.fsum(scaled) / len(scaled):
        return None
    low, high = 1, 10**9

    def reached(n: int) -> bool:
        return _grown(scaled, at, n, stakes(looks, alpha)) >= -math.log(alpha)

    if not reached(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low


def _grown(scaled: Sequence[float], at: float, n: int, staked: Stakes) -> float:
    growth = [
        math.fsum(math.log1p(c * (at - x) / (1 - at)) if c * (at - x) / (1 - at) > -1 else -math.inf for x in scaled)
        / len(scaled)
        for c in (1.0, *staked[0])
    ]
    return float(logsumexp(np.array(growth) * n, b=[0.7] + [staked[1]] * len(staked[0])))


def seeds_for_share(some: int, n: int, asked: float, alpha: float) -> int | None:
    """First size, each a tenth more than the one before, at which ``some`` in ``n`` would refute "at most asked"."""
    if some <= asked * n:
        return None
    size = n + 1
    while size < 110_000:
        if binomial_tail(size, size * some // n, asked) <= alpha:
            return size
        size = max(size + 1, math.ceil(size * 1.1))
    return None


__all__ = ["Answer", "Range", "answer", "seeds_for_mean", "seeds_for_share"]
