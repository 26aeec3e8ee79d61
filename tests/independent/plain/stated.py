"""The claims, typed again from /docs and the list that ``factbound claims`` prints: kind, arm, premises, formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import mpmath
from mpmath import mpf

mpmath.mp.dps = 40
Values = Mapping[str, float]


def chance_to_avoid(n_universe: int, k: int, j: int) -> mpf:
    """Share of the k-subsets of a universe that avoid j given elements."""
    return mpf(mpmath.binomial(n_universe - j, k)) / mpmath.binomial(n_universe, k) if n_universe - j >= k else mpf(0)


def some_unseen(v: Values) -> mpf:
    k, r, n = int(v["K"]), int(v["R"]), int(v["N_f"])
    return sum((-1) ** (j + 1) * mpmath.binomial(k, j) * chance_to_avoid(r, k, j) ** n for j in range(1, k + 1))


def none_seen(v: Values) -> mpf:
    k, r, n = int(v["K"]), int(v["R"]), int(v["N_f"])
    return chance_to_avoid(r, k, k) ** n


def own_share(v: Values) -> mpf:
    return mpf(int(v["K"])) / int(v["R"])


def simple_tail(v: Values) -> mpf:
    return mpmath.exp(-int(v["N_f"]) * own_share(v) ** 2 / 2)


def literal(v: Values) -> mpf:
    return mpmath.exp(-int(v["N_f"]) * own_share(v) ** 2 * mpmath.log(int(v["R"])) / 2)


def union_sharp(v: Values) -> mpf:
    n, k, r, p = int(v["N_f"]), int(v["K"]), int(v["R"]), own_share(v)
    c = n * k // (2 * r)
    ratio = c * (1 - p) / ((n - c + 1) * p)
    return min(mpf(1), k * mpmath.binomial(n, c) * p**c * (1 - p) ** (n - c) / (1 - ratio))


def at_most_once(v: Values) -> mpf:
    n, p = int(v["N_f"]), own_share(v)
    return (1 - p) ** n + n * p * (1 - p) ** (n - 1)


def linear_rate(v: Values) -> mpf:
    return _linear_rate(*(float(v[name]) for name in ("S", "A", "R", "K", "eta", "t")))


@cache
def _linear_rate(*symbols: float) -> mpf:
    s, a, r, k, eta, t = map(mpf, symbols)
    size, e = s + r + a + 1, mpmath.exp

    def at(rho: mpf) -> mpf:
        first = mpmath.log(1 + (e(rho / 2) + size - k - 1) / (k * e(rho)))
        others = (a - 1) * e(-rho / 4) + (s + k + 1) * e(-3 * rho / 4) + (r - k) * e(-5 * rho / 4)
        return first + mpmath.log(1 + others) + rho**2 * (s * (k + mpf(1) / 4) + r * (r + a)) / (4 * eta * t)

    low, high = mpf(0), mpf(200)
    for _ in range(20):  # a grid of 20 points, narrowed around its least value
        grid = [low + (high - low) * i / 20 for i in range(1, 20)]
        best = min(range(len(grid)), key=lambda i: at(grid[i]))
        low, high = (grid[best - 1] if best else low), (grid[best + 1] if best + 1 < len(grid) else high)
    return at((low + high) / 2)


@dataclass(frozen=True)
class Premise:
    """``of`` a symbol or a measured observable: at most, or at least, ``limit`` ("epsilon": verdict.premise_gap)."""

    of: str
    at_most: bool
    limit: float | str
    times: str | None = None  # a symbol that multiplies the observable


@dataclass(frozen=True)
class Stated:
    id: str
    kind: str
    observable: str
    arm: str = "main"
    reference: str | None = None
    axis: str | None = None
    direction: int = 0  # of a trend or a comparison along an axis: -1 the value falls, as claimed
    premises: tuple[Premise, ...] = ()
    formula: Callable[[Values], mpf] | None = None
    tolerance: float = 1e-10
    per_run: str | None = None
    required: bool = False
    per_unit: bool = False  # measured on the pre-trained model, which serves all N_f


GAP = Premise("pretraining_gap", True, "epsilon")
STORED = Premise("statement_accuracy", False, 0.95)
SEVERAL = Premise("K", False, 2)

CLAIMS = (
    Stated(
        "pretraining-floor",
        "identity",
        "pretraining_floor",
        formula=lambda v: mpmath.log(int(v["K"])),
        tolerance=1e-9,
        required=True,
        per_unit=True,
    ),
    Stated(
        "pretraining-rate-linear",
        "upper",
        "linear_memory_gap",
        arm="linear-memory",
        formula=linear_rate,
        premises=(Premise("pretraining_smoothness", True, 1, times="eta"),),
        required=True,
        per_unit=True,
    ),
    Stated(
        "pretraining-rate",
        "rate",
        "pretraining_gap_slope",
        per_unit=True,
        premises=(Premise("pretraining_gap", True, 1), Premise("subject_attention", True, 0.95)),
    ),
    Stated("coverage-half-mean", "upper", "coverage_half_mean_tail", formula=simple_tail, required=True),
    Stated("ood-error-literal", "upper", "ood_error", premises=(GAP, SEVERAL), formula=literal, required=True),
    Stated("ood-error-normalised", "upper", "ood_error", premises=(GAP, SEVERAL), formula=simple_tail, required=True),
    Stated("covering-none-seen", "identity", "covering_none_seen", formula=none_seen, required=True),
    Stated("covering-some-unseen", "identity", "covering_some_unseen", formula=some_unseen, required=True),
    Stated(
        "coverage-union",
        "upper",
        "coverage_union",
        required=True,
        formula=lambda v: min(mpf(1), int(v["K"]) * simple_tail(v)),
    ),
    Stated("coverage-union-sharp", "upper", "coverage_union", formula=union_sharp, required=True),
    Stated(
        "covering-some-unseen-sharp",
        "upper",
        "covering_some_unseen",
        required=True,
        formula=lambda v: min(mpf(1), int(v["K"]) * (1 - own_share(v)) ** int(v["N_f"])),
    ),
    Stated("mechanism", "comparison", "coverage_auc_excess", premises=(GAP,)),
    Stated(
        "failure-regime",
        "lower",
        "ood_error",
        premises=(Premise("K", True, 1), GAP),
        formula=lambda v: max(mpf(0), none_seen(v) - mpf(1) / int(v["A"])),
        per_run="unseen_right_excess",
    ),
    Stated(
        "ood-error-linear-memory",
        "lower",
        "ood_error",
        arm="linear-memory",
        formula=some_unseen,
        required=True,
        premises=(Premise("template_dominance", False, 0), Premise("finetuning_step", True, 8)),
    ),
    Stated(
        "ood-error-linear-memory-once",
        "lower",
        "ood_error",
        arm="linear-memory",
        formula=at_most_once,
        required=True,
        premises=(Premise("once_covered_missed", True, 0), Premise("finetuning_step", True, 8)),
    ),
    Stated(
        "ood-error-linear-memory-two-sided",
        "identity",
        "two_sided_agreement",
        arm="linear-memory",
        formula=lambda v: mpf(1),
        tolerance=1e-12,
        required=True,
        premises=(Premise("finetuning_step", True, 8),),
    ),
    Stated(
        "ood-error-linear-memory-upper",
        "upper",
        "ood_error",
        arm="linear-memory-covered",
        formula=union_sharp,
        required=True,
        premises=(Premise("half_mean_missed", True, 0), Premise("finetuning_step", True, 8)),
    ),
    Stated("attention-pattern", "comparison", "distractor_attention_drop", arm="distractors", per_unit=True),
    Stated("relation-features", "comparison", "feature_alignment_contrast"),
    Stated("rank-one", "identity", "rank_one_deficit", formula=lambda v: mpf(1) / int(v["N_f"]), required=True),
    Stated("low-rank", "equivalence", "ood_error", arm="low-rank", reference="main", premises=(GAP,)),
    Stated("trend-finetuned", "trend", "ood_error", axis="N_f", direction=-1, premises=(GAP,), required=True),
    Stated("trend-multiplicity", "trend", "ood_error", axis="K", direction=-1, premises=(GAP,), required=True),
    Stated(
        "trend-templates",
        "trend",
        "ood_error",
        axis="R",
        direction=1,
        required=True,
        premises=(GAP, Premise("R", False, 2)),
    ),
    Stated("ablation-attention-only", "comparison", "ood_error", arm="attention-only", reference="main"),
    Stated("ablation-mlp-only", "comparison", "ood_error", arm="mlp-only", reference="main"),
    Stated(
        "learning-rate-schedule",
        "comparison",
        "pretraining_gap_left",
        arm="decayed-rate",
        reference="main",
        per_unit=True,
    ),
    Stated(
        "lm-low-rank", "equivalence", "ood_error", arm="lm-low-rank", reference="language-model", premises=(STORED,)
    ),
    Stated(
        "lm-multiplicity", "comparison", "ood_error", arm="language-model", axis="K", direction=-1, premises=(STORED,)
    ),
    Stated("lm-trends", "trend", "ood_error", arm="language-model", axis="N_f", direction=-1, premises=(STORED,)),
    Stated(
        "lm-trends-multiplicity", "trend", "ood_error", arm="language-model", axis="K", direction=-1, premises=(STORED,)
    ),
    Stated(
        "lm-trends-templates", "trend", "ood_error", arm="language-model", axis="R", direction=1, premises=(STORED,)
    ),
)
BY_ID = {claim.id: claim for claim in CLAIMS}
