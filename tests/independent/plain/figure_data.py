"""The CSV beside each figure, against what was recomputed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from plain.audit import Document, ranges_of, rules_of, stored_runs
from plain.limits import student
from plain.printed import Answers, verdict_in
from plain.readers import Row, csv_rows
from plain.recompute import Answer
from plain.stated import BY_ID, Stated
from plain.tally import Tally
from plain.units import Cell, cells_of


def number(text: str) -> float | None:
    return float(text) if text else None


def check_csv(tally: Tally, name: str, text: str, answers: Answers, results: Document) -> list[Row]:
    """One figure of a verification by its name."""
    rows = csv_rows(text)
    if name == "ood-error":
        check_panels(tally, name, rows, BY_ID["ood-error-literal"], answers, results, headline=True)
    elif name == "pretraining-gap":
        check_curve_rows(tally, rows, results)
    elif name.startswith("claim-") and "series" in rows[0]:
        check_panels(tally, name, rows, BY_ID[name.removeprefix("claim-")], answers, results)
    elif name.startswith("claim-"):
        check_forest(tally, name, rows, answers[name.removeprefix("claim-")], results)
    else:
        tally.same("a figure that is known", True, name)
    return rows


def check_panels(
    tally: Tally,
    name: str,
    rows: Sequence[Row],
    claim: Stated,
    answers: Answers,
    results: Document,
    *,
    headline: bool = False,
) -> None:
    """Lines of bounds against an axis, and what was observed in each cell."""
    columns = results["experiment"]["axes"]
    cells = [c for c in cells_of(results) if c.arm == claim.arm]
    lines = ("ood-error-literal", "ood-error-normalised", "covering-some-unseen") if headline else (claim.id,)
    drawn = {row["series"] for row in rows} - {"observed"}
    tally.same(f"{name}: lines", sorted(lines), sorted(drawn))
    seen: dict[tuple[float, ...], Row] = {}
    for row in rows:
        symbols = {**cells[0].symbols, **{s: int(row[c]) for s, c in columns.items()}}
        where = f"{name}, {row['series']} at {[row[c] for c in columns.values()]}"
        if row["series"] != "observed":
            bound = float(BY_ID[row["series"]].formula(symbols))  # type: ignore[misc]
            tally.same(where, bound, number(row["value"]))
            tally.same(where, ["", ""], [row["lower"], row["upper"]])
        else:
            seen[tuple(symbols[s] for s in columns)] = row
    tally.same(f"{name}: cells observed", len(cells), len(seen))
    for cell in cells:
        row = seen.get(tuple(cell.symbols[s] for s in columns))
        where = f"{name}, observed in cell {cell.index}"
        if row is None:
            tally.same(where, "a row", None)
            continue
        verdict = verdict_in(answers[claim.id], cell.index)
        tally.same(where, observed(claim, cell, verdict), [number(row[k]) for k in ("value", "lower", "upper")])
        tally.printed(f"{where}: seeds", len(cell.seeds), row["seeds"])
        if headline:
            tally.same(f"{where}: note", "out of scope" if verdict["verdict"] == "OUT OF SCOPE" else "", row["note"])


def observed(claim: Stated, cell: Cell, verdict: Mapping[str, Any]) -> list[float | None]:
    """The mean with the limits that decide; alone where no verdict rests on limits."""
    values = [v for v in cell.values[claim.observable] if v is not None]
    mean = math.fsum(values) / len(values) if values else None
    if verdict.get("estimate") is None:
        return [mean, None, None]
    return [verdict["estimate"], verdict["lower"], verdict["upper"]]


def places(answer: Answer, results: Document) -> list[str]:
    """Each verdict's place in words: the arm, and its values of the axes."""
    labels = {s["name"]: s["label"] for s in results["notation"]}
    cells, found = cells_of(results), []
    for unit in answer.units:
        first = cells[unit.cells[0]]
        own = [cells[i] for i in unit.cells if cells[i].arm == first.arm]
        words = [] if first.arm == results["experiment"]["leading"] else [first.arm]
        for axis in results["experiment"]["axes"]:
            values = sorted({c.symbols[axis] for c in own})
            words.append(f"{labels[axis]}={','.join(f'{v:g}' for v in values)}")
        found.append(", ".join(words))
    return found


def check_forest(tally: Tally, name: str, rows: Sequence[Row], answer: Answer, results: Document) -> None:
    """A line for each verdict that rests on numbers."""
    shown = [
        (place, v) for place, v in zip(places(answer, results), answer.each, strict=True) if v["lower"] is not None
    ]
    tally.same(f"{name}: rows", [place for place, _ in shown], [row["where"] for row in rows])
    for (place, verdict), row in zip(shown, rows, strict=False):
        mine = [verdict[k] for k in ("estimate", "lower", "upper", "bound")]
        theirs = [number(row[k]) for k in ("estimate", "lower", "upper", "threshold")]
        tally.same(f"{name}, {place}", mine, theirs)
        tally.same(f"{name}, {place}", "flat" if verdict["flat"] else verdict["verdict"], row["verdict"])


def check_curve_rows(tally: Tally, rows: Sequence[Row], results: Document) -> None:
    """The figure of the gap along training says what ``curves`` of results.json says."""
    axes = [results["experiment"]["axes"][s] for s in results["experiment"]["run_axes"]]
    main = [c for c in results["curves"] if c["variant"] == "main" and c["observable"] == "pretraining_gap"]
    expected = [
        [*(curve[a] for a in axes), *point]
        for curve in main
        for point in zip(curve["steps"], curve["mean"], curve["lower"], curve["upper"], strict=True)
    ]
    tally.same("pretraining-gap: rows", len(expected), len(rows))
    names = [*axes, "step", "gap_mean_nats", "gap_lower_nats", "gap_upper_nats"]
    for mine, row in zip(expected, rows, strict=False):
        tally.same(f"pretraining-gap {mine[:3]}", mine, [number(row[name]) for name in names])


def check_curves(tally: Tally, results: Document, runs: Sequence[Document]) -> None:
    """Means and limits of the curves, from the stored runs; where one arm alone was run."""
    rules, ranges = rules_of(results), ranges_of(results)
    for curve in results["curves"]:
        key = {s: curve["symbols"][s] for s in rules.run_axes}
        mine = [r["curves"] for r in runs if dict(r["unit"]) == key and not r["failure"]]
        name = curve["observable"]
        table = {seed: dict(zip(*c[name], strict=True)) for seed, c in enumerate(mine) if name in c}
        for step, mean, low, high in zip(curve["steps"], curve["mean"], curve["lower"], curve["upper"], strict=True):
            values = [t[step] for t in table.values()]
            where = f"curve {name} {key} at {step}"
            if name in ranges and math.isfinite(ranges[name].high):
                tally.same(where, math.fsum(values) / len(values), mean)
            else:
                _, a, b = student(values, rules.alpha)
                tally.same(where, [math.fsum(values) / len(values), a, b], [mean, low, high])


__all__ = ["check_csv", "check_curves", "stored_runs"]
