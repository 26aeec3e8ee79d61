"""The page: every table and the sentences with numbers, claim by claim."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from typing import Any

from plain.audit import Document
from plain.figure_data import places
from plain.printed import (
    Answers,
    census,
    check_headline,
    check_reason,
    check_summary,
    together,
    with_failures,
)
from plain.readers import Page, PageTable, Row, counts, interval
from plain.recompute import Answer
from plain.stated import BY_ID, Stated
from plain.tally import Tally
from plain.units import Unit, cells_of


def check_page(tally: Tally, text: str, answers: Answers, results: Document) -> None:
    """All of report.html that can be recomputed."""
    page = Page(text)
    by_place: dict[str, list[PageTable]] = {}
    for table in page.tables:
        by_place.setdefault(table.place, []).append(table)
    _first_table(tally, by_place["overview"][0].named(), answers, results)
    check_headline(tally, by_place["ood-error"][0].named(), answers, results)
    check_data_values(tally, by_place["ood-error"][0])
    check_summary(tally, " ".join((page.texts[""] + page.texts["confidence"]).split()), answers)
    _how_sure(tally, " ".join(page.texts[""].split()), answers)
    _how_tight(tally, " ".join(page.texts[""].split()), answers, results)
    for key, found in answers.items():
        tables = {t.name.split()[0]: t for t in by_place.get(f"claim-{key}", [])}
        text = " ".join(page.texts.get(f"claim-{key}", "").split())
        if found.each:
            common = re.search(r"limit that refutes: (\S+ / \S+) in every cell", text)
            _verdicts(tally, key, tables["Verdicts"].named(), found, results, common[1] if common else "")
            check_data_values(tally, tables["Verdicts"])
        if "Premises" in tables:
            _premises(tally, BY_ID[key], tables["Premises"].named(), found)
        if "Steps" in tables:
            _moves(tally, key, tables["Steps"].named(), found, results)
        _whole(tally, key, text, found)
        _sentences(tally, key, text, found, results)


def _first_table(tally: Tally, rows: list[Row], answers: Answers, results: Document) -> None:
    """The source's sentences that were tested."""
    titles = {c["title"]: c["id"] for c in results["claims"] if c["provenance"] != "DERIVED"}
    tested = {title: key for title, key in titles.items() if answers[key].verdict != "NOT TESTED"}
    tally.same("sentences listed", list(tested), [row["sentence"] for row in rows])
    for row in rows:
        key = titles[row["sentence"]]
        found, where = answers[key], f"first table, {key}"
        each = [v["verdict"] for v in found.each if not v["flat"]]
        scope = [verdict for verdict in each if verdict in ("HOLDS", "UNDECIDED", "VIOLATED")]
        tally.same(f"{where}: verdict", found.verdict, row["verdict"])
        tally.same(
            f"{where}: share", re.sub("^in | of (worlds|runs)$", "", together(found, key)), row["share of worlds"]
        )
        tally.same(f"{where}: cells", f"{scope.count('HOLDS')} of {len(scope)}" if scope else "", row["cells"])


def _how_sure(tally: Tally, text: str, answers: Answers) -> None:
    """How many statements on all cells are confirmed, alone and over all claims."""
    pooled = [a.pooled for a in answers.values() if a.pooled]
    confirmed = [p for p in pooled if p["confirmed"]]
    said = re.search(r"worlds: (\d+); confirmed over all cells together: (\d+); also .*? \(Holm\): (\d+)\.", text)
    mine = [len(pooled), len(confirmed), sum(float(p["holm"]) <= float(p["alpha"]) for p in confirmed)]  # type: ignore[arg-type]
    tally.same("how sure", mine, [int(n) for n in said.groups()] if said else None)


def _how_tight(tally: Tally, text: str, answers: Answers, results: Document) -> None:
    """Bound over measured mean, of the source's bounds, on the first screen."""
    for claim in results["claims"]:
        found = [float(v["tightness"]) for v in answers[claim["id"]].each if v.get("tightness") is not None]
        if claim["provenance"] == "DERIVED" or len(set(found)) < 2:
            continue
        ratio = r": bound / measured mean: (\S+) to (\S+), median ([\d.e+]+?)[;.] "
        said = re.search(re.escape(claim["title"]) + ratio, text)
        tally.same(f"first screen, {claim['id']}: how tight", True, said is not None)
        for mine, part in zip(
            (min(found), max(found), statistics.median(found)), said.groups() if said else (), strict=False
        ):
            tally.printed(f"first screen, {claim['id']}: tightness", mine, part)


