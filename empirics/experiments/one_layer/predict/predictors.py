"""Which held-out facts will be extracted, said from pre-trained weights and the fine-tuning set, without fine-tuning.

Every predictor gives each held-out fact a score; positive means "extracted". For all but coverage the score is a
predicted margin: the logit of a(s) at [s, p] less the greatest other logit, evaluated in float64.

==============  ==============================================================================
coverage        extracted if every own template is shown by a fine-tuned fact; ties are ranked
                by how often own templates are shown
prompt          only W e_p moves: gradient descent with everything else frozen
linearised      first-order effect of fine-tuning on the held-out logits, along the whole
                trajectory of the linearised network (:mod:`.linearised`)
displaced       the network itself, at the weights where the linearised network's training
                ends: first order in the training, exact in the gates of the held-out fact
relinearised    as displaced, with the Jacobian taken again on the predicted path after
                1, 2, 4, 8, ... steps (nine Jacobians for 200 steps)
==============  ==============================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from empirics.experiments.one_layer import config as configuration
from empirics.experiments.one_layer.config import Config, Finetuning
from empirics.experiments.one_layer.corpus import Rows, finetuning_corpus, held_out_rows
from empirics.experiments.one_layer.forward import last_attention, last_logits, margins
from empirics.experiments.one_layer.model import activate, activation_slope
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.predict.linearised import (
    Linearisation,
    doublings,
    linearised_finetuning,
    relinearised_finetuning,
)
from empirics.experiments.one_layer.schedule import schedule_factor
from empirics.experiments.world import World

PREDICTORS: Final = ("coverage", "prompt", "linearised", "displaced", "relinearised")
"""Names of the predictors, from the crudest to the finest."""

Scores = Float64[np.ndarray, " held_out"]
_LARGEST = 1e30  # scores are cut off there: a prediction that diverges is "not extracted"


def predictable(config: Config) -> bool:
    """Whether the configured fine-tuning is full-batch gradient descent on all of one-hot W, V and Z."""
    model = config.model
    trained = model.mlp and model.train_input and not model.trained_embeddings
    return trained and config.finetuning.is_gradient_descent


def predict(config: Config, world: World, pretrained: Parameters, finetuned: int) -> dict[str, Scores]:
    """Scores (coverage alone if not :func:`predictable`) of the S - N_f facts held out, in fine-tuning order.

    Example:
        >>> import empirics
        >>> config = empirics.load_config("quick", settings=["pretraining.steps=50", "finetuning.steps=8"])
        >>> run = empirics.run(config, templates=10, multiplicity=2, finetuned=3)
        >>> scores = predict(config, run.world, run.pretrained, finetuned=3)
        >>> list(scores), scores["relinearised"].shape
        (['coverage', 'prompt', 'linearised', 'displaced', 'relinearised'], (37,))
    """
    found = {"coverage": coverage_score(world, finetuned)}
    if not predictable(config):
        return found
    weights = pretrained.to(torch.float64, torch.device("cpu"))
    (shown,) = finetuning_corpus(world, finetuned)
    asked = held_out_rows(world, finetuned)
    tokens = torch.from_numpy(asked.tokens)
    moved = prompt_only(weights, shown, config.model, config.finetuning)
    found["prompt"] = _scores(last_logits(moved, tokens, config.model), asked)
    change = linearised_finetuning(weights, shown, config.model, config.finetuning)
    found["linearised"] = _scores(Linearisation(weights, tokens, config.model).logits(change), asked)
    found["displaced"] = _scores(last_logits(change.applied(weights), tokens, config.model), asked)
    starts = doublings(config.finetuning.steps)
    moved = relinearised_finetuning(weights, shown, config.model, config.finetuning, starts)
    found["relinearised"] = _scores(last_logits(moved, tokens, config.model), asked)
    return found


def coverage_score(world: World, finetuned: int) -> Scores:
    """1/2 - (own templates unseen) + a share below 1/2 that grows with how often own templates are shown.

    Example:
        >>> import empirics
        >>> from empirics.experiments.world import draw_world
        >>> world = draw_world(empirics.load_config("quick").world, templates=10, multiplicity=2, seed=0)
        >>> [round(float(score), 2) for score in coverage_score(world, 5)[:3]]
        [0.73, -0.41, -0.41]
    """
    shown = world.coverage(finetuned)[world.own_templates[world.finetuning_order[finetuned:]]]
    most = finetuned * world.multiplicity + 1
    return np.asarray(0.5 - (shown == 0).sum(axis=1) + 0.5 * shown.sum(axis=1) / most, dtype=np.float64)


def prompt_only(weights: Parameters, rows: Rows, model: configuration.Model, stage: Finetuning) -> Parameters:
    """The weights after fine-tuning in which nothing but W e_p moves, p the last token of every context.

    Example:
        >>> import empirics, torch
        >>> config = empirics.load_config("quick", settings=["pretraining.steps=50"])
        >>> run = empirics.run(config, templates=10, multiplicity=2, finetuned=3)
        >>> weights, (rows,) = run.pretrained.to(torch.float64, torch.device("cpu")), finetuning_corpus(run.world, 3)
        >>> moved = prompt_only(weights, rows, config.model, config.finetuning)
        >>> int((moved.input != weights.input).any(dim=1).sum())
        1
    """
    tokens = torch.from_numpy(rows.tokens)
    prompt = int(tokens[0, -1])
    alpha = last_attention(weights, tokens, model)
    share = alpha[:, -1:] + (1.0 if model.residual else 0.0)
    vector = weights.input[prompt].clone()
    rest = torch.einsum("nl,nlm->nm", alpha, weights.input[tokens])
    rest = rest + (weights.input[prompt] if model.residual else 0.0) - share * vector
    target = torch.zeros(len(tokens), len(weights.output), dtype=vector.dtype)
    target.scatter_(1, torch.from_numpy(rows.targets), 1.0)
    for step in range(stage.steps):
        before = rest + share * vector
        hidden = activate(before, model.activation, model.smoothing)
        residual = (torch.softmax(hidden @ weights.output.T, dim=1) - target) * rows.weight
        back = activation_slope(before, model.activation, model.smoothing) * (residual @ weights.output)
        vector -= stage.learning_rate * schedule_factor(stage.schedule, step, stage.steps) * (share * back).sum(dim=0)
    moved = weights.input.clone()
    moved[prompt] = vector
    return Parameters(weights.attention, moved, weights.output)


def predicted_errors(scores: Mapping[str, Scores]) -> dict[str, float | None]:
    """Share of the held-out facts that each predictor says will not be extracted."""
    return {
        f"predicted_ood_error_{name}": float((scores[name] <= 0).mean()) if name in scores else None
        for name in PREDICTORS
    }


def measured_and_predicted(
    config: Config, world: World, pretrained: Parameters, after: Parameters, finetuned: int
) -> tuple[dict[str, float | None], dict[str, tuple[float, ...]]]:
    """Predicted errors; ``margin``, measured, and every predictor's scores of the held-out facts, shapes [S - N_f]."""
    asked = held_out_rows(world, finetuned)
    weights = after.one_hot().to(torch.float64, torch.device("cpu"))
    logits = last_logits(weights, torch.from_numpy(asked.tokens), config.model)
    measured = margins(logits, torch.from_numpy(asked.targets)[:, 0])
    scores = predict(config, world, pretrained, finetuned)
    facts = {"margin": measured.tolist(), **{name: values.tolist() for name, values in scores.items()}}
    rounded = {name: tuple(float(f"{value:.6g}") for value in values) for name, values in facts.items()}
    return predicted_errors(scores), rounded


def _scores(logits: Float[Tensor, "N V"], rows: Rows) -> Scores:
    found = margins(logits, torch.from_numpy(rows.targets)[:, 0]).nan_to_num(-_LARGEST, -_LARGEST, -_LARGEST)
    return np.asarray(found.clamp(-_LARGEST, _LARGEST).numpy(), dtype=np.float64)
