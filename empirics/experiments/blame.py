"""Where an experiment's defect lies, in words."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from empirics.experiments.protocol import Experiment


def place_of(experiment: Experiment, error: BaseException | None = None) -> str:
    """``FILE, line N``, the last of the experiment's own lines that the error came through; else its file alone."""
    folder, frames = experiment.folder, traceback.extract_tb(None if error is None else error.__traceback__)
    own = [f for f in frames if folder in (Path(f.filename), *Path(f.filename).parents)]
    if own:
        return f"{own[-1].filename}, line {own[-1].lineno}"
    return str(sys.modules[type(experiment).__module__].__file__)