def _whole(tally: Tally, key: str, text: str, found: Answer) -> None:
    """The verdict over all cells, and how the cells came out."""
    said = re.search(r"Verdict ?([A-Z ]+?)(?: \(([^)]*)\))?; (required|not required):", text)
    tally.same(f"page, {key}: whole", True, said is not None)
    if said:
        tally.same(f"page, {key}: verdict", found.verdict, said[1])
        tally.same(f"page, {key}: required", "required" if BY_ID[key].required else "not required", said[3])
        tally.same(f"page, {key}: cells", dict(census(found)), dict(counts(said[2] or "1 NOT TESTED")))


def check_data_values(tally: Tally, table: PageTable) -> None:
    """What a table is sorted by is what it shows."""
    for row in table.rows:
        for text, value in row:
            if value and re.match(r"-?\d", text):
                tally.printed(f"{table.place}: data-value", float(value), interval(text)[0])


def _verdicts(tally: Tally, key: str, rows: list[Row], found: Answer, results: Document, common: str) -> None:
    tally.same(f"{key}: verdicts on the page", len(found.each), len(rows))
    axes = {name: label for name, label in _labels(results).items() if name in results["experiment"]["axes"]}
    cells = cells_of(results)
    for unit, verdict, row in zip(found.units, found.each, rows, strict=False):
        where = f"page, {key}{unit.cells}"
        own = [cells[i] for i in unit.cells if cells[i].arm == cells[unit.cells[0]].arm]
        for axis, label in axes.items():
            mine = sorted({int(c.symbols[axis]) for c in own})
            tally.same(f"{where}: {label}", mine, [int(n) for n in row[label].split(",")])
        shown = verdict["verdict"] + (" flat" if verdict["flat"] else "")
        tally.same(f"{where}: verdict", shown, row["verdict"])
        _numbers(tally, where, unit, verdict, row, common)
        check_reason(tally, where, verdict, row["reason"])


def _numbers(tally: Tally, where: str, unit: Unit, verdict: Mapping[str, Any], row: Row, common: str) -> None:
    limits = row.get("mean [limits]", row.get("share of worlds [limits]", ""))
    for name, text in zip(("estimate", "lower", "upper"), interval(limits), strict=True):
        missing = verdict["lower"] is None
        tally.printed(f"{where}: {name}", verdict[name] if name == "estimate" or not missing else None, text or "")
    if "bound" in row:
        tally.printed(f"{where}: bound", verdict["bound"], row["bound"])
    levels = [verdict["alpha"], verdict["refuting"]] if verdict["by_sampling"] else []
    shown = [part for part in row.get("α", common if levels else "").split(" / ") if part]
    tally.same(f"{where}: levels", len(levels), len(shown))
    for mine, text in zip(levels, shown, strict=False):
        tally.printed(f"{where}: level", mine, text)
    if "worlds" in row:
        c = verdict["counts"]
        words = f"{c['yes']}/{c['tie']}/{c['no']}/{c['undefined']} of {c['ran']}" if c else str(len(unit.seeds))
        tally.same(f"{where}: worlds", with_failures(words, unit.failed), row["worlds"])
        effect = verdict["effect"] or {}
        for name, text in zip(("mean", "lower", "upper"), interval(row["effect [interval]"]), strict=True):
            tally.printed(f"{where}: effect, {name}", effect.get(name), text or "", digits=2)
    if "bound/mean" in row:
        tally.printed(f"{where}: tightness", verdict.get("tightness"), row["bound/mean"])
    if "slack ×" in row:
        tally.printed(f"{where}: slack", verdict.get("sharpness"), row["slack ×"])
    if "fraction beyond" in row:
        beyond = verdict.get("exceedance") or {}
        for name, text in zip(("share", "lower", "upper"), interval(row["fraction beyond"]), strict=True):
            tally.printed(f"{where}: fraction beyond, {name}", beyond.get(name), text or "", digits=2)


