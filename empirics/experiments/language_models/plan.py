"""Orchestration of the language-model experiment: what would run, how long it takes, the run itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from empirics.experiments.arms import Arm
from empirics.runs.device import resolved_device
from empirics.experiments.protocol import Unit, units
from empirics.experiments.language_models.arms import lm_arms
from empirics.experiments.language_models.estimate import Timing, calibrate
from empirics.experiments.language_models.run import LanguageModel
from empirics.experiments.language_models.extra import require_extra
from empirics.experiments.language_models.model import resolve_model
from empirics.experiments.language_models.facts.selection import Selection, selected
from empirics.experiments.language_models.config import LMConfig, settled
from empirics.experiments.language_models.texts import check_world
from empirics.verification.results import Results
from empirics.runs.store import Store
from empirics.runs.pool import available_cores
from empirics.verification.verify import Progress, verify
from theory import all_claims

__all__ = ["LMPlan", "plan_language_models", "run_language_models", "spoken_of"]


@dataclass(frozen=True)
class LMPlan:
    """What would run, and how long it would take.

    Attributes:
        config: the configuration, with its open choices made.
        arms: the leading arm and its variants.
        selection: the facts.
        timing: measured here, for the unit with the largest multiplicity.
        workers: processes.
    """

    config: LMConfig
    arms: tuple[Arm, ...]
    selection: Selection
    timing: Timing
    workers: int

    def models(self, seeds: int) -> int:
        """Runs of all arms and units at so many seeds."""
        return sum(len(units(arm.config)) for arm in self.arms) * seeds

    def seconds(self, seeds: int) -> float:
        """Estimated wall time for so many seeds of every unit."""
        facts = len(self.selection.facts)
        total, trained = 0.0, set[tuple[str, Unit]]()
        for arm in self.arms:
            assert isinstance(arm.config, LMConfig)
            for unit in units(arm.config):
                model = (arm.config.model.model_dump_json() + arm.config.pretraining.model_dump_json(), unit)
                total += self.timing.run(arm.config, unit, facts, pretrained=model in trained)
                trained.add(model)
        return total * seeds / min(self.workers, max(1, self.models(seeds)))


def plan_language_models(config: LMConfig, workers: int | None = None) -> LMPlan:
    """Check that everything needed is at hand, and time a few steps.

    Raises:
        UsageError: the extra is not installed, the facts, templates or the model cannot be had.
    """
    require_extra()
    check_world(config)
    if config.model.name:
        resolve_model(config.model.name)
    made = settled(config)
    unit = max(units(made), key=lambda u: (u.multiplicity, u.templates))
    # One process on an accelerator: each would hold a model of its own there.
    cores = available_cores() if resolved_device(made.compute.device)[0] == "cpu" else 1
    return LMPlan(made, lm_arms(made), selected(config.facts), calibrate(made, unit), workers or cores)


def run_language_models(
    plan: LMPlan,
    *,
    store: Store | None = None,
    progress: Progress | None = None,
    fresh: bool = False,
    mutants: bool = False,
) -> Results:
    """Run what is planned, and judge the claims on language models.

    Args:
        plan: from :func:`plan_language_models`.
        store: where finished runs are kept and found again.
        progress: told as runs come in.
        fresh: do not look runs up in the store.
        mutants: judge the claims' mutants too.

    Raises:
        empirics.verification.verify.Interrupted: Ctrl-C; carries the results of what was finished.
    """
    return verify(
        plan.config,
        experiment=LanguageModel.name,
        arms=plan.arms,
        claims=spoken_of(plan.arms),
        workers=plan.workers,
        progress=progress,
        store=store,
        fresh=fresh,
        mutants=mutants,
    )


def spoken_of(arms: Sequence[Arm]) -> list[str]:
    """The claims that speak of the leading arm, or of one that it is compared with."""
    names = {arm.name for arm in arms}
    leading = arms[0].name
    return [c.id for c in all_claims() if c.variant == leading or (c.reference == leading and c.variant in names)]
