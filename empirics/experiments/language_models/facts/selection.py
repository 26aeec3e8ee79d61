"""Which facts of a table take part, as settings; the same for language models and for the one-layer model."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from empirics.errors import UsageError
from empirics.experiments.language_models.facts.invented import INVENTED, MOST, invented
from empirics.experiments.language_models.facts.table import Fact, embedded_facts, load_facts
from empirics.experiments.language_models.facts.templates import RelationTemplates, load_templates
from empirics.settings import Section, Whole
from theory.plural import counted
from theory.spelling import meant

EMBEDDED = "embedded"
"""The facts, or the templates, that ship with the package."""


class FactSource(Section):
    """Which facts, and the sentences that state them."""

    source: str = EMBEDDED
    templates: str = EMBEDDED
    relations: tuple[str, ...] = ()
    number: Whole = 160
    answers_shared: bool = False


@dataclass(frozen=True)
class Selection:
    """The facts that take part, and why the others do not."""

    source: str
    facts: tuple[Fact, ...]  # of the relations in turn
    available: int  # facts of the table, before any was left out
    left_out: dict[str, int]  # reason to number of facts
    read: tuple[str, ...] = ()  # the report on the table's rows; empty for the embedded facts

    @property
    def relations(self) -> dict[str, int]:
        """Number of facts by relation."""
        return dict(Counter(fact.relation for fact in self.facts))

    @property
    def lines(self) -> tuple[str, ...]:
        """The selection in words."""
        by_relation = ", ".join(f"{name} {count}" for name, count in self.relations.items())
        used = f"{counted(self.available, 'fact')} of {self.source} {'is' if len(self.facts) == 1 else 'are'} used"
        lines = [*self.read, f"{len(self.facts)} of {used}: {by_relation}"]
        return (*lines, *(f"left out {count}: {reason}" for reason, count in self.left_out.items() if count))


def normalised(text: str) -> str:
    """What answers are compared by: words in lower case, without punctuation; the text itself if there are none."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(words) or text.strip()


def select(
    facts: Sequence[Fact],
    source: str,
    *,
    relations: Sequence[str] = (),
    number: int = 0,
    answers_shared: bool = False,
    read: Sequence[str] = (),
) -> Selection:
    """One fact per subject; one per answer unless answers are shared; at most ``number``, the relations in turn.

    Sharing lets fine-tuning lift the answers of held-out facts directly, so the
    default keeps the first fact of each answer: a(.) is an injection, as in the theory.
    Raises UsageError: nothing is left, or a relation that is asked for has no fact.
    """
    known = dict.fromkeys(fact.relation for fact in facts)
    for name in relations:
        if name not in known:
            raise UsageError(f"facts.relations={name!r} is not among the relations of {source}; {meant(name, known)}")
    subjects: set[str] = set()
    answers: set[str] = set()
    left_out = dict.fromkeys(
        (
            "their relation is not among facts.relations",
            "another fact has their subject",
            "another fact has their answer (facts.answers_shared=true keeps them)",
            "more than the number asked for",
        ),
        0,
    )
    other, subject_seen, answer_seen, beyond = left_out
    chosen: dict[str, list[Fact]] = {}
    for fact in facts:
        subject, answer = normalised(fact.subject), normalised(fact.answer)
        if relations and fact.relation not in relations:
            left_out[other] += 1
        elif subject in subjects:
            left_out[subject_seen] += 1
        elif answer in answers and not answers_shared:
            left_out[answer_seen] += 1
        else:
            subjects.add(subject)
            answers.add(answer)
            chosen.setdefault(fact.relation, []).append(fact)
    kept = [fact for turn in zip_longest(*chosen.values()) for fact in turn if fact is not None]
    if number and len(kept) > number:
        left_out[beyond] = len(kept) - number
        kept = kept[:number]
    if not kept:
        raise UsageError(f"no fact of {source} is left: " + "; ".join(f"{n} {why}" for why, n in left_out.items() if n))
    return Selection(source, tuple(kept), len(facts), left_out, tuple(read))


@lru_cache(maxsize=8)
def selected(source: FactSource) -> Selection:
    """The facts that a configuration chooses, from its file or the embedded ones."""
    facts, read = embedded_facts(), list[str]()
    if source.source == INVENTED:
        number = source.number or MOST
        return Selection(INVENTED, invented(number, 0), MOST, {}, ("facts are invented, anew for each seed",))
    if source.source != EMBEDDED:
        facts, report = load_facts(Path(source.source))
        read = report.lines()
    chosen = source.model_dump(include={"relations", "number", "answers_shared"})
    return select(facts, source.source, **chosen, read=read)


def templates_of(source: FactSource) -> dict[str, RelationTemplates]:
    """The sentences that state these facts, by relation."""
    return load_templates(None if source.templates == EMBEDDED else source.templates)
