"""The map of regimes of the one-layer transformer: where extraction succeeds and fails, over |R|, K and N_f.

Laws of the OOD error, over S too: both readings of the headline bound, covering, and powers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from empirics.experiments.map_design import (
    Charted,
    FloatArray,
    Items,
    Law,
    Laws,
    MapDesign,
    MapPreset,
    Quantity,
    Regressor,
    Split,
    Variation,
)
from empirics.experiments.one_layer.config import Config
from empirics.experiments.one_layer.observables import OBSERVABLES
from empirics.experiments.protocol import Experiment, Point
from empirics.observables.covering import covering_observables
from theory import claim
from theory.certify.frontier import Reading, frontier

_PREDICTED = "predicted_ood_error_"
_PRESETS = Path(__file__).parent / "presets" / "map"
_LEAST = 1e-12  # probabilities are kept this far from 0 and 1 before log(-log .)


def _log(symbol: str) -> Callable[[Point], float]:
    return lambda p: float(np.log(p[symbol]))


# The exponents that the literal reading states; the normalised one has no log R.
_POWERS = (Regressor("N_f", _log("N_f"), 1.0), Regressor("K", _log("K"), 2.0), Regressor("R", _log("R"), -2.0))
_LOG_R = Regressor("log R", lambda p: float(np.log(np.log(p["R"]))), 1.0)
_S = Regressor("S", _log("S"), 0.0)


def _bound(identifier: str, points: Sequence[Point]) -> FloatArray:
    """log(-log bound) of a claim; shape [n]."""
    item = claim(identifier)
    values = {name: np.array([p[name] for p in points], dtype=np.int64) for name in item.symbols}
    return np.log(-np.asarray(item.log_bound(**values))) if points else np.zeros(0)


def _covering(name: str, points: Sequence[Point]) -> FloatArray:
    """log(-log P) of an exact probability; shape [n]."""
    found = [covering_observables(p["N_f"], p["K"], p["R"])[name] for p in points]
    probability = np.array(found, dtype=np.float64)
    return np.asarray(np.log(-np.log(np.clip(probability, _LEAST, 1.0 - _LEAST))))


_NORMALISED, _LITERAL = partial(_bound, "ood-error-normalised"), partial(_bound, "ood-error-literal")
_SOME_UNSEEN, _NONE_SEEN = partial(_covering, "covering_some_unseen"), partial(_covering, "covering_none_seen")

LAWS: Final = Laws(
    laws=(
        Law("bound-normalised", "bound, normalised", _NORMALISED),
        Law("bound-literal", "bound, literal", _LITERAL),
        Law("some-unseen", "P(at least one template unseen)", _SOME_UNSEEN),
        Law("none-seen", "P(all templates unseen)", _NONE_SEEN),
        Law("half-mean", "P(at least one template seen <= half its mean count)", partial(_covering, "coverage_union")),
        Law("bound-normalised-factor", "bound, normalised, exponent times c", _NORMALISED, free_factor=True),
        Law("bound-literal-factor", "bound, literal, exponent times c", _LITERAL, free_factor=True),
        Law(
            "some-unseen-power",
            "-log error = c (-log P(at least one template unseen))^gamma",
            _SOME_UNSEEN,
            free_factor=True,
            power_of_known=True,
        ),
        Law(
            "none-seen-power",
            "-log error = c (-log P(all templates unseen))^gamma",
            _NONE_SEEN,
            free_factor=True,
            power_of_known=True,
        ),
        Law("power", "-log error = c N_f^a K^b R^d", exponents=_POWERS, free_factor=True),
        Law(
            "power-one-log",
            "-log error = c N_f^a K^b R^d log R",
            lambda points: np.array([_LOG_R.log(p) for p in points]),
            exponents=_POWERS,
            free_factor=True,
        ),
        Law("power-log", "-log error = c N_f^a K^b R^d (log R)^e", exponents=(*_POWERS, _LOG_R), free_factor=True),
        Law("power-size", "-log error = c N_f^a K^b R^d S^f", exponents=(*_POWERS, _S), free_factor=True),
    ),
    speak=lambda p: bool(p["K"] >= 2),
    fitted=("power", "power-one-log", "power-log"),
    fitted_over_sizes=("power-size",),
    rivals={"some-unseen": "at least one unseen", "none-seen": "all unseen"},
    collinear=(_POWERS[2], _LOG_R),
    drawn=("bound-literal", "some-unseen", "none-seen", "power"),
    splits=(Split("pair (K, R)", ("K", "R")), Split("R", ("R",)), Split("other S", ("S",), sizes=True)),
)


def _other_size(data: dict[str, Any], main: Config, subjects: Any) -> None:
    """Answers keep their surplus over subjects; fine-tuning sets that no longer fit are left out."""
    if isinstance(subjects, int):
        data["world"]["answers"] = max(1, subjects + main.world.answers - main.world.subjects)
        data["world"]["finetuned"] = tuple(n for n in data["world"]["finetuned"] if n < subjects)


def _proved_from(reading: str, point: Point) -> int | None:
    """From which N_f on a reading is proved to dominate P(at least one template unseen) for good."""
    return frontier(point["R"], point["K"], Reading(reading.removeprefix("ood-error-"))).least


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
        readings=("ood-error-literal", "ood-error-normalised"),
        proved_from=_proved_from,
        charted=(
            Charted(id="ood-error-normalised", short="normalised", legend="bound, normalised"),
            Charted(id="ood-error-literal", short="literal", legend="bound, literal"),
            Charted(id="covering-some-unseen", short="at least one unseen", legend="P(at least one unseen)"),
            Charted(id="covering-none-seen", short="all unseen", legend="P(all unseen)"),
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
