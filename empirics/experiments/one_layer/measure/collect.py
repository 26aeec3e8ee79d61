"""Everything that is measured on one run: of the pre-trained model, of a fine-tuned one, along training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.measure.attention import pretraining_attention
from empirics.experiments.one_layer.measure.extraction import finetuning_observables
from empirics.experiments.one_layer.measure.linear_memory import is_linear_memory, smoothness, template_dominance
from empirics.experiments.one_layer.measure.mechanism import (
    feature_observables,
    feature_similarity,
    gradient_observables,
    update_observables,
)
from empirics.experiments.one_layer.measure.pretraining import gap_observables, pretraining_observables
from empirics.experiments.one_layer.measure.two_sided import two_sided_observables
from empirics.experiments.one_layer.parameters import Parameters
from empirics.experiments.one_layer.train import Watch
from empirics.experiments.protocol import Curve
from empirics.experiments.world import World

Observed = dict[str, float | None]


def watched(config: Config, worlds: Sequence[World], *, features: bool = False) -> Watch | None:
    """Attention along pre-training, unless it is uniform throughout; with ``features`` their similarity too."""

    def watch(i: int, weights: Parameters) -> dict[str, float]:
        found = pretraining_attention(weights, worlds[i], config.model) if config.model.attention else {}
        similar = feature_similarity(weights, worlds[i], config.model) if features else None
        return found if similar is None else found | {"feature_similarity": similar}

    return watch if config.model.attention or features else None


def measure_pretrained(config: Config, world: World, weights: Parameters, curves: Mapping[str, Curve]) -> Observed:
    """Observables of the pre-trained model, with its curves along pre-training."""
    found = pretraining_observables(weights, world, config.model) | gap_observables(curves["pretraining_gap"])
    found["feature_similarity"] = feature_similarity(weights, world, config.model)
    now, initial = found.get("distractor_attention"), curves.get("distractor_attention")
    if now is not None:
        found["distractor_attention_drop"] = 0.0 if initial is None else initial.values[0] - now
    if is_linear_memory(config):
        found["linear_memory_gap"] = found["pretraining_gap"]
        found["pretraining_smoothness"] = smoothness(world)
        found["template_dominance"] = template_dominance(weights, world, config)
    return found


def measure_finetuned(config: Config, world: World, before: Parameters, after: Parameters, finetuned: int) -> Observed:
    """Observables of the model fine-tuned on ``finetuned`` facts, ``before`` being the pre-trained one."""
    stage = config.finetuning
    # What the claims on the linear memory's OOD error ask for: every fact has an answer of its own.
    applies = is_linear_memory(config) and stage.is_gradient_descent and not config.world.answers_shared
    return {
        **({"finetuning_step": stage.learning_rate} if applies else {}),
        **(two_sided_observables(before, after, world, config, finetuned) if applies else {}),
        **finetuning_observables(after, world, config.model, finetuned),
        **feature_observables(before, after, world, config.model, finetuned),
        **gradient_observables(before, world, config.model, finetuned),
        **update_observables(before, after, world, config.model),
    }
