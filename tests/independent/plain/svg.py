"""What a picture shows, from its coordinates: axes from their ticks, lines, points, error bars, labels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

SVG, HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
Spot = tuple[float, float]


@dataclass
class Scale:
    """From points of the page to values: straight or logarithmic between ticks, with 0 by itself below a break."""

    ticks: list[tuple[float, float]] = field(default_factory=list)  # (place, value)
    logarithmic: bool = False
    powers: bool = False  # numbers are written as powers of ten

    def value(self, place: float) -> float:
        ticks = sorted(self.ticks, key=lambda t: t[1])
        if self.logarithmic and ticks[0][1] == 0:
            if abs(place - ticks[0][0]) < 1e-3:
                return 0.0
            ticks = ticks[1:]
        (a, u), (b, v) = ticks[0], ticks[-1]
        if not self.logarithmic:
            return u + (place - a) * (v - u) / (b - a)
        return math.exp(math.log(u) + (place - a) * (math.log(v) - math.log(u)) / (b - a))


@dataclass
class Panel:
    """One pair of axes."""

    x: Scale = field(default_factory=Scale)
    y: Scale = field(default_factory=Scale)
    lines: list[tuple[str, list[Spot]]] = field(default_factory=list)  # (style, places)
    points: list[tuple[str, str, Spot]] = field(default_factory=list)  # (marker, style, place)
    bars: list[tuple[Spot, Spot]] = field(default_factory=list)
    texts: list[tuple[str, Spot]] = field(default_factory=list)
    title: str = ""


def panels_of(text: str) -> tuple[list[Panel], dict[str, str]]:
    """The panels of a picture, and the shape of each marker by its name."""
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    root = ElementTree.fromstring(text, parser)
    shapes = {p.get("id", ""): p.get("d", "") for d in root.iter(f"{SVG}defs") for p in d.findall(f"{SVG}path")}
    groups = [g for g in root.iter(f"{SVG}g") if g.get("id", "").startswith("axes_")]
    panels = [_panel(group) for group in groups]
    for name in ("x", "y"):  # panels of a row or a column share the numbers at their ticks
        known = {round(place, 3): value for p in panels for place, value in getattr(p, name).ticks if value == value}
        for panel in panels:
            scale = getattr(panel, name)
            scale.ticks = [(place, known[round(place, 3)]) for place, _ in scale.ticks if round(place, 3) in known]
            scale.logarithmic = any(getattr(p, name).powers for p in panels) or _logarithmic(scale.ticks)
    return panels, shapes


def _logarithmic(ticks: list[tuple[float, float]]) -> bool:
    values = sorted({v: place for place, v in ticks if v > 0}.items())
    if len(values) < 3:
        return False
    (u, a), (v, b), (w, c) = values[:3]
    return abs((b - a) / (c - a) - math.log(v / u) / math.log(w / u)) < 1e-3


def _panel(group: ElementTree.Element) -> Panel:
    panel = Panel()
    for child in group:
        name = child.get("id", "")
        if name.startswith("matplotlib.axis"):
            _axis(panel, child)
        elif name.startswith("line2d"):
            uses = list(child.iter(f"{SVG}use"))
            if uses:
                panel.points += [(u.get(HREF, "")[1:], u.get("style", ""), _at(u)) for u in uses]
            else:
                panel.lines += [(p.get("style", ""), _places(p)) for p in child.findall(f"{SVG}path")]
        elif name.startswith("LineCollection"):
            for path in child.findall(f"{SVG}path"):
                first, last = _places(path)
                panel.bars.append((first, last))
        elif name.startswith("text"):
            label, spot = _words(child)
            if label.startswith("$"):
                panel.title = label
            panel.texts.append((label, spot))
    return panel


def _axis(panel: Panel, axis: ElementTree.Element) -> None:
    for tick in axis:
        kind = tick.get("id", "")
        if not kind.startswith(("xtick", "ytick")):
            continue
        marks = list(tick.iter(f"{SVG}use"))
        lines = [_places(p) for p in tick.iter(f"{SVG}path") if "clip-path" in p.attrib]
        texts = [_words(g)[0] for g in tick if g.get("id", "").startswith("text")]
        words = [_words(g)[1] for g in tick if g.get("id", "").startswith("text")]
        if not (marks or lines or words):
            continue
        where = _at(marks[0]) if marks else lines[0][0] if lines else words[0]
        value = _number(texts[0]) if texts else math.nan
        scale, place = (panel.x, where[0]) if kind.startswith("x") else (panel.y, where[1])
        scale.ticks.append((place, value))
        scale.powers |= bool(texts) and "10^" in texts[0]
        if kind.startswith("y") and texts and math.isnan(value):
            panel.texts.append((texts[0], where))


def _number(text: str) -> float:
    power = re.search(r"(?:(\d+)\s*\\times\s*)?10\^\{(-?\d+)\}", text)
    if power:
        return float(power[1] or 1) * 10.0 ** int(power[2])
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        return math.nan


def _at(use: ElementTree.Element) -> Spot:
    return float(use.get("x", "nan")), float(use.get("y", "nan"))


def _places(path: ElementTree.Element) -> list[Spot]:
    numbers = re.findall(r"[ML] (-?[\d.]+) (-?[\d.]+)", path.get("d", ""))
    return [(float(a), float(b)) for a, b in numbers]


def _words(group: ElementTree.Element) -> tuple[str, Spot]:
    comments = [(c.text or "").strip() for c in group.iter(ElementTree.Comment)]  # type: ignore[type-var]
    texts = list(group.iter(f"{SVG}text"))
    moved = re.search(r"translate\((-?[\d.]+) (-?[\d.]+)\)", " ".join(g.get("transform", "") for g in group.iter()))
    spot = (float(texts[0].get("x", "nan")), float(texts[0].get("y", "nan")))
    if moved:
        spot = (float(moved[1]), float(moved[2]))
    return (comments[0] if comments else "".join(texts[0].itertext()).strip()), spot
