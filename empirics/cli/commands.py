"""All commands; importing this module registers them."""

from empirics.cli import claims, plan, run, verify

__all__ = ["claims", "plan", "run", "verify"]
