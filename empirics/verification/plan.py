"""The plan of a verification: what is asked, of which runs, and by which rules; written before the first run.

Whether it was declared before the data is told by the store: every stored run carries the hash of the plan under
which it was made. A plan is exploratory if the store already held a run of its own seeds, units and arms that was
made under another plan, or under none.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from empirics import judging
from empirics.experiments.arms import Arm, arms_of
from empirics.experiments.presentation import Part
from empirics.experiments.protocol import Experiment
from empirics.experiments.registry import broken_plugins
from empirics.files import hash_of, write_atomically
from empirics.judging.rules import RATE_SLOPE_LIMIT
from empirics.judging.settings import Settings
from empirics.observables.catalogue import observables
from empirics.runs.source import code_of
from empirics.runs.store import Store
from empirics.verification.document import copied
from empirics.verification.results import PlanResult
from theory import Claim, Kind, claim
from theory.fingerprint import fingerprint
from theory.plugins import BrokenPluginError
from theory.plural import counted

PLAN_FILE: Final = "plan.json"
_PACKAGE = Path(str(judging.__file__)).parents[1]


class PlannedClaim(Part):
    """A claim: hash of what it asserts, its reading in words, and what would refute it."""

    id: str
    fingerprint: str
    statement: str
    falsifier: str


class PlannedArm(Part):
    """An arm: the settings in which it differs from the leading one, and the values of each axis."""

    name: str
    overlay: dict[str, Any]
    grid: dict[str, list[int | float]]


class VerificationPlan(Part):
    """What a verification asks, and how it decides.

    ``settings`` are all that decides a run of the leading arm (the first of ``arms``) apart from its place in the grid
    and its seed, ``seeds`` the declared looks and the first seed, ``verdict`` error probability, share of worlds,
    margins and limits of premises. With other ``judging_code`` or ``experiment_code``, of which it holds the hashes, it
    is another plan. The code of an experiment of factbound's own is not in it: it changes with the version alone.
    """

    experiment: str
    claims: list[PlannedClaim]
    arms: list[PlannedArm]
    settings: dict[str, Any]
    seeds: dict[str, Any]
    verdict: dict[str, float]
    judging_code: str
    experiment_code: str | None = None

    @property
    def hash(self) -> str:
        """SHA-256 of everything in the plan, as compact JSON with sorted keys."""
        text = json.dumps(self.content(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def content(self) -> dict[str, Any]:
        """The plan as strict JSON, without what it does not have: so the hash is that of earlier versions."""
        return self.model_dump(mode="json", exclude={"experiment_code"} if self.experiment_code is None else None)

    def document(self) -> dict[str, Any]:
        """The plan and its hash, as strict JSON."""
        return {"hash": self.hash, **self.content()}


def asked(
    experiment: Experiment, settings: Any, claims: Sequence[str] | None
) -> tuple[list[Arm], list[Claim], list[BrokenPluginError]]:
    """The arms that run, the claims that are judged, and the plug-ins that were asked for and are broken.

    If no claims are named, all of the experiment's. With claims named (else a theory.UnknownClaimError), only the arms
    that they speak of or compare with run, and the leading arm.
    """
    arms = list(arms_of(experiment, settings))
    broken = [defect for defect in broken_plugins() if defect.plugin.from_file]
    chosen = []
    for identifier in experiment.claims([arm.name for arm in arms]) if claims is None else claims:
        try:
            chosen.append(claim(identifier))
        except BrokenPluginError as defect:
            broken.append(defect)
    if claims is not None:
        needed = {arms[0].name, *(c.arm for c in chosen), *(c.reference for c in chosen)}
        arms = [arm for arm in arms if arm.name in needed]
    return arms, chosen, list({str(defect): defect for defect in broken}.values())


def falsifier(claim: Claim, settings: Settings) -> str:
    """The outcome that would make a verdict on the claim VIOLATED, as part of a sentence."""
    known = observables().get(claim.judged_on)
    if (
        claim.kind in (Kind.UPPER, Kind.LOWER)
        and not claim.by_share
        and known is not None
        and known.sampling == "exact"
    ):
        side = "above" if claim.kind is Kind.UPPER else "below"
        return f"one cell in scope in which {claim.judged_on}, which is computed exactly, lies {side} the bound"
    return claim.meaning.falsifier.format(
        observable=claim.judged_on,
        property_share=settings.asked_by(claim).property_share,
        equivalence_margin=settings.equivalence_margin,
        slope_limit=RATE_SLOPE_LIMIT,
    )


def plan_of(experiment: Experiment, settings: Any, arms: Sequence[Arm], claims: Iterable[Claim]) -> VerificationPlan:
    """The plan of settled settings."""
    return VerificationPlan(
        experiment=experiment.name,
        claims=[
            copied(PlannedClaim, item, fingerprint=fingerprint(item), falsifier=falsifier(item, settings.verdict))
            for item in sorted(claims, key=lambda c: c.id)
        ],
        arms=planned_arms(experiment, arms),
        settings=experiment.deciding(arms[0].settings),
        seeds=settings.seeds.model_dump(mode="json"),
        verdict=settings.verdict.model_dump(mode="json"),
        judging_code=_judging_code(),
        experiment_code=None if _PACKAGE in experiment.folder.parents else code_of(experiment)[:16],
    )


def planned_arms(experiment: Experiment, arms: Sequence[Arm]) -> list[PlannedArm]:
    """The arms as a plan tells them."""
    return [
        copied(PlannedArm, arm, grid={symbol: experiment.values(arm.settings, symbol) for symbol in experiment.axes})
        for arm in arms
    ]


def standing(plan: VerificationPlan, store: Store | None, keys: Iterable[str]) -> PlanResult:
    """Whether the plan stood before its data, of which ``store`` keeps what there is; ``keys`` are all it may use."""
    mine = plan.hash
    if store is None:
        return PlanResult(hash=mine, declared=True, reason="none of its runs existed before it")
    own = list(keys)
    made = store.plans_of(own)
    others = Counter(origin for origin in made.values() if origin != mine)
    reason = "none of its runs existed before it"
    if others:
        parts = [f"{number} {_origin(plan, store, origin)}" for origin, number in others.most_common()]
        reason = f"{others.total()} of its {counted(len(own), 'run')} existed before it: {', '.join(parts)}"
    if unused := len(store) - len(made):
        reason += f"; the store also holds {counted(unused, 'run')} of other settings, seeds or sources"
    return PlanResult(hash=mine, declared=not others, reason=reason)


def declare(plan: VerificationPlan, store: Store) -> None:
    """Record the plan in the store, and write it beside the store as plan.json."""
    store.declare(plan.hash, json.dumps(plan.content()))
    text = json.dumps(plan.document(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    write_atomically(store.path.with_name(PLAN_FILE), text)


def _origin(plan: VerificationPlan, store: Store, origin: str | None) -> str:
    """Under what runs were made, in words."""
    if origin is None:
        return "made without a plan"
    text = store.plan(origin)
    try:
        differing = [] if text is None else differences(json.loads(text), plan.content())
    except (ValueError, AttributeError):  # a damaged row: the hash is told alone
        differing = []
    return f"made under the plan {origin[:12]}" + (f", which has other {', '.join(differing)}" if differing else "")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The keys whose values differ; of sections and of listed parts, the keys in them.

    What would falsify a claim follows from the settings of verdicts, which are told themselves.
    """
    found = []
    for key in dict.fromkeys([*new, *old]):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict):
            found += [
                f"{key}.{name}" for name in dict.fromkeys([*after, *before]) if before.get(name) != after.get(name)
            ]
        elif before != after:
            inside = _inside(before, after)
            found += [key] if inside is None else [f"{key}.{name}" for name in inside if name != "falsifier"]
    return found


def _inside(before: Any, after: Any) -> list[str] | None:
    """The keys in which listed parts differ, which have the same ids or names; None if these are no such lists."""
    if not isinstance(before, list) or not isinstance(after, list):
        return None
    if [(part.get("id"), part.get("name")) for part in before] != [(p.get("id"), p.get("name")) for p in after]:
        return None
    return list(dict.fromkeys(key for a, b in zip(before, after, strict=True) for key in b if a.get(key) != b[key]))


@lru_cache(maxsize=1)
def _judging_code() -> str:
    files = sorted((_PACKAGE / "judging").glob("*.py"))
    return hash_of((file.name, file) for file in files)[:16]
