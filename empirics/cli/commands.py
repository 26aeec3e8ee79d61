"""All commands; importing this module registers them."""

from empirics.cli import check, claims, judge, plan, run, verify

__all__ = ["check", "claims", "judge", "plan", "run", "verify"]
