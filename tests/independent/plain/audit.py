"""A finished results.json against the single runs that it holds, and those in runs.sqlite."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mpmath

from plain.limits import benjamini_yekutieli, betting_lower, betting_upper, binomial_tail, holm, student
from plain.recompute import Answer, Range, answer
from plain.stated import CLAIMS, Stated, none_seen, some_unseen
from plain.tally import Tally
from plain.units import Cell, Rules, cells_of

Document = Mapping[str, Any]


def rules_of(results: Document) -> Rules:
    chosen, axes = results["config"]["verdict"], results["experiment"]
    return Rules(
        chosen["alpha"],
        chosen["property_share"],
        chosen.get("premise_gap", 0.1),
        chosen["equivalence_margin"],
        chosen["scope_share"],
        tuple(results["config"]["seeds"]["looks"]),
        tuple(axes["axes"]),
        tuple(axes["run_axes"]),
    )


def ranges_of(results: Document) -> dict[str, Range]:
    def end(value: float | None, otherwise: float) -> float:
        return otherwise if value is None else value

    return {
        name: Range(end(o["lower"], -math.inf), end(o["upper"], math.inf), o["trivial"], o["sampling"] == "exact")
        for name, o in results["observables"].items()
    }


def answers_of(results: Document, claims: Sequence[Stated] = CLAIMS) -> dict[str, Answer]:
    """All claims of the document, judged again, with levels over all of them."""
    cells, rules, ranges = cells_of(results), rules_of(results), ranges_of(results)
    asked = {claim["id"] for claim in results["claims"]}
    found = {claim.id: answer(claim, cells, rules, ranges) for claim in claims if claim.id in asked}
    pooled = [a.pooled for a in found.values() if a.pooled]
    values = [float(p["p_value"]) for p in pooled]  # type: ignore[arg-type]
    for p, first, second in zip(pooled, holm(values), benjamini_yekutieli(values), strict=True):
        p |= {"holm": first, "benjamini_yekutieli": second}
    return found


def audit(results: Document, claims: Sequence[Stated] = CLAIMS) -> tuple[Tally, dict[str, Answer]]:
    """Compare all that follows from the single runs."""
    tally = Tally()
    found = answers_of(results, claims)
    stated = {claim.id: claim for claim in claims}
    tally.same("claims", sorted(found), sorted(claim["id"] for claim in results["claims"]))
    for claim in results["claims"]:
        if claim["id"] in found:
            _claim(tally, stated[claim["id"]], claim, found[claim["id"]], results)
    cells = cells_of(results)
    ranges, rules = ranges_of(results), rules_of(results)
    for cell, shown in zip(cells, results["cells"], strict=True):
        _cell(tally, cell, shown, ranges, rules)
        _bounds(tally, cell, shown, [c for c in claims if c.id in found])
    return tally, found


def _claim(tally: Tally, stated: Stated, claim: Document, mine: Answer, results: Document) -> None:
    where = stated.id
    as_stated = {
        "kind": stated.kind,
        "observable": stated.observable,
        "variant": stated.arm,
        "axis": stated.axis,
        "reference": stated.reference,
        "required": stated.required,
    }
    tally.same(where, as_stated | {"verdict": mine.verdict}, claim)
    tally.same(f"{where}.premises", [p.of for p in stated.premises], [p["name"] for p in claim["premises"]])
    verdicts = [v for v in results["verdicts"] if v["claim"] == stated.id]
    if mine.verdict == "NOT TESTED":
        tally.same(f"{where}.verdicts", ["NOT TESTED"], [v["verdict"] for v in verdicts])
        tally.same(f"{where}.pooled", None, claim["pooled"])
        return
    tally.same(f"{where}.verdicts", [v["cells"] for v in mine.each], [v["cells"] for v in verdicts])
    labels = {s["name"]: s["label"] for s in results["notation"]}
    for unit, verdict, theirs in zip(mine.units, mine.each, verdicts, strict=False):
        here = f"{where}{unit.cells}"
        steps = [{**s, "between": labels[stated.axis or ""] + str(s["between"])} for s in verdict.get("steps", [])]
        tally.same(here, {**{k: v for k, v in verdict.items() if k != "set_aside"}, "steps": steps}, theirs)
        premises = [{"name": n, "value": v, "limit": b, "holds": h} for n, v, b, h in unit.premises]
        tally.same(f"{here}.premises", premises, theirs["premises"])
    tally.same(f"{where}.pooled", mine.pooled, claim["pooled"])


def summary(values: Sequence[float | None], span: Range, alpha: float) -> dict[str, object]:
    """Mean and interval of one observable in one cell, at level 1 - alpha by itself."""
    have = [v for v in values if v is not None]
    kind = "exact" if span.exact else "betting" if math.isfinite(span.high - span.low) else "student-t"
    if not have:
        return {"mean": None, "lower": None, "upper": None, "interval": kind}
    mean = math.fsum(have) / len(have)
    if kind == "exact":
        return {"mean": mean, "lower": mean, "upper": mean, "interval": kind}
    if kind == "betting":
        low, high = (f(have, alpha / 2, span.low, span.high) for f in (betting_lower, betting_upper))
        return {"mean": mean, "lower": low, "upper": high, "interval": kind}
    _, low, high = student(have, alpha)
    ends = (low, high) if math.isfinite(low) else (None, None)
    return {"mean": mean, "lower": ends[0], "upper": ends[1], "interval": kind}


def _cell(tally: Tally, cell: Cell, shown: Document, ranges: Mapping[str, Range], rules: Rules) -> None:
    where = f"cell {cell.index}"
    for name, theirs in shown["observables"].items():
        if name in ranges:
            tally.same(f"{where}.{name}", summary(cell.values[name], ranges[name], rules.alpha), theirs)
    for name, value in exact_probabilities(cell).items() if "A" in cell.symbols else ():
        for theirs in cell.values.get(name, []):
            if theirs is not None:
                tally.same(f"{where}.{name}", value, theirs)
    gaps = {s: cell.at("pretraining_gap", s) for s in cell.seeds}
    if "pretraining_gap" in cell.values:
        near = [s for s, gap in gaps.items() if gap is not None and gap <= rules.gap]
        tally.same(f"{where}.in_scope_seeds", near, shown["in_scope_seeds"])
    tally.same(
        f"{where}.axes",
        [cell.symbols[a] for a in rules.axes],
        [shown[column] for column in shown.get("columns", _columns(shown))],
    )


def _columns(shown: Document) -> list[str]:
    known = {"variant", "overlay", "symbols", "seeds", "failed", "failures", "in_scope_seeds", "observables", "bounds"}
    return [name for name in ("templates", "multiplicity", "finetuned") if name in shown and name not in known]


def _bounds(tally: Tally, cell: Cell, shown: Document, claims: Sequence[Stated]) -> None:
    for claim in claims:
        if claim.formula is None or claim.id not in shown["bounds"]:
            continue
        bound = claim.formula(cell.symbols)
        theirs = shown["bounds"][claim.id]
        tally.same(f"cell {cell.index}.{claim.id}", float(bound), theirs["bound"])
        if bound > 0:
            tally.same(f"cell {cell.index}.{claim.id}.log", float(mpmath.log(bound)), theirs["log_bound"])


OF_THE_CELL = ("covering_some_unseen", "covering_none_seen", "coverage_half_mean_tail", "coverage_union")


def _kept(observables: Document) -> dict[str, float]:
    """What a run measured; probabilities of the cell are computed when results are put together."""
    return {name: value for name, value in observables.items() if name not in OF_THE_CELL}


def exact_probabilities(cell: Cell) -> dict[str, float]:
    """The probabilities of a cell that are computed and not measured; the union where it is one template's tail."""
    v = cell.symbols
    n, k, r = int(v["N_f"]), int(v["K"]), int(v["R"])
    tail = 1.0 - binomial_tail(n, n * k // (2 * r) + 1, k / r)
    found = {"covering_some_unseen": float(some_unseen(v)), "covering_none_seen": float(none_seen(v))}
    return found | {"coverage_half_mean_tail": tail} | ({"coverage_union": tail} if k == 1 else {})


def stored_runs(file: Path) -> list[Document]:
    """The runs of runs.sqlite, read without the code that wrote it."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as store:
        return [json.loads(run) for (run,) in store.execute("SELECT run FROM runs")]


def audit_runs(results: Document, file: Path) -> Tally:
    """Every value of results.json stands in a stored run of the same seed and symbols."""
    tally = Tally()
    kept: dict[tuple[int, tuple[tuple[str, float], ...]], list[Document]] = {}
    for run in stored_runs(file):
        for symbols, observables in run["observables"]:
            kept.setdefault((run["seed"], tuple(sorted((k, float(v)) for k, v in symbols))), []).append(observables)
    axes = results["experiment"]["axes"]
    for index, cell in enumerate(results["cells"]):
        key = tuple(sorted((name, float(cell[column])) for name, column in axes.items()))
        for i, seed in enumerate(cell["seeds"]):
            if seed in cell["failed"]:
                continue
            mine = {name: summary["values"][i] for name, summary in cell["observables"].items()}
            fitting = [o for o in kept.get((seed, key), []) if _kept(o) == {k: mine[k] for k in _kept(o) if k in mine}]
            tally.numbers += len(mine)
            tally.same(f"cell {index}, seed {seed}: a stored run with these values", True, bool(fitting))
    return tally
