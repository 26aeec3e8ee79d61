"""Certificates as the regression check keeps them: claim, step, proved or not."""

from __future__ import annotations

from theory.certify import certificates

__all__ = ["proved_steps"]


def proved_steps() -> dict[str, dict[str, bool]]:
    """Prove every step again: for each claim, its steps (page and number) and whether each is proved."""
    found: dict[str, dict[str, bool]] = {}
    for certificate in certificates():
        steps = found.setdefault(certificate.claim, {})
        steps[certificate.step] = steps.get(certificate.step, True) and certificate.proved
    return found
