"""The world of real facts: who is written down through which sentences, and who is asked in fine-tuning.

T(s) and the fine-tuning order are those of the one-layer model's world of the
same seed and size, number by number: template r of a fact is the r-th sentence
of its relation's universe, which is a prefix of a random order of the
relation's templates. So everything is nested in K, in ``|R|`` and in N_f.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from empirics.errors import UsageError
from empirics.experiments.language_models.config import LMConfig
from empirics.experiments.language_models.facts.selection import selected
from empirics.experiments.language_models.facts.source import EMBEDDED
from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.language_models.facts.templates import RelationTemplates, load_templates, require_templates
from empirics.experiments.world import IntArray, Sizes, World, draw_world, stream

__all__ = ["FactWorld", "Text", "check_world", "draw_fact_world"]


@dataclass(frozen=True)
class Text:
    """A statement, or a question with its answer: what stands before the answer, the answer, what follows it.

    Attributes:
        before: up to the answer, without a space at its end.
        answer: the answer, with the space before it if there is one.
        after: the rest.
    """

    before: str
    answer: str
    after: str

    @classmethod
    def of(cls, template: str, subject: str, answer: str) -> Text:
        """A template with ``{subject}`` and ``{answer}`` filled in."""
        before, _, after = template.partition("{answer}")
        before = before.replace("{subject}", subject)
        space = " " if before.endswith(" ") else ""
        return cls(before.rstrip(), space + answer, after)

    @property
    def whole(self) -> str:
        """The text itself."""
        return self.before + self.answer + self.after


@dataclass(frozen=True)
class FactWorld:
    """One draw of the world.

    Attributes:
        facts: the facts, numbered as subjects of ``drawn``; S of them.
        drawn: T(s) and the fine-tuning order, as for the one-layer model.
        universe: for each relation its ``|R|`` statement templates.
        questions: for each relation the template of its question.
    """

    facts: Sequence[Fact]
    drawn: World
    universe: Mapping[str, Sequence[str]]
    questions: Mapping[str, str]

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

    def candidates(self) -> dict[str, tuple[str, ...]]:
        """All answers of each relation, in the order of the facts."""
        found: dict[str, dict[str, None]] = {}
        for fact in self.facts:
            found.setdefault(fact.relation, {})[fact.answer] = None
        return {relation: tuple(answers) for relation, answers in found.items()}

    def distinct_templates(self) -> World:
        """``drawn`` with templates numbered over all relations, for coverage: relation times ``|R|`` plus r."""
        import dataclasses

        import numpy as np

        relations = {name: number for number, name in enumerate(self.universe)}
        size = self.drawn.vocabulary.templates
        shift = np.array([relations[fact.relation] * size for fact in self.facts], dtype=np.int64)
        vocabulary = dataclasses.replace(self.drawn.vocabulary, templates=size * len(relations))
        own = self.drawn.own_templates + shift[:, None]
        return dataclasses.replace(self.drawn, vocabulary=vocabulary, own_templates=own)


def check_world(config: LMConfig) -> None:
    """Refuse what the facts and templates at hand do not allow.

    Raises:
        UsageError: too few templates of a relation, no question, or N_f not below the number of facts.
    """
    found = selected(config.facts)
    if max(config.world.finetuned) >= len(found.facts):
        raise UsageError(
            f"world.finetuned={max(config.world.finetuned)} is refused: allowed is N_f < facts, "
            f"here at most {len(found.facts) - 1}; " + "; ".join(found.lines[-4:])
        )
    require_templates(
        _templates(config),
        list(found.relations),
        templates_per_relation=max(config.world.templates),
        multiplicity=max(config.world.multiplicity),
    )


def draw_fact_world(config: LMConfig, templates: int, multiplicity: int, seed: int) -> FactWorld:
    """Draw the world of a seed from the configuration's facts and templates."""
    facts = selected(config.facts).facts
    known = _templates(config)
    relations = list(dict.fromkeys(fact.relation for fact in facts))
    size = Sizes(subjects=len(facts), answers=len(facts))
    return FactWorld(
        facts=facts,
        drawn=draw_world(size, templates, multiplicity, seed),
        universe={name: _universe(known[name], templates, seed) for name in relations},
        questions={name: known[name].questions[0] for name in relations},
    )


def _universe(templates: RelationTemplates, size: int, seed: int) -> list[str]:
    order = stream(seed, f"universe of {templates.relation}").permutation(len(templates.statements))
    return [templates.statements[i] for i in order[:size]]


def _templates(config: LMConfig) -> dict[str, RelationTemplates]:
    return load_templates(None if config.facts.templates == EMBEDDED else config.facts.templates)
