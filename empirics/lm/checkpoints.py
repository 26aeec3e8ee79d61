"""Pre-trained weights on disk, so that arms that fine-tune differently pre-train once."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch

from empirics.errors import UsageError
from empirics.experiment import Curve, Unit
from empirics.lm.settings import LMConfig

__all__ = ["find", "keep"]


def find(config: LMConfig, unit: Unit, seed: int, model: Any) -> Curve | None:
    """Load stored weights into ``model`` and return the loss curve; None if there are none that fit."""
    path = _path(config, unit, seed)
    if path is None or not path.is_file():
        return None
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(stored["weights"])
        return Curve(tuple(stored["steps"]), tuple(stored["losses"]))
    except (OSError, RuntimeError, KeyError, EOFError, ValueError):  # damaged: train again
        return None


def keep(config: LMConfig, unit: Unit, seed: int, model: Any, loss: Curve) -> None:
    """Store the weights, if the configuration names a folder for them.

    Raises:
        UsageError: they cannot be written.
    """
    path = _path(config, unit, seed)
    if path is None:
        return
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"weights": model.state_dict(), "steps": list(loss.steps), "losses": list(loss.values)}, part)
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        raise UsageError(
            f"compute.checkpoints={config.compute.checkpoints!r}: cannot write there ({' '.join(str(error).split())})"
        ) from None


def _path(config: LMConfig, unit: Unit, seed: int) -> Path | None:
    """Where the weights lie: named by all that decides them."""
    if not config.compute.checkpoints:
        return None
    from empirics.store import run_key

    # Fine-tuning and scoring come after: the key is that of the run with the standard ones.
    standard = LMConfig()
    alike = config.model_copy(
        update={
            "finetuning": standard.finetuning,
            "evaluation": standard.evaluation,
            "world": config.world.model_copy(update={"finetuned": (1,)}),
        }
    )
    name = hashlib.sha256(json.dumps([run_key("language-model", alike, unit, seed)]).encode()).hexdigest()
    return Path(config.compute.checkpoints) / f"{name[:32]}.pt"
