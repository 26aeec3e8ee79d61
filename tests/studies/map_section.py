"""Writes the map's section of docs/findings.md, and its figures with their data.

    python tests/studies/map_section.py MAP.json docs COMMAND

Sentences follow from numbers by the rules in this file; nothing is entered by
hand. `make map` runs the study and this.
"""

from __future__ import annotations

import datetime
import math
import sys
from pathlib import Path

from theory.plural import counted

sys.path.insert(0, str(Path(__file__).parent))

from findings_form import formed
from kept import replaced

from empirics.regimes.accuracy import part_at
from empirics.regimes.document import HeldOutRow, MapCell, RegimeMap, read_map
from empirics.report.map_files import map_parts
from empirics.report.regime_tables import markdown

AUC, DIFFERENCE = 0.99, 0.03
"""The target of a prediction in the transition cells of every arm at every N_f."""


def section(found: RegimeMap, command: str) -> str:
    """The section in Markdown."""
    figures, tables = map_parts(found)
    picture = {f.name: f"![{f.title}](map/{f.name}.svg)\n\n*{f.caption}* ([data](map/{f.name}.csv))" for f in figures}
    text = {t.name: markdown(t) for t in tables}
    environment, world = found.environment, found.config["world"]
    models = {(c.variant, c.at("templates"), c.at("multiplicity"), s) for c in found.cells for s in c.seeds}
    variations = "; ".join(f"{v.key} in {v.values}" for v in found.variations)
    number = found.config["seeds"]["looks"][0]
    steps = counted(found.config["pretraining"]["steps"], "pre-training step")
    parts = [
        "## The map of regimes, the law of the error, and a prediction",
        f"{counted(len(models), 'pre-trained model')}: S = {world['subjects']}, R in {world['templates']}, K in "
        f"{world['multiplicity']}, N_f in {world['finetuned']}, {steps}, {counted(number, 'seed')} "
        f"(0 to {number - 1}); varied one at a time: {variations}. {environment.cpu}, torch "
        f"{environment.torch}, {environment.dtype}; {datetime.date.today().isoformat()}. Regenerate with `make map` "
        f"(`{command}`); [the map of regimes](map.md) explains the terms.",
        "*Literal* and *normalised* are the readings `ood-error-literal` and `ood-error-normalised`; *at least one "
        "unseen* and *all unseen* are the exact laws `covering-some-unseen` and `covering-none-seen`.",
        "### Where extraction succeeds and fails",
        _regimes(found),
        text.get("regimes", ""),
        picture.get("map", ""),
        text.get("transitions", ""),
        picture.get("readings", ""),
        "### How the transition moves",
        _moves(found),
        text.get("moves", ""),
        picture.get("moves", ""),
        "### The factor on the exponent",
        _factor(found),
        text.get("factor", ""),
        text.get("holds-from", ""),
        "### The law",
        _law(found),
        text.get("exponents", ""),
        text.get("held-out", ""),
        picture.get("law", ""),
        "### The prediction",
        _prediction(found),
        text.get("predictors", ""),
        text.get("by-finetuned", ""),
        text.get("by-arm", ""),
        *(part for name, part in text.items() if name.startswith("by-arm-and-")),
        picture.get("prediction", ""),
        picture.get("reliability", ""),
    ]
    return "\n\n".join(part for part in parts if part)


def _regimes(found: RegimeMap) -> str:
    lines = []
    for reading in found.design.readings:
        broken = [c for c in found.cells if c.verdicts[reading] == "VIOLATED"]
        held = [c for c in found.cells if c.verdicts[reading] == "HOLDS"]
        lines.append(
            f"`{reading}` holds in {len(held)} and is violated in {len(broken)} of "
            f"{counted(len(found.cells), 'cell')} of the whole map"
            + (": " + "; ".join(_place(found, c, reading) for c in broken) if broken else "")
            + "."
        )
    over = [
        c for c in found.of(found.leading) if c.at("multiplicity") >= 2 and (c.error or 0) > c.laws["ood-error-literal"]
    ]
    lines.append(
        f"In {counted(len(over), 'cell')} of the main grid with K ≥ 2 the mean error lies above the literal bound"
        + (": " + "; ".join(_place(found, c, "ood-error-literal") for c in over) if over else "")
        + "."
    )
    ratios = [
        (c.predicted["ood-error-literal"] or 0) / c.measured
        for c in found.contours
        if c.variant == found.leading
        and c.level == found.design.levels[0]
        and c.measured
        and c.predicted["ood-error-literal"]
    ]
    if ratios:
        lines.append(
            f"Where the error crosses {found.design.levels[0]:g} within the N_f run, the literal bound requires "
            f"{min(ratios):.1f} to {max(ratios):.0f} times the measured N_f."
        )
    return " ".join(lines)


def _place(found: RegimeMap, c: MapCell, reading: str) -> str:
    where = "" if c.variant == found.leading else f"{c.variant}, "
    r, k, n = (c.at(column) for column in ("templates", "multiplicity", "finetuned"))
    return f"{where}R={r}, K={k}, N_f={n} ({c.error:.2f} against {c.laws[reading]:.2f})"


