"""The answers there are to a sentence of the source, and how verdicts on claims give them.

A sentence is supported if every claim that it rests on holds or is supported, refuted if one is violated, otherwise
not decided. The account beside it names every verdict, what is confirmed, what is open and what speaks against it.
"""

from __future__ import annotations

from typing import NamedTuple

from evidence import Evidence, percent

from theory.plural import counted

__all__ = ["NOT", "OPEN", "SUPPORTED", "UNTESTED", "Finding", "account", "confirmed", "judged", "weakest", "why"]

SUPPORTED, NOT, OPEN, UNTESTED = "supported", "refuted", "not decided", "not tested here"

_SHOWN = 12  # lines of one sort; the rest is counted


class Finding(NamedTuple):
    """The answer to a sentence, the verdicts that it follows from, and the text below it."""

    answer: str
    why: str
    text: str


def judged(e: Evidence, *claims: str) -> str:
    """What the verdicts of some claims together say."""
    verdicts = {e.results.claim(c).verdict for c in claims}
    if "VIOLATED" in verdicts:
        return NOT
    return SUPPORTED if verdicts <= {"HOLDS", "SUPPORTED"} else OPEN


def weakest(*answers: str) -> str:
    """One part refuted refutes a sentence; one part open leaves it open."""
    return next((a for a in (NOT, OPEN, UNTESTED) if a in answers), SUPPORTED)


def why(e: Evidence, *claims: str) -> str:
    """Each claim with its verdict, in a line."""
    return ", ".join(f"`{c}`: {e.results.claim(c).verdict}" for c in claims)


def account(e: Evidence, *claims: str) -> str:
    """For each claim its verdict, the confirmed share, and below it what is refuted, open, and found otherwise."""
    return "\n".join(line for claim in claims for line in _account(e, claim))


def _account(e: Evidence, claim: str) -> list[str]:
    lines = [f"- {e.verdict(claim)}. {confirmed(e, claim)}".rstrip()]
    if e.results.claim(claim).verdict in ("OUT OF SCOPE", "NOT TESTED", "VACUOUS"):
        lines += [f"  - why: {v.reason}" for v in e.of(claim)[:1]]
    lines += _few([f"refuted, {e.results.where(v)}: {v.reason}" for v in e.of(claim, "VIOLATED")])
    found = e.results.claim(claim)
    if found.pooled is not None and found.pooled.refuted:
        most = percent(found.pooled.upper, up=True)
        why = ", ".join(filter(None, (f"at most {most}", found.pooled.direction)))
        lines.append(f"  - refuted, all cells together: {why}")
    if found.pooled is not None and found.verdict == "UNDECIDED":
        limits = f"{percent(found.pooled.lower)} to {percent(found.pooled.upper, up=True)}"
        lines.append(f"  - open, all cells together: limits {limits}, threshold {percent(found.pooled.asked)}")
    lines += _few([f"open, {e.results.where(v)}: {v.reason}" for v in e.of(claim, "UNDECIDED") if not v.flat])
    lines += _few([f"counterexamples, {line}" for line in e.counterexamples(claim)])
    return lines


def _few(lines: list[str]) -> list[str]:
    """Lines of a list below another one; the last says how many are left out, of which sort."""
    rest = len(lines) - _SHOWN
    shown = lines if rest <= 0 else [*lines[:_SHOWN], f"{lines[0].partition(',')[0]}, {counted(rest, 'more cell')}"]
    return [f"  - {line}" for line in shown]


def confirmed(e: Evidence, claim: str) -> str:
    """What the limits confirm: the least share over confirmed cells, and the share of all cells together."""
    found = [v for v in e.of(claim, "HOLDS") if v.counts is not None and v.lower is not None]
    parts = []
    if found:
        least = percent(min(v.lower for v in found if v.lower is not None))
        where = "one cell" if len(found) == 1 else f"each of {counted(len(found), 'cell')}"
        parts.append(f"at least {least} of worlds in {where}")
    pooled = e.results.claim(claim).pooled
    if pooled is not None and pooled.lower > 0:
        share = f"at least {percent(pooled.lower)} of"
        if "worlds" in pooled.statement:
            parts.append(f"{share} worlds over all cells together")
        else:
            parts.append(f"{share} runs meet the bound, over all cells together (which is not the bound on the mean)")
    flat = sum(v.flat for v in e.of(claim))
    text = f"Confirmed: {'; '.join(parts)}." if parts else ""
    return f"{text} Flat, not counted: {flat}.".strip() if flat else text
