"""All commands; importing this module registers them."""

from empirics.cli import claims, judge, plan, run, verify

__all__ = ["claims", "judge", "plan", "run", "verify"]
