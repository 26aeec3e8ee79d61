"""The map of regimes of the one-layer transformer: where extraction succeeds and fails, over |R|, K and N_f."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from empirics.experiments.map_design import Charted, Items, MapDesign, MapPreset, Quantity, Variation
from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.observables import OBSERVABLES
from empirics.experiments.one_layer.predict.laws import LAWS
from empirics.experiments.protocol import Experiment

__all__ = ["design"]

_PREDICTED = "predicted_ood_error_"
_PRESETS = Path(__file__).parent / "presets" / "map"


def _other_size(data: dict[str, Any], main: Config, subjects: Any) -> None:
    """Answers keep their surplus over subjects; fine-tuning sets that no longer fit are left out."""
    if isinstance(subjects, int):
        data["world"]["answers"] = max(1, subjects + main.world.answers - main.world.subjects)
        data["world"]["finetuned"] = tuple(n for n in data["world"]["finetuned"] if n < subjects)


def design(predicting: Experiment) -> MapDesign:
    """The design, with the experiment that also predicts single facts."""
    return MapDesign(
        experiment=predicting,
        presets={
            "quick": MapPreset(
                _PRESETS / "quick.toml", (Variation("world.subjects", (15,)), Variation("pretraining.steps", (400,)))
            ),
            "default": MapPreset(
                _PRESETS / "default.toml",
                (
                    Variation("world.subjects", (30, 120)),
                    Variation("pretraining.steps", (500, 1000, 4000)),
                    Variation("model.width", (16, 32, 128)),
                    Variation("attention_step", (0.0, 0.2, 1.0)),
                ),
            ),
        },
        observable="ood_error",
        axis="N_f",
        subject="extraction",
        sizes={"S": "world.subjects"},
        together={"attention_step": ("pretraining.attention_learning_rate", "finetuning.attention_learning_rate")},
        adapted={"world.subjects": _other_size},
        premise="pretraining_gap",
        readings=("ood-error-literal", "ood-error-normalised"),
        charted=(
            Charted("ood-error-normalised", "normalised", "bound, normalised"),
            Charted("ood-error-literal", "literal", "bound, literal"),
            Charted("covering-some-unseen", "some unseen", "P[some unseen]"),
            Charted("covering-none-seen", "none seen", "P[no own template seen]"),
        ),
        quantity=Quantity(
            "facts_per_template", "S K / R", "facts per template S K / R", lambda p: float(p["S"] * p["K"] / p["R"])
        ),
        most=lambda p: float(p["S"] - 1),
        laws=LAWS,
        items=Items(
            outcome="margin",
            predictors={o.name.removeprefix(_PREDICTED): o.name for o in OBSERVABLES if o.name.startswith(_PREDICTED)},
            folds=("S", "R"),
            item="held-out fact",
            basis="pre-trained weights and the fine-tuning set",
        ),
    )
