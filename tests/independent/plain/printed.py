"""What a person reads, against what was recomputed: the terminal, cells.csv, reasons, the last sentences."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from plain.audit import Document, rules_of, summary
from plain.audit import ranges_of as ranges
from plain.readers import Row, counts, csv_rows, interval, only, terminal_table
from plain.recompute import Answer
from plain.stated import BY_ID
from plain.tally import Tally
from plain.units import cells_of

Answers = Mapping[str, Answer]
ORDER = ("VIOLATED", "UNDECIDED", "SUPPORTED", "HOLDS", "VACUOUS", "OUT OF SCOPE", "NOT TESTED")


def verdict_in(found: Answer, cell: int) -> Mapping[str, Any]:
    """What the claim says of one cell."""
    return next((v for u, v in zip(found.units, found.each, strict=True) if cell in u.cells), {})


def together(found: Answer, stated_id: str) -> str:
    """All cells together, in words."""
    pooled = found.pooled
    if not pooled:
        return ""
    of = "runs" if BY_ID[stated_id].kind in ("upper", "rate") or pooled.get("runs") else "worlds"
    low, high = math.floor(100 * pooled["lower"] + 1e-9), math.ceil(100 * pooled["upper"] - 1e-9)
    if pooled["confirmed"]:
        return f"in at least {low} % of {of}"
    if pooled["upper"] < pooled["asked"]:
        return f"in at most {high} % of {of}"
    return f"in {low} to {high} % of {of}"


def with_failures(words: object, failed: int) -> str:
    return f"{words} ({failed} failed)" if failed else f"{words}"


def census(found: Answer) -> Mapping[str, int]:
    if not found.each:
        return {"NOT TESTED": 1}
    return Counter("flat" if v["flat"] else v["verdict"] for v in found.each)


def check_claims_table(tally: Tally, rows: list[Row], answers: Answers, results: Document) -> None:
    """The table of claims, on the terminal or the page."""
    tally.same("claims listed", [c["id"] for c in results["claims"]], [row["claim"] for row in rows])
    for row in rows:
        found, stated = answers[row["claim"]], BY_ID[row["claim"]]
        where = f"claims table, {stated.id}"
        tally.same(f"{where}: verdict", found.verdict, row["verdict"])
        words = together(found, stated.id)
        if stated.kind == "lower" and not stated.per_run:
            words = words.replace("worlds", "runs")
        tally.same(f"{where}: all cells together", words, row["all cells together"])
        tally.same(f"{where}: cells", dict(census(found)), dict(counts(row["cells"])))
        if "kind" in row:
            tally.same(f"{where}: kind", stated.kind, row["kind"])
        if "required" in row:
            tally.same(f"{where}: required", "yes" if stated.required else "no", row["required"])


def check_headline(tally: Tally, rows: list[Row], answers: Answers, results: Document) -> None:
    """Predicted against observed, cell by cell."""
    main = [c for c in cells_of(results) if c.arm == "main"]
    tally.same("rows of the headline table", len(main), len(rows))
    for cell, row in zip(main, rows, strict=False):
        where = f"headline {row['|R|']},{row['K']},{row['N_f']}"
        for name, column in (("R", "|R|"), ("K", "K"), ("N_f", "N_f")):
            tally.printed(f"{where}: {column}", cell.symbols[name], row[column])
        tally.same(f"{where}: seeds", with_failures(len(cell.seeds), len(cell.failed)), row["seeds"])
        literal, normalised = (verdict_in(answers[f"ood-error-{n}"], cell.index) for n in ("literal", "normalised"))
        errors = [v for v in cell.values["ood_error"] if v is not None]
        told = next((v for v in (literal, normalised) if v.get("limits")), None)
        mean, low, high = interval(row["observed [limits]"])
        tally.printed(f"{where}: observed", told["estimate"] if told else math.fsum(errors) / len(errors), mean)
        tally.printed(f"{where}: lower", told and told["lower"], low or "")
        tally.printed(f"{where}: upper", told and told["upper"], high or "")
        for name, verdict in (("literal", literal), ("normalised", normalised)):
            bound = BY_ID[f"ood-error-{name}"].formula(cell.symbols)  # type: ignore[misc]
            tally.printed(f"{where}: {name}", float(bound), row[name])
            slack = verdict.get("sharpness")
            words = verdict["verdict"] + (f" slack ×{slack:.2g}" if slack else "")
            shown = re.sub(r"×(\S+)", lambda m: f"×{float(m[1]):.2g}", row[f"verdict, {name}"].replace(")", ""))
            tally.same(f"{where}: verdict, {name}", words, shown.replace("(", ""))
        law = BY_ID["covering-some-unseen"].formula(cell.symbols)  # type: ignore[misc]
        tally.printed(f"{where}: covering", float(law), row["P(template unseen)"])


def check_arms(tally: Tally, rows: list[Row], answers: Answers, results: Document) -> None:
    """Claims about other arms than the main one: a row for each verdict."""
    expected = [
        (BY_ID[k], u, v)
        for k, a in answers.items()
        if BY_ID[k].arm != "main"
        for u, v in zip(a.units, a.each, strict=True)
    ]
    tally.same("rows of the arms' table", len(expected), len(rows))
    for (stated, unit, verdict), row in zip(expected, rows, strict=False):
        where = f"arms, {stated.id}{unit.cells}"
        tally.same(where, [stated.id, stated.arm, verdict["verdict"]], [row["claim"], row["arm"], row["verdict"]])
        mean, low, high = interval(row["share or mean [limits]"])
        for name, text in (("estimate", mean), ("lower", low), ("upper", high)):
            tally.printed(f"{where}: {name}", verdict[name], text or "")
        tally.printed(f"{where}: bound", verdict["bound"], row["bound"])
        c = verdict["counts"]
        ran = f"{c['yes']}/{c['tie']}/{c['no']}/{c['undefined']} of {c['ran']}" if c else len(unit.seeds)
        tally.same(f"{where}: worlds", str(ran), row["worlds"])
        effect, text = verdict["effect"], row["effect [interval]"]
        for name, part in zip(("mean", "lower", "upper"), interval(text), strict=True):
            tally.printed(f"{where}: effect, {name}", effect and effect[name], part or "", digits=2)


def check_terminal(tally: Tally, text: str, answers: Answers, results: Document) -> None:
    """Everything that ``factbound verify`` prints and that has a number."""
    title = "Predicted against observed out-of-distribution error"
    check_headline(tally, terminal_table(text, title), answers, results)
    check_claims_table(tally, terminal_table(text, "Claims"), answers, results)
    if any(line.strip() == "Arms" for line in text.splitlines()):
        check_arms(tally, terminal_table(text, "Arms"), answers, results)
    check_summary(tally, " ".join(text.split()), answers)


def check_summary(tally: Tally, text: str, answers: Answers) -> None:
    """The last sentences, of the terminal and of the page."""
    for name in ("literal", "normalised"):
        each = Counter(v["verdict"] for v in answers[f"ood-error-{name}"].each)
        inside = sum(n for v, n in each.items() if v not in ("OUT OF SCOPE", "NOT TESTED"))
        found = re.search(rf"{name} reading holds in (\d+) of (\d+) cells in scope(?:, (\d+) undecided)?", text)
        tally.same(
            f"{name} reading",
            [each["HOLDS"], inside, each["UNDECIDED"]],
            [int(n or 0) for n in found.groups()] if found else None,
        )
    all_of = Counter(a.verdict for a in answers.values())
    found = re.search(r"(\d+) claims: (\d+) HOLDS .*?, (\d+) SUPPORTED .*?, (\d+) UNDECIDED, (\d+) VIOLATED", text)
    tally.same(
        "all claims",
        [len(answers), *(all_of[v] for v in ("HOLDS", "SUPPORTED", "UNDECIDED", "VIOLATED"))],
        [int(n) for n in found.groups()] if found else None,
    )
    pooled = [a.pooled for a in answers.values() if a.pooled]
    alpha = pooled[0]["alpha"] if pooled else 0.05
    found = re.search(
        r"statement on all cells together: (\d+)\. Confirmed, each at its own alpha: (\d+)\. Confirmed with one "
        r"adjusted error rate over all claims: (\w+) by Holm(?: \([^)]*\))?, (\w+) by Benjamini-Yekutieli",
        text,
    )
    survive = [sum(p[name] <= alpha for p in pooled) for name in ("holm", "benjamini_yekutieli")]
    tally.same(
        "pooled statements",
        [len(pooled), sum(bool(p["confirmed"]) for p in pooled), *survive],
        [0 if n == "none" else int(n) for n in found.groups()] if found else None,
    )
    violated = [k for k, a in answers.items() if a.verdict == "VIOLATED"]
    named = re.search(r"VIOLATED: (.*?)\. ", text)
    told = re.findall(r"([\w-]+)(?: \(not required\))?(?:, |$)", named[1]) if named else []
    tally.same("violated claims", violated, told)


def check_reason(tally: Tally, where: str, verdict: Mapping[str, Any], reason: str) -> None:
    """The numbers in the sentence that a verdict gives as its reason."""
    limits = re.search(r"limits (\S+) and (\S+), (?:asked|threshold) ([\d.e+-]+)", reason)
    if limits:
        for name, text in zip(("lower", "upper", "bound"), limits.groups(), strict=True):
            tally.printed(f"{where}: {name} in the reason", verdict[name], text)
    one = re.search(r"(upper|lower) limit (\S+) (<=|>=|>|<) (\S+)", reason)
    if one:
        tally.printed(f"{where}: limit in the reason", verdict[one[1]], one[2])
        tally.printed(f"{where}: bound in the reason", verdict["bound"], one[4])
    needed = re.search(r"about (\d+) seeds like these would (confirm|refute) it", reason)
    if needed:
        mine = verdict["observations_needed"] if needed[2] == "confirm" else verdict["decidable_at"]
        tally.printed(f"{where}: seeds in the reason", mine, needed[1])
    if verdict.get("verdict") == "UNDECIDED" and not verdict["flat"] and "first look" not in reason:
        hopeless = verdict["decidable_at"] is None
        said = (
            "more seeds like these will not" in reason or "no number of seeds" in reason
        )  # the second in older results
        tally.same(f"{where}: no number of seeds", hopeless, said)
    worlds = re.search(r": in (\d+) of (?:the (\d+) of )?(\d+) worlds", reason)
    c = verdict.get("counts")
    if worlds and c:
        tally.same(
            f"{where}: worlds in the reason",
            [c["yes"], c["yes"] + c["tie"] + c["no"], c["ran"]],
            [int(worlds[1]), int(worlds[2] or worlds[3]), int(worlds[3])],
        )


def check_reasons(tally: Tally, answers: Answers, results: Document) -> None:
    for key, found in answers.items():
        theirs = [v for v in results["verdicts"] if v["claim"] == key]
        for unit, mine, verdict in zip(found.units, found.each, theirs, strict=False):
            check_reason(tally, f"{key}{unit.cells}", mine, verdict["reason"])


def check_cells_csv(tally: Tally, text: str, answers: Answers, results: Document) -> None:
    """Every field of cells.csv."""
    rows, cells, span, rules = csv_rows(text), cells_of(results), ranges(results), rules_of(results)
    tally.same("lines of cells.csv", len(cells), len(rows))
    for cell, row in zip(cells, rows, strict=False):
        left, where = dict(row), f"cells.csv {cell.index}"
        tally.same(where, cell.arm, left.pop("variant", ""))
        for name, column in results["experiment"]["axes"].items():
            tally.printed(f"{where}: {column}", cell.symbols[name], left.pop(column, ""))
        gaps = [cell.at("pretraining_gap", s) for s in cell.seeds]
        inside = sum(g is not None and g <= rules.gap for g in gaps)
        for column, n in (("seeds", len(cell.seeds)), ("failed", len(cell.failed)), ("in_scope_seeds", inside)):
            tally.printed(f"{where}: {column}", n, left.pop(column, ""))
        for name in sorted({k[: -len("_mean")] for k in left if k.endswith("_mean")}):
            mine = summary(cell.values.get(name, []), span[name], rules.alpha) if name in span else None
            for key, ending in (("mean", ""), ("lower", "interval_"), ("upper", "interval_")):
                text_of = left.pop(f"{name}_{ending}{key}", "")
                if mine is not None:
                    _field(tally, f"{where}: {name}_{key}", mine[key], text_of)
        for name in [k[: -len("_verdict")] for k in left if k.endswith("_verdict")]:
            verdict = verdict_in(answers[name], cell.index) if BY_ID[name].arm == cell.arm else {}
            tally.same(f"{where}: {name}", verdict.get("verdict", ""), left.pop(f"{name}_verdict", ""))
            for key in ("estimate", "lower", "upper", "bound"):
                _field(tally, f"{where}: {name}_{key}", verdict.get(key), left.pop(f"{name}_{key}", ""))
        for name in ("literal", "normalised"):
            main = cell.arm == "main"
            bound = float(BY_ID[f"ood-error-{name}"].formula(cell.symbols))  # type: ignore[misc]
            _field(tally, f"{where}: bound_{name}", bound, left.pop(f"bound_{name}", ""))
            verdict = verdict_in(answers[f"ood-error-{name}"], cell.index) if main else {}
            tally.same(f"{where}: verdict_{name}", verdict.get("verdict", ""), left.pop(f"verdict_{name}", ""))
        law = float(BY_ID["covering-some-unseen"].formula(cell.symbols))  # type: ignore[misc]
        _field(tally, f"{where}: covering_law", law, left.pop("covering_law", ""))
        tally.same(f"{where}: other columns", {}, left)


def _field(tally: Tally, where: str, mine: object, text: str) -> None:
    tally.same(where, mine, float(text) if text else None)


__all__ = ["check_arms", "check_cells_csv", "check_claims_table", "check_reasons", "check_terminal", "only"]
