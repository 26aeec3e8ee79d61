"""The page of findings, read again: each sentence's answer, each claim's line, each number of its tables."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plain.audit import Document, rules_of
from plain.limits import betting_upper, exact_lower
from plain.printed import Answers
from plain.readers import Row
from plain.recompute import Answer
from plain.tally import Tally
from plain.units import Cell, cells_of

# Which claims each sentence of the source stands on, and whether also on facts that are answered without being shown.
SENTENCES: tuple[tuple[tuple[str, ...], bool], ...] = (
    (("pretraining-floor", "pretraining-rate", "pretraining-rate-linear"), False),
    (("attention-pattern", "relation-features"), False),
    (("relation-features",), True),
    (("ood-error-literal", "ood-error-normalised"), False),
    (("mechanism",), True),
    (("trend-finetuned", "trend-multiplicity", "trend-templates"), False),
    (("failure-regime", "mechanism"), False),
    (("rank-one", "low-rank"), False),
    (("ablation-attention-only", "learning-rate-schedule"), False),
)
Read = Callable[["Grid", Row], float | None]


@dataclass
class Grid:
    """All cells of a document, to be asked for means."""

    cells: Sequence[Cell]
    subjects: int

    def some(self, arm: str = "main", **where: float) -> list[Cell]:
        return [c for c in self.cells if c.arm == arm and c.seeds and all(c.symbols[k] == v for k, v in where.items())]

    def units(self, arm: str = "main") -> list[Cell]:
        """The last cell of each pre-trained model."""
        return list({(c.symbols["R"], c.symbols["K"]): c for c in self.some(arm)}.values())

    def values(self, cells: Sequence[Cell], name: str) -> list[float]:
        return [v for c in cells for v in c.values.get(name, []) if v is not None]

    def mean(self, cells: Sequence[Cell], name: str) -> float | None:
        found = self.values(cells, name)
        return math.fsum(found) / len(found) if found else None

    def paired(self, arm: str, name: str, **where: float) -> float | None:
        """Mean difference of an arm from the main one, over cells and common seeds."""
        found = []
        for cell in self.some(arm, **where):
            for other in self.some(**{k: cell.symbols[k] for k in ("R", "K", "N_f")}):
                for seed in cell.seeds:
                    a, b = cell.values[name][cell.seeds.index(seed)], None
                    if seed in other.seeds:
                        b = other.values[name][other.seeds.index(seed)]
                    if a is not None and b is not None:
                        found.append(a - b)
        return math.fsum(found) / len(found) if found else None


def place(row: Row) -> dict[str, float]:
    """Where a row of a table stands, by its columns R, K and N_f."""
    return {k: float(row[k]) for k in ("R", "K", "N_f") if row.get(k, "").isdigit()}


def of_unit(name: str) -> Read:
    """The mean of an observable of the pre-trained model."""
    return lambda grid, row: grid.mean([c for c in grid.units() if place(row).items() <= c.symbols.items()], name)


def at(name: str, **more: float) -> Read:
    """The mean in the cells where the row stands."""
    return lambda grid, row: grid.mean(grid.some(**place(row), **more), name)


def over_all(name: str) -> Read:
    """The mean over all N_f."""
    return lambda grid, row: at(name)(grid, {**row, "N_f": ""})


def first_unseen(grid: Grid, row: Row) -> float | None:
    return None if row["N_f"] == "none" else at("some_template_unseen")(grid, row)


def worst_gap(grid: Grid, row: Row) -> float | None:
    return max(grid.values([c for c in grid.units() if place(row).items() <= c.symbols.items()], "pretraining_gap"))


def facts_per_template(grid: Grid, row: Row) -> float:
    return grid.subjects * float(row["K"]) / float(row["R"])


def failure_bound(grid: Grid, row: Row) -> float:
    """P[the fact's one template is unseen] - 1/A: each of N_f facts shows one of R templates."""
    answers = grid.cells[0].symbols["A"]
    return (1 - 1 / float(row["R"])) ** float(row["N_f"]) - 1 / answers


def right_unseen(grid: Grid, row: Row) -> float | None:
    error = at("ood_error_unseen_1", K=1)(grid, row)
    return None if error is None else 1 - error


TABLES: Mapping[str, Mapping[str, Read]] = {
    "gap, mean": {
        "gap, mean": of_unit("pretraining_gap"),
        "gap, worst": worst_gap,
        "exponent of t": of_unit("pretraining_gap_exponent"),
        "slope of log(gap t/log² t)": of_unit("pretraining_gap_slope"),
    },
    "facts per template": {
        "facts per template": facts_per_template,
        "subject's weight": of_unit("subject_attention"),
        "feature similarity": of_unit("feature_similarity"),
    },
    "fully covered": {
        "covered": at("feature_alignment_covered", N_f=20),
        "uncovered": at("feature_alignment_uncovered", N_f=20),
        "OOD error": at("ood_error", N_f=20),
        "fully covered": at("ood_error_unseen_0", N_f=20),
        "cos² with e_p": at("update_prompt_cosine", N_f=20),
    },
    "at least one unseen": {
        "at least one unseen": first_unseen,
        "0 unseen": over_all("ood_error_unseen_0"),
        "1": over_all("ood_error_unseen_1"),
        "2": over_all("ood_error_unseen_2"),
        "3 or more": over_all("ood_error_unseen_3_or_more"),
    },
    "AUC − ½": {
        "stored": at("pretraining_accuracy", K=1),
        "OOD error": at("ood_error", K=1),
        "P(template unseen) − 1/A": failure_bound,
        "right, template unseen": right_unseen,
        "errors that are the template": at("own_template_error_share", K=1),
        "AUC − ½": at("coverage_auc_excess", K=1),
    },
    "column": {
        "c": at("gradient_coherence"),
        "column": at("rank_one_share"),
        "σ₁²": at("top_singular_share"),
        "cos²": at("prompt_cosine"),
        "cos² of ΔW": at("update_prompt_cosine"),
    },
}


def markdown_tables(text: str) -> list[list[Row]]:
    """Every table, its rows by their heads."""
    found: list[list[Row]] = []
    heads: list[str] | None = None
    for line in [*text.splitlines(), ""]:
        if not line.startswith("|"):
            heads = None
            continue
        parts = [p.strip().replace(r"\|", "|") for p in re.split(r"(?<!\\)\|", line)[1:-1]]
        if heads is None:
            heads = parts
            found.append([])
        elif set(parts) != {"---"}:
            found[-1].append(dict(zip(heads, parts, strict=True)))
    return found


def extracted(grid: Grid, alpha: float) -> int:
    """Cells with K >= 2 whose upper limit of the mean error is at most 1/2, alpha divided over them."""
    asked = [c for c in grid.some() if c.symbols["K"] >= 2]
    found = [grid.values([c], "ood_error") for c in asked]
    return sum(bool(v) and betting_upper(v, alpha / len(asked)) <= 0.5 for v in found)


def near_floor(grid: Grid, gap: float, share: float, alpha: float) -> tuple[int, int, str]:
    """Runs near the floor, of how many; and whether enough are in every setting, by exact limits at one look."""
    per_unit = [[v <= gap for v in grid.values([c], "pretraining_gap")] for c in grid.units()]
    counts = [(len(v), sum(v)) for v in per_unit if v]
    least = min(exact_lower([x], [n], [1.0], alpha, share) for n, x in counts)
    most = min(1 - exact_lower([n - x], [n], [1.0], alpha / len(counts), 1 - share) for n, x in counts)
    word = "refuted" if most < share else "supported" if least >= share else "not decided"
    return sum(map(sum, per_unit)), sum(map(len, per_unit)), word


def answer_of(verdicts: Sequence[str], more: str) -> str:
    if "VIOLATED" in verdicts or more == "refuted":
        return "refuted"
    return "supported" if set(verdicts) <= {"HOLDS", "SUPPORTED"} and more == "supported" else "not decided"


def check_findings(tally: Tally, text: str, answers: Answers, results: Document) -> None:
    """All of the page but the sentence on language models, which other results decide."""
    rules, cells = rules_of(results), cells_of(results)
    grid = Grid(cells, results["config"]["world"]["subjects"])
    shown = extracted(grid, rules.alpha)
    reached, of, near = near_floor(grid, rules.gap, rules.share, rules.alpha)
    tally.same(
        "near the floor",
        [[str(reached), str(of)]] * 2,
        [list(m) for m in re.findall(r"; (\d+) of (\d+) runs? are near the floor", text)],
    )
    summary, *others = markdown_tables(text)
    for row, (claims, facts) in zip(summary, SENTENCES, strict=False):
        where = f"sentence {row['']}"
        more = near if row[""] == "1" else "supported" if not facts or shown else "not decided"
        verdicts = [answers[c].verdict for c in claims]
        tally.same(where, f"**{answer_of(verdicts, more)}**", row["answer"])
        told = re.findall(r"`([\w-]+)`: ([A-Z ]+[A-Z])", row["follows from"])
        tally.same(f"{where}: follows from", list(zip(claims, verdicts, strict=True)), told)
        if facts:
            tally.same(f"{where}: cells", str(shown), re.findall(r"answered in (\d+) cells?", row["follows from"])[0])
    for claim, found in answers.items():
        _lines(tally, claim, found, text)
    unread = 0
    for rows in others:
        columns = next((TABLES[head] for head in TABLES if rows and head in rows[0]), None)
        if rows and "falls" in rows[0]:
            _moves(tally, rows, answers)
        elif rows and "error on fine-tuned" in rows[0]:
            _low_rank(tally, rows, grid)
        elif rows and "gap" in rows[0]:
            _ablations(tally, rows, grid)
        elif columns is not None:
            for row in rows:
                for head, of_row in columns.items():
                    tally.printed(f"{head}, {place(row)}", of_row(grid, row), row[head], digits=1)
        else:
            unread += bool(rows)
    tally.same("tables that are not read", 0, unread)


def _lines(tally: Tally, claim: str, found: Answer, text: str) -> None:
    """``- `claim`: VERDICT (3 HOLDS). Confirmed: ...`` and the lines below it, wherever the page has them."""
    each = [v for v in found.each if "verdict" in v]
    for block in re.findall(rf"^- `{claim}`: (.*(?:\n  - .*)*)", text, re.MULTILINE):
        head, *below = block.split("\n  - ")
        verdict, census = re.match(r"([A-Z ]+) \((.*?)\)\.", head).groups()  # type: ignore[union-attr]
        counts = Counter(str(v["verdict"]) for v in each) or Counter({"NOT TESTED": 1})
        told = {word: int(n) for n, word in re.findall(r"(\d+) ([A-Z ]+[A-Z])", census)}
        tally.same(f"{claim}: verdict", [found.verdict, dict(counts)], [verdict, told])
        lows = [v["lower"] for v in each if v["verdict"] == "HOLDS" and v["counts"]]
        least = re.search(r"at least (\d+) % of worlds in (?:one|each) (?:cell|of (\d+) cells)", head)
        tally.same(f"{claim}: confirmed", bool(lows), least is not None)
        if least:
            tally.same(f"{claim}: least share", [_floor(min(lows)), len(lows)], [int(least[1]), int(least[2] or 1)])
        over = re.search(r"at least (\d+) % of (?:worlds over all|runs meet the bound, over all)", head)
        pooled = found.pooled if found.pooled and found.pooled["lower"] > 0 else None  # type: ignore[operator]
        tally.same(f"{claim}: pooled", _floor(pooled["lower"]) if pooled else None, int(over[1]) if over else None)
        _below(tally, claim, found, each, below)


def _below(tally: Tally, claim: str, found: Answer, each: Sequence[Mapping[str, object]], below: list[str]) -> None:
    sorts: Counter[str] = Counter()
    for line in below:
        left = re.match(r"(\w+), (\d+) more cells?", line)
        sorts[line.partition(",")[0]] += int(left[2]) if left else "all cells together" not in line
    against = [v["counts"] for v in each if v["verdict"] == "HOLDS" and v["counts"]]
    beyond = [v["exceedance"] for v in each if v["verdict"] == "HOLDS" and v.get("exceedance")]
    expected = {
        "refuted": sum(v["verdict"] == "VIOLATED" for v in each),
        "open": sum(v["verdict"] == "UNDECIDED" and not v["flat"] for v in each),
        "counterexamples": sum(c["no"] + c["tie"] > 0 for c in against)  # type: ignore[index, misc]
        + sum(e["share"] > 0 for e in beyond),  # type: ignore[index, misc]
    }
    tally.same(f"{claim}: lines below", expected, {name: sorts[name] for name in expected})
    for line in below:
        if match := re.search(r"refuted, all cells together: at most (\d+) %, (.*)$", line):
            pooled = found.pooled or {}
            mine = [math.ceil(100 * pooled["upper"] - 1e-9), pooled["direction"]]  # type: ignore[operator]
            tally.same(f"{claim}: refuted together", mine, [int(match[1]), match[2]])
    told = sorted(
        tuple(map(int, m)) for m in re.findall(r"counterexamples, .*: (\d+) of (\d+) worlds?", "\n".join(below))
    )
    mine = sorted((c["no"], c["yes"] + c["tie"] + c["no"]) for c in against if c["no"] + c["tie"])  # type: ignore[index]
    if len(told) == len(mine):  # none left out
        tally.same(f"{claim}: counterexamples", mine, told)


def _moves(tally: Tally, rows: Sequence[Row], answers: Answers) -> None:
    claims = ("trend-finetuned", "trend-multiplicity", "trend-templates")
    mine = [
        (f"`{claim}`", step["falls"], step["ties"], step["rises"])
        for claim in claims
        for verdict in answers[claim].each
        for step in verdict.get("steps", [])  # type: ignore[attr-defined]
    ]
    tally.same("moves", mine, [(r["claim"], *(int(r[n]) for n in ("falls", "stays", "rises"))) for r in rows])


def _by_arm(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["arm"].strip("`"), []).append(row)
    return found


def _low_rank(tally: Tally, rows: Sequence[Row], grid: Grid) -> None:
    for arm, mine in _by_arm(rows).items():
        for row, cell in zip(mine, grid.some(arm), strict=True):
            here = {k: cell.symbols[k] for k in ("R", "K", "N_f")}
            tally.same(f"{arm}: row", [here["K"], here["N_f"]], [float(row["K"]), float(row["N_f"])])
            shown = {
                "OOD error": grid.mean([cell], "ood_error"),
                "full": grid.mean(grid.some(**here), "ood_error"),
                "difference": grid.paired(arm, "ood_error", **here),
                "error on fine-tuned": grid.mean([cell], "finetuning_error"),
                "cos² with e_p": grid.mean([cell], "update_prompt_cosine"),
            }
            for head, value in shown.items():
                tally.printed(f"{arm} {here}: {head}", value, row[head], digits=1)


def _ablations(tally: Tally, rows: Sequence[Row], grid: Grid) -> None:
    """The main arm first, its units backwards, where the arm without trained attention has them too."""
    places = {(u.symbols["R"], u.symbols["K"]) for u in grid.units("mlp-only")}
    for arm, mine in _by_arm(rows).items():
        units = grid.units(arm)
        if arm == "main":
            units = [u for u in reversed(units) if (u.symbols["R"], u.symbols["K"]) in places]
        for row, unit in zip(mine, units, strict=True):
            where = f"{arm} at K = {unit.symbols['K']}"
            tally.same(f"{where}: row", unit.symbols["K"], float(row["K"]))
            tally.printed(f"{where}: gap", grid.mean([unit], "pretraining_gap"), row["gap"])
            tally.printed(f"{where}: stored", grid.mean([unit], "pretraining_accuracy"), row["stored"])
            for head in (h for h in row if h.startswith("error, ")):
                here = {"R": unit.symbols["R"], "K": unit.symbols["K"], "N_f": float(head.partition("=")[2])}
                tally.printed(f"{where}: {head}", grid.mean(grid.some(arm, **here), "ood_error"), row[head], digits=1)


def _floor(share: object) -> int:
    return math.floor(100 * float(share) + 1e-9)  # type: ignore[arg-type]
