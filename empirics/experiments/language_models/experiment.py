"""Language models on real facts, as an experiment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from empirics.experiments.arms import arms_of
from empirics.experiments.defaults import adapted
from empirics.experiments.document import Measured
from empirics.experiments.facts import FactExperiment
from empirics.experiments.language_models.config import LMConfig, digest_of
from empirics.experiments.language_models.facts.invented import INVENTED
from empirics.experiments.language_models.facts.selection import EMBEDDED, FactSource, normalised, selected
from empirics.experiments.language_models.known import taking_part
from empirics.experiments.language_models.observables import OBSERVABLES
from empirics.experiments.presentation import Shown
from empirics.experiments.protocol import FactTable, Plan, Point, UnitRun
from empirics.observables import extraction
from theory.claims.xu_chen.paper import NOTATION


class LanguageModels(FactExperiment):
    """Continues a language model's training on statements, fine-tunes it on questions, asks about the other facts."""

    name = "language-model"
    title = "language models"
    notation = NOTATION
    settings = LMConfig
    observables = (*extraction.OBSERVABLES, *OBSERVABLES)
    leading = "language-model"
    overlays = {  # noqa: RUF012 - read only
        "lm-low-rank": {"finetuning.method": "lora"},  # the only one that a claim speaks of
        "lm-llama": {"model.architecture": "llama"},
        "lm-first-question": {"finetuning.question": 1},
        "lm-without-statements": {"pretraining.steps": 0},
    }
    aside = ("presets", "report.py", "plan.py", "facts/convert.py")
    libraries = ("torch", "numpy", "transformers", "peft", "tokenizers")
    command = "lm"

    def run_arms(
        self, settings: Sequence[LMConfig], unit: Point, seeds: Sequence[int], device: str
    ) -> Iterator[list[UnitRun]]:
        """Observables of all N_f for each seed, for arms that share their pre-trained model."""
        from empirics.experiments.language_models.run import run_arms

        return run_arms(settings, unit, seeds, device)

    def facts_and_answers(self, settings: LMConfig) -> tuple[int, int]:
        """S and A as they stand in the facts that take part."""
        facts = taking_part(settings).facts
        return len(facts), len({fact.answer for fact in facts})

    def symbols(self, settings: LMConfig, cell: Point) -> dict[str, float]:
        """All symbols of the paper's notation but epsilon; m is the width of the model that is given, if one is."""
        found = super().symbols(settings, cell)
        if settings.model.name or settings.model.weights:
            from empirics.experiments.language_models.model import width_of

            found["m"] = width_of(settings.model)
        return found

    def deciding(self, settings: LMConfig) -> dict[str, Any]:
        """What decides the result of a run; files by their contents."""
        contents = {
            name: digest_of(value)
            for name, value in (("source", settings.facts.source), ("templates", settings.facts.templates))
            if value not in (EMBEDDED, INVENTED)
        }
        from empirics.experiments.language_models.model import folder_of

        if (folder := folder_of(settings.model)) is not None:
            contents["model"] = digest_of(str(folder))
        return {**super().deciding(settings), "contents": contents}

    def cost(self, settings: LMConfig, unit: Point) -> float:
        """All units cost the same number of steps."""
        return float(settings.pretraining.steps)

    def memory(self, settings: LMConfig, unit: Point) -> tuple[int, str]:
        """Weights, gradients and Adam's two moments of a model that is made here; of one that is read, nothing."""
        model = settings.model
        if model.name or model.weights:
            return 0, ""
        layers, words = 12 * model.layers * model.width**2, model.vocabulary_size * model.width
        return 4 * 4 * (layers + words), "model.width"

    def settle(self, settings: LMConfig, device: str) -> LMConfig:
        """The facts that take part, their number and relations, and the arithmetic."""
        from empirics.experiments.language_models.extra import require_extra
        from empirics.experiments.language_models.texts import check_world

        require_extra()
        for _ in range(2):  # without the relations of which nothing is left
            found = taking_part(settings)
            facts = settings.facts.model_copy(update={"relations": tuple(found.relations)})
            settings = settings.model_copy(update={"facts": facts})
        if len(found.facts) != settings.facts.number:  # the grid follows
            settings = adapted(self, settings, {"facts": {"number": len(found.facts)}})
        check_world(settings)
        from empirics.experiments.language_models.model import folder_of

        folder_of(settings.model)
        dtype = settings.compute.dtype
        if dtype == "auto":
            dtype = "float32" if device == "cpu" else "bfloat16"
        return settings.model_copy(update={"compute": settings.compute.model_copy(update={"dtype": dtype})})

    def plan(self, settings: LMConfig, device: str, workers: int | None, cores: int) -> Plan:
        """Facts, runs and time; one process on an accelerator, since each holds a model of its own there."""
        from empirics.experiments.language_models.plan import plan_of

        processes = workers or (cores if device == "cpu" else 1)
        return plan_of(self, settings, arms_of(self, settings), device, processes)

    def show(self, subject: Measured) -> Shown:
        """Errors by exact match, what is stored, and the one-layer theory's bound for comparison only."""
        from empirics.experiments.language_models.report import show

        return show(subject)

    def read_facts(self, source: str, *, relations: Sequence[str], number: int, answers_shared: bool) -> FactTable:
        """Facts of a file, or those that ship with the package."""
        found = selected(
            FactSource(source=source, relations=tuple(relations), number=number, answers_shared=answers_shared)
        )
        answers: dict[str, int] = {}
        answer_of = tuple(answers.setdefault(normalised(fact.answer), len(answers)) for fact in found.facts)
        return FactTable(source, answer_of, found.lines)

    def convert_facts(self, source: Path, output: Path, name: str | None) -> tuple[str, ...]:
        """A table in PopQA's columns, of a data set in one of the published formats."""
        from empirics.experiments.language_models.facts.convert import convert

        return convert(source, output, name)


EXPERIMENT = LanguageModels()
