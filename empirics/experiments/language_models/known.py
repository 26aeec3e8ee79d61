"""Facts that a model does not know yet, by what it answers when it is asked with examples.

The categories are those of SliCK (Gekhman et al., 2024, "Does fine-tuning LLMs on new knowledge encourage
hallucinations?"). A fact is asked about in ten prompts, each with four other facts of its relation as examples:
greedily, and sixteen times at temperature 0.5. An answer is right if it begins with an accepted one, so that nothing
passes for unknown because the model went on talking.

Nothing is decoded. Greedy decoding gives an answer if each of its tokens is the most likely one; a sample is right with
the probability of its tokens, so the number of right samples is drawn from the binomial law, which is that of sampling.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from empirics.errors import UsageError
from empirics.experiments.language_models.config import LMConfig, digest_of
from empirics.experiments.language_models.facts.selection import Selection, selected, templates_of
from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.language_models.facts.templates import RelationTemplates, Text
from empirics.experiments.language_models.weights import cache
from empirics.experiments.world import stream
from empirics.files import write_atomically
from theory.plural import counted

if TYPE_CHECKING:
    from empirics.experiments.language_models.few_shot import FewShot

PROMPTS: Final = 10
SHOTS: Final = 4
SAMPLES: Final = 16
TEMPERATURE: Final = 0.5
EXAMPLES: Final = 8
"""So many facts of each relation, its last ones, are examples and are not asked about."""

UNKNOWN: Final = "Unknown"
CATEGORIES: Final = {
    "HighlyKnown": "every greedy answer is right",
    "MaybeKnown": "some greedy answers are right",
    "WeaklyKnown": "no greedy answer is right, but some sampled one is",
    UNKNOWN: "no answer is right",
}
_AT_ONCE: Final = 32


def category(greedy: int, sampled: int) -> str:
    """The category of a fact by its right answers, greedy (of :data:`PROMPTS`) and sampled."""
    if greedy:
        return "HighlyKnown" if greedy == PROMPTS else "MaybeKnown"
    return "WeaklyKnown" if sampled else UNKNOWN


@lru_cache(maxsize=8)
def taking_part(config: LMConfig) -> Selection:
    """The facts that a configuration chooses; with ``facts.unknown`` those alone that its model does not know.

    Facts are asked about in the order of the table, until enough are found; what is found is kept in the user's cache.
    Raises UsageError: as :func:`selected`; or no fact is left.
    """
    if not config.facts.unknown:
        return selected(config.facts)
    from empirics.experiments.language_models.model import folder_of

    pool = selected(config.facts.model_copy(update={"number": 0}))
    known = templates_of(config.facts)
    few = {relation for relation, number in pool.relations.items() if number <= EXAMPLES or relation not in known}
    examples = {
        relation: [fact for fact in pool.facts if fact.relation == relation][-EXAMPLES:]
        for relation in pool.relations
        if relation not in few
    }
    shown = {fact.id for given in examples.values() for fact in given}
    asked = [fact for fact in pool.facts if fact.relation not in few and fact.id not in shown]
    wanted = config.facts.number or len(asked)
    reader = _Reader(folder_of(config.model), {name: (known[name], given) for name, given in examples.items()})
    kept: list[Fact] = []
    found = Counter[str]()
    for start in range(0, len(asked), _AT_ONCE):
        if len(kept) >= wanted:
            break
        part = asked[start : start + _AT_ONCE]
        categories = reader.categories(part)
        found.update(categories[fact.id] for fact in part)
        kept += [fact for fact in part if categories[fact.id] == UNKNOWN]
        if reader.asked:
            print(f"factbound: {counted(found.total(), 'fact')} asked about, {len(kept)} unknown", file=sys.stderr)
    number = found.total()
    if not kept:
        raise UsageError(f"facts.unknown: of {counted(number, 'fact')} of {pool.source} the model knows every one")
    why = {name: f"{name}: {what}" for name, what in CATEGORIES.items()}
    left_out = {
        **{reason: count for reason, count in pool.left_out.items() if count},
        "their relation has no templates, or too few facts to give examples": len(pool.facts) - len(asked) - len(shown),
        "they are examples in the prompts": len(shown),
        **{why[name]: found[name] for name in CATEGORIES if name != UNKNOWN},
        f"{why[UNKNOWN]}, but enough were found": max(0, len(kept) - wanted),
        "not asked about, since enough were found": len(asked) - number,
    }
    told = f"the model was asked about {counted(number, 'fact')}: " + ", ".join(
        f"{found[name]} {name}" for name in CATEGORIES
    )
    return replace(pool, facts=tuple(kept[:wanted]), left_out=left_out, read=(*pool.read, told))


class _Reader:
    """Asks a model, and keeps what it knew in the user's cache, a file for each relation and its prompts."""

    def __init__(self, folder: Path | None, relations: Mapping[str, tuple[RelationTemplates, Sequence[Fact]]]) -> None:
        assert folder is not None  # the configuration refuses models from scratch
        self._folder = folder
        self._question = {name: templates.questions[0] for name, (templates, _) in relations.items()}
        self._prefixes = {
            name: [
                "".join(
                    Text.of(self._question[name], examples[i].subject, examples[i].answer).whole + "\n"
                    for i in stream(0, f"examples of {name}", prompt).permutation(len(examples))[:SHOTS]
                )
                for prompt in range(PROMPTS)
            ]
            for name, (_, examples) in relations.items()
        }
        model, code = digest_of(str(folder)), digest_of(__file__)
        self._files = {
            name: cache().parent / "known" / f"{_hash([model, code, self._question[name], *prefixes])}.json"
            for name, prefixes in self._prefixes.items()
        }
        self._model: FewShot | None = None

    @property
    def asked(self) -> bool:
        """Whether the model had to be asked, which takes a second or more a fact."""
        return self._model is not None

    def categories(self, facts: Sequence[Fact]) -> dict[str, str]:
        """The category of each fact, by its id."""
        found: dict[str, str] = {}
        for name in dict.fromkeys(fact.relation for fact in facts):
            mine = {_hash([fact.subject, *fact.accepted]): fact for fact in facts if fact.relation == name}
            kept = _KEPT.setdefault(self._files[name], _stored(self._files[name]))
            if missing := [key for key in mine if key not in kept]:
                kept |= dict(zip(missing, self._asked(name, [mine[key] for key in missing]), strict=True))
                with contextlib.suppress(OSError, UsageError):  # a cache that cannot be written costs time alone
                    self._files[name].parent.mkdir(parents=True, exist_ok=True)
                    write_atomically(self._files[name], json.dumps(kept))
            found |= {fact.id: kept[key] for key, fact in mine.items()}
        return found

    def _asked(self, relation: str, facts: Sequence[Fact]) -> list[str]:
        if self._model is None:
            from empirics.experiments.language_models.few_shot import FewShot
            from empirics.experiments.language_models.model import load_model, own_tokens

            self._model = FewShot(load_model(self._folder).eval(), own_tokens(self._folder), TEMPERATURE)
        greedy, sampled = (np.zeros(len(facts), dtype=np.int64) for _ in range(2))
        for prompt, prefix in enumerate(self._prefixes[relation]):
            rows = self._model.answers(prefix, self._question[relation], facts)
            for row, (fact, (said, probability)) in enumerate(zip(facts, rows, strict=True)):
                greedy[row] += said
                draw = stream(0, f"answers on {fact.subject} in {relation}", prompt)
                sampled[row] += draw.binomial(SAMPLES, probability)
        return [category(int(g), int(s)) for g, s in zip(greedy, sampled, strict=True)]


_KEPT: dict[Path, dict[str, str]] = {}


def _stored(file: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
