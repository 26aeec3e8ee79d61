"""Arms of the one-layer transformer's experiment: overlays of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

_LINEAR_MEMORY: Final = {
    # The reference setting of the rate's documentation; a step below 1/beta in nearly every such world.
    "world.subjects": 30,
    "world.answers": 30,
    "world.distractors": 0,
    "world.templates": [8],
    "world.answers_shared": False,
    "model.mlp": False,
    "model.attention": False,
    "model.residual": False,
    "model.trained_embeddings": False,
    "model.train_output": True,
    "model.init_scale": 0.0,
    "pretraining.optimizer": "gd",
    "pretraining.batch_size": 0,
    "pretraining.learning_rate": 10.0,
    "pretraining.schedule": "constant",
    "pretraining.steps": 4000,
    "pretraining.target_gap": 0.0,
    # The largest step that the theorem on its extraction allows.
    "finetuning.method": "full",
    "finetuning.optimizer": "gd",
    "finetuning.batch_size": 0,
    "finetuning.learning_rate": 8.0,
    "finetuning.steps": 200,
    "compute.dtype": "float64",
}
_LORA: Final = {"finetuning.method": "lora", "finetuning.targets": ["input"]}

OVERLAYS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        # Arms that claims speak of.
        "linear-memory": {**_LINEAR_MEMORY, "world.multiplicity": [1, 3], "world.finetuned": [6, 10]},
        # The same memories where templates are covered often enough for half the mean to suffice.
        "linear-memory-covered": {**_LINEAR_MEMORY, "world.multiplicity": [3], "world.finetuned": [12, 16]},
        "low-rank": {**_LORA, "finetuning.rank": 1},
        "distractors": {
            # A world of its own: nothing is compared with the main arm.
            "world.subjects": 30,
            "world.answers": 30,
            "world.distractors": 2,
            "world.distractor_vocabulary": 10,
            "world.templates": [8],
            "world.multiplicity": [3],
            "world.finetuned": [5],
        },
        "attention-only": {"model.mlp": False},
        "mlp-only": {"model.attention": False},
        "decayed-rate": {"pretraining.schedule": "cosine"},
        # Arms that no claim speaks of: further premises, reported beside the others. LoRA starts with rows of
        # squared length m / rank, which multiplies its step; a rate of 1/64 matches full fine-tuning's at m = 64.
        "low-rank-small-step": {**_LORA, "finetuning.rank": 1, "finetuning.learning_rate": 1 / 64},
        "low-rank-4": {**_LORA, "finetuning.rank": 4, "finetuning.learning_rate": 1 / 64},
        "low-rank-16": {**_LORA, "finetuning.rank": 16, "finetuning.learning_rate": 1 / 64},
        "frozen-output": {"model.train_output": False},
        "distractors-large": {"world.distractors": 2, "world.distractor_vocabulary": 10},
        "attention-only-large-step": {"model.mlp": False, "pretraining.learning_rate": 10.0},
        "residual": {"model.residual": True},
        "trained-embeddings": {"model.trained_embeddings": True},
        "smoothed-relu": {"model.activation": "smoothed-relu"},
        "identity-activation": {"model.activation": "identity"},
        "shared-answers": {"world.answers_shared": True},
        "equal-attention-step": {"pretraining.attention_learning_rate": 1.0, "finetuning.attention_learning_rate": 1.0},
        "adam-finetuning": {"finetuning.optimizer": "adam", "finetuning.learning_rate": 0.01},
        "large-step-finetuning": {"finetuning.learning_rate": 5.0},
    }
)
"""Overlays by name. Grid axes in an overlay are the arm's own; without, it takes part of the main grid."""