def _premises(tally: Tally, stated: Stated, rows: list[Row], found: Answer) -> None:
    measured = [row for row in rows if row["value"] != "by construction"]
    tally.same(f"{stated.id}: premises on the page", len(stated.premises), len(measured))
    for i, row in enumerate(measured):
        told = [unit.premises[i] for unit in found.units if unit.premises]
        if not told:
            continue
        values = [value for _, value, _, _ in told if value is not None]
        text = re.fullmatch(r"(\S+)(?: to (\S+))? \(limit (\S+)\)", row["value"])
        where = f"page, {stated.id}: premise {told[0][0]}"
        if text and values:
            tally.printed(f"{where}, least", min(values), text[1])
            tally.printed(f"{where}, largest", max(values), text[2] or text[1])
            tally.printed(f"{where}, limit", told[0][2], text[3])
        tally.same(f"{where}, holds", f"{sum(h for *_, h in told)} of {len(told)} verdicts", row["holds"])


def _moves(tally: Tally, key: str, rows: list[Row], found: Answer, results: Document) -> None:
    label = _labels(results)[BY_ID[key].axis or ""]
    expected = [
        (place, label + step["between"], step["falls"], step["ties"], step["rises"])
        for place, verdict in zip(places(found, results), found.each, strict=True)
        for step in verdict.get("steps", [])  # type: ignore[arg-type]
    ]
    shown = [(r["where"], r["between"], int(r["falls"]), int(r["ties"]), int(r["rises"])) for r in rows]
    tally.same(f"page, {key}: moves", expected, shown)


def _labels(results: Document) -> dict[str, str]:
    return {s["name"]: s["label"] for s in results["notation"]}


def _sentences(tally: Tally, key: str, text: str, found: Answer, results: Document) -> None:
    pooled, stated = found.pooled, BY_ID[key]
    said = re.search(
        r"averaged over (\d+) worlds(?: \((\d+) more [^)]*\))?: (\S+) \[(\S+), (\S+)\], threshold ([\d.]+)"
        r"(?: \(refuted: (.*?)\))?;",
        text,
    )
    tally.same(f"page, {key}: has a pooled statement", pooled is not None, said is not None)
    if pooled and said:
        mine = [pooled[n] for n in ("worlds", "estimate", "lower", "upper", "asked")]
        for name, value, part in zip(
            ("worlds", "estimate", "lower", "upper", "asked"),
            mine,
            (said[1], said[3], said[4], said[5], said[6]),
            strict=True,
        ):
            tally.printed(f"page, {key}: pooled {name}", float(value), part)  # type: ignore[arg-type]
        tally.same(f"page, {key}: direction", pooled["direction"] or None, said[7])
        words = together(found, key)
        if stated.kind == "lower" and not stated.per_run:
            words = words.replace("worlds", "runs")
        tally.same(f"page, {key}: together", True, words in text)
        levels = re.search(
            r"alpha (\S+) confirms, (\S+) refutes\. p = ([\d.e-]+); adjusted over all claims: (.*?) Holm "
            r"\((\S+)\), (.*?) Benjamini-Yekutieli \((\S+?)\)",
            text,
        )
        tally.same(f"page, {key}: levels", not pooled["direction"], levels is not None)
        if levels:
            for name, part in (("alpha", 1), ("refuting", 2), ("p_value", 3), ("holm", 5), ("benjamini_yekutieli", 7)):
                tally.printed(f"page, {key}: {name}", float(pooled[name]), levels[part], digits=2)  # type: ignore[arg-type]
            for name, part in (("holm", 4), ("benjamini_yekutieli", 6)):
                survives = float(pooled[name]) <= float(pooled["alpha"])  # type: ignore[arg-type]
                tally.same(f"page, {key}: {name}", "survives" if survives else "does not survive", levels[part])
    tight = [v["tightness"] for v in found.each if v.get("tightness") is not None]
    ratio = re.search(r"bound / measured mean: (\S+) to (\S+), median (\S+?)(?= [A-Z]|Falsification|Mutants|$)", text)
    if ratio and tight:
        for mine, part in zip((min(tight), max(tight), statistics.median(tight)), ratio.groups(), strict=True):
            tally.printed(f"page, {key}: tightness", float(mine), part.rstrip("."))
    nearest = re.search(
        r"Closest cell: (.*?)\. There the bound would be refuted if its exponent were ([\d.e+]+) times", text
    )
    sharp = (
        [
            (float(v["sharpness"]), place)
            for v, place in zip(found.each, places(found, results), strict=True)
            if v.get("sharpness") is not None
        ]
        if found.each
        else []
    )
    if nearest and sharp:
        tally.same(f"page, {key}: nearest", min(sharp)[1], nearest[1])
        tally.printed(f"page, {key}: factor", min(sharp)[0], nearest[2])


__all__ = ["check_page"]
