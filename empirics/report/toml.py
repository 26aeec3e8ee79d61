"""A configuration as TOML text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["config_toml"]


def config_toml(config: Mapping[str, Mapping[str, Any]]) -> str:
    """The configuration of a results document as the TOML file that ``--config`` reads.

    Values are strings, numbers, truths and lists of these, which TOML writes as JSON does.
    """
    parts = []
    for section, values in config.items():
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        parts.append("\n".join([f"[{section}]", *lines]))
    return "\n\n".join(parts) + "\n"
