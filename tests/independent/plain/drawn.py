"""Pictures against the CSV beside them: every point, error bar, line, and which line has which label."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from plain.readers import Row
from plain.svg import Panel, Spot, panels_of
from plain.tally import Tally

SYMBOLS = {"|R|": "templates", "K": "multiplicity", "N_f": "finetuned"}
LABELS = {
    "bound, literal": "ood-error-literal",
    "bound, normalised": "ood-error-normalised",
    "P(template unseen)": "covering-some-unseen",
    "observed": "observed",
    "exact value": "observed",
}
NEAR = 2e-5  # of a value, or of the range of an axis: coordinates have six decimals


def near(tally: Tally, where: str, mine: float, theirs: float, span: float = 1.0) -> None:
    tally.numbers += 1
    if abs(mine - theirs) > NEAR * max(abs(mine), span):
        tally.wrong.append(f"{where}: {mine!r} in the CSV, {theirs!r} drawn")


def titled(panel: Panel) -> dict[str, str]:
    """``$K=3$, $|R|=10$`` as columns and values."""
    return {SYMBOLS[name]: value for name, value in re.findall(r"\$?([^$,= ]+)=([^$,]+)\$", panel.title)}


def check_drawn_panels(tally: Tally, name: str, rows: Sequence[Row], text: str) -> None:
    """One panel for each K and |R|, N_f to the right."""
    panels, _ = panels_of(text)
    everything = {(row["templates"], row["multiplicity"]) for row in rows}
    titles = [titled(p) for p in panels]
    tally.same(f"{name}: panels", sorted(everything), sorted((t["templates"], t["multiplicity"]) for t in titles))
    for panel, title in zip(panels, titles, strict=True):
        own = [r for r in rows if all(r[k] == v for k, v in title.items())]
        where = f"{name}, {panel.title}"
        series = list(dict.fromkeys(r["series"] for r in own))
        wanted = {s: [r for r in own if r["series"] == s] for s in series}
        observed = wanted.pop("observed", [])
        found = dict(zip(wanted, _bounds(panel), strict=False))
        for key, line in found.items():
            _line(tally, f"{where}, {key}", wanted[key], panel, line)
        tally.same(f"{where}: lines", len(wanted), len(found))
        _points(tally, where, observed, panel)
    _order(tally, name, rows, panels, titles)


def _bounds(panel: Panel) -> list[list[Spot]]:
    """Lines with more than two ends, in the order in which they were drawn."""
    return [places for style, places in panel.lines if "stroke-width: 1.3" in style]


def _line(tally: Tally, where: str, rows: Sequence[Row], panel: Panel, line: Sequence[Spot]) -> None:
    shown = {round(panel.x.value(x)): panel.y.value(y) for x, y in line}
    for row in rows:
        value = float(row["value"])
        if int(row["finetuned"]) in shown and value >= _least(panel):
            near(tally, f"{where}, N_f={row['finetuned']}", value, shown[int(row["finetuned"])], 0.01)


def _least(panel: Panel) -> float:
    """What is below the least number of a logarithmic axis may lie at its 0."""
    return min(v for _, v in panel.y.ticks if v > 0) if panel.y.logarithmic else -1e300


def _points(tally: Tally, where: str, rows: Sequence[Row], panel: Panel) -> None:
    spots = sorted({(round(panel.x.value(x), 3), y) for _, style, (x, y) in panel.points if "fill: #b3341f" in style})
    for row in rows:
        at, here = float(row["finetuned"]), f"{where}, observed at N_f={row['finetuned']}"
        drawn = [panel.y.value(y) for x, y in spots if abs(x - at) < 1e-2]
        tally.same(f"{here}: drawn", True, bool(drawn))
        expected = [float(row[k]) for k in ("value", "lower", "upper") if row[k]]
        for value in expected:
            best = min(drawn, key=lambda d: abs(d - value), default=float("nan"))
            if not (value < _least(panel) and best == 0):
                near(tally, here, value, best, 0.01)
        bars = [
            (panel.y.value(a[1]), panel.y.value(b[1])) for a, b in panel.bars if abs(panel.x.value(a[0]) - at) < 1e-2
        ]
        if row["lower"] and bars:
            for key, end in (("lower", min(bars[0])), ("upper", max(bars[0]))):
                if not (float(row[key]) < _least(panel) and end == 0):
                    near(tally, f"{here}: {key} end of its bar", float(row[key]), end, 0.01)
        else:
            tally.same(f"{here}: no bar", True, not bars or bars[0][0] == bars[0][1])


def _order(
    tally: Tally, name: str, rows: Sequence[Row], panels: Sequence[Panel], titles: Sequence[Mapping[str, str]]
) -> None:
    """Labels stand beside the ends of their lines: from top to bottom as the values there."""
    for panel, title in zip(panels, titles, strict=True):
        labels = {LABELS.get(word, "?"): y for word, (_, y) in panel.texts if word in LABELS}
        ends = {}
        for key in labels:
            own = [r for r in rows if r["series"] == key and all(r[k] == v for k, v in title.items())]
            if own:
                ends[key] = float(max(own, key=lambda r: int(r["finetuned"]))["value"])
        for one, other in itertools.combinations(ends, 2):
            if abs(ends[one] - ends[other]) > 0.02:
                above = ends[one] > ends[other]
                tally.same(f"{name}, {panel.title}: {one} above {other}", above, labels[one] < labels[other])


def check_drawn_forest(tally: Tally, name: str, rows: Sequence[Row], text: str) -> None:
    """A line for each verdict: point, limits, threshold, its words, and how the point is filled."""
    (panel,), shapes = panels_of(text)
    ys = [a[1] for a, _ in panel.bars]
    places = {word: min(ys, key=lambda h: abs(h - y)) for word, (_, y) in panel.texts}
    span = max(v for _, v in panel.x.ticks) - min(v for _, v in panel.x.ticks)
    for row in rows:
        where, y = f"{name}, {row['where']}", places.get(row["where"])
        tally.same(f"{where}: named", True, y is not None)
        if y is None:
            continue
        bar = next(((a, b) for a, b in panel.bars if abs(a[1] - y) < 0.01), None)
        tally.same(f"{where}: has a bar", True, bar is not None)
        if bar:
            near(tally, f"{where}: lower", float(row["lower"]), panel.x.value(bar[0][0]), span)
            near(tally, f"{where}: upper", float(row["upper"]), panel.x.value(bar[1][0]), span)
        at = [(marker, style, panel.x.value(x)) for marker, style, (x, h) in panel.points if abs(h - y) < 0.01]
        centre = [p for p in at if not _stroke(shapes[p[0]])]
        if not centre:
            tally.same(f"{where}: has a point", True, False)
            continue
        near(tally, f"{where}: estimate", float(row["estimate"]), centre[-1][2], span)
        hollow = "fill: #ffffff" in centre[-1][1]
        cross = "C" not in shapes[centre[-1][0]]
        tally.same(
            f"{where}: open, cross",
            [row["verdict"] in ("UNDECIDED", "flat"), row["verdict"] == "VIOLATED"],
            [hollow, cross],
        )
        told = [word for word, (x, h) in panel.texts if abs(h - y) < 4 and word.upper() in VERDICTS]
        tally.same(f"{where}: verdict", [row["verdict"].lower()], told)
        bars = [
            panel.x.value(line[0][0])
            for style, line in panel.lines
            if "#000000" in style
            and len(line) == 2
            and line[0][0] == line[1][0]
            and min(line[0][1], line[1][1]) <= y <= max(line[0][1], line[1][1])
        ]
        fits = [b for b in bars if abs(b - float(row["threshold"])) <= NEAR * max(span, abs(b))]
        tally.same(f"{where}: threshold {row['threshold']}", True, bool(fits))


VERDICTS = ("HOLDS", "UNDECIDED", "VIOLATED", "FLAT", "VACUOUS")


def _stroke(shape: str) -> bool:
    """A cap of an error bar: one stroke."""
    return shape.count("L") == 1 and "C" not in shape and shape.count("M") == 1


def check_drawn_curves(tally: Tally, name: str, rows: Sequence[Row], text: str) -> None:
    """The gap along training: a panel for each |R|, a line for each K."""
    panels, _ = panels_of(text)
    universes = list(dict.fromkeys(row["templates"] for row in rows))
    tally.same(f"{name}: panels", [f"$|R|={r}$" for r in universes], [_last_title(p) for p in panels])
    for panel, universe in zip(panels, universes, strict=False):
        own = [r for r in rows if r["templates"] == universe]
        copies = list(dict.fromkeys(r["multiplicity"] for r in own))
        lines = [line for style, line in panel.lines if len(line) > 2]
        tally.same(f"{name}, {universe}: lines", len(copies), len(lines))
        ends = {}
        for k, line in zip(copies, lines, strict=False):
            ends[k] = line[-1][1]
            shown = {round(panel.x.value(x)): panel.y.value(y) for x, y in line}
            for row in (r for r in own if r["multiplicity"] == k and int(r["step"]) in shown):
                value = float(row["gap_mean_nats"])
                near(tally, f"{name}, |R|={universe}, K={k}, step {row['step']}", value, shown[int(row["step"])], 1e-3)
        labels = {word.strip("$").removeprefix("K="): y for word, (_, y) in panel.texts if word.startswith("$K=")}
        for one, other in itertools.combinations([k for k in copies if k in labels], 2):
            tally.same(f"{name}: K={one} above K={other}", ends[one] < ends[other], labels[one] < labels[other])


def _last_title(panel: Panel) -> str:
    return next((word for word, _ in reversed(panel.texts) if word.startswith("$|R|")), "")


def check_picture(tally: Tally, name: str, rows: Sequence[Row], text: str) -> None:
    """All that one picture shows; the numbers at its axes stand at even distances."""
    for panel in panels_of(text)[0]:
        for axis in (panel.x, panel.y):
            for place, value in axis.ticks:
                near(tally, f"{name}, {panel.title}: number at an axis", value, axis.value(place), 1.0)
    if "series" in rows[0]:
        check_drawn_panels(tally, name, rows, text)
    elif "where" in rows[0]:
        check_drawn_forest(tally, name, rows, text)
    else:
        check_drawn_curves(tally, name, rows, text)
