"""What fine-tuning of the linear memory surely extracts, and what surely not, without running it.

docs/proofs/linear-memory-two-sided.md. The reduced system holds, for each of the n = N_f fine-tuned facts, the pushes
of the tokens that are a template or an answer of a fine-tuned fact, and one number for all other tokens together. Its
size does not depend on how many facts there are. Beside it runs a proved bound on its distance to fine-tuning of the
whole memory.

Shapes: n fine-tuned facts, b tokens that are followed, f tokens that are not, V = b + f, H held-out facts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.corpus import finetuning_corpus, held_out_rows
from empirics.experiments.one_layer.forward import finite, last_logits, logits_and_targets, margins
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.schedule import schedule_factor
from empirics.experiments.world import World

_UNIT = 2.0**-53  # half a unit in the last place of float64, relative
_OUTWARD = 1 + 2.0**-20  # more than the rounding of the bound itself, which is a sum of nonnegative terms


@dataclass(frozen=True)
class Enclosure:
    """What the prompt's column gains in fine-tuning, token by token, and how far off that is at most.

    Any difference of two entries of the true gain lies within ``radius`` of the same difference of ``gain``; where the
    bound overflows, the radius is infinite or NaN.
    """

    gain: Float[np.ndarray, " V"]
    radius: float


def enclose(
    logits: Float[np.ndarray, "n V"],
    answers: Int64[np.ndarray, " n"],
    followed: Int64[np.ndarray, " b"],
    steps: Sequence[float],
) -> Enclosure:
    """Run the reduced system.

    Args:
        logits: twice the logits at [s, p] of the fine-tuned facts, before fine-tuning.
        answers: their answers' tokens.
        followed: tokens that are followed one by one, the answers among them; increasing, not all tokens.
        steps: step size of each gradient step, each at most 8.
    """
    n, size = logits.shape
    rest = np.setdiff1d(np.arange(size), followed)
    target = (np.arange(n), np.searchsorted(followed, answers))
    start = logits[:, followed]
    others = _Others.of(logits[:, rest])
    pushed, moved = np.zeros((n, len(followed))), np.zeros(n)  # y_s(v); kappa_s
    distance, largest = 0.0, float(np.abs(logits).max())
    for step in steps:
        h = step / (2 * n)
        twice = start + pushed + pushed.sum(axis=0)
        rest_log = others.log_mass(moved)
        largest = max(largest, float(np.abs(twice).max()))
        top = np.maximum(twice.max(axis=1) / 2, rest_log)
        weights, rest_weight = np.exp(twice / 2 - top[:, None]), np.exp(rest_log - top)
        total = weights.sum(axis=1) + rest_weight
        share = rest_weight / total
        with np.errstate(over="ignore", invalid="ignore"):  # a radius that is not finite decides nothing
            error = share * others.error(moved)
            distance += h * math.sqrt(float((error**2).sum() + error.sum() ** 2))
        force = weights / total[:, None]
        force[target] -= 1
        pushed -= h * force
        moved += h * share
    gain = np.empty(size)
    gain[followed], gain[rest] = pushed.sum(axis=0), -moved @ others.shares
    distance = distance * _OUTWARD + rounding(steps, n, size, largest + 1)
    return Enclosure(gain, math.sqrt(2 * n / (n + 1)) * distance)


@dataclass(frozen=True)
class _Others:
    """The tokens that are not followed: their shares of their mass at the start, and moments of these.

    With q_s the shares in row s and g_sj = sum_v q_s(v) q_j(v), the columns j of ``profile``, ``spread`` and
    ``farthest`` are the norms of q_j - g_sj over the tokens with weights q_s^2, q_s, and its largest absolute value.
    """

    log_mass_before: Float[np.ndarray, " n"]
    shares: Float[np.ndarray, "n f"]
    overlap: Float[np.ndarray, "n n"]
    profile: Float[np.ndarray, "n n"]
    spread: Float[np.ndarray, "n n"]
    farthest: Float[np.ndarray, "n n"]

    @classmethod
    def of(cls, logits: Float[np.ndarray, "n f"]) -> _Others:
        """From twice the logits of these tokens at [s, p]."""
        top = logits.max(axis=1, keepdims=True) / 2
        weights = np.exp(logits / 2 - top)
        total = weights.sum(axis=1, keepdims=True)
        q = weights / total
        overlap = q @ q.T
        moments = []
        for row, means in zip(q, overlap, strict=True):
            deviation = q - means[:, None]  # [j, f]
            square = deviation**2
            moments.append((np.sqrt(square @ row**2), np.sqrt(square @ row), np.abs(deviation).max(axis=1)))
        profile, spread, farthest = map(np.stack, zip(*moments, strict=True))
        return cls((np.log(total) + top)[:, 0], q, overlap, profile, spread, farthest)

    def log_mass(self, moved: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Logarithm of the mass of these tokens in each row."""
        found: Float[np.ndarray, " n"] = self.log_mass_before - _half(self.overlap, moved)
        return found

    def error(self, moved: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
        """Bound on the error that a row's probabilities have, in Euclidean norm, relative to the share of its mass."""
        largest, profile = _half(self.farthest, moved), _half(self.profile, moved)
        found: Float[np.ndarray, " n"] = np.exp(2 * largest) * (profile + _half(self.spread, moved) ** 2)
        return found


def _half(matrix: Float[np.ndarray, "n n"], moved: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """(kappa_s N_ss + sum_j kappa_j N_sj) / 2 for each row s: what the subject's and the prompt's column do to it."""
    found: Float[np.ndarray, " n"] = (np.diag(matrix) * moved + matrix @ moved) / 2
    return found


def rounding(steps: Sequence[float], facts: int, tokens: int, largest: float) -> float:
    """Bound on what rounding does in float64, to fine-tuning and to the reduced system; step 7 of the page.

    ``largest`` is the largest absolute value among twice the logits.
    """
    of_step = 8 * (8 * largest + 2 * tokens + 2 * facts + 64) + 10 * largest * math.sqrt((facts + 1) * tokens)
    return 2 * (len(steps) + 1) * _UNIT * of_step


@dataclass(frozen=True)
class Decided:
    """What is known of each held-out fact, in the order of the fine-tuning order."""

    extracted: Bool[np.ndarray, " H"]
    failed: Bool[np.ndarray, " H"]


def decide(enclosure: Enclosure, logits: Float[np.ndarray, "H V"], answers: Int64[np.ndarray, " H"]) -> Decided:
    """Surely extracted and surely failed facts, from twice the logits at [s', p] before fine-tuning."""
    after = logits + enclosure.gain
    right = np.take_along_axis(after, answers[:, None], axis=1)[:, 0]
    np.put_along_axis(after, answers[:, None], -np.inf, axis=1)
    margin = right - after.max(axis=1)
    return Decided(margin > enclosure.radius, margin < -enclosure.radius)


def enclosure_of(before: Parameters, world: World, config: configuration.Config, finetuned: int) -> Enclosure:
    """The reduced system of a pre-trained memory and its first ``finetuned`` facts."""
    facts = world.finetuning_order[:finetuned]
    answers = world.answer_tokens[facts]
    followed = np.unique(np.concatenate([world.template_tokens[facts].ravel(), answers]))
    (corpus,) = finetuning_corpus(world, finetuned)
    stage = config.finetuning
    steps = [stage.learning_rate * schedule_factor(stage.schedule, t, stage.steps) for t in range(stage.steps)]
    return enclose(_doubled(before, corpus.tokens, config.model), answers, followed, steps)


def two_sided_observables(
    before: Parameters, after: Parameters, world: World, config: configuration.Config, finetuned: int
) -> dict[str, float | None]:
    """How many held-out facts are decided before fine-tuning, and whether fine-tuning did as was decided."""
    held_out = world.finetuning_order[finetuned:]
    rows = held_out_rows(world, finetuned)
    enclosure = enclosure_of(before, world, config, finetuned)
    known = decide(enclosure, _doubled(before, rows.tokens, config.model), world.answer_tokens[held_out])
    found = [margins(logits, t[:, 0]) > 0 for logits, t in logits_and_targets(after, rows, config.model)]
    extracted = torch.cat(found).cpu().numpy()
    exceptions = (known.extracted & ~extracted) | (known.failed & extracted)
    coverage = world.coverage(finetuned)[world.own_templates[held_out]].min(axis=1)
    above_half = 2 * world.vocabulary.templates * coverage > finetuned * world.multiplicity
    return {
        "surely_extracted_share": float(known.extracted.mean()),
        "surely_failed_share": float(known.failed.mean()),
        "undecided_share": float((~known.extracted & ~known.failed).mean()),
        "two_sided_agreement": 1.0 - float(exceptions.mean()),
        "two_sided_radius": finite(enclosure.radius),
        "half_mean_missed": float((above_half & ~known.extracted).mean()),
        "once_covered_missed": float(((coverage <= 1) & ~known.failed).mean()),
    }


def _doubled(
    weights: Parameters, tokens: Int64[np.ndarray, "N n"], config: configuration.Model
) -> Float[np.ndarray, "N V"]:
    """Twice the logits at the last position, in float64."""
    found = last_logits(weights.one_hot().to(torch.float64), torch.from_numpy(tokens).to(weights.output.device), config)
    doubled: Float[np.ndarray, "N V"] = 2 * found.cpu().numpy()
    return doubled
