"""The world of real facts: who is written down through which sentences, and who is asked in fine-tuning.

T(s) and the fine-tuning order are those of the one-layer model's world of the same seed and size, number by number:
template r of a fact is the r-th sentence of its relation's universe, which is a prefix of a random order of the
relation's templates. So everything is nested in K, in ``|R|`` and in N_f.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from empirics.errors import UsageError
from empirics.experiments.language_models.config import LMConfig
from empirics.experiments.language_models.facts.invented import INVENTED, invented
from empirics.experiments.language_models.facts.selection import templates_of
from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.language_models.facts.templates import RelationTemplates, Text, require_templates
from empirics.experiments.language_models.known import taking_part
from empirics.experiments.world import IntArray, Sizes, World, draw_world, stream
from empirics.settings import refuse
from theory.plural import counted


@dataclass(frozen=True)
class FactWorld:
    """One draw of the world."""

    facts: Sequence[Fact]  # numbered as subjects of ``drawn``; S of them
    drawn: World  # T(s) and the fine-tuning order, as for the one-layer model
    universe: Mapping[str, Sequence[str]]  # for each relation its ``|R|`` statement templates
    questions: Mapping[str, str]  # for each relation the template of its question

    def statements(self) -> list[Text]:
        """All S K statements, the K of a fact together."""
        return [
            Text.of(self.universe[fact.relation][r], fact.subject, fact.answer)
            for fact, own in zip(self.facts, self.drawn.own_templates, strict=True)
            for r in own
        ]

    def question(self, number: int) -> Text:
        """The question of a fact, with its answer."""
        fact = self.facts[number]
        return Text.of(self.questions[fact.relation], fact.subject, fact.answer)

    def finetuned(self, count: int) -> IntArray:
        """The first ``count`` facts of the fine-tuning order; shape [count]."""
        return self.drawn.finetuning_order[:count]

    def held_out(self, count: int) -> IntArray:
        """The facts that fine-tuning on ``count`` never shows; shape [S - count]."""
        return self.drawn.finetuning_order[count:]

    def distinct_templates(self) -> World:
        """``drawn`` with templates numbered over all relations, for coverage: relation times ``|R|`` plus r."""
        relations = {name: number for number, name in enumerate(self.universe)}
        size = self.drawn.vocabulary.templates
        shift = np.array([relations[fact.relation] * size for fact in self.facts], dtype=np.int64)
        vocabulary = replace(self.drawn.vocabulary, templates=size * len(relations))
        return replace(self.drawn, vocabulary=vocabulary, own_templates=self.drawn.own_templates + shift[:, None])


def check_world(config: LMConfig) -> None:
    """Refuse what the given facts and templates do not allow.

    Raises UsageError: too few templates of a relation, or N_f not below the number of facts.
    """
    found = taking_part(config)
    if max(config.world.finetuned) >= len(found.facts):
        facts = f"of {found.source}"
        used = counted(len(found.facts), f"fact {facts} is used", f"facts {facts} are used")
        raise UsageError(
            f"world.finetuned={max(config.world.finetuned)} is refused: allowed is N_f < facts, "
            f"here at most {len(found.facts) - 1} ({used})"
        )
    grid, known = config.world, templates_of(config.facts)
    require_templates(known, list(found.relations), templates=max(grid.templates), multiplicity=max(grid.multiplicity))
    asked = config.finetuning.question
    if (fewest := min(len(known[name].questions) for name in found.relations)) < asked:
        refuse("finetuning.question", asked, f"at most {fewest}: so many forms has each relation")


def draw_fact_world(config: LMConfig, templates: int, multiplicity: int, seed: int) -> FactWorld:
    """Draw the world of a seed from the configuration's facts and templates."""
    facts = taking_part(config).facts
    if config.facts.source == INVENTED:
        facts = invented(len(facts), seed)
    known = templates_of(config.facts)
    relations = list(dict.fromkeys(fact.relation for fact in facts))
    size = Sizes(subjects=len(facts), answers=len(facts))
    return FactWorld(
        facts=facts,
        drawn=draw_world(size, templates, multiplicity, seed),
        universe={name: _universe(known[name], templates, seed) for name in relations},
        questions={name: known[name].questions[config.finetuning.question - 1] for name in relations},
    )


def _universe(known: RelationTemplates, size: int, seed: int) -> list[str]:
    order = stream(seed, f"universe of {known.relation}").permutation(len(known.statements))
    return [known.statements[i] for i in order[:size]]
