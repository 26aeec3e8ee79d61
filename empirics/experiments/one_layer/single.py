"""One inspectable run of the one-layer transformer, outside any sweep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from empirics.experiments.one_layer.config import Config, validate_config
from empirics.errors import UsageError
from empirics.files import prepare_directory, write_atomically

if TYPE_CHECKING:
    from empirics.experiments.one_layer.run import Finished

__all__ = ["document", "run_single", "save_run"]


def run_single(config: Config, *, templates: int, multiplicity: int, finetuned: int, seed: int) -> Finished:
    """Train one model at one point, with the configuration's other settings.

    Raises:
        UsageError: an impossible point (K > ``|R|``, N_f >= S, a negative seed).
    """
    if not 0 <= seed <= 2**53:
        raise UsageError(f"seed={seed} is refused: allowed is an integer from 0 to 2^53")
    data = config.model_dump()
    data["world"] |= {"templates": (templates,), "multiplicity": (multiplicity,), "finetuned": (finetuned,)}
    checked = validate_config(data)
    import torch

    from empirics.experiments.one_layer.run import run_one

    torch.set_num_threads(1)
    return run_one(checked, templates=templates, multiplicity=multiplicity, finetuned=finetuned, seed=seed)


def document(finished: Finished) -> dict[str, Any]:
    """Observables and curves as one JSON document."""
    return {
        "observables": finished.observables,
        "curves": {
            name: {"steps": list(curve.steps), "values": [_strict(v) for v in curve.values]}
            for name, curve in finished.curves.items()
        },
    }


def save_run(finished: Finished, directory: Path) -> None:
    """Save weights (safetensors: before and after fine-tuning), world and observables (JSON)."""
    from safetensors.torch import save_file

    prepare_directory(directory, files=("pretrained.safetensors", "finetuned.safetensors", "run.json"))
    for name, weights in (("pretrained", finished.pretrained), ("finetuned", finished.finetuned)):
        tensors = {key: value for key, value in vars(weights).items() if value is not None}
        save_file(tensors, directory / f"{name}.safetensors")
    world = finished.world
    write_atomically(
        directory / "run.json",
        json.dumps(
            document(finished)
            | {
                "world": {
                    "subjects": world.vocabulary.subjects,
                    "templates": world.vocabulary.templates,
                    "answers": world.vocabulary.answers,
                    "own_templates": world.own_templates.tolist(),
                    "answer_of": world.answer_of.tolist(),
                    "finetuning_order": world.finetuning_order.tolist(),
                }
            },
            indent=1,
            allow_nan=False,
        )
        + "\n",
    )


def _strict(value: float) -> float | None:
    return value if value - value == 0.0 else None
