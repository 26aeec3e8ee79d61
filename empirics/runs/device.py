"""Which device a configuration names on this machine."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["resolved_device"]


@lru_cache(maxsize=4)
def resolved_device(name: str) -> tuple[str, str]:
    """Kind (``"cpu"`` or ``"cuda"``) and model of the device that ``cpu``, ``cuda`` or ``auto`` means here.

    torch is loaded only to look for an accelerator.
    """
    if name == "cpu":
        return "cpu", ""
    import torch

    if not torch.cuda.is_available():
        return "cpu", ""
    return "cuda", str(torch.cuda.get_device_name())
