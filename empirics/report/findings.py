"""The findings of ``factbound check`` as a terminal table, Markdown and JUnit XML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree

from rich.console import Console

from empirics.report.plain import plain_table
from empirics.verification.baseline import Baseline, Finding, Level
from theory.plural import counted

_COLOURS = {Level.FAILURE: "bold red", Level.WARNING: "yellow", Level.NOTE: "dim"}


def _summary(findings: Sequence[Finding] | None, new: Baseline) -> str:
    """``findings`` are None where there was no baseline."""
    claims = counted(len(new.claims), "claim")
    cells = counted(sum(len(c.cells) for c in new.claims.values()), "cell")
    if findings is None:
        return f"There was no baseline: {claims}, {cells}."
    if not findings:
        return f"No change: {claims}, {cells} as in the baseline."
    counts = Counter(f.level for f in findings)
    parts = [counted(n, level.value.lower()) for level in Level if (n := counts[level])]
    return f"{', '.join(parts)} in {claims}, {cells}."


def print_findings(findings: Sequence[Finding] | None, new: Baseline, out: Console) -> None:
    """The table, then the sentence."""
    if findings:
        levels = {level: f"[{colour}]{level.value}[/{colour}]" for level, colour in _COLOURS.items()}
        rows = [(levels[f.level], f.claim, f.where, f.what) for f in findings]
        out.print(plain_table("", "claim", "where", "what", rows=rows))
    out.print(_summary(findings, new), style="bold")


def findings_markdown(findings: Sequence[Finding] | None, new: Baseline) -> str:
    """For a CI summary."""
    lines = ["## Theorems against the baseline", "", _summary(findings, new), ""]
    if findings:
        lines += ["| | claim | where | what |", "| --- | --- | --- | --- |"]
        lines += [
            "| " + " | ".join(part.replace("|", "\\|") for part in (f.level.value, f.claim, f.where, f.what)) + " |"
            for f in findings
        ]
    return "\n".join(lines) + "\n"


def findings_junit(findings: Sequence[Finding], new: Baseline) -> str:
    """JUnit XML: one test case per claim; its failures are the claim's failures."""
    failed = [f for f in findings if f.level is Level.FAILURE]
    names = [*new.claims, *dict.fromkeys(f.claim or "baseline" for f in failed if f.claim not in new.claims)]
    suite = ElementTree.Element("testsuite", name="factbound check", tests=str(len(names)))
    for name in names:
        case = ElementTree.SubElement(suite, "testcase", classname="factbound", name=name)
        mine = [f for f in failed if (f.claim or "baseline") == name]
        if mine:
            failure = ElementTree.SubElement(case, "failure", message=mine[0].what)
            failure.text = "\n".join(": ".join(filter(None, (f.where, f.what))) for f in mine)
        warnings = [f for f in findings if f.claim == name and f.level is Level.WARNING]
        if warnings:
            told = "\n".join(": ".join(filter(None, (f.where, f.what))) for f in warnings)
            ElementTree.SubElement(case, "system-out").text = told
    suite.set("failures", str(len(suite.findall("*/failure"))))
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
