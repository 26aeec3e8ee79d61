"""All commands; importing this module registers them."""

from empirics.cli import certify, claims, judge, plan, run, verify

__all__ = ["certify", "claims", "judge", "plan", "run", "verify"]
