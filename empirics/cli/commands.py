"""All commands; importing this module registers them."""

from empirics.cli import certify, check, claims, judge, lm, map, plan, plot, run, verify

__all__ = ["certify", "check", "claims", "judge", "lm", "map", "plan", "plot", "run", "verify"]
