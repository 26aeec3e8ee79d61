"""The libraries of the extra ``factbound[lm]``, or one clear line."""

from __future__ import annotations

import importlib
import logging
import os
from typing import Any

from empirics.errors import UsageError


def require_extra() -> None:
    """Check that transformers, peft and tokenizers are installed (UsageError: one is missing)."""
    for name in ("tokenizers", "transformers", "peft"):
        library(name)


def library(name: str) -> Any:
    """The module of that name; quiet, one thread each (UsageError: the extra is not installed)."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise UsageError(
            f"language models need {name}, which is not installed ({error}); "
            "install the extra: pip install 'factbound[lm]'"
        ) from None
    if name == "transformers":
        module.logging.set_verbosity_error()
        module.logging.disable_progress_bar()
        logging.getLogger("transformers").setLevel(logging.ERROR)
    return module
