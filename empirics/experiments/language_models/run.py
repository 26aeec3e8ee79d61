"""The experiment: pre-train on statements once per (|R|, K, seed), fine-tune on questions for every N_f, measure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from empirics.errors import UsageError
from empirics.experiments.language_models.config import LMConfig, Training
from empirics.experiments.language_models.extra import require_extra
from empirics.experiments.language_models.facts.selection import normalised
from empirics.experiments.language_models.facts.templates import Text, shipped
from empirics.experiments.language_models.layers import LastLayers, inner
from empirics.experiments.language_models.model import folder_of, load_model, new_model, own_tokens, with_adapters
from empirics.experiments.language_models.score import Scorer, right
from empirics.experiments.language_models.texts import FactWorld, draw_fact_world
from empirics.experiments.language_models.tokenizer import Encoded, Tokens, build_tokenizer
from empirics.experiments.language_models.train import (
    Arithmetic,
    Example,
    answer_examples,
    cut_examples,
    statement_examples,
    train,
)
from empirics.experiments.protocol import Curve, Point, UnitRun
from empirics.experiments.world import IntArray, coverage_observables, stream
from theory.plural import counted

Observables = dict[str, float | None]


@dataclass(frozen=True)
class Prepared:
    """A world in tokens, and the model that is to learn it."""

    config: LMConfig
    seed: int
    world: FactWorld
    tokens: Tokens
    model: Any
    statements: Sequence[Encoded]
    questions: Sequence[Encoded]
    arithmetic: Arithmetic

    @property
    def cut(self) -> bool:
        """Whether texts end with their answers."""
        return self.config.pretraining.target == "answer"

    def under(self, config: LMConfig) -> Prepared:
        """The same under the settings of another arm, which may ask in another form."""
        if config.finetuning.question == self.config.finetuning.question:
            return replace(self, config=config)
        world = draw_fact_world(config, self.world.drawn.vocabulary.templates, self.multiplicity, self.seed)
        asked = self.tokens.encode([world.question(number) for number in range(len(world.facts))])
        return replace(self, config=config, world=world, questions=asked)

    @property
    def multiplicity(self) -> int:
        """K."""
        return int(self.world.drawn.own_templates.shape[1])

    def scorer(self, model: Any) -> Scorer:
        """Of a model, as the configuration says."""
        return Scorer(model, self.tokens, self.arithmetic, self.config.evaluation.batch_size)


def run_arms(arms: Sequence[LMConfig], unit: Point, seeds: Sequence[int], device: str) -> Iterator[list[UnitRun]]:
    """The runs of each arm at each seed; the arms differ in fine-tuning alone, so all share the pre-trained model.

    With several seeds each is pre-trained once for each arm: only one model is held at a time.
    """
    require_extra()
    before: Pretrained | None = None
    for config in arms:
        runs = []
        for seed in seeds:
            if before is None or len(seeds) > 1:
                before = None  # let go of the last before the next is made
                before = pretrain(prepare(config, unit, seed, device))
            runs.append(_run(config, unit, seed, before))
        yield runs


def _run(config: LMConfig, unit: Point, seed: int, before: Pretrained) -> UnitRun:
    if before.diverged:
        return UnitRun(unit, seed, {}, {}, f"pre-training diverged: {before.diverged}")
    at = before.prepared.under(config)
    found: dict[Point, Observables] = {}
    for count in config.world.finetuned:
        _restore(at.model, before.weights)
        tuned, loss = finetune(at, count)
        if why := _diverged(loss):
            return UnitRun(unit, seed, {}, {}, f"fine-tuning on {counted(count, 'fact')} diverged: {why}")
        cell = Point((*unit.values, ("N_f", count)))
        found[cell] = {**before.observables, **measure_finetuned(at, tuned, count), **_forgotten(at, tuned, before)}
        if tuned is not at.model:
            tuned.unload()  # takes the adapters out of the model again
    return UnitRun(unit, seed, found, {"pretraining_loss": before.loss})


@dataclass(frozen=True)
class Pretrained:
    """A model that has read its statements."""

    prepared: Prepared  # fine-tuning changes its model in place
    weights: Mapping[str, Tensor]  # after pre-training
    loss: Curve  # nats a token along pre-training
    observables: Observables
    diverged: str  # why it is unusable; empty if it is not
    passage: float | None = None  # the loss on a fixed text before any training, of a model that was trained before


def prepare(config: LMConfig, unit: Point, seed: int, device: str) -> Prepared:
    """The world, the tokenizer, and the model before pre-training on statements."""
    world = draw_fact_world(config, unit["R"], unit["K"], seed)
    statements = world.statements()
    questions = [world.question(number) for number in range(len(world.facts))]
    folder = folder_of(config.model)
    if folder is None:
        texts = [text.whole for text in (*statements, *questions)]
        tokens = Tokens(build_tokenizer(config.model.tokenizer, config.model.vocabulary_size, texts))
    else:
        tokens = own_tokens(folder)
    encoded, asked = tokens.encode(statements), tokens.encode(questions)
    # Room for every question with any answer, and for one token more than the longest.
    longest = max(len(ids) for ids in tokens.answers([fact.answer for fact in world.facts])) + 2
    positions = max(max(len(text.prompt) for text in asked) + longest, *(len(text.tokens) for text in encoded))
    if folder is None:
        model = new_model(config.model, tokens, positions, _number(seed, "initial-weights"))
    else:
        model = load_model(folder)
        if config.model.trained_layers:
            model = LastLayers(model, config.model.trained_layers, tokens.pad)
        allowed = _positions(model) or positions
        if positions > allowed:
            raise UsageError(
                f"the model in {folder} has {counted(allowed, 'position')}, and these texts need {positions}; "
                "take shorter templates (facts.templates) or another model"
            )
    arithmetic = Arithmetic.of(config.compute, torch.device(device))
    return Prepared(config, seed, world, tokens, model.to(arithmetic.device), encoded, asked, arithmetic)


def pretrain(at: Prepared) -> Pretrained:
    """Train the model on its statements, and measure what it stores."""
    passage = None if folder_of(at.config.model) is None else _passage_loss(at, at.model)
    loss = pretrain_steps(at, at.config.pretraining, "statement-batches")
    if why := _diverged(loss):
        return Pretrained(at, {}, loss, {}, why)
    weights = {name: value.detach().clone() for name, value in at.model.named_parameters() if value.requires_grad}
    return Pretrained(at, weights, loss, measure_pretrained(at), "", passage)


def pretrain_steps(at: Prepared, settings: Training, order: str) -> Curve:
    """The loss along training on the statements, in the order that a named stream of the seed draws."""
    examples = (cut_examples if at.cut else statement_examples)(at.statements)
    draw = stream(at.seed, order)
    return train(at.model, examples, settings, pad=at.tokens.pad, arithmetic=at.arithmetic, order=draw)


@torch.no_grad()
def _restore(model: Any, weights: Mapping[str, Tensor]) -> None:
    """Give the weights that training changes the values that they had."""
    mine = dict(model.named_parameters())
    for name, value in weights.items():
        mine[name].copy_(value)


def _diverged(loss: Curve) -> str:
    finite = all(map(math.isfinite, loss.values[-1:]))
    return "" if finite else f"its loss is not finite at step {loss.steps[-1]}"


def finetune(at: Prepared, count: int) -> tuple[Any, Curve]:
    """The model after question answering on the first ``count`` facts, and the loss along the way."""
    settings = at.config.finetuning
    model = at.model
    model.requires_grad_(True)  # adapters of an earlier arm have frozen it
    if settings.method == "lora":
        upper = with_adapters(getattr(model, "upper", model), settings, _number(at.seed, "adapters"))
        model = model.adapted(upper) if isinstance(model, LastLayers) else upper
        settings = settings.model_copy(update={"learning_rate": settings.lora_learning_rate})
    if count == 0:
        return model, Curve((), ())
    examples = (cut_examples if at.cut else answer_examples)([at.questions[i] for i in at.world.finetuned(count)])
    draw = stream(at.seed, "question-batches")
    return model, train(model, examples, settings, pad=at.tokens.pad, arithmetic=at.arithmetic, order=draw)


def measure_pretrained(at: Prepared) -> Observables:
    """How well statements, or a sample of ``evaluation.sentences`` (0: all), are stored; every fact counts alike."""
    settings = at.config.evaluation
    texts: Sequence[Encoded] = at.statements
    if settings.sentences and len(texts) > settings.sentences:
        chosen = stream(at.seed, "scored-statements").permutation(len(texts))[: settings.sentences]
        texts = [texts[i] for i in chosen]
    scorer = at.scorer(at.model)
    stored = scorer.completed(texts)
    if at.cut:  # the rest of a statement is not learnt
        return {"statement_accuracy": float(stored.mean())}
    likelihood = scorer.log_likelihoods(statement_examples(texts))
    # The corpus has S K different sequences of equal weight: no model's mean loss is below log(S K).
    gap = -float(likelihood.mean()) - math.log(len({text.tokens for text in at.statements}))
    return {"statement_accuracy": float(stored.mean()), "statement_gap": gap}


def measure_finetuned(at: Prepared, model: Any, count: int) -> Observables:
    """Answers on the facts that fine-tuning showed and on those that it did not."""
    scorer = at.scorer(model)
    held_out, shown = at.world.held_out(count), at.world.finetuned(count)
    own = at.tokens.answers([fact.answer for fact in at.world.facts])
    if at.cut:  # no end mark is learnt
        own = [ids[:-1] for ids in own]
    candidates = _candidates(at)
    asked = [at.questions[i] for i in held_out]
    options = [[own[i], *(own[j] for j in candidates[i])] for i in held_out]
    if at.cut and all(len(ids) == 1 for ids in own):  # one look at the prompts tells all
        likelihood, places, answered = scorer.next_tokens(asked, [[ids[0] for ids in row] for row in options])
        wrong = ~answered
    else:
        wrong = ~_answered(at, scorer, held_out)
        places = scorer.ranks([question.prompt for question in asked], options)
        likelihood = scorer.log_likelihoods((cut_examples if at.cut else answer_examples)(asked))
    return {
        "ood_error": float(wrong.mean()),
        "ood_loss": -float(likelihood.mean()),
        "finetuning_error": float((~_answered(at, scorer, shown)).mean()) if count else None,
        "answer_reciprocal_rank": float((1.0 / places).mean()),
        **coverage_observables(at.world.distinct_templates(), count, wrong),
    }


def _answered(at: Prepared, scorer: Scorer, numbers: IntArray) -> NDArray[np.bool_]:
    """Whether the greedy answer of each fact is an accepted one; shape [numbers]."""
    if at.cut:
        return scorer.completed([at.questions[i] for i in numbers])
    longest = 2 + max(len(ids) for ids in at.tokens.answers([fact.answer for fact in at.world.facts]))
    given = scorer.greedy_answers([at.questions[i].prompt for i in numbers], longest)
    return np.array(
        [right(answer, at.world.facts[i].accepted) for answer, i in zip(given, numbers, strict=True)], dtype=bool
    )


def _forgotten(at: Prepared, model: Any, before: Pretrained) -> Observables:
    """How much worse a model that was trained before has become at an ordinary text."""
    return {} if before.passage is None else {"passage_loss_rise": _passage_loss(at, model) - before.passage}


def _passage_loss(at: Prepared, model: Any) -> float:
    """Nats a token on the text that ships with the package, as far as the model's positions reach."""
    (text,) = at.tokens.encode([Text("", shipped("passage.txt").read_text(encoding="utf-8"), "")])
    tokens = text.tokens[: min(text.answer[1], _positions(model) or text.answer[1])]
    (likelihood,) = at.scorer(model).log_likelihoods([Example(tokens, text.answer[0])])
    return -float(likelihood) / (len(tokens) - text.answer[0])


def _positions(model: Any) -> int | None:
    """How many tokens a model can read, if it says so."""
    known: int | None = getattr(inner(getattr(model, "upper", model)).config, "max_position_embeddings", None)
    return known


def _candidates(at: Prepared) -> list[list[int]]:
    """For each fact, others of its relation, one for each answer it does not accept; ``candidates`` - 1 at most."""
    by_relation: dict[str, dict[str, int]] = {}
    for number, fact in enumerate(at.world.facts):
        by_relation.setdefault(fact.relation, {}).setdefault(normalised(fact.answer), number)
    found = []
    for number, fact in enumerate(at.world.facts):
        accepted = {normalised(answer) for answer in fact.accepted}
        others = [other for answer, other in by_relation[fact.relation].items() if answer not in accepted]
        order = stream(at.seed, "candidates", number).permutation(len(others))
        found.append([others[i] for i in order[: at.config.evaluation.candidates - 1]])
    return found


def _number(seed: int, name: str) -> int:
    """A seed for torch, from a named stream."""
    return int(stream(seed, name).integers(0, 2**62))
