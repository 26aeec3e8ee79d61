"""Which device a configuration names on this machine."""

from __future__ import annotations

from functools import lru_cache

from empirics.errors import UsageError

__all__ = ["resolved_device"]


@lru_cache(maxsize=4)
def resolved_device(name: str) -> tuple[str, str]:
    """Kind (``"cpu"`` or ``"cuda"``) and model of the device that ``cpu``, ``cuda`` or ``auto`` means here.

    torch is loaded only to look for an accelerator.

    Raises:
        UsageError: cuda is asked for and there is none.
    """
    if name == "cpu":
        return "cpu", ""
    import torch

    if torch.cuda.is_available():
        return "cuda", str(torch.cuda.get_device_name())
    if name == "cuda":
        raise UsageError(
            "compute.device='cuda' is refused: this machine (or this build of torch) has no CUDA device; "
            "allowed here are cpu, auto"
        )
    return "cpu", ""