def _moves(found: RegimeMap) -> str:
    outside = [
        c.variant
        for c in found.cells
        if c.at("multiplicity") >= 2 and len(c.in_scope_seeds) < found.config["verdict"]["scope_share"] * len(c.seeds)
    ]
    names = list(dict.fromkeys(outside))
    text = "Settings whose pre-training fails the premise (gap at most "
    text += f"{found.config['verdict']['premise_gap']:g}) in too many seeds: {', '.join(names) if names else 'none'}."
    return text


def _factor(found: RegimeMap) -> str:
    """What the bracket over all cells says of each reading, and over those that the seeds could confirm."""
    lines = []
    for reading in found.design.readings:
        mine = [row for row in found.factor.brackets if row.reading == reading]
        kinds = dict.fromkeys((row.variant, row.confirmable) for row in mine)
        for variant, few in kinds:
            rows = [row for row in mine if (row.variant, row.confirmable) == (variant, few)]
            row = min(rows, key=lambda r: r.start)
            low, high = row.confirmed.factor, math.inf if row.refuted is None else row.refuted.factor
            verdict = (
                "some cell refutes it"
                if high < 1
                else "every cell confirms it"
                if low >= 1
                else "no cell refutes it and not every cell confirms it"
            )
            end = "none refuted" if row.refuted is None else f"{high:.3g}"
            cells = counted(row.cells, f"{'confirmable ' if few else ''}cell")
            where = "all arms" if variant is None else variant
            lines.append(f"`{reading}`, {where}, {cells} in scope: bracket [{low:.3g}, {end}], so {verdict}.")
    return " ".join(lines)


def _law(found: RegimeMap) -> str:
    lines = []
    for e in found.law.exponents:
        if e.law == "power-one-log" and e.source is not None and e.lower is not None and e.upper is not None:
            inside = e.lower <= e.source <= e.upper
            lines.append(
                f"{e.name}: {e.estimate:.2f}, limits {e.lower:.2f} to {e.upper:.2f}, which "
                f"{'contain' if inside else 'exclude'} the bound's {e.source:g}"
            )
    text = "With the exponent of log R fixed at 1: " + "; ".join(lines) + "." if lines else ""
    free = [e for e in found.law.exponents if e.law == "power-log" and e.name in ("R", "log R") and e.lower is not None]
    if free:
        text += " With a free exponent: " + ", ".join(
            f"{e.name} {e.estimate:.1f} [{e.lower:.1f}, {e.upper:.1f}]" for e in free
        )
        text += (
            "; these two variables are nearly collinear, so only their joint effect, a bend in R, can be interpreted."
        )
    for e in found.law.exponents:
        if e.law == "power-size" and e.name == "S" and e.lower is not None:
            text += f" The bound does not depend on S; with S as a variable its exponent is {e.estimate:.2f} "
            text += f"[{e.lower:.2f}, {e.upper:.2f}]."
    for split in dict.fromkeys(row.split for row in found.law.held_out):
        rows: list[HeldOutRow] = [row for row in found.law.held_out if row.split == split]
        text += f" Held out by {split}, best: {rows[0].law} ({rows[0].deviation:.3f}), then {rows[1].law} "
        text += f"({rows[1].deviation:.3f})."
    return text


def _prediction(found: RegimeMap) -> str:
    """Overall, and against the target in every place: one arm at one N_f."""
    rows, axis = found.prediction, found.design.axis
    lines = [
        f"Target: an AUC of at least {AUC:g}, and a mean of predicted minus observed error within {DIFFERENCE:g}, in "
        f"the transition cells of every arm at every {axis}."
    ]
    overall = {row.predictor: row for row in rows if row.part == "transition cells" and row.auc is not None}
    values = sorted({c.at(found.axis_column) for c in found.cells})
    places = {part_at(arm.name, axis, n): f"{arm.name}, {axis} = {n}" for arm in found.arms for n in values}
    for predictor, row in overall.items():
        mine = [r for r in rows if r.predictor == predictor and r.part in places]
        low = min((r for r in mine if r.auc is not None), key=lambda r: r.auc, default=None)
        far = max(mine, key=lambda r: abs(r.bias), default=None)
        text = f"`{predictor}`: AUC {row.auc:.3f} over all, mean difference {row.bias:+.3f}"
        if low is not None and far is not None:
            text += (
                f"; worst AUC {low.auc:.3f} ({places[low.part]}){'' if low.auc >= AUC else ' (missed)'}, "
                f"worst mean difference {far.bias:+.3f} ({places[far.part]})"
                f"{'' if abs(far.bias) <= DIFFERENCE else ' (missed)'}"
            )
        lines.append(f"{text}.")
    lines.append(
        "The predictors but `relinearised` were fixed and compared on seeds 1000 to 1003 of seven worlds, none of "
        "which is used here. The points at which `relinearised` takes its Jacobians were chosen among nine rules on "
        "seeds 0 to 7 of worlds at R = 20 and 30 that are among these. The rules have no fitted constants."
    )
    return " ".join(lines)


if __name__ == "__main__":
    source, docs, command = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    found = read_map(source)
    folder = docs / "map"
    folder.mkdir(exist_ok=True)
    for figure in map_parts(found)[0]:
        (folder / f"{figure.name}.svg").write_text(figure.svg, encoding="utf-8")
        (folder / f"{figure.name}.csv").write_text(figure.csv, encoding="utf-8")
    page = docs / "findings.md"
    written = replaced(page.read_text(encoding="utf-8"), "map", section(found, command))
    page.write_text(formed(written), encoding="utf-8")
    print(page)
