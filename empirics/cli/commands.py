"""All commands; importing this module registers them."""

from empirics.cli import certify, check, claims, judge, map, plan, plot, run, short, verify

__all__ = ["certify", "check", "claims", "judge", "map", "plan", "plot", "run", "short", "verify"]
