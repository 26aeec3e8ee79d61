"""All commands; importing this module registers them."""

from empirics.cli import claims, run, verify

__all__ = ["claims", "run", "verify"]
