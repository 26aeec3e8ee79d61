"""The world of facts: who has which answer, written down through which templates; and what fine-tuning shows of it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


def stream(seed: int, name: str, *keys: int) -> np.random.Generator:
    """The named random stream of a seed; streams of other names, keys or seeds are independent."""
    entropy = [seed, zlib.crc32(name.encode()), *keys]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


@dataclass(frozen=True)
class Vocabulary:
    """Token numbers: subjects, templates, answers, the prompt, distractors, in this order."""

    subjects: int
    templates: int
    answers: int
    distractors: int = 0

    @property
    def first_template(self) -> int:
        """Token of template 0."""
        return self.subjects

    @property
    def first_answer(self) -> int:
        """Token of answer 0."""
        return self.subjects + self.templates

    @property
    def prompt(self) -> int:
        """Token p, the Q&A prompt."""
        return self.subjects + self.templates + self.answers

    @property
    def first_distractor(self) -> int:
        """Token of distractor 0."""
        return self.prompt + 1

    @property
    def size(self) -> int:
        """Vocabulary size ``V = S + |R| + A + 1 + D``."""
        return self.prompt + 1 + self.distractors


@dataclass(frozen=True)
class World:
    """One draw of the world.

    Attributes:
        own_templates: T(s), template numbers in 0..|R|-1; shape [S, K].
        answer_of: a(s), answer numbers in 0..A-1; shape [S].
        finetuning_order: subjects in random order, whose prefixes are the nested fine-tuning sets; shape [S].
        pretraining_distractors: distractor numbers before each sequence; shape [S, K, L].
        finetuning_distractors: the same for the Q&A sequences; shape [S, L].
    """

    vocabulary: Vocabulary
    own_templates: IntArray
    answer_of: IntArray
    finetuning_order: IntArray
    pretraining_distractors: IntArray
    finetuning_distractors: IntArray

    @property
    def multiplicity(self) -> int:
        """K, templates per fact."""
        return int(self.own_templates.shape[1])

    @property
    def template_tokens(self) -> IntArray:
        """Tokens of T(s); shape [S, K]."""
        return self.own_templates + self.vocabulary.first_template

    @property
    def answer_tokens(self) -> IntArray:
        """Tokens of a(s); shape [S]."""
        return self.answer_of + self.vocabulary.first_answer

    def coverage(self, finetuned: int) -> IntArray:
        """C_r, the number of the first ``finetuned`` facts with template r; shape ``[|R|]``."""
        shown = self.own_templates[self.finetuning_order[:finetuned]]
        return np.bincount(shown.ravel(), minlength=self.vocabulary.templates).astype(np.int64)


class WorldSettings(Protocol):
    """What of an experiment's settings decides its worlds, apart from the grid."""

    @property
    def subjects(self) -> int:
        """S."""

    @property
    def answers(self) -> int:
        """A."""

    @property
    def answers_shared(self) -> bool:
        """Whether a(.) is any random map; else it is injective."""

    @property
    def answer_of(self) -> tuple[int, ...]:
        """a(s), fixed; drawn at random if empty."""

    @property
    def distractors(self) -> int:
        """L, distractor tokens before each sequence."""

    @property
    def distractor_vocabulary(self) -> int:
        """D."""


@dataclass(frozen=True)
class Sizes:
    """The least that a world needs: S and A; no distractors, distinct answers."""

    subjects: int
    answers: int
    answers_shared: bool = False
    answer_of: tuple[int, ...] = ()
    distractors: int = 0
    distractor_vocabulary: int = 0


def draw_world(config: WorldSettings, templates: int, multiplicity: int, seed: int) -> World:
    """Draw the world of a seed.

    T(s) is the prefix of length K of a random order of all templates, drawn independently for each subject: uniform
    without replacement, and nested in K, so that worlds of one seed are paired across multiplicities.

    Example:
        >>> from empirics import load_config
        >>> world = draw_world(load_config("quick").world, templates=10, multiplicity=3, seed=0)
        >>> world.own_templates.shape, int(world.coverage(5).sum())
        ((40, 3), 15)
    """
    subjects, answers = config.subjects, config.answers
    numbers = np.tile(np.arange(templates, dtype=np.int64), (subjects, 1))
    order = stream(seed, "templates", templates).permuted(numbers, axis=1)
    draw = stream(seed, "answers")
    if config.answer_of:
        answer_of = np.array(config.answer_of, dtype=np.int64)
    elif config.answers_shared:
        answer_of = draw.integers(0, answers, size=subjects)
    else:
        answer_of = draw.permutation(answers)[:subjects]
    length, kinds = config.distractors, max(config.distractor_vocabulary, 1)
    shape = (subjects, multiplicity, length)
    return World(
        vocabulary=Vocabulary(subjects, templates, answers, config.distractor_vocabulary),
        own_templates=order[:, :multiplicity].copy(),
        answer_of=answer_of.astype(np.int64),
        finetuning_order=stream(seed, "finetuning-order").permutation(subjects).astype(np.int64),
        pretraining_distractors=stream(seed, "pretraining-distractors").integers(0, kinds, size=shape),
        finetuning_distractors=stream(seed, "finetuning-distractors").integers(0, kinds, size=(subjects, length)),
    )


def unseen_templates(world: World, finetuned: int) -> IntArray:
    """For each fact not fine-tuned, its own templates that no fine-tuned fact was written with; shape [S - N_f]."""
    held_out = world.own_templates[world.finetuning_order[finetuned:]]
    return np.asarray((world.coverage(finetuned)[held_out] == 0).sum(axis=1), dtype=np.int64)


def coverage_observables(world: World, finetuned: int, wrong: NDArray[np.bool_]) -> dict[str, float | None]:
    """How much of the held-out facts' templates fine-tuning showed, and how well that predicts which are ``wrong``."""
    unseen = unseen_templates(world, finetuned)
    area = area_under_curve(unseen, wrong)
    return {
        "unseen_own_templates": float(unseen.mean()),
        "some_template_unseen": float((unseen > 0).mean()),
        "no_template_seen": float((unseen == world.multiplicity).mean()),
        "coverage_auc_excess": None if area is None else area - 0.5,
    }


def area_under_curve(score: NDArray[Any], positive: NDArray[np.bool_]) -> float | None:
    """P[a random positive scores above a random negative], ties one half; None if either class is empty."""
    ups, downs = score[positive], score[~positive]
    if len(ups) == 0 or len(downs) == 0:
        return None
    order = np.sort(downs)
    below = np.searchsorted(order, ups, side="left")
    upto = np.searchsorted(order, ups, side="right")
    return float((below + upto).sum()) / (2 * len(ups) * len(downs))
