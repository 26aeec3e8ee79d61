"""The law of extraction: the mean OOD error from features of pre-trained models, with two fitted constants.

Exposure first. In fine-tuning each of the N_f rows pushes down its own templates, the other templates and the other
tokens, and lifts its answer; residuals summed over steps are its *exposures* E to these groups. All rows are taken to
be alike except for how many fine-tuned facts own a template (c = 1, 2, ..: 1 + Binomial(N_f - 1, K/|R|)), and every
kernel is replaced by its average over pairs of facts (:mod:`.features`). So the logits of a row obey

    m_c(t+1) = m_c(t) - eta_t / N_f (kernel of its own row + kernel of the other rows) (softmax at t),

a recursion in a few numbers instead of the network. Then the held-out fact: fine-tuned facts that share nothing with
it, that share another template, and the C_r that own its template r pass on their exposure times the kernel of such
pairs. Its template r is beaten by the answer if what is passed on exceeds the gap of the votes. What is passed on
varies between pairs of facts (normal, with the measured variances), C_r is Binomial(N_f, K/|R|) and independent over
the K templates, and all K must be beaten:

    error = 1 - E[ P(all K beaten | what the fact has in common) ].

Two constants are fitted to measured errors; everything else is read off pre-trained models before fine-tuning:

    gates     what is passed on to a template that a row does not own is larger by this factor than to first order,
              as hidden units that were off go on
    fatigue   what is passed on falls as exp(-fatigue * N_f E), E the exposure to other tokens, mostly answers of other
              facts: subjects tell answers apart and the prompt does not, so late in fine-tuning attention turns from
              the prompt to the subjects
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from scipy.stats import binom

from empirics.experiments.one_layer.predict.features import Features

Array = NDArray[np.float64]
_COUNTS: Final = 40  # rows whose template more fine-tuned facts own are taken to have this many owners
_SHARED: Final = 14  # held-out facts that share more templates, counted with owners, are taken to share this many
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_NODE_WEIGHTS: Final = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class Constants:
    """What is fitted to errors."""

    gates: float
    fatigue: float


@dataclass(frozen=True)
class Exposure:
    """Residuals of a row, summed over fine-tuning, at n values of N_f.

    ``own``: on one own template that c of the fine-tuned facts own, c = 0, 1, .. (at c = 0 as at c = 1), shape [n, c];
    ``mean`` over own templates, ``templates`` and ``others`` on the two other groups of tokens, shapes [n].
    """

    own: Array
    mean: Array
    templates: Array
    others: Array


def exposure(
    features: Features, templates: int, multiplicity: int, finetuned: Sequence[int], rates: Sequence[float]
) -> Exposure:
    """Exposures of a row by the recursion of the averaged kernel; ``rates`` holds the step size of each step.

    ``templates`` is |R|, ``multiplicity`` K, ``finetuned`` the n values of N_f.
    """
    number = np.asarray(finetuned, dtype=np.float64)[:, None]
    owners = np.arange(1, min(int(number.max()), _COUNTS) + 1)
    frequency = _binomial(owners - 1, number - 1, multiplicity / templates)
    others = number - owners
    own = np.zeros(frequency.shape)
    rest = np.zeros((2, len(number)))
    logit = np.full(frequency.shape, features.gap)
    with np.errstate(divide="ignore"):
        rest_logit = np.repeat(np.log(features.odds)[:, None], len(number), axis=1)
    sharing = _another_shared(templates, multiplicity)
    unowned = (1 - sharing) * features.passed[0] + sharing * features.passed[1]
    for rate in rates:
        odds, rest_odds = np.exp(np.clip(logit, -300, 30)), np.exp(np.clip(rest_logit, -300, 30))
        level = 1 + rest_odds.sum(axis=0)[:, None] + odds + (multiplicity - 1) * _over(frequency, odds)[:, None]
        step = rate / number
        moved = step * odds / level
        rest_moved = step[:, 0] * rest_odds * _over(frequency, 1 / level)
        mean = _over(frequency, moved)
        groups = np.stack([multiplicity * mean, *rest_moved])  # [3, n]
        kept = (
            features.itself * moved
            + ((multiplicity - 1) * features.row[0, 0] * mean + features.row[0, 1:] @ groups[1:])[:, None]
        )
        owning = (
            features.same * moved
            + ((multiplicity - 1) * features.passed[2, 0] * mean + features.passed[2, 1:] @ groups[1:])[:, None]
        )
        logit = logit - kept - (owners - 1) * owning - np.maximum(others, 0) * (unowned @ groups)[:, None]
        rest_logit = rest_logit - features.row[1:] @ groups - (number[:, 0] - 1) * (features.across @ groups)
        own, rest = own + moved, rest + rest_moved
    return Exposure(np.concatenate([own[:, :1], own], axis=1), _over(frequency, own), rest[0], rest[1])


def extraction_error(
    features: Features,
    constants: Constants,
    templates: int,
    multiplicity: int,
    finetuned: Sequence[int],
    rates: Sequence[float],
) -> Array:
    """The mean OOD error at each N_f in ``finetuned``; shape [n]; arguments as for :func:`exposure`."""
    found = exposure(features, templates, multiplicity, finetuned, rates)
    number = np.asarray(finetuned, dtype=np.float64)[:, None]
    count = np.arange(_SHARED + 1)
    own = found.own[:, np.minimum(count, found.own.shape[1] - 1)]  # [n, count]
    groups = np.stack([multiplicity * found.mean, found.templates, found.others])
    total = (groups[0] + groups[1])[:, None]
    left = np.exp(-constants.fatigue * number * found.others[:, None])
    nothing, another = ((constants.gates * features.passed[i] @ groups)[:, None] for i in (0, 1))
    owning = (
        features.same * own
        + ((multiplicity - 1) * features.passed[2, 0] * found.mean + features.passed[2, 1:] @ groups[1:])[:, None]
    )
    pair, fact, pair_template, template, same = features.spread
    common = left * total * np.sqrt(number * pair + number**2 * fact)
    alone = left * np.sqrt(total**2 * (number * pair_template + number**2 * template) + count * own**2 * same)
    frequency = _binomial(count, number, multiplicity / templates)
    beaten = np.zeros(len(number))
    for shared in count:  # how many fine-tuned facts share a template with the fact, each template counted
        passed = left * (number * nothing + shared * (another - nothing) + count * (owning - another))
        margin = passed[:, None] - features.gap + common[:, None] * _NODES[:, None]
        each = frequency[:, None] * ndtr(margin / np.maximum(alone, 1e-9)[:, None])
        beaten += _all_with(each, multiplicity, int(shared)) @ _NODE_WEIGHTS
    return np.asarray(np.clip(1 - beaten, 0.0, 1.0))


def _all_with(each: Array, multiplicity: int, total: int) -> Array:
    """Sum over K counts that add up to ``total`` (to it or more at the last count) of the product of ``each``.

    ``each`` is indexed by the count of one template along its last axis.
    """
    last = each.shape[-1] - 1
    found = np.zeros_like(each)
    found[..., 0] = 1.0
    for _ in range(multiplicity):
        longer = np.zeros_like(found)
        for count in range(min(total, last) + 1):
            longer[..., count:] += found[..., : last + 1 - count] * each[..., count : count + 1]
            if total == last and count:
                longer[..., last] += found[..., last + 1 - count :].sum(axis=-1) * each[..., count]
        found = longer
    return np.asarray(found[..., total])


def _over(frequency: Array, values: Array) -> Array:
    """Means over the counts; shape [n]."""
    return np.asarray((frequency * values).sum(axis=1))


def _binomial(count: NDArray[np.int64], number: Array, share: float) -> Array:
    """P[Binomial(number, share) = count], what lies beyond the last count added to it; shape [n, count]."""
    found = binom.pmf(count, number, share)
    found[:, -1] += np.maximum(1.0 - found.sum(axis=1), 0.0)
    return np.asarray(found)


def _another_shared(templates: int, multiplicity: int) -> float:
    """P[a fact owns one of K - 1 given templates | it does not own one other]."""
    missed = 1.0
    for i in range(multiplicity - 1):
        missed *= max(templates - 1 - multiplicity - i, 0) / (templates - 1 - i)
    return 1.0 - missed
