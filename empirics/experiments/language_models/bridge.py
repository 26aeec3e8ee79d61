"""The one-layer transformer on real facts: its world's sizes, and who shares an answer, from a table of facts.

The theory's model knows of a fact only its subject's and its answer's number. So
with distinct answers real facts give the synthetic world of as many subjects;
with shared answers they fix which subjects have the same one. T(s) and the
fine-tuning order of a seed are those of the language model on the same facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from empirics.experiments.one_layer.config import Config, validate_config
from empirics.experiments.language_models.facts.selection import Selection, normalised, selected
from empirics.experiments.language_models.config import FactSource

__all__ = ["on_facts"]


def on_facts(config: Config, source: str, relations: Sequence[str] = ()) -> tuple[Config, Selection]:
    """The configuration on the first ``world.subjects`` facts of a table, the relations in turn.

    With ``world.answers_shared`` facts with the same answer are kept, and share it;
    else one fact per answer takes part.

    Args:
        config: the configuration of a verification.
        source: a table of facts, or ``"embedded"``.
        relations: these only; all of them if empty.

    Raises:
        UsageError: the table gives no facts, or too few for ``world.finetuned``.
    """
    found = selected(
        FactSource(
            source=source,
            relations=tuple(relations),
            number=config.world.subjects,
            answers_shared=config.world.answers_shared,
        )
    )
    answers: dict[str, int] = {}
    answer_of = [answers.setdefault(normalised(fact.answer), len(answers)) for fact in found.facts]
    data: dict[str, Any] = config.model_dump()
    data["world"] |= {
        "facts": source,
        "subjects": len(found.facts),
        "answers": len(answers),
        "answer_of": tuple(answer_of) if config.world.answers_shared else (),
    }
    return validate_config(data), found
