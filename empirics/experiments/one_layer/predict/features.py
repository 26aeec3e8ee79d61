"""What the law of extraction knows of pre-trained models: votes, and the tangent kernel averaged over pairs of facts.

Between the logits of the contexts [s_i, p] and [s_j, p] the kernel of :mod:`.linearised` is, without its small part in
Z and for steps of 1,

    Theta_ij = <x~_i, x~_j> V g_i g_j V^T + <h_i, h_j> I.

It is taken between directions "tokens of a group less the fact's answer", a group being weighted by the softmax before
fine-tuning: the fact's own templates (each alone, or with equal weights), the other templates, all other tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from empirics.experiments.one_layer import config as configuration
    from empirics.experiments.one_layer.parameters import Parameters
    from empirics.experiments.world import World

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """Averages over the facts of one or several worlds, in nats; kernels in nats per unit of step size.

    In arrays the groups come in the order own templates, other templates, other tokens.

    Attributes:
        gap: logit of an own template less that of the answer at [s, p].
        odds: softmax mass of other templates, and of other tokens, over that of the answer; shape [2].
        itself: kernel of an own template with itself, in the fact's own row.
        row: kernel of two groups in the fact's own row, for two different own templates in the corner; shape [3, 3].
        across: other templates, and other tokens, of one fact against the groups of another fact; shape [2, 3].
        same: kernel of a template with itself, between two facts that own it.
        passed: an own template against the groups of another fact that shares no template, another template, or this
            one (its other own templates then); shape [3, 3].
        spread: variances of what one fact passes on to a template that it does not own: between pairs of facts, between
            facts, between pairs of a template and a fact, between templates of a fact; and of ``same``; shape [5].
    """

    gap: float
    odds: Array
    itself: float
    row: Array
    across: Array
    same: float
    passed: Array
    spread: Array

    def vector(self) -> Array:
        """All numbers in the order of the attributes; shape [34]."""
        return np.concatenate([np.ravel(getattr(self, f.name)) for f in fields(self)])

    @classmethod
    def of_vector(cls, numbers: Array) -> Features:
        """The features with these numbers; the inverse of :meth:`vector`."""
        shapes: dict[str, tuple[int, ...]] = {
            "odds": (2,),
            "row": (3, 3),
            "across": (2, 3),
            "passed": (3, 3),
            "spread": (5,),
        }
        found: dict[str, float | Array] = {}
        start = 0
        for field in fields(cls):
            shape = shapes.get(field.name, ())
            size = int(np.prod(shape))
            part = numbers[start : start + size]
            found[field.name] = part.reshape(shape) if shape else float(part[0])
            start += size
        return cls(**found)  # type: ignore[arg-type] # of the kinds that their shapes say


def mean_features(worlds: Sequence[Features]) -> Features:
    """Averages over worlds; what is undefined in some (no such pairs of facts) is left out there.

    If in all: of facts that share nothing or share another template, either stands for the other; the rest is 0.
    """
    vectors = np.array([one.vector() for one in worlds])
    known = np.isfinite(vectors)
    total = np.where(known, vectors, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    mean = Features.of_vector(np.where(count > 0, total / np.maximum(count, 1), np.nan))
    nothing, another, this = mean.passed
    nothing, another = (np.where(np.isnan(a), b, a) for a, b in ((nothing, another), (another, nothing)))
    filled = replace(mean, passed=np.array([nothing, another, this]))
    return Features.of_vector(np.nan_to_num(filled.vector()))


def features_of(weights: Parameters, world: World, config: configuration.Model) -> Features:
    """The features of pre-trained ``weights`` (one-hot embeddings); NaN where the world has no such pairs of facts."""
    import torch

    from empirics.experiments.one_layer.predict.linearised import Linearisation

    subjects = np.arange(world.vocabulary.subjects)
    tokens = torch.from_numpy(np.stack([subjects, np.full_like(subjects, world.vocabulary.prompt)], axis=1))
    at = Linearisation(weights.to(torch.float64, torch.device("cpu")), tokens, config)
    return _averages(
        world,
        output=at.output.numpy(),
        hidden=at.hidden.numpy(),
        gate=at.gate.numpy(),
        overlap=(at.mixed @ at.mixed.T).numpy(),
    )


def _averages(world: World, *, output: Array, hidden: Array, gate: Array, overlap: Array) -> Features:
    """Shapes [V, m] of the output matrix, [S, m] of hidden units and gates, [S, S] of <x~_i, x~_j>."""
    own, templates, answers = world.own_templates, world.template_tokens, world.answer_tokens
    count, multiplicity = own.shape
    facts = np.arange(count)
    logits = hidden @ output.T
    relative = logits - logits[facts, answers][:, None]
    weights = _groups(world, np.exp(relative))
    inner = hidden @ hidden.T
    self_pair = np.eye(count, dtype=bool)

    directions = [(w @ output - output[answers]) * gate for w in weights]
    single = (output[templates] - output[answers][:, None]) * gate[:, None]  # [S, K, m]

    def between(a: int, b: int) -> Array:
        """Kernel of group a of fact i against group b of fact j; shape [S, S]."""
        alike = weights[a] @ weights[b].T - weights[a][:, answers] - weights[b][:, answers].T + self_pair
        return np.asarray(overlap * (directions[a] @ directions[b].T) + inner * alike)

    def single_against(b: int) -> Array:
        """Kernel of each own template of fact j against group b of fact i; shape [S, K, S]."""
        alike = weights[b][:, templates].transpose(1, 2, 0) - weights[b][:, answers].T[:, None]
        passed = np.einsum("jkm,im->jki", single, directions[b])
        return np.asarray(overlap[:, None] * passed + inner[:, None] * alike)

    same = own[:, :, None, None] == own[None, None]  # template k of j is template l of i; [S, K, S, K]
    itself = np.broadcast_to(self_pair[:, None, :, None], same.shape)
    pairs = overlap[:, None, :, None] * np.einsum("jkm,ilm->jkil", single, single)
    pairs = pairs + inner[:, None, :, None] * (same.astype(np.float64) + itself)

    owned, apart = same.any(axis=3), ~self_pair[:, None, :]  # [S, K, S]
    sharing = same.any(axis=(1, 3))[:, None]
    nothing = np.broadcast_to(apart & ~sharing, owned.shape)
    another, this = apart & sharing & ~owned, apart & owned
    row = np.array([[_mean(between(a, b), self_pair) for b in range(3)] for a in range(3)])
    row[0, 0] = _mean(pairs, itself & ~same) if multiplicity > 1 else 0.0
    to_groups = [single_against(b) for b in range(3)]
    passed = np.array([[_mean(kernel, mask) for kernel in to_groups] for mask in (nothing, another, this)])
    passed[2, 0] = _mean(pairs, (this[..., None] & ~same)) if multiplicity > 1 else 0.0
    return Features(
        gap=float(np.take_along_axis(relative, templates, axis=1).mean()),
        odds=_odds(world, np.exp(relative)).mean(axis=0),
        itself=_mean(pairs, same & itself),
        row=row,
        across=np.array([[_mean(between(a, b), ~self_pair) for b in range(3)] for a in (1, 2)]),
        same=_mean(pairs, same & ~itself),
        passed=passed,
        spread=np.array([*_spread(to_groups[0], nothing), _variance(pairs, same & ~itself)]),
    )


def _masses(world: World, odds: Array) -> tuple[Array, Array, Array]:
    """Odds against the answer of tokens in each of the three groups, 0 elsewhere; each of shape [S, V]."""
    facts = np.arange(len(odds))
    own = np.zeros_like(odds)
    np.put_along_axis(own, world.template_tokens, 1.0, axis=1)
    rest = np.where(own > 0, 0.0, odds)
    rest[facts, world.answer_tokens] = 0.0
    first, last = world.vocabulary.first_template, world.vocabulary.first_answer
    template = np.zeros(odds.shape[1], dtype=bool)
    template[first:last] = True
    return own, np.where(template, rest, 0.0), np.where(template, 0.0, rest)


def _groups(world: World, odds: Array) -> list[Array]:
    """Weights of the tokens in each group, summing to 1 (0 where a fact has no such token); each of shape [S, V]."""
    return [mass / np.maximum(mass.sum(axis=1, keepdims=True), 1e-300) for mass in _masses(world, odds)]


def _odds(world: World, odds: Array) -> Array:
    """Softmax mass of other templates and of other tokens over that of the answer; shape [S, 2]."""
    return np.stack([mass.sum(axis=1) for mass in _masses(world, odds)[1:]], axis=1)


def _mean(values: Array, where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else float("nan")


def _variance(values: Array, where: NDArray[np.bool_]) -> float:
    return float(values[where].var()) if where.any() else float("nan")


def _spread(passed: Array, where: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    """Components of variance of ``passed`` [S, K, S] over pairs that share nothing: a random-effects model.

    What one fact passes on to template k of another is a mean plus effects of the pair, of the receiving fact, of the
    pair and k, and of the receiving fact and k. Products of different pairs estimate what pairs of a fact have in
    common, deviations from the mean over the K templates what templates do not. Negative estimates are 0.
    """
    whole = np.asarray(where.all(axis=1))  # [S, S]
    if not whole.any():
        return (float("nan"),) * 4
    mean = np.where(whole, passed.mean(axis=1), 0.0)
    centred = np.where(whole, mean - mean[whole].mean(), 0.0)
    common = _common(centred, whole)
    pair = float((centred[whole] ** 2).mean()) - common
    multiplicity = passed.shape[1]
    if multiplicity == 1:
        return max(pair, 0.0), max(common, 0.0), 0.0, 0.0
    scale = multiplicity / (multiplicity - 1)  # deviations from a mean over K are smaller than their own variance
    off = np.where(whole[:, None], passed - mean[:, None], 0.0)
    steady = scale * float(np.mean([_common(off[:, k], whole) for k in range(multiplicity)]))
    moving = scale * float((off.transpose(0, 2, 1)[whole] ** 2).mean()) - steady
    found = (pair - moving / multiplicity, common - steady / multiplicity, moving, steady)
    return tuple(max(one, 0.0) for one in found)


def _common(values: Array, where: NDArray[np.bool_]) -> float:
    """Mean product of different entries of a row, over rows of ``where`` with two entries or more; 0 without any."""
    count = where.sum(axis=1)
    total, squares = values.sum(axis=1), (values**2).sum(axis=1)
    rows = count > 1
    products = (total**2 - squares)[rows] / (count * (count - 1))[rows]
    return float(products.mean()) if rows.any() else 0.0
